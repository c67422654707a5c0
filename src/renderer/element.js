// The rest of the module /embed/article-renderer.js: what stands before it is wasm-bindgen's, with `ArticleStream` and
// the default export that loads the program; STYLE is the element's style sheet.

/** The style sheet of each document, and of each shadow root. */
const dressed = new WeakMap();

/** Adopts the style sheet where an element stands, once for each place. */
function dress(element) {
  const place = element.getRootNode();
  const root = 'adoptedStyleSheets' in place ? place : element.ownerDocument;
  if (dressed.has(root)) return;
  const Sheet = element.ownerDocument.defaultView?.CSSStyleSheet ?? CSSStyleSheet;
  const sheet = new Sheet();
  sheet.replaceSync(STYLE);
  root.adoptedStyleSheets.push(sheet);
  dressed.set(root, sheet);
}

/** Copies a block of code whose button was pressed, and follows a link within the article. */
function clicked(event) {
  const container = event.currentTarget;
  const target = event.target.closest?.('button[data-copy], a[href^="#"]');
  if (!target) return;
  if (target.matches('a')) {
    // Several articles on a page may have the same headings and notes.
    const name = decoded(target.hash.slice(1));
    const there = [...container.querySelectorAll('[id]')].find(({ id }) => id === name || id === PREFIX + name);
    if (!there) return;
    event.preventDefault();
    there.scrollIntoView();
    return;
  }
  copy(target);
}

/** A picture that fails leaves its room, and says so. */
function failed({ target }) {
  if (target.localName === 'img') target.classList.add('failed');
}

