import type { BrowserContext } from '@playwright/test';

import { STORED, teachDangers } from '../support/dangers';
import { expect, test } from '../support/fixtures';
import { Gate } from '../support/gate';
import { payloads } from '../support/payloads';

/** What must never be an element or an attribute of an article. */
const attacks = [
  '<script>window.owned = 1</script>',
  '<img src=x onerror="window.owned = 2">',
  '<a href="javascript:window.owned=3">press</a>',
  '[press](javascript:window.owned=4)',
  '[press](  JaVaScRiPt:window.owned=5)',
  '[press](java&#115;cript&colon;window.owned=6)',
  '![look](javascript:window.owned=7)',
  '<javascript:window.owned=8>',
  '[press](data:text/html,<script>window.owned=9</script>)',
  '<style>body { display: none }</style>',
  '<svg onload="window.owned=10"><foreignObject><iframe src="/"></iframe></foreignObject></svg>',
  '<form action="/"><button formaction="javascript:window.owned=11">press</button></form>',
  '<iframe srcdoc="<script>parent.owned=12</script>"></iframe>',
  '[ref]\n\n[ref]: javascript:window.owned=13 "title"',
  '```html"><script>window.owned=14</script>\n<img src=x onerror=window.owned=15>\n```',
  '| <script>window.owned=16</script> | b |\n|---|---|\n| <img src=x onerror=window.owned=17> | d |',
  '# <img src=x onerror=window.owned=18>',
  '- [x] <input autofocus onfocus="window.owned=19">',
  '<p style="position:fixed;inset:0" onclick="window.owned=20">over all</p>',
  '![x](https://127.0.0.1:1/a.png" onerror="window.owned=21)',
  '&lt;script&gt;window.owned=22&lt;/script&gt;',
  '<math><mtext><script>window.owned=23</script></mtext></math>',
  '<!-- --><script>window.owned=24</script> -->',
  '[note][^1]\n\n[^1]: <img src=x onerror=window.owned=25>',
];

/** Watches every article of every page from its first node on, and notes what is dangerous. */
async function watch(context: BrowserContext): Promise<void> {
  await context.addInitScript(() => {
    const found: string[] = [];
    Object.assign(window, { dangers: found });
    const elements =
      'script, style, iframe, object, embed, form, svg, math, foreignObject, link, meta, base';
    // What is no address at all leads nowhere.
    const isFine = (address: string) =>
      !URL.canParse(address, 'http://page.invalid') ||
      ['http:', 'https:', 'mailto:'].includes(new URL(address, 'http://page.invalid').protocol);
    const look = (element: Element) => {
      if (!element.closest('article')) {
        return;
      }
      if (element.matches(elements)) {
        found.push(element.outerHTML);
      }
      for (const { name, value } of element.attributes) {
        const address = ['href', 'src', 'action', 'formaction', 'xlink:href', 'srcdoc'];
        const handler = name.startsWith('on') || name === 'style';
        if (handler || (address.includes(name) && !isFine(value))) {
          found.push(`${element.localName} ${name}="${value}"`);
        }
      }
    };
    const lookAll = (node: Node) => {
      if (node instanceof Element) {
        look(node);
        node.querySelectorAll('*').forEach(look);
      }
    };
    new MutationObserver((changes) => {
      for (const change of changes) {
        lookAll(change.target);
        change.addedNodes.forEach(lookAll);
      }
    }).observe(document, { subtree: true, childList: true, attributes: true });
  });
}

