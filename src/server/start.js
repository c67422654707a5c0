// Brings the page to life. The page itself comes first: it is complete without the client, and who only reads it needs
// none. So the client is loaded when somebody touches the page, and by itself a good while later; at once, behind what
// is seen, only where something is being written, what goes on is watched, or a draft waits to be shown.
const { script, program, parts = '', all, late, again } = document.querySelector('script[data-program]').dataset;

/** How long a page stays without the client while nobody touches it, in milliseconds. */
const UNTOUCHED_MS = 10_000;
/** How long a picture that does not come may hold the client up where it is needed at once, in milliseconds. */
const PATIENCE_MS = 3000;
/** How long ago a button or a key may have been pressed that is pressed again once the page is alive, in milliseconds. */
const PRESS_MS = 5000;
/** The first and the longest pause before it is tried again, in milliseconds. */
const [FIRST_PAUSE_MS, LONGEST_PAUSE_MS] = [1000, 30_000];
/** How long the program may take on the way at first, in milliseconds; twice as long with each further try. */
const LOADING_MS = 60_000;
/** How long a page that is not alive yet stays without a word about it, in milliseconds. */
const LATE_MS = 20_000;
const TOUCHES = ['focusin', 'keydown', 'pointerdown', 'pointermove', 'touchstart', 'wheel'];

/** The address that this page was written for. */
const WRITTEN_FOR = location.pathname + location.search;
const isElsewhere = () => location.pathname + location.search !== WRITTEN_FOR;

let begun = false;
let alive = false;
let touched = false;
/** The button that is held down before the page is alive, and the last one that was pressed then, with the moment. */
let held = null;
let pressed = null;
/** The key that leads elsewhere, if it was the last thing that was done, likewise. */
let struck = null;

function touch() {
  for (const kind of TOUCHES) removeEventListener(kind, touch, { capture: true });
  touched = true;
  begin();
  if (alive) fetchAll();
}

function begin() {
  if (begun) return;
  begun = true;
  // The program asks for these as soon as it runs.
  for (const href of parts.split(' ').filter(Boolean)) {
    const link = document.createElement('link');
    document.head.append(Object.assign(link, { rel: 'preload', as: 'fetch', crossOrigin: 'anonymous', href }));
  }
  setTimeout(sayLate, LATE_MS);
  load(0);
}

async function load(failures) {
  try {
    // Some browsers keep a module that did not come as such; under another name it is asked for again.
    const module = import(failures ? `${script}?${failures}` : script);
    const answer = fetch(program, { signal: AbortSignal.timeout(LOADING_MS * 2 ** Math.min(failures, 10)) });
    const [{ default: start, hydrate }, found] = await Promise.all([module, answer]);
    if (!found.ok) throw new Error(`${program}: ${found.status}`);
    await start({ module_or_path: found });
    // It is loaded anew.
    if (isElsewhere()) return;
    await hydrate();
    alive = true;
    delete document.documentElement.dataset.coming;
    document.getElementById('_late')?.remove();
    // What is still held is not pressed again: its own click comes when it is let go.
    for (const [kind, act] of PRESSES) removeEventListener(kind, act, { capture: true });
    // In a task of its own: the buttons are enabled in what is left of this one.
    setTimeout(pressAgain);
    if (touched) fetchAll();
  } catch (error) {
    // A network that fails for a moment must not leave a page whose buttons do nothing.
    console.warn(error);
    setTimeout(load, Math.min(FIRST_PAUSE_MS * 2 ** failures, LONGEST_PAUSE_MS), failures + 1);
  }
}

// Buttons are disabled until the page is alive; what was pressed meanwhile is not forgotten. A press is what would have
// been a click: neither a swipe nor another button of the mouse.
const disabledButton = (target) => (target instanceof Element ? target.closest('button:disabled') : null);

const PRESSES = Object.entries({
  pointerdown({ target, isPrimary, button }) {
    pressed = struck = null;
    held = isPrimary && button === 0 ? disabledButton(target) : null;
  },
  pointerup({ target }) {
    if (held && held === disabledButton(target)) pressed = { button: held, at: performance.now() };
    held = null;
  },
  pointercancel() {
    held = null;
  },
  // The keys that stand on the buttons, and those that lead elsewhere.
  keydown({ key, ctrlKey, metaKey, altKey, shiftKey, isComposing, target }) {
    if (isComposing || /^(Control|Meta|Alt|Shift)$/.test(key)) return;
    const isTyped = target.closest?.('input, textarea, select');
    const leads = ctrlKey || metaKey ? /^k$/i.test(key) && !shiftKey : /^[?/nl]$/.test(key) && !isTyped;
    struck = leads && !altKey ? { key, ctrlKey, metaKey, at: performance.now() } : null;
    const form = key === 'Enter' && (ctrlKey || metaKey) ? target.closest?.('form') : null;
    const button = key === 'Escape' ? document.querySelector('button.live:disabled') : form?.querySelector('button.primary:disabled');
    if (button) pressed = { button, at: performance.now() };
  },
});

function pressAgain() {
  const isLate = ({ at }) => performance.now() - at >= PRESS_MS;
  if (pressed && !isLate(pressed) && pressed.button.isConnected) pressed.button.click();
  if (struck && !isLate(struck)) {
    const { key, ctrlKey, metaKey } = struck;
    document.body.dispatchEvent(new KeyboardEvent('keydown', { key, ctrlKey, metaKey, bubbles: true, cancelable: true }));
  }
}

/** Says that the page is not alive. Behind everything else, where the client does not look when it takes the page over. */
function sayLate() {
  if (alive) return;
  delete document.documentElement.dataset.coming;
  const note = document.createElement('div');
  const reload = document.createElement('a');
  Object.assign(note, { id: '_late', className: 'late note warn' }).setAttribute('role', 'alert');
  Object.assign(reload, { className: 'btn', href: '', textContent: again });
  note.append(Object.assign(document.createElement('span'), { textContent: late }), reload);
  document.body.append(note);
}

/** Takes the parts of other pages into the browser's store, one by one, so that going there is no wait. */
async function fetchAll() {
  for (const part of all.split(' ')) {
    // What does not come now is asked for again when it is needed.
    await fetch(part, { priority: 'low' }).then((answer) => answer.arrayBuffer()).catch(() => {});
  }
}

/** Whether a draft was kept that the page will show. */
function hasDraft() {
  try {
    return Object.keys(localStorage).some((key) => key.startsWith('inkstream.draft'));
  } catch {
    // A browser can be told to keep nothing.
    return false;
  }
}

// A picture that fails leaves its room, and says so.
const fail = (image) => image.classList.add('failed');
addEventListener('error', ({ target }) => target instanceof HTMLImageElement && fail(target), { capture: true });
[...document.images].filter((image) => image.complete && !image.naturalWidth).forEach(fail);

// Back and Forward lead within the program, which would take this page for the one that they lead to.
addEventListener('popstate', () => {
  if (!alive && isElsewhere()) location.reload();
});

document.documentElement.dataset.coming = '';
for (const kind of TOUCHES) addEventListener(kind, touch, { capture: true, passive: true });
for (const [kind, act] of PRESSES) addEventListener(kind, act, { capture: true, passive: true });
if (document.querySelector('.writing, .operations') || hasDraft()) {
  const whenIdle = () => (window.requestIdleCallback ?? setTimeout)(begin);
  if (document.readyState === 'complete') whenIdle();
  else addEventListener('load', whenIdle);
  setTimeout(begin, PATIENCE_MS);
} else {
  setTimeout(begin, UNTOUCHED_MS);
}
