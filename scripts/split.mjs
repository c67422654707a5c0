// Takes the built client apart into the parts of src/app/parts.rs: node scripts/split.mjs FOLDER PROFILE
//
// Trunk knows no parts (its issue 1022), so this does once more what it does for a whole program, on Trunk's output in
// FOLDER before that is put in place: wasm-split-cli cuts the linked program, wasm-bindgen makes the module that starts
// it, wasm-opt makes a release small, and every file gets the hash of its content into its name. The page in FOLDER
// names the new files, and as JSON which parts each kind of page begins with; the server reads it there.
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { argumentsOf, optimise, run } from './wasm.mjs';

const { folder, release, ...built } = argumentsOf('split.mjs');
const [linked, work] = [built.linked(release ? 'wasm-release' : 'debug'), built.work('parts')];

function fail(what) {
  throw new Error(`${what}\nremedy: see whether the versions of wasm-split-cli and wasm-bindgen in scripts/setup.sh fit.`);
}

/** Replaces what has to be there. */
function replace(text, pattern, by) {
  if (!text.match(pattern)) fail(`a tool's output has changed: there is no ${pattern}`);
  return text.replaceAll(pattern, by);
}

/** Puts a file into FOLDER under a name with its hash, and gives the path by which the browser asks for it. */
async function place(stem, ending, content) {
  const hash = createHash('sha256').update(content).digest('hex').slice(0, 16);
  const name = `${stem}-${hash}${ending}`;
  await writeFile(join(folder, name), content);
  return `/${name}`;
}

async function programOf(file) {
  if (!release) return readFile(file);
  await optimise('-Oz', file, `${file}.small`);
  return readFile(`${file}.small`);
}

/** Like Promise.all over `map`, but no more at once than there are processors. */
async function each(items, act) {
  const waiting = [...items];
  const worker = async () => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await act(item);
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
}

await rm(work, { recursive: true, force: true });
await mkdir(work, { recursive: true });
await run('wasm-split-cli', '--target', 'web', '--out-name', 'inkstream', linked, work);
await run('wasm-bindgen', '--target', 'web', '--no-typescript', '--keep-lld-exports', '--out-name', 'inkstream',
  '--out-dir', join(work, 'bound'), join(work, 'inkstream.wasm'));

// The parts, each by the name under which the module that loads them knows it.
const paths = new Map();
const parts = (await readdir(work)).filter((name) => /^(split|chunk)_.*\.wasm$/.test(name));
if (parts.length === 0) fail('the client has no parts');
await each(parts, async (name) => {
  const stem = name.replace(/^split_/, '').replace(/\.wasm$/, '').replaceAll('_', '-');
  paths.set(name, await place(stem, '.wasm', await programOf(join(work, name))));
});

// One module out of the one that starts the program and the one that loads its parts, which import each other.
let loading = await readFile(join(work, '__wasm_split.js'), 'utf8');
const begins = {};
const ways = /export const __wasm_split_load_(\w+) = .*?"\.\/(split_\w+\.wasm)".*?\}\s*, \[(.*?)\]\)\);/gs;
for (const [, part, own, shared] of loading.matchAll(ways)) {
  const names = [own, ...shared.split(',').map((name) => name.trim()).filter(Boolean).map((name) => `${name.replace(/^__/, '')}.wasm`)];
  begins[part] = names.map((name) => paths.get(name) ?? fail(`there is no part ${name}`));
}
if (Object.keys(begins).length === 0) fail('no way into a part was found');
loading = replace(loading, /^import \{ initSync \} from .*$/gm, '');
loading = replace(loading, /^export const (__wasm_split_load_\w+)/gm, 'const $1');
loading = loading.replace(/"\.\/((?:split|chunk)_\w+\.wasm)"/g, (_, name) => JSON.stringify(paths.get(name)));
let starting = await readFile(join(work, 'bound', 'inkstream.js'), 'utf8');
const imported = [...starting.matchAll(/^import \* as (\w+) from "\.\/__wasm_split\.js"$/gm)].map(([, name]) => name);
starting = replace(starting, /^import \* as \w+ from "\.\/__wasm_split\.js"$\n/gm, '');
const ownWays = Object.keys(begins).map((part) => `__wasm_split_load_${part}`).join(', ');
const joined = `${starting}\n${loading}\nconst ${imported.map((name) => `${name} = { ${ownWays} }`).join(', ')};\n`;
if (/^\s*import\b[^(]/m.test(joined)) fail('the module that starts the client imports something');

const script = await place('inkstream', '.js', joined);
const program = await place('inkstream', '_bg.wasm', await programOf(join(work, 'bound', 'inkstream_bg.wasm')));

// Trunk's page, with these in place of the whole program.
const page = await readFile(join(folder, 'index.html'), 'utf8');
const [whole] = page.match(/\/inkstream-[0-9a-f]+_bg\.wasm/) ?? fail('the page names no program');
const [start] = page.match(/\/inkstream-[0-9a-f]+\.js/) ?? fail('the page names no script');
const named = page.replaceAll(whole, program).replaceAll(start, script);
const known = `<script type="application/json" id="parts">${JSON.stringify(begins)}</script>`;
await writeFile(join(folder, 'index.html'), replace(named, /<\/head>/g, `${known}</head>`));
for (const old of [whole, start]) await rm(join(folder, old.slice(1)));