test('hostile text never becomes anything but text, at any prefix', async ({
  page,
  reader,
  model,
  context,
  faults,
}) => {
  // Images of an article may be loaded; those that do not exist are reported by the browser.
  faults.expect(/Failed to load resource/);
  await watch(context);
  const dangers = () =>
    page.evaluate(() => {
      const { dangers, owned } = window as unknown as { dangers: string[]; owned?: number };
      return { dangers, owned };
    });
  const nothing = { dangers: [], owned: undefined };
  const gate = new Gate();
  const opened = new Gate();
  model.next(async (call) => {
    await opened.passed;
    call.say('# Hostile\n\n');
    for (const [number, attack] of attacks.entries()) {
      call.spell(attack, 1);
      call.say(`\n\nattack ${number}.\n\n`);
      if (number === 9) {
        await gate.passed;
      }
    }
    call.say('The end of it.');
    call.finish();
  });
  await reader.compose();
  await reader.ask('Hostile');
  await expect(reader.stop).toBeEnabled();
  opened.open();
  await expect(reader.article).toContainText('attack 9.');
  expect(await dangers()).toEqual(nothing);

  await reader.reload();
  await expect(reader.stop).toBeEnabled();
  expect(await dangers()).toEqual(nothing);
  gate.open();
  await expect(reader.article).toContainText('The end of it.');
  expect(await dangers()).toEqual(nothing);
  await reader.expectDone();
  await reader.expectSameAfterReload();
  expect(await dangers()).toEqual(nothing);
});

test('what the server renders of half an attack is harmless', async ({
  page,
  reader,
  model,
  context,
  faults,
}) => {
  faults.expect(/Failed to load resource/);
  await watch(context);
  const halves = new Gate();
  let say: (text: string) => void = () => {};
  model.next(async (call) => {
    say = (text) => call.say(text);
    call.say('# Halves');
    await halves.passed;
    call.finish();
  });
  await reader.compose();
  await reader.ask('Halves');
  await expect(reader.article).toContainText('Halves');
  const other = await context.newPage();
  for (const [number, attack] of attacks.entries()) {
    const half = Math.ceil(attack.length / 2);
    say(`\n\nbefore ${number}.\n\n${attack.slice(0, half)}`);
    await expect
      .poll(async () => (await reader.generation()).text)
      .toContain(`before ${number}.\n\n${attack.slice(0, half)}`);
    const html = await (await page.request.get(page.url())).text();
    // What the parser of a browser makes of it, without the page's own scripts.
    await other.setContent(html.replace(/<script[^>]* nonce=[\s\S]*?<\/script>/g, ''));
    const found = await other.evaluate(() => {
      const { dangers, owned } = window as unknown as { dangers: string[]; owned?: number };
      return { dangers, owned };
    });
    expect(found, attack).toEqual({ dangers: [], owned: undefined });
    say(attack.slice(half));
  }
  halves.open();
  await expect(page).toHaveTitle(reader.words.doneTitle);
});

for (const format of ['markdown', 'html']) {
  test(`what is stored and taken away of hostile ${format} is harmless`, async ({ page, model, server }) => {
    test.slow();
    const api = `${server.url}/api/v1`;
    const kept: [string, string][] = [];
    for (const payload of payloads) {
      model.next((call) => {
        call.say(`Before ${payload} behind\n\n${payload}\n\nThe end`);
        call.finish();
      });
      const created = await (await page.request.post(`${api}/generations`, { data: { topic: 'Hostile', format } })).json();
      await expect
        .poll(async () => (await (await page.request.get(`${api}/generations/${created.id}`)).json()).state, { intervals: [20] })
        .toBe('done');
      kept.push([payload, await (await page.request.get(`${api}/articles/${created.article_id}/export?format=html`)).text()]);
    }
    await teachDangers(page);
    const found = await page.evaluate(([kept, allowed]) => {
      const { dangersIn } = window as unknown as { dangersIn: typeof import('../support/dangers').dangersIn };
      return kept.flatMap(([payload, page]) => {
        const { body } = new DOMParser().parseFromString(page, 'text/html');
        return dangersIn(body, allowed).map((found) => `${found} of ${payload}`);
      });
    }, [kept, STORED] as const);
    expect(found).toEqual([]);
    expect(kept.filter(([, page]) => page.includes('Before')).length).toBe(payloads.length);
  });
}
