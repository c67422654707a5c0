import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { expectAccessible } from '../support/accessible';
import { LIVE, teachDangers } from '../support/dangers';
import { example, openWithRenderer, type WithRenderer } from '../support/embed';
import { expect, test } from '../support/fixtures';
import { inPieces, longArticle } from '../support/long_article';
import { payloads } from '../support/payloads';

test('the example writes its sample, which is then whole, and can be begun anew', async ({ page }) => {
  await page.goto(example);
  await page.getByRole('spinbutton').fill('2000');
  const article = page.locator('article-renderer');
  const said = page.locator('#said');
  for (let time = 0; time < 2; time++) {
    await page.getByRole('button', { name: 'Write' }).click();
    await expect(said).toHaveText('8 blocks closed, done');
    await expect(article.getByRole('heading')).toHaveText(['Reading a stream', 'A list, a table, some code']);
    await expect(article.locator('strong')).toHaveText(['word of strong text', '注意：']);
    await expect(article.getByRole('checkbox')).toBeDisabled();
    await expect(article.locator('[role=doc-endnotes]')).toContainText('Like this one.');
    await expect(article.locator('.cursor')).toHaveCount(0);
  }
  await expectAccessible(page, 'the example');
});

test('the element takes what comes before its program, a source, and bytes cut anywhere', async ({ page, faults }) => {
  faults.expect(/Failed to load resource/);
  await page.route('**/sample.md', (route) => route.fulfill({ contentType: 'text/markdown', body: 'from *afar*' }));
  await page.goto(example);
  const shown = await page.evaluate(async () => {
    const done = (element: Element, name = 'done') =>
      new Promise((settle) => element.addEventListener(name, (event) => settle((event as CustomEvent).detail), { once: true }));
    const element = document.createElement('article-renderer') as HTMLElement & { write(chunk: unknown): void; finish(): void };
    document.body.append(element);
    const bytes = new TextEncoder().encode('**重要：**说明 😀 `码`');
    const first = done(element);
    for (const byte of bytes) element.write(Uint8Array.of(byte));
    element.finish();
    await first;
    const written = element.innerHTML;
    const second = done(element);
    element.setAttribute('src', '/sample.md');
    await second;
    const loaded = element.innerHTML;
    const third = done(element, 'error');
    element.setAttribute('src', '/nothing/here');
    const { error } = (await third) as { error: Error };
    return { written, loaded, error: error.message };
  });
  const group = (inside: string) => `<section class="group">${inside}</section>`;
  expect(shown).toEqual({
    written: group('<p><strong>重要：</strong>说明 😀 <code>码</code></p>'),
    loaded: group('<p>from <em>afar</em></p>'),
    error: '/nothing/here answered with 404',
  });
});

test('a page of another origin can load it', async ({ page, server }) => {
  const other = createServer((_, answer) => {
    answer.setHeader('content-type', 'text/html');
    answer.end(`<!DOCTYPE html><link rel="icon" href="data:,"><script type="module" src="${server.url}/embed/article-renderer.js"></script>
      <article-renderer>old</article-renderer>`);
  });
  await new Promise<void>((listening) => other.listen(0, '127.0.0.1', listening));
  try {
    await page.goto(`http://127.0.0.1:${(other.address() as AddressInfo).port}/`);
    await page.evaluate(async () => {
      await customElements.whenDefined('article-renderer');
      const element = document.querySelector('article-renderer') as unknown as { write(chunk: string): void; finish(): void };
      element.write('# From *elsewhere*');
      element.finish();
    });
    await expect(page.getByRole('heading')).toHaveText('From elsewhere');
    expect(await page.locator('h1').evaluate((heading) => getComputedStyle(heading).fontWeight)).toBe('680');
  } finally {
    other.close();
  }
});

