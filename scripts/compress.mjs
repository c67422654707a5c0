// Writes NAME.br and NAME.gz beside every file in a folder that compresses well, for the server to send as they are:
// node scripts/compress.mjs FOLDER
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

// Fonts (woff2) and images other than SVG are compressed already.
const COMPRESSIBLE = new Set(['.wasm', '.pack', '.js', '.css', '.svg']);

const encodings = [
  ['.br', (bytes) => promisify(brotliCompress)(bytes, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
      [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS,
      [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
    },
  })],
  ['.gz', (bytes) => promisify(gzip)(bytes, { level: 9 })],
];

async function* filesIn(folder) {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesIn(path);
    else if (entry.isFile()) yield path;
  }
}

async function compress(path) {
  const bytes = await readFile(path);
  await Promise.all(encodings.map(async ([suffix, encode]) => {
    const encoded = await encode(bytes);
    if (encoded.length < bytes.length) await writeFile(path + suffix, encoded);
  }));
}

const folder = process.argv[2];
if (!folder) {
  console.error('usage: node scripts/compress.mjs FOLDER');
  process.exit(2);
}
const work = [];
for await (const path of filesIn(folder)) {
  if (COMPRESSIBLE.has(extname(path))) work.push(compress(path));
}
await Promise.all(work);
