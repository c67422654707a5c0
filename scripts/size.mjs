// What a browser downloads before the page is alive: node scripts/size.mjs [FOLDER]
//
// Prints each file as the server sends it, brotli where that was prepared, and the sum; fails above the limit. A size is
// no duration: it is the same on every machine.
import { readdir, stat } from 'node:fs/promises';
import { extname, join, relative } from 'node:path';

/** Where the client shall come to, and what it must not grow over meanwhile; in bytes. Lower it with each win. */
const GOAL = 220_000;
const LIMIT = 480_000;

const COUNTED = new Set(['.wasm', '.js', '.css']);
/** These come after the first paint: `font-display: swap` shows the text in the system's font before. */
const FONTS = new Set(['.woff2']);

async function* filesIn(folder) {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesIn(path);
    else if (entry.isFile()) yield path;
  }
}

const sizeOf = (path) => stat(path).then(({ size }) => size, () => null);
const row = (name, size, sent) =>
  console.log(name.padEnd(52), String(size).padStart(10), String(sent).padStart(10));

const folder = process.argv[2] ?? 'target/site';
const files = [];
for await (const path of filesIn(folder)) {
  const [size, brotli] = [await sizeOf(path), await sizeOf(`${path}.br`)];
  files.push({ name: relative(folder, path), kind: extname(path), size, sent: brotli ?? size });
}
files.sort((one, other) => other.sent - one.sent);
const client = files.filter(({ kind }) => COUNTED.has(kind));
const fonts = files.filter(({ kind }) => FONTS.has(kind));
const sum = (list, key) => list.reduce((total, file) => total + file[key], 0);

if (client.length === 0) {
  console.error(`error: no client in ${folder}\nremedy: run \`make build\` first.`);
  process.exit(2);
}
row('file', 'bytes', 'sent');
for (const { name, size, sent } of client) row(name, size, sent);
row(`before the page is alive (goal ${GOAL}, limit ${LIMIT})`, sum(client, 'size'), sum(client, 'sent'));
for (const { name, size, sent } of fonts) row(name, size, sent);
if (sum(client, 'sent') > LIMIT) {
  console.error('error: the client has grown over its limit\nremedy: see what grew, or say in scripts/size.mjs why it may.');
  process.exit(1);
}