test('however a text is cut, the page is the same in the end, groups included', async ({ page }) => {
  await openWithRenderer(page);
  const text = longArticle(2_500, 7) + '\nA note[^n].\n\n[^n]: The note.\n\nAnd the [late] one.\n\n[late]: https://example.org "t"\n';
  const render = (pieces: string[], sync: boolean) =>
    page.evaluate(async ([pieces, sync]) => {
      const { StreamRenderer } = window as unknown as WithRenderer;
      const container = document.createElement('div');
      document.body.append(container);
      const done = new Promise<void>((settle) => {
        const renderer = StreamRenderer.init(container, { sync, on: (name: string) => name === 'done' && settle() });
        for (const piece of pieces) renderer.push(piece);
        renderer.finish();
      });
      await done;
      container.remove();
      return container.innerHTML;
    }, [pieces, sync] as const);
  const whole = await render([text], true);
  expect(whole).toContain('class="group full"');
  expect(whole).toMatch(/href="https:\/\/example.org"[^>]* title="t"/);
  for (const pieces of [[...text], inPieces(text, 5, 1), inPieces(text, 60, 2), inPieces(text, 3_000, 3)]) {
    expect(await render(pieces, true)).toBe(whole);
  }
  expect(await render(inPieces(text, 40, 4), false)).toBe(whole);
});

test('what gathered while nobody looked is set over several frames', async ({ page }) => {
  await openWithRenderer(page);
  const text = longArticle(12_000);
  const shown = await page.evaluate(async (text) => {
    const { StreamRenderer } = window as unknown as WithRenderer;
    const lengths: number[] = [];
    const container = document.createElement('div');
    document.body.append(container);
    await new Promise<void>((settle) => {
      const renderer = StreamRenderer.init(container, { on: (name: string) => name === 'done' && settle() });
      renderer.push(text);
      renderer.finish();
      const look = () => {
        lengths.push(container.textContent!.length);
        requestAnimationFrame(look);
      };
      requestAnimationFrame(look);
    });
    const steps = lengths.map((length, at) => length - (lengths[at - 1] ?? 0));
    return { most: Math.max(...steps), whole: container.textContent!.length };
  }, text);
  expect(shown.whole).toBeGreaterThan(60_000);
  expect(shown.most).toBeLessThan(20_000);
});

test('what is closed is never touched again, and a selection in it stays, over 20,000 words', async ({ page }) => {
  test.slow();
  await openWithRenderer(page);
  const pieces = inPieces(longArticle(20_000), 8);
  const seen = await page.evaluate(async (pieces) => {
    const { StreamRenderer } = window as unknown as WithRenderer;
    const container = document.createElement('div');
    document.body.append(container);
    let closed = 0;
    const on = (name: string, detail: { blocks: number }) => {
      if (name === 'blockclosed') closed = detail.blocks;
    };
    const renderer = StreamRenderer.init(container, { sync: true, on });
    const observer = new MutationObserver(() => {});
    observer.observe(container, { subtree: true, childList: true, characterData: true, attributes: true });
    const isCursor = (node: Node) => node instanceof Element && node.className === 'cursor';
    /** The place of the block that a node is in, among all blocks. */
    const placeOf = (node: Node) => {
      let block: Node | null = node;
      while (block && !(block.parentNode instanceof Element && block.parentNode.classList.contains('group'))) block = block.parentNode;
      if (!block) return -1;
      const group = block.parentNode as Element;
      const groups = [...container.querySelectorAll(':scope > .group')];
      return groups.indexOf(group) * 24 + [...group.children].filter((it) => !isCursor(it)).indexOf(block as Element);
    };
    const touched: string[] = [];
    let selected = '';
    for (const piece of pieces) {
      const before = closed;
      renderer.push(piece);
      for (const change of observer.takeRecords()) {
        const nodes = [...change.addedNodes, ...change.removedNodes];
        if (change.type === 'childList' && nodes.every(isCursor)) continue;
        const place = placeOf(change.target);
        if (place >= 0 && place < before) touched.push(`${change.type} in block ${place} of ${before}`);
        for (const gone of change.removedNodes) {
          if (change.target instanceof Element && change.target.classList.contains('group') && !isCursor(gone)) {
            const at = [...change.target.children].indexOf(change.nextSibling as Element);
            if (at >= 0) touched.push('a block before the last went');
          }
        }
      }
      if (!selected && closed > 3) {
        getSelection()!.selectAllChildren(container.querySelectorAll('p')[1]);
        selected = getSelection()!.toString();
      }
    }
    renderer.finish();
    const words = container.textContent!.split(/\s+/).length;
    const kept = getSelection()!.toString() === selected && selected.length > 100;
    return { touched, kept, words, groups: container.querySelectorAll('.group.full').length, closed };
  }, pieces);
  expect(seen.touched.slice(0, 5)).toEqual([]);
  expect(seen.kept).toBe(true);
  expect(seen.words).toBeGreaterThan(19_000);
  expect(seen.groups).toBeGreaterThan(10);
});