function decoded(name) {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

async function copy(button) {
  const code = button.closest('figure')?.querySelector('pre > code');
  if (!code || button.dataset.copy) return;
  const label = button.textContent;
  try {
    await navigator.clipboard.writeText(code.textContent);
    button.dataset.copy = 'done';
    button.textContent = '✓';
    setTimeout(() => {
      button.dataset.copy = '';
      button.textContent = label;
    }, 2000);
  } catch {
    // Without HTTPS there is no clipboard: what is selected can still be copied by hand.
    getSelection()?.selectAllChildren(code);
  }
}

/** So many characters are set with a frame: what gathered in a hidden tab would make a page stand still. */
const SLICE = 16384;

/**
 * Sets one article in an element of the page while its text arrives. The module's default export has to have settled.
 *
 * With `sync`, a `push` is on the page when it returns; without, everything that came is set with the next frame, in a
 * hidden tab when it is shown again. After `finish` or `stop` nothing more happens.
 */
export class StreamRenderer {
  #stream; #decoder; #waiting = ''; #frame = 0; #sync = false; #ending = false; #started = false; #closed = 0; #tell = () => {};

  static init(container, options) {
    return new StreamRenderer().init(container, options);
  }

  /** `options`: `sync`; `format`, `markdown` or `html`; `copyLabel`, what the buttons over code say. */
  init(container, { sync = false, format = 'markdown', copyLabel = 'Copy', on } = {}) {
    const stream = new ArticleStream(container, format, copyLabel);
    this.stop();
    dress(container);
    container.classList.add('inkstream-article');
    container.removeEventListener('click', clicked);
    container.addEventListener('click', clicked);
    container.addEventListener('error', failed, { capture: true });
    this.#stream = stream;
    this.#decoder = new TextDecoder();
    this.#closed = 0;
    this.#sync = sync;
    this.#started = false;
    this.#tell = on ?? (() => {});
    return this;
  }

  /** More of the text: a string, or bytes in UTF-8, cut anywhere. */
  push(chunk) {
    if (!this.#stream || this.#ending) return;
    this.#waiting += typeof chunk === 'string' ? chunk : this.#decoder.decode(chunk, { stream: true });
    if (this.#sync) this.flush();
    else this.#ask();
  }

  /** Sets what has come, without waiting for a frame. */
  flush() {
    this.#set(Infinity);
  }

  /** The text is complete. */
  finish() {
    if (!this.#stream || this.#ending) return;
    this.#waiting += this.#decoder.decode();
    this.#ending = true;
    // What gathered in a hidden tab is not set in one go.
    if (this.#sync || this.#waiting.length <= SLICE) this.#end();
  }

  #ask() {
    this.#frame ||= requestAnimationFrame(() => {
      this.#set(SLICE);
      // Half of a character waits for more.
      if (this.#waiting.length > (this.#ending ? SLICE : 1)) this.#ask();
      else if (this.#ending) this.#end();
    });
  }

  #end() {
    this.#set(Infinity);
    this.#stream.finish();
    this.#report();
    this.stop();
    this.#tell('done', {});
  }

  /** Leaves the article as it is. */
  stop() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    this.#waiting = '';
    this.#ending = false;
    // What the program holds is not collected by itself.
    this.#stream?.free();
    this.#stream = undefined;
  }

  /** Sets so much of what waits. */
  #set(most) {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    let length = Math.min(most, this.#waiting.length);
    // Half of a character that takes two units waits for the other.
    const isLast = this.#ending && length === this.#waiting.length;
    if (!isLast && /[\ud800-\udbff]/.test(this.#waiting.charAt(length - 1))) length -= 1;
    if (length <= 0 || !this.#stream) return;
    const text = this.#waiting.slice(0, length);
    this.#waiting = this.#waiting.slice(length);
    this.#stream.push(text);
    if (!this.#started) {
      this.#started = true;
      this.#tell('firsttext', {});
    }
    this.#report();
  }

  #report() {
    const { closed } = this.#stream;
    if (closed > this.#closed) this.#tell('blockclosed', { blocks: this.#closed = closed });
  }
}

/** What a body holds, piece by piece; every browser has readers, not every one can iterate. */
async function* pieces(body) {
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

/** The events of a stream (WHATWG HTML, "server-sent events"): `id`, `name`, and `data` as it came. */
async function* events(body) {
  let buffer = '';
  let event = { name: '', data: [] };
  let id = '';
  for await (const text of pieces(body.pipeThrough(new TextDecoderStream()))) {
    buffer += text;
    const lines = buffer.split(/\r\n|\n|\r(?!$)/);
    buffer = lines.pop();
    for (const line of lines) {
      const [, field, value] = /^([^:]*):? ?(.*)$/s.exec(line);
      if (field === 'event') event.name = value;
      else if (field === 'data') event.data.push(value);
      else if (field === 'id') id = value;
      else if (line === '') {
        if (event.data.length) yield { id, name: event.name, data: event.data.join('\n') };
        event = { name: '', data: [] };
      }
    }
  }
}

/** The last events of a generation, and whether its text is whole then. */
const LAST = { done: true, cancelled: false, interrupted: false, failed: false, rejected: false };
/** How often a stream of events is asked for again without anything new, and after how many milliseconds first. */
const [RETRIES, PAUSE] = [5, 500];

/**
 * `<article-renderer>`: `write(chunk)`, `flush()`, `finish()`, `reset()`; attributes `src` (a text, or the events of a
 * generation, followed by their cursor), `format` and `copy-label`. Tells of `firsttext`, `blockclosed`
 * (`detail.blocks`: how many are closed), `done` and `error` (`detail.error`). Out of the page it stops.
 */
export class ArticleRenderer extends HTMLElement {
  static observedAttributes = ['src'];
  #renderer; #before = []; #loading;

  connectedCallback() {
    // What was taken away while it was loaded is loaded anew.
    if (this.#loading?.signal.aborted && this.src && this.hasAttribute('aria-busy')) this.#end();
    if (!this.#loading) this.#begin();
  }

  disconnectedCallback() {
    // What is only moved is back by then.
    queueMicrotask(() => {
      if (this.isConnected) return;
      this.#loading?.abort();
      this.#renderer?.stop();
    });
  }

  attributeChangedCallback(_, before, now) {
    if (before === now) return;
    if (this.isConnected) this.reset();
    else this.#end();
  }

  /** Begins anew, with nothing. */
  reset() {
    this.#before = [];
    this.#end();
    if (this.isConnected) this.#begin();
  }

  #end() {
    this.#loading?.abort();
    this.#loading = undefined;
    this.#renderer?.stop();
    this.#renderer = undefined;
    this.replaceChildren();
  }

  #begin() {
    const { signal } = this.#loading = new AbortController();
    this.setAttribute('aria-busy', 'true');
    const settle = (name, detail) => {
      if (name === 'done' || name === 'error') this.removeAttribute('aria-busy');
      // The page's own `error` events do not bubble either.
      this.dispatchEvent(new CustomEvent(name, { detail, bubbles: name !== 'error' }));
    };
    const failed = (error) => {
      if (signal.aborted) return;
      // What is there stays, without the cursor.
      const renderer = this.#renderer;
      this.#renderer = undefined;
      renderer?.finish();
      settle('error', { error });
    };
    __wbg_init().then(() => {
      if (signal.aborted) return undefined;
      const attribute = (name) => this.getAttribute(name) ?? undefined;
      const on = (name, detail) => {
        if (!signal.aborted && (name !== 'done' || this.#renderer)) settle(name, detail);
      };
      this.#renderer = StreamRenderer.init(this, { format: attribute('format'), copyLabel: attribute('copy-label'), on });
      for (const act of this.#before.splice(0)) act();
      return this.src ? this.#load(signal) : undefined;
    }).catch(failed);
  }

  get src() {
    return this.getAttribute('src') ?? '';
  }

  set src(src) {
    this.setAttribute('src', src);
  }

  /** More of the text: a string, or bytes in UTF-8, cut anywhere. */
  write(chunk) {
    this.#act(() => this.#renderer?.push(chunk));
  }

  /** Shows what has come, without waiting for a frame. */
  flush() {
    this.#act(() => this.#renderer?.flush());
  }

  /** The text is complete. */
  finish() {
    this.#act(() => this.#renderer?.finish());
  }

  /** At once, or when the program is there. */
  #act(act) {
    if (this.#renderer) act();
    else this.#before.push(act);
  }

  async #load(signal) {
    let cursor = '';
    for (let failures = 0; ; failures++) {
      try {
        const headers = cursor ? { 'Last-Event-ID': cursor } : {};
        const answer = await fetch(this.src, { signal, headers });
        if (!answer.ok) throw Object.assign(new Error(`${this.src} answered with ${answer.status}`), { final: true });
        if (!answer.headers.get('content-type')?.startsWith('text/event-stream')) {
          for await (const chunk of pieces(answer.body)) if (!signal.aborted) this.write(chunk);
          if (!signal.aborted) this.finish();
          return;
        }
        for await (const { id, name, data } of events(answer.body)) {
          if (signal.aborted) return;
          failures = 0;
          cursor = id || cursor;
          if (name === 'delta') this.write(JSON.parse(data).text);
          if (LAST[name]) return void this.finish();
          if (LAST[name] === false) throw Object.assign(new Error(`the generation ended: ${name}`), { final: true });
        }
        throw new Error(`${this.src} ended before its last event`);
      } catch (error) {
        // Of a text that is no stream of events the rest cannot be asked for.
        if (signal.aborted || error.final || !cursor || failures >= RETRIES) throw error;
        await new Promise((settle) => setTimeout(settle, PAUSE * 2 ** failures));
      }
    }
  }
}

customElements.define('article-renderer', ArticleRenderer);
