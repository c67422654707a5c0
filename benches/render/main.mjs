// What it costs to set an article while it arrives, beside what others do: make bench-render [ARGS="--quick"]
//
// Every renderer in one run and one browser, in turns, the end of the text in view, layout included. Needs the release
// build of the client in target/site. Writes benches/results/render.json.
import { createServer } from 'node:http';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, extname, join } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';

const root = new URL('../..', import.meta.url).pathname;
const site = process.env.BENCH_SITE ?? join(root, 'target/site');
const quick = process.argv.includes('--quick');
const turns = quick ? 1 : 3;

const fail = (what, remedy) => {
  console.error(`error: ${what}\nremedy: ${remedy}`);
  process.exit(2);
};
await stat(join(site, 'embed/article-renderer_bg.wasm.br')).catch(() =>
  fail(`no release build of the renderer in ${site}`, 'run `make build` first.'));

const bundle = (entry, options) => build({ entryPoints: [entry], bundle: true, write: false, format: 'esm', logLevel: 'error',
  absWorkingDir: new URL('.', import.meta.url).pathname, ...options }).then(({ outputFiles }) => outputFiles[0].text);
const script = await bundle('page.jsx', { define: { 'process.env.NODE_ENV': '"production"' }, minify: true });
const source = await bundle(join(root, 'end2end/support/long_article.ts'), {});
const { longArticle } = await import(`data:text/javascript;base64,${Buffer.from(source).toString('base64')}`);

const kinds = { '.js': 'text/javascript', '.wasm': 'application/wasm' };
const server = createServer(async (request, answer) => {
  // Without these a browser's clock is coarse.
  answer.setHeader('cross-origin-opener-policy', 'same-origin');
  answer.setHeader('cross-origin-embedder-policy', 'require-corp');
  const { pathname } = new URL(request.url, 'http://localhost');
  if (pathname === '/') {
    answer.setHeader('content-type', 'text/html; charset=utf-8');
    answer.end(`<!DOCTYPE html><style>#scroller { height: 90vh; overflow: auto; width: 44rem; margin: auto; }</style>
      <div id="scroller"></div><script type="module" src="/page.js"></script>`);
  } else if (pathname === '/page.js') {
    answer.setHeader('content-type', 'text/javascript');
    answer.end(script);
  } else if (/^\/embed\/[\w.-]+$/.test(pathname)) {
    answer.setHeader('content-type', kinds[extname(pathname)] ?? 'application/octet-stream');
    answer.end(await readFile(join(site, pathname)));
  } else {
    answer.statusCode = 404;
    answer.end();
  }
});
await new Promise((listening) => server.listen(0, '127.0.0.1', listening));

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--js-flags=--expose-gc', '--enable-precise-memory-info'] });

/** A fresh page, and what the browser's main thread spent while `act` ran in it, in seconds. */
async function measured(act) {
  const page = await browser.newPage({ viewport: { width: 1000, height: 900 } });
  page.on('pageerror', (error) => fail(`a renderer failed: ${error.message}`, 'see whether its package has changed.'));
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  await page.waitForFunction(() => window.bench);
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable');
  const spent = async () => {
    const { metrics } = await session.send('Performance.getMetrics');
    return metrics.find(({ name }) => name === 'TaskDuration').value;
  };
  const heap = () => page.evaluate(() => { gc(); return performance.memory.usedJSHeapSize; });
  const [heapBefore, before] = [await heap(), await spent()];
  const result = await act(page);
  const cpu = (await spent()) - before;
  const grown = (await heap()) - heapBefore;
  await page.close();
  return { ...result, cpu, heap: grown };
}

const inChunks = (text) => text.match(/[^]{1,4}/g);
const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
const rows = [];
function report(size, name, unit, values, aim) {
  rows.push({ size, name, unit, values, aim });
  const shown = Object.entries(values).map(([who, value]) => `${who} ${value === null ? '–' : value >= 100 ? value.toFixed(0) : value.toFixed(3)}`);
  console.log(`  ${name} (${unit}): ${shown.join(' · ')}${aim ? `   aim: ${aim.words}, ${aim.met ? 'met' : 'NOT MET'}` : ''}`);
}