test('an element can be begun anew, filled before it is attached, ended twice, and taken away', async ({ page }) => {
  await page.goto(example);
  const shown = await page.evaluate(async () => {
    type Article = HTMLElement & { write(chunk: string): void; finish(): void; reset(): void };
    const make = () => document.createElement('article-renderer') as Article;
    const frame = () => new Promise(requestAnimationFrame);
    const done = (element: Element) => new Promise((settle) => element.addEventListener('done', settle, { once: true }));
    const text = (element: Element) => element.textContent!;

    const early = make();
    early.write('written *early*');
    document.body.append(early);
    const finished = done(early);
    early.finish();
    await finished;

    const anew = make();
    document.body.append(anew);
    anew.write('# Old text\n\nmore');
    await new Promise((settle) => anew.addEventListener('firsttext', settle, { once: true }));
    anew.write(' and more');
    anew.reset();
    await frame();
    await frame();
    const between = text(anew);
    let ends = 0;
    anew.addEventListener('done', () => { ends += 1; });
    const second = done(anew);
    anew.write('a😀b'.slice(0, 2));
    anew.flush();
    anew.write('a😀b'.slice(2));
    anew.finish();
    anew.finish();
    anew.write('never');
    await second;
    await frame();

    const gone = make();
    document.body.append(gone);
    gone.write('kept');
    await new Promise((settle) => gone.addEventListener('firsttext', settle, { once: true }));
    gone.write(' and lost');
    gone.remove();
    await frame();
    await frame();
    return { early: early.innerHTML, between, anew: text(anew), ends, cursors: anew.querySelectorAll('.cursor').length, gone: text(gone) };
  });
  expect(shown).toEqual({
    early: '<section class="group"><p>written <em>early</em></p></section>',
    between: '',
    anew: 'a😀b',
    ends: 1,
    cursors: 0,
    gone: 'kept',
  });
});

