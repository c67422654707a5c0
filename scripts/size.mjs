// What a browser downloads before a page is alive: node scripts/size.mjs [FOLDER]
//
// A page that nobody touches loads its style sheet alone (src/server/start.js). Prints the files that every page needs to
// come to life, and for each kind of page its own parts and the sum, as the server sends them: brotli where that was
// prepared. Fails above the limit. A size is no duration: it is the same on every machine.
import { readdir, readFile, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';

/** What the page that one comes to first may come to until it is alive, and what any other may; in bytes. */
const FIRST = { part: 'brief', limit: 220_000 };
const LIMIT = 275_000;

const folder = process.argv[2] ?? 'target/site';
const page = await readFile(join(folder, 'index.html'), 'utf8').catch(() => '');
const known = page.match(/id="parts">(.*?)<\/script>/s);
if (!known) {
  console.error(`error: no client in ${folder}\nremedy: run \`make build\` first.`);
  process.exit(2);
}
const parts = JSON.parse(known[1]);
if (!(FIRST.part in parts)) throw new Error(`the client has no part ${FIRST.part}: which page does one come to first?`);

const sizeOf = (path) => stat(path).then(({ size }) => size, () => null);
async function measure(path) {
  const file = join(folder, path);
  const [size, brotli] = [await sizeOf(file), await sizeOf(`${file}.br`)];
  return { name: path.slice(1), size, sent: brotli ?? size };
}
const row = ({ name, size, sent }) => console.log(name.padEnd(52), String(size).padStart(10), String(sent).padStart(10));
const sum = (name, files) => ({
  name,
  size: files.reduce((total, { size }) => total + size, 0),
  sent: files.reduce((total, { sent }) => total + sent, 0),
});

const named = [/"(\/[^"]+\.css)"/, /'(\/[^']+\.js)'/, /'(\/[^']+\.wasm)'/].map((pattern) => page.match(pattern)[1]);
const common = await Promise.all(named.map(measure));
row({ name: 'file', size: 'bytes', sent: 'sent' });
common.forEach(row);
const views = [];
const own = await Promise.all(Object.entries(parts).map(async ([part, path]) => ({ part, ...await measure(path) })));
own.sort((one, other) => other.sent - one.sent).forEach(row);
// A page needs the words of one language; this one takes more room.
const words = own.find(({ part }) => part === 'chinese');
// What writes comes on top of an article while it is written or edited, and the form once it is to be written again.
const later = ['english', 'chinese', 'writing', 'again'];
for (const one of own.filter(({ part }) => !later.includes(part))) {
  const limit = one.part === FIRST.part ? FIRST.limit : LIMIT;
  views.push({ limit, ...sum(`before a page of ${one.part} is alive (limit ${limit})`, [...common, words, one]) });
}
row({ ...common[0], name: 'first view of a page that nobody touches: the style sheet' });
views.forEach(row);
// These come after the first paint: `font-display: swap` shows the text in the system's font before.
const fonts = (await readdir(join(folder, 'fonts'))).filter((name) => extname(name) === '.woff2');
row(sum(`${fonts.length} fonts, after the first paint`, await Promise.all(fonts.map((name) => measure(`/fonts/${name}`)))));
if (views.some(({ sent, limit }) => sent > limit)) {
  console.error('error: the client has grown over its limit\nremedy: see what grew, or say in scripts/size.mjs why it may.');
  process.exit(1);
}
