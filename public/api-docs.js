// Draws /api/v1/openapi.json, and lets every call be tried. Text reaches the page by textContent alone.
(() => {
  const zh = document.documentElement.lang.startsWith('zh');
  const words = zh
    ? { send: '发送', stop: '停止', sending: '进行中…', body: '请求体', failed: '没有得到回应：', answers: '回应', undocumented: '文档无法读取：' }
    : { send: 'Send', stop: 'Stop', sending: 'Sending…', body: 'Body', failed: 'No answer came: ', answers: 'Answers', undocumented: 'The document cannot be read: ' };
  const place = document.getElementById('operations');

  const make = (tag, attributes = {}, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  };

  /** A value that a schema describes, as small as it may be. */
  const example = (schema, document_, depth = 0) => {
    if (!schema || depth > 6) return null;
    if (schema.$ref) {
      const found = schema.$ref.split('/').slice(1).reduce((at, key) => at?.[key], document_);
      return example(found, document_, depth + 1);
    }
    if (schema.example !== undefined) return schema.example;
    if (schema.enum) return schema.enum[0];
    const one = schema.oneOf?.find(({ type }) => type !== 'null') ?? schema.anyOf?.[0] ?? schema.allOf?.[0];
    if (one) return example(one, document_, depth + 1);
    const type = Array.isArray(schema.type) ? schema.type.find((it) => it !== 'null') : schema.type;
    if (type === 'object') {
      const needed = Object.entries(schema.properties ?? {}).filter(([name]) => schema.required?.includes(name));
      return Object.fromEntries(needed.map(([name, inner]) => [name, example(inner, document_, depth + 1)]));
    }
    if (type === 'array') return [example(schema.items, document_, depth + 1)].filter((it) => it !== null);
    return { string: '', integer: 0, number: 0, boolean: false }[type] ?? null;
  };

  /** Shows an answer while it comes: streams are read as they are written. */
  const show = async (answer, place) => {
    const type = answer.headers.get('content-type') ?? '';
    place.textContent = `${answer.status} ${answer.statusText}\n`;
    for (const name of ['content-type', 'etag', 'retry-after', 'x-request-id']) {
      if (answer.headers.has(name)) place.append(`${name}: ${answer.headers.get(name)}\n`);
    }
    place.append('\n');
    if (!answer.body) return;
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      text += read.value;
      if (!type.includes('json')) place.append(read.value);
    }
    if (type.includes('json')) {
      try {
        place.append(JSON.stringify(JSON.parse(text), null, 2));
      } catch {
        place.append(text);
      }
    }
  };

  const operation = (path, method, it, document_) => {
    const fields = (it.parameters ?? []).map((parameter) => {
      const id = `${it.operationId ?? method + path}-${parameter.name}`;
      const input = make('input', { id, autocomplete: 'off', spellcheck: 'false' });
      const label = make('label', { for: id }, parameter.name, make('span', { class: 'faint' }, ` ${parameter.in}`));
      const row = make('p', { class: 'parameter' }, label, input);
      if (parameter.description) row.append(make('span', { class: 'faint' }, parameter.description));
      return { parameter, input, row };
    });
    const json = it.requestBody?.content?.['application/json'];
    const body = json && make('textarea', { rows: '6', spellcheck: 'false', 'aria-label': words.body });
    if (body) body.value = JSON.stringify(example(json.schema, document_), null, 2);
    const streams = Object.values(it.responses ?? {}).some((answer) => answer.content?.['text/event-stream']);
    const send = make('button', { type: 'button', class: 'btn primary' }, words.send);
    const output = make('pre', { class: 'output', tabindex: '0', hidden: '' });
    let running;
    send.addEventListener('click', async () => {
      if (running) {
        running.abort();
        return;
      }
      let address = path;
      const query = new URLSearchParams();
      const headers = { accept: streams ? 'text/event-stream, application/json' : 'application/json' };
      for (const { parameter, input } of fields) {
        const value = input.value.trim();
        if (parameter.in === 'path') address = address.replace(`{${parameter.name}}`, encodeURIComponent(value));
        else if (value && parameter.in === 'query') query.set(parameter.name, value);
        else if (value && parameter.in === 'header') headers[parameter.name] = value;
      }
      if (body) headers['content-type'] = 'application/json';
      running = new AbortController();
      send.textContent = words.stop;
      output.hidden = false;
      output.textContent = words.sending;
      try {
        const asked = query.size ? `${address}?${query}` : address;
        const answer = await fetch(asked, { method: method.toUpperCase(), headers, body: body?.value, signal: running.signal });
        await show(answer, output);
      } catch (error) {
        if (error.name !== 'AbortError') output.textContent = words.failed + error.message;
      } finally {
        running = undefined;
        send.textContent = words.send;
      }
    });
    const answers = Object.entries(it.responses ?? {}).map(([status, { description }]) =>
      make('li', {}, make('code', {}, status), description ? ` ${description}` : ''));
    const [first, ...rest] = (it.summary || it.description || '').split('\n\n');
    return make('details', { class: 'operation' },
      make('summary', {}, make('b', {}, method.toUpperCase()), make('code', {}, path), make('span', { class: 'faint' }, first)),
      ...[...rest, it.summary && it.description !== it.summary ? it.description : ''].filter(Boolean).map((text) => make('p', { class: 'muted' }, text)),
      ...fields.map(({ row }) => row), ...(body ? [body] : []), make('p', {}, send), output,
      make('p', { class: 'faint' }, words.answers), make('ul', { class: 'answers' }, ...answers));
  };

  fetch('/api/v1/openapi.json')
    .then((answer) => answer.json())
    .then((document_) => {
      for (const tag of document_.tags ?? []) {
        place.append(make('h2', { class: 'small' }, `${tag.name}${tag.description ? ': ' + tag.description : ''}`));
        for (const [path, item] of Object.entries(document_.paths)) {
          for (const [method, it] of Object.entries(item)) {
            if (it.tags?.includes(tag.name)) place.append(operation(path, method, it, document_));
          }
        }
      }
    })
    .catch((error) => place.append(make('p', { class: 'note warn' }, words.undocumented + error.message)));
})();
