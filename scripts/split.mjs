// Takes the built client apart into the parts of src/app/parts.rs: node scripts/split.mjs FOLDER PROFILE
//
// Trunk knows no parts (its issue 1022), so this does once more what it does for a whole program, on Trunk's output in
// FOLDER before that is put in place: what is never called is taken out of the linked program, wasm-split-cli cuts it,
// wasm-bindgen makes the module that starts it, wasm-opt makes a release small, and every file gets the hash of its content
// into its name. The page in FOLDER names the new files, and as JSON the file of each part; the server reads it there.
//
// wasm-split-cli makes a module of what one part needs, and of what any two or more of them share: a hundred. All that a
// part needs is one file here, a pack, as one file compresses a fifth better than thirty and is asked for once. What
// several packs hold is instantiated once (scripts/packs.js).
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { snip } from './snip.mjs';
import { argumentsOf, optimise, run } from './wasm.mjs';
import { IMPORT, encoded, importsIn, named, sectionOf, sectionsOf, withSection } from './wasm_format.mjs';

/**
 * What this client never does. For every view and attribute something is compiled that stands in its table only: taking a
 * page over bit by bit as its parts come, as lazy routes of Leptos do, or from a `template!`. And what only a browser would
 * call: streams that it reads from the program.
 */
const NEVER_DONE = [
  /IntoAny\$GT\$8into_any13hydrate_async17h/,
  /IntoAnyAttribute\$GT\$13into_any_attr21hydrate_from_template17h/,
  /^(__wbg_)?intounderlying/,
];
/** What would begin the first of them: the function of a view that is erased. */
const DOORS = /AnyView.*RenderHtml.*hydrate_async/;

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

/** The program and its script with short names for what it imports from there: wasm-bindgen's end in hashes. */
function withShortNames(program, script) {
  const section = sectionsOf(program).get(IMPORT);
  let entries = 0;
  const imports = [...importsIn(program, section)].map(({ module, name, description }) => {
    entries++;
    if (module !== './inkstream_bg.js') return [named(module), named(name), description];
    const short = `f${entries}`;
    const key = `${name}: `;
    if (script.split(key).length !== 2) fail(`a tool's output has changed: ${name} does not stand in the script once`);
    script = script.replace(key, () => `${short}: `);
    return [named(module), named(short), description];
  });
  return [withSection(program, section, sectionOf(IMPORT, encoded(entries), imports.flat())), script];
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
const called = join(work, 'called.wasm');
await writeFile(called, snip(await readFile(linked), NEVER_DONE, DOORS));
await run('wasm-split-cli', '--target', 'web', '--out-name', 'inkstream', called, work);
await run('wasm-bindgen', '--target', 'web', '--no-typescript', '--keep-lld-exports', '--out-name', 'inkstream',
  '--out-dir', join(work, 'bound'), join(work, 'inkstream.wasm'));

// The modules that the packs are made of, each with a number by which it is known in all of them.
const modules = new Map();
const names = (await readdir(work)).filter((name) => /^(split|chunk)_.*\.wasm$/.test(name)).sort();
if (names.length === 0) fail('the client has no parts');
await each(names, async (name) => modules.set(name, await programOf(join(work, name))));

/** The modules one behind another, each behind its number and its size in bytes. */
function packed(wanted) {
  return Buffer.concat(wanted.flatMap((name) => {
    const module = modules.get(name) ?? fail(`there is no module ${name}`);
    const head = Buffer.alloc(8);
    head.writeUInt32BE(names.indexOf(name), 0);
    head.writeUInt32BE(module.length, 4);
    return [head, module];
  }));
}

// One module out of the one that starts the program and the one that loads its parts, which import each other.
const parting = await readFile(join(work, '__wasm_split.js'), 'utf8');
const parts = {};
const ways = /export const __wasm_split_load_(\w+) = .*?"\.\/(split_\w+\.wasm)".*?\}\s*, \[(.*?)\]\)\);/gs;
for (const [, part, own, shared] of parting.matchAll(ways)) {
  const needed = shared.split(',').map((name) => name.trim()).filter(Boolean).map((name) => `${name.replace(/^__/, '')}.wasm`);
  parts[part] = await place(part, '.pack', packed([own, ...needed]));
}
const waysIn = parting.match(/^export const __wasm_split_load_/gm)?.length ?? 0;
if (waysIn === 0 || Object.keys(parts).length !== waysIn) fail(`of ${waysIn} ways into parts not all were found`);
// What it begins with stays: what is shared, and what a load is tried again by. What follows is one load for each module.
const [loading] = parting.split(/^\/\* .* \*\/$/m);
for (const known of ['getSharedImports', 'wrapAsyncCb', 'makeLoad']) {
  if (!loading.includes(`function ${known}(`)) fail(`a tool's output has changed: there is no ${known}`);
}
const packs = await readFile(new URL('packs.js', import.meta.url), 'utf8');
const loads = Object.entries(parts).map(([part, path]) => `__wasm_split_load_${part}: load(${JSON.stringify(path)})`);
const bound = join(work, 'bound', 'inkstream_bg.wasm');
let [starter, starting] = withShortNames(await readFile(bound), await readFile(join(work, 'bound', 'inkstream.js'), 'utf8'));
await writeFile(bound, starter);
const imported = [...starting.matchAll(/^import \* as (\w+) from "\.\/__wasm_split\.js"$/gm)].map(([, name]) => name);
starting = replace(starting, /^import \* as \w+ from "\.\/__wasm_split\.js"$\n/gm, '');
const joined = [
  starting, replace(loading, /^import \{ initSync \} from .*$/gm, ''), packs,
  `const loads = { ${loads.join(', ')} };`,
  `const ${imported.map((name) => `${name} = loads`).join(', ')};`,
].join('\n');
if (/^\s*import\b[^(]/m.test(joined)) fail('the module that starts the client imports something');

const joinedFile = join(work, 'inkstream.js');
await writeFile(joinedFile, joined);
const { stdout: minified } = release ? await run('esbuild', '--minify', '--log-level=error', joinedFile) : { stdout: joined };
const script = await place('inkstream', '.js', minified);
const program = await place('inkstream', '_bg.wasm', await programOf(bound));

// Trunk's page, with these in place of the whole program.
const page = await readFile(join(folder, 'index.html'), 'utf8');
const [whole] = page.match(/\/inkstream-[0-9a-f]+_bg\.wasm/) ?? fail('the page names no program');
const [start] = page.match(/\/inkstream-[0-9a-f]+\.js/) ?? fail('the page names no script');
const ours = page.replaceAll(whole, program).replaceAll(start, script);
const known = `<script type="application/json" id="parts">${JSON.stringify(parts)}</script>`;
await writeFile(join(folder, 'index.html'), replace(ours, /<\/head>/g, `${known}</head>`));
for (const old of [whole, start]) await rm(join(folder, old.slice(1)));
