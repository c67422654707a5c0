// How a pack is opened. scripts/split.mjs puts this behind what wasm-split-cli writes to load a part, which it calls.

/** What is instantiated already, or about to be, by the number of the module: nothing may be set up twice. */
const instantiated = new Map();

function instantiate(number, module, imports) {
  if (!instantiated.has(number)) {
    const coming = WebAssembly.instantiate(module, imports);
    instantiated.set(number, coming);
    // It can be tried again.
    coming.catch(() => instantiated.delete(number));
  }
  return instantiated.get(number);
}

/** Instantiates the modules of a pack: each stands behind its number and its size in bytes. */
async function open(answer, imports) {
  if (!answer.ok) throw new Error(`${answer.url}: ${answer.status}`);
  const pack = await answer.arrayBuffer();
  const heads = new DataView(pack);
  const coming = [];
  for (let at = 0; at < pack.byteLength;) {
    const [number, size] = [heads.getUint32(at), heads.getUint32(at + 4)];
    coming.push(instantiate(number, new Uint8Array(pack, at + 8, size), imports));
    at += 8 + size;
  }
  await Promise.all(coming);
}

const load = (path) => wrapAsyncCb(makeLoad(() => {
  const coming = fetch(path);
  // Who waits for it hears of it.
  coming.catch(() => {});
  return async (imports) => open(await coming, imports);
}, []));
