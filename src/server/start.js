// Brings the page to life. The page itself comes first: it is complete without the client, which therefore waits until
// everything that is seen has been loaded, or until somebody touches the page.
const { script, program } = document.getElementById('start').dataset;

/** How long a picture that does not come may hold the client up, in milliseconds. */
const PATIENCE_MS = 3000;
/** The first and the longest pause before it is tried again, in milliseconds. */
const [FIRST_PAUSE_MS, LONGEST_PAUSE_MS] = [1000, 30_000];
const TOUCHES = ['focusin', 'keydown', 'pointerdown', 'pointermove', 'touchstart', 'wheel'];

let begun = false;

function begin() {
  if (begun) return;
  begun = true;
  for (const touch of TOUCHES) removeEventListener(touch, begin, { capture: true });
  load(FIRST_PAUSE_MS);
}

async function load(pause) {
  try {
    const [{ default: start }, answer] = await Promise.all([import(script), fetch(program)]);
    await start({ module_or_path: answer });
  } catch (error) {
    // A network that fails for a moment must not leave a page whose buttons do nothing.
    console.error(error);
    setTimeout(load, pause, Math.min(2 * pause, LONGEST_PAUSE_MS));
  }
}

for (const touch of TOUCHES) addEventListener(touch, begin, { capture: true, passive: true });
const whenIdle = () => (window.requestIdleCallback ?? setTimeout)(begin);
if (document.readyState === 'complete') whenIdle();
else addEventListener('load', whenIdle);
setTimeout(begin, PATIENCE_MS);
