// The page of the bench: one renderer, one article, chunk by chunk, each with the layout that it causes.
import { createElement } from 'react';
import { flushSync } from 'react-dom';
import { createRoot } from 'react-dom/client';
import Markdown from 'react-markdown';
import remarkGfm from 'remark-gfm';
import { Streamdown } from 'streamdown';
import * as smd from 'streaming-markdown';

/** Each takes an element and gives what writes a chunk into it and what ends it. */
const renderers = {
  inkstream: async (element) => {
    const path = '/embed/article-renderer.js';
    const { default: load, StreamRenderer } = await import(path);
    await load();
    const renderer = StreamRenderer.init(element, { sync: true });
    return { write: (chunk) => renderer.push(chunk), end: () => renderer.finish() };
  },
  'streaming-markdown': async (element) => {
    const parser = smd.parser(smd.default_renderer(element));
    return { write: (chunk) => smd.parser_write(parser, chunk), end: () => smd.parser_end(parser) };
  },
  streamdown: async (element) => again(element, (text) => createElement(Streamdown, null, text)),
  'react-markdown': async (element) =>
    again(element, (text) => createElement(Markdown, { remarkPlugins: [remarkGfm] }, text)),
};

/** What renders the whole text so far, for every chunk. */
function again(element, view) {
  const root = createRoot(element);
  let text = '';
  return { write: (chunk) => flushSync(() => root.render(view(text += chunk))), end: () => {} };
}

const scroller = document.getElementById('scroller');

async function begin(name) {
  const element = document.createElement('article');
  scroller.replaceChildren(element);
  const renderer = await renderers[name](element);
  return {
    ...renderer,
    /** Writes a chunk with the end in view, and gives what script and layout took, in milliseconds. */
    step(chunk) {
      const began = performance.now();
      renderer.write(chunk);
      scroller.scrollTop = scroller.scrollHeight;
      return performance.now() - began;
    },
  };
}

const percentile = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];

function summary(costs) {
  const sorted = costs.toSorted((a, b) => a - b);
  return { p50: percentile(sorted, 0.5), p95: percentile(sorted, 0.95), max: sorted.at(-1) };
}

/** Sets chunks as fast as it goes, a frame between any `perFrame`, and says what each took. */
async function costsOf({ step }, chunks, perFrame) {
  const costs = [];
  for (const [at, chunk] of chunks.entries()) {
    costs.push(step(chunk));
    if (at % perFrame === perFrame - 1) await new Promise(requestAnimationFrame);
  }
  return costs;
}

const lastTenth = (list) => list.slice(-Math.ceil(list.length / 10));

/** The whole article. */
async function article(name, chunks, perFrame) {
  const renderer = await begin(name);
  const costs = await costsOf(renderer, chunks, perFrame);
  renderer.end();
  return {
    first: summary(costs.slice(0, Math.ceil(costs.length / 10))),
    last: summary(lastTenth(costs)),
    over50: costs.filter((cost) => cost > 50).length,
  };
}

/** Its last tenth in an empty page: what a chunk costs without anything before it. */
async function alone(name, chunks, perFrame) {
  return summary(await costsOf(await begin(name), lastTenth(chunks), perFrame));
}

/** Goes on at the end of an article at a pace in tokens a second, and counts the frames that came late. */
async function paced(name, before, chunks, perSecond, seconds) {
  const { step, write } = await begin(name);
  // In pieces, for what keeps its state by chunk.
  for (let at = 0; at < before.length; at += 4_000) write(before.slice(at, at + 4_000));
  await new Promise((settle) => setTimeout(settle, 500));
  let frames = 0;
  let late = 0;
  let given = 0;
  const began = await new Promise(requestAnimationFrame);
  let last = began;
  for (;;) {
    const now = await new Promise(requestAnimationFrame);
    frames += 1;
    // A frame of 60 Hz that was left out: at least one and a half of them between two.
    if (now - last > 25) late += Math.round((now - last) / (1000 / 60)) - 1;
    last = now;
    if (now - began > seconds * 1000) break;
    const due = Math.floor(((now - began) / 1000) * perSecond);
    for (; given < due; given++) step(chunks[given % chunks.length]);
  }
  return { frames, late };
}

window.bench = { article, alone, paced };
