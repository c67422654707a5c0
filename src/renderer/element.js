// The rest of the module /embed/article-renderer.js: what stands before it is wasm-bindgen's, with `ArticleStream` and
// the default export that loads the program; STYLE is the element's style sheet.

let style;

/** Adopts the style sheet, once for each document. */
function dress(document) {
  if (style?.ownerDocument !== document) {
    const Sheet = document.defaultView?.CSSStyleSheet ?? CSSStyleSheet;
    const sheet = new Sheet();
    sheet.replaceSync(STYLE);
    style = { ownerDocument: document, sheet };
  }
  if (!document.adoptedStyleSheets.includes(style.sheet)) document.adoptedStyleSheets.push(style.sheet);
}

/** Copies a block of code whose button was pressed. */
async function copy(event) {
  const button = event.target.closest?.('button[data-copy]');
  const code = button?.closest('figure')?.querySelector('pre > code');
  if (!code) return;
  const label = button.textContent;
  try {
    await navigator.clipboard.writeText(code.textContent);
    button.textContent = '✓';
  } catch {
    // Without HTTPS there is no clipboard: what is selected can still be copied by hand.
    getSelection()?.selectAllChildren(code);
  }
  setTimeout(() => { button.textContent = label; }, 2000);
}

/**
 * Sets one article in an element of the page while its text arrives. The module's default export has to have settled.
 *
 * With `sync`, a `push` is on the page when it returns; without, everything that came is set with the next frame, in a
 * hidden tab when it is shown again.
 */
export class StreamRenderer {
  #stream; #container; #decoder; #waiting = ''; #frame = 0; #sync = false; #started = false; #closed = 0; #tell = () => {};

  static init(container, options) {
    return new StreamRenderer().init(container, options);
  }

  /** `options`: `sync`; `format`, `markdown` or `html`; `copyLabel`, what the buttons over code say. */
  init(container, { sync = false, format = 'markdown', copyLabel = 'Copy', on } = {}) {
    const stream = new ArticleStream(container, format, copyLabel);
    cancelAnimationFrame(this.#frame);
    this.#stream?.free();
    dress(container.ownerDocument);
    container.classList.add('inkstream-article');
    container.removeEventListener('click', copy);
    container.addEventListener('click', copy);
    this.#stream = stream;
    this.#container = container;
    this.#decoder = new TextDecoder();
    this.#waiting = '';
    this.#frame = this.#closed = 0;
    this.#sync = sync;
    this.#started = false;
    this.#tell = on ?? (() => {});
    return this;
  }

  /** More of the text: a string, or bytes in UTF-8, cut anywhere. */
  push(chunk) {
    const text = typeof chunk === 'string' ? chunk : this.#decoder.decode(chunk, { stream: true });
    this.#waiting += text;
    if (this.#sync) this.flush();
    else this.#frame ||= requestAnimationFrame(() => this.flush());
  }

  /** Sets what has come, without waiting for a frame. */
  flush() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    const text = this.#waiting;
    if (!text) return;
    this.#waiting = '';
    this.#stream.push(text);
    if (!this.#started) {
      this.#started = true;
      this.#tell('firsttext', {});
    }
    this.#report();
  }

  /** The text is complete. */
  finish() {
    this.#waiting += this.#decoder.decode();
    this.flush();
    this.#stream.finish();
    this.#report();
    this.#tell('done', {});
  }

  #report() {
    const { closed } = this.#stream;
    if (closed > this.#closed) this.#tell('blockclosed', { blocks: this.#closed = closed });
  }
}

/** The events of a generation, as the API streams them (WHATWG HTML, "server-sent events"): gives the text of each. */
async function* deltas(body) {
  let buffer = '';
  let name = '';
  let data = [];
  for await (const text of body.pipeThrough(new TextDecoderStream())) {
    buffer += text;
    const lines = buffer.split(/\r\n|\n|\r(?!$)/);
    buffer = lines.pop();
    for (const line of lines) {
      const [, field, value] = /^([^:]*):? ?(.*)$/s.exec(line);
      if (field === 'event') name = value;
      else if (field === 'data') data.push(value);
      else if (line === '') {
        if (name === 'delta') yield JSON.parse(data.join('\n')).text;
        name = '';
        data = [];
      }
    }
  }
}

/**
 * `<article-renderer>`: `write(chunk)`, `flush()`, `finish()`, `reset()`; attributes `src` (a text, or the events of a
 * generation) and `format`. Tells of `firsttext`, `blockclosed` (`detail.blocks`: how many are closed), `done` and, with
 * a `src` that fails, `error`.
 */
export class ArticleRenderer extends HTMLElement {
  static observedAttributes = ['src'];
  #renderer; #before = []; #loading;

  connectedCallback() {
    if (!this.#renderer && !this.#loading) this.reset();
  }

  attributeChangedCallback() {
    if (this.isConnected) this.reset();
  }

  /** Begins anew, with nothing. */
  reset() {
    this.#loading?.abort();
    const loading = this.#loading = new AbortController();
    this.#renderer = undefined;
    this.#before = [];
    this.replaceChildren();
    this.setAttribute('aria-busy', 'true');
    __wbg_init().then(() => {
      if (loading.signal.aborted) return;
      const on = (name, detail) => {
        if (name === 'done') this.removeAttribute('aria-busy');
        this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true }));
      };
      const format = this.getAttribute('format') ?? undefined;
      this.#renderer = StreamRenderer.init(this, { format, copyLabel: this.getAttribute('copy-label') ?? undefined, on });
      for (const act of this.#before.splice(0)) act();
      if (this.src) return this.#load(loading.signal);
    }).catch((error) => {
      if (loading.signal.aborted) return;
      this.removeAttribute('aria-busy');
      this.dispatchEvent(new CustomEvent('error', { detail: { error }, bubbles: false }));
    });
  }

  get src() {
    return this.getAttribute('src') ?? '';
  }

  set src(src) {
    this.setAttribute('src', src);
  }

  /** More of the text: a string, or bytes in UTF-8, cut anywhere. */
  write(chunk) {
    this.#act(() => this.#renderer.push(chunk));
  }

  /** Shows what has come, without waiting for a frame. */
  flush() {
    this.#act(() => this.#renderer.flush());
  }

  /** The text is complete. */
  finish() {
    this.#act(() => this.#renderer.finish());
  }

  /** At once, or when the program is there. */
  #act(act) {
    if (this.#renderer) act();
    else this.#before.push(act);
  }

  async #load(signal) {
    const answer = await fetch(this.src, { signal });
    if (!answer.ok) throw new Error(`${this.src} answered with ${answer.status}`);
    const isStream = answer.headers.get('content-type')?.startsWith('text/event-stream');
    for await (const chunk of isStream ? deltas(answer.body) : answer.body) this.write(chunk);
    this.finish();
  }
}

customElements.define('article-renderer', ArticleRenderer);