test('the events of a generation are followed by their cursor, and how they end is told', async ({ page, faults }) => {
  faults.expect(/ERR_|Failed to load/);
  const asked: (string | undefined)[] = [];
  const event = (id: number, name: string, data: object) => `id: ${id}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
  await page.route('**/events*', async (route) => {
    const cursor = route.request().headers()['last-event-id'];
    asked.push(cursor);
    const body = cursor ? event(2, 'delta', { text: 'two*' }) + event(3, route.request().url().includes('fails') ? 'failed' : 'done', {})
      : event(1, 'delta', { text: 'one *' });
    await route.fulfill({ contentType: 'text/event-stream', body });
  });
  await page.goto(example);
  const told = (src: string) =>
    page.evaluate(async (src) => {
      const element = document.createElement('article-renderer');
      element.setAttribute('src', src);
      const end = new Promise<string>((settle) => {
        element.addEventListener('done', () => settle('done'));
        element.addEventListener('error', (event) => settle(String((event as CustomEvent).detail.error)));
      });
      document.body.append(element);
      const how = await end;
      return { how, html: element.innerHTML, busy: element.hasAttribute('aria-busy') };
    }, src);
  const html = '<section class="group"><p>one <em>two</em></p></section>';
  expect(await told('/events')).toEqual({ how: 'done', html, busy: false });
  expect(asked).toEqual([undefined, '1']);
  expect(await told('/events?fails')).toEqual({ how: 'Error: the generation ended: failed', html, busy: false });
});

test('nothing of the page is touched: its classes and its names stay its own', async ({ page }) => {
  await openWithRenderer(page);
  const seen = await page.evaluate(async () => {
    const { StreamRenderer } = window as unknown as WithRenderer;
    const own = document.createElement('p');
    own.className = 'cursor btn k group';
    own.textContent = 'own';
    const before = document.createElement('p');
    document.body.append(before, own);
    const looks = (element: Element) => {
      const { color, inlineSize, border, animationName } = getComputedStyle(element);
      return JSON.stringify({ color, inlineSize, border, animationName });
    };
    const articles = [0, 1].map(() => {
      const container = document.createElement('div');
      document.body.append(container);
      const renderer = StreamRenderer.init(container, { sync: true });
      renderer.push('# config\n\nA note[^1], see [it](#config).\n\n[^1]: here');
      renderer.finish();
      return container;
    });
    const [, second] = articles;
    second.querySelector<HTMLElement>('sup a')!.click();
    const clobbered = 'config' in window;
    return { same: looks(own) === looks(before), clobbered, hash: location.hash, ids: [...second.querySelectorAll('[id]')].map(({ id }) => id) };
  });
  expect(seen).toEqual({ same: true, clobbered: false, hash: '', ids: ['ink-config', 'ink-fnref-1', 'ink-fn-1'] });
});

test('HTML is set while it arrives, and a format that is not known is refused', async ({ page }) => {
  await openWithRenderer(page);
  const html = '<h2>Locks</h2><p>A <b>held</b> lock:<ul><li>one<li>two</ul><pre><code class="language-rust">fn a()</code></pre>';
  const shown = await page.evaluate(async (html) => {
    const { StreamRenderer } = window as unknown as WithRenderer;
    const container = document.createElement('div');
    document.body.append(container);
    const renderer = StreamRenderer.init(container, { sync: true, format: 'html' });
    const marks: string[] = [];
    for (const letter of html) {
      renderer.push(letter);
      if (container.textContent!.includes('<')) marks.push(container.textContent!);
    }
    renderer.finish();
    let refused = '';
    try {
      StreamRenderer.init(container, { format: 'rtf' });
    } catch (error) {
      refused = String(error);
    }
    return { marks, text: container.innerText.replace(/\s+/g, ' '), code: container.querySelector('code')!.className, refused };
  }, html);
  expect(shown).toEqual({
    marks: [],
    text: 'Locks A held lock: one two rust Copy fn a() ',
    code: 'language-rust',
    refused: 'RangeError: format: "rtf" is not known; use markdown or html.',
  });
});

for (const format of ['markdown', 'html']) {
  test(`nothing hostile is ever in the page, letter by letter, in ${format}`, async ({ page, faults }) => {
    test.slow();
    // Pictures that do not exist are reported by the browser.
    faults.expect(/Failed to load resource|ERR_/);
    await openWithRenderer(page);
    await teachDangers(page);
    expect(payloads.length).toBeGreaterThan(250);
    const found = await page.evaluate(async ([payloads, format, allowed]) => {
      const { StreamRenderer } = window as unknown as WithRenderer;
      const { dangersIn } = window as unknown as { dangersIn: typeof import('../support/dangers').dangersIn };
      const container = document.createElement('div');
      document.body.append(container);
      const dangers = new Set<string>();
      const look = (payload: string) => dangersIn(container, allowed).forEach((found) => dangers.add(`${found} of ${payload}`));
      for (const payload of payloads) {
        const renderer = StreamRenderer.init(container, { sync: true, format });
        for (const letter of `Before ${payload} behind\n\n${payload}\n\nThe end`) {
          renderer.push(letter);
          look(payload);
        }
        renderer.finish();
        look(payload);
        for (const link of container.querySelectorAll('a')) {
          link.addEventListener('click', (event) => event.preventDefault());
          link.click();
        }
      }
      // What was only waiting has its chance.
      await new Promise((settle) => setTimeout(settle));
      return { dangers: [...dangers], owned: (window as unknown as { owned?: number }).owned };
    }, [payloads, format, LIVE] as const);
    expect(found).toEqual({ dangers: [], owned: undefined });
  });
}