const sizes = [
  { words: 3_000, who: quick ? ['inkstream', 'streaming-markdown'] : ['inkstream', 'streaming-markdown', 'streamdown', 'react-markdown'] },
  { words: quick ? 6_000 : 20_000, who: ['inkstream', 'streaming-markdown'] },
];
for (const { words, who } of sizes) {
  const chunks = inChunks(longArticle(words));
  console.log(`\n${words.toLocaleString('en')} words, ${chunks.length} chunks of 4 characters`);
  const of = Object.fromEntries(who.map((name) => [name, { runs: [], alone: [] }]));
  for (let turn = 0; turn < turns; turn++) {
    for (const name of who) {
      // What renders all of it again takes minutes; once is enough to see it.
      if (turn > 0 && !['inkstream', 'streaming-markdown'].includes(name)) continue;
      of[name].runs.push(await measured((page) => page.evaluate(([name, chunks]) => window.bench.article(name, chunks, 20), [name, chunks])));
      of[name].alone.push(await measured((page) => page.evaluate(([name, chunks]) => window.bench.alone(name, chunks, 20), [name, chunks])));
    }
  }
  const each = (pick) => Object.fromEntries(who.map((name) => [name, median(of[name].runs.map(pick))]));
  for (const [part, title] of [['first', 'first tenth'], ['last', 'last tenth']]) {
    for (const figure of ['p50', 'p95', 'max']) report(words, `a chunk of the ${title}, ${figure}`, 'ms', each((run) => run[part][figure]));
  }
  const growth = Object.fromEntries(who.map((name) => [name, median(of[name].runs.map((run, at) => run.last.p50 / of[name].alone[at].p50))]));
  report(words, 'last tenth against the same text in an empty page, p50', 'ratio', growth,
    { words: 'inkstream at most 1.2', met: growth.inkstream <= 1.2 });
  const cpu = each((run) => run.cpu);
  report(words, 'CPU of the whole article', 's', cpu,
    { words: "at most streaming-markdown's", met: cpu.inkstream <= cpu['streaming-markdown'] });
  const over = each((run) => run.over50);
  report(words, 'chunks over 50 ms', 'count', over, { words: 'inkstream none', met: over.inkstream === 0 });
  report(words, 'script heap that stays', 'MB', each((run) => run.heap / 1e6));
}

const last = sizes.at(-1);
const text = longArticle(last.words);
for (const perSecond of [60, 1_000]) {
  console.log(`\n${perSecond} tokens a second at the end of ${last.words.toLocaleString('en')} words, ${quick ? 3 : 8} s`);
  const late = {};
  for (const name of last.who) {
    const { frames, late: count } = await measured((page) => page.evaluate(([name, before, chunks, rate, seconds]) =>
      window.bench.paced(name, before, chunks, rate, seconds), [name, text, inChunks(longArticle(2_000, 5)), perSecond, quick ? 3 : 8]));
    late[name] = (100 * count) / (frames + count);
  }
  report(last.words, `frames left out at ${perSecond} tokens a second`, '%', late,
    perSecond === 60 ? { words: 'inkstream none', met: late.inkstream === 0 } : undefined);
}

const size = async (file) => brotliCompressSync(await readFile(file), { params: { [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS } }).length;
const module = (await size(join(site, 'embed/article-renderer.js'))) + (await size(join(site, 'embed/article-renderer_bg.wasm')));
console.log('\nDownload');
report(null, 'module and program in brotli', 'bytes', { inkstream: module }, { words: 'under 120,000', met: module < 120_000 });

await browser.close();
server.close();
const file = join(root, 'benches/results/render.json');
await mkdir(dirname(file), { recursive: true });
await writeFile(file, `${JSON.stringify({ quick, taken_at: Math.floor(Date.now() / 1000), rows }, null, 2)}\n`);
console.log(`\nwritten to ${file}`);
