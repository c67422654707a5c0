// Brings the page to life. The page itself comes first: it is complete without the client, which therefore waits until
// everything that is seen has been loaded, or until somebody touches the page.
const { script, program, parts = '', all } = document.getElementById('start').dataset;

/** How long a picture that does not come may hold the client up, in milliseconds. */
const PATIENCE_MS = 3000;
/** The first and the longest pause before it is tried again, in milliseconds. */
const [FIRST_PAUSE_MS, LONGEST_PAUSE_MS] = [1000, 30_000];
const TOUCHES = ['focusin', 'keydown', 'pointerdown', 'pointermove', 'touchstart', 'wheel'];

let begun = false;
let alive = false;
let touched = false;

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
  load(FIRST_PAUSE_MS);
}

async function load(pause) {
  try {
    const [{ default: start }, answer] = await Promise.all([import(script), fetch(program)]);
    await start({ module_or_path: answer });
    alive = true;
    if (touched) fetchAll();
  } catch (error) {
    // A network that fails for a moment must not leave a page whose buttons do nothing.
    console.error(error);
    setTimeout(load, pause, Math.min(2 * pause, LONGEST_PAUSE_MS));
  }
}

/** Takes the parts of other pages into the browser's store, one by one, so that going there is no wait. */
async function fetchAll() {
  for (const part of all.split(' ')) {
    // What does not come now is asked for again when it is needed.
    await fetch(part, { priority: 'low' }).then((answer) => answer.arrayBuffer()).catch(() => {});
  }
}

for (const kind of TOUCHES) addEventListener(kind, touch, { capture: true, passive: true });
const whenIdle = () => (window.requestIdleCallback ?? setTimeout)(begin);
if (document.readyState === 'complete') whenIdle();
else addEventListener('load', whenIdle);
setTimeout(begin, PATIENCE_MS);
