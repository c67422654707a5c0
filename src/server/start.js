// Brings the page to life. The page itself comes first: it is complete without the client, which therefore waits until
// everything that is seen has been loaded, or until somebody touches the page.
const { script, program, parts = '', all, late, again } = document.querySelector('script[data-program]').dataset;

/** How long a picture that does not come may hold the client up, in milliseconds. */
const PATIENCE_MS = 3000;
/** The first and the longest pause before it is tried again, in milliseconds. */
const [FIRST_PAUSE_MS, LONGEST_PAUSE_MS] = [1000, 30_000];
/** How long the program may take on the way, in milliseconds; one that has gone silent is asked for again. */
const LOADING_MS = 60_000;
/** How long a page that is not alive yet stays without a word about it, in milliseconds. */
const LATE_MS = 20_000;
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
  setTimeout(sayLate, LATE_MS);
  load(0);
}

async function load(failures) {
  try {
    // Some browsers keep a module that did not come as such; under another name it is asked for again.
    const module = import(failures ? `${script}?${failures}` : script);
    const answer = fetch(program, { signal: AbortSignal.timeout(LOADING_MS) });
    const [{ default: start, hydrate }, found] = await Promise.all([module, answer]);
    if (!found.ok) throw new Error(`${program}: ${found.status}`);
    await start({ module_or_path: found });
    await hydrate();
    alive = true;
    document.getElementById('_late')?.remove();
    if (touched) fetchAll();
  } catch (error) {
    // A network that fails for a moment must not leave a page whose buttons do nothing.
    console.error(error);
    setTimeout(load, Math.min(FIRST_PAUSE_MS * 2 ** failures, LONGEST_PAUSE_MS), failures + 1);
  }
}

/** Says that the page is not alive. Behind everything else, where the client does not look when it takes the page over. */
function sayLate() {
  if (alive) return;
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

for (const kind of TOUCHES) addEventListener(kind, touch, { capture: true, passive: true });
const whenIdle = () => (window.requestIdleCallback ?? setTimeout)(begin);
if (document.readyState === 'complete') whenIdle();
else addEventListener('load', whenIdle);
setTimeout(begin, PATIENCE_MS);
