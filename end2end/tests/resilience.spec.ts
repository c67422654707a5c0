import type { BrowserContext, Page } from '@playwright/test';

import { english as sample } from '../support/articles';
import { expect, test as base, written } from '../support/fixtures';
import { Gate, PROGRAM, holdRequests } from '../support/gate';
import { Network } from '../support/network';
import type { Reader } from '../support/reader';
import type { Upstream } from '../support/upstream';

const test = base.extend<{ network: Network }>({
  network: async ({ server }, use) => {
    const network = await Network.to(server.url);
    await use(network);
    await network.stop();
  },
});

/** Lets a page believe that its tab is hidden, which no headless browser does by itself. */
async function canBeHidden(target: Page | BrowserContext, hidden: boolean): Promise<void> {
  await target.addInitScript((initially) => {
    const tab = window as unknown as { isHidden: boolean };
    tab.isHidden = initially;
    const visibility = () => (tab.isHidden ? 'hidden' : 'visible');
    Object.defineProperty(document, 'hidden', { get: () => tab.isHidden });
    Object.defineProperty(document, 'visibilityState', { get: visibility });
  }, hidden);
}

/** Lets the model write the sample in pieces of so many characters, and hold in its middle until the gate opens. */
function writesInHalves(model: Upstream, first: number, second = first): Gate {
  const gate = new Gate();
  model.next(async (call) => {
    call.spell(sample.firstHalf, first);
    await gate.passed;
    call.spell(sample.secondHalf, second);
    call.finish();
  });
  return gate;
}

async function hide(page: Page, hidden: boolean): Promise<void> {
  await page.evaluate((now) => {
    (window as unknown as { isHidden: boolean }).isHidden = now;
    document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
  }, hidden);
}

test('a cut connection is said, and the article goes on from the same character', async ({
  page,
  reader,
  model,
  network,
  faults,
}) => {
  faults.expect(/Failed to load resource: net::ERR_/);
  const unseen = new Gate();
  const seen = new Gate();
  model.next(async (call) => {
    call.spell(sample.firstHalf, 7);
    await unseen.passed;
    call.spell(sample.secondHalf.slice(0, 300), 5);
    await seen.passed;
    call.spell(sample.secondHalf.slice(300), 5);
    call.finish();
  });
  await reader.compose(network.url);
  await reader.ask(sample.topic);
  await expect(reader.article).toContainText(sample.held);
  const { last_seq: before } = await reader.generation();

  await network.following;
  network.cut();
  await expect(page.getByText(reader.words.reconnecting).first()).toBeVisible();
  unseen.open();
  network.restore();
  await expect.poll(async () => (await reader.generation()).last_seq).toBeGreaterThan(before);
  await expect(page.getByText(reader.words.reconnecting)).toHaveCount(0);
  await expect(reader.article).toContainText('delta20');
  await reader.expectWhatTheApiHas();

  seen.open();
  await expect(reader.article).toContainText(sample.end);
  await expect(page).toHaveTitle(reader.words.doneTitle);
  await reader.expectWhatTheApiHas();
  expect((await reader.generation()).text).toBe(sample.firstHalf + sample.secondHalf);
});

test('an offline device says so and goes on once the network is back', async ({
  page,
  reader,
  model,
  network,
  context,
  faults,
}) => {
  faults.expect(/Failed to load resource: net::ERR_/);
  const gate = writesInHalves(model, 7, 5);
  await reader.compose(network.url);
  await reader.ask(sample.topic);
  await expect(reader.article).toContainText(sample.held);

  await network.following;
  await context.setOffline(true);
  network.cut();
  await expect(page.getByText(reader.words.offline).first()).toBeVisible();
  gate.open();
  network.restore();
  await context.setOffline(false);
  await expect(reader.article).toContainText(sample.end);
  await expect(page.getByText(reader.words.offline)).toHaveCount(0);
  await reader.expectWhatTheApiHas();
});

test('a silent stream is given up after half a minute and taken up again', async ({
  page,
  reader,
  model,
  network,
}) => {
  const gate = writesInHalves(model, 7, 5);
  await page.clock.install();
  await reader.compose(network.url);
  await reader.ask(sample.topic);
  await expect(reader.article).toContainText(sample.held);

  await network.following;
  network.fallSilent();
  gate.open();
  const now = await page.evaluate(() => Date.now());
  await page.clock.pauseAt(now + 40_000);
  await expect(page.getByText(reader.words.reconnecting).first()).toBeVisible();
  await page.clock.resume();
  await expect(reader.article).toContainText(sample.end);
  await expect(page.getByText(reader.words.reconnecting)).toHaveCount(0);
  await reader.expectWhatTheApiHas();
});

test('a hidden tab lets go of its stream and takes it up when it is shown', async ({
  page,
  reader,
  model,
  server,
}) => {
  const gate = writesInHalves(model, 7, 5);
  await expect.poll(() => server.readers()).toBe(0);
  await page.clock.install();
  await canBeHidden(page, false);
  await reader.compose();
  await reader.ask(sample.topic);
  await expect(reader.article).toContainText(sample.held);
  await expect.poll(() => server.readers()).toBe(1);

  await hide(page, true);
  await page.clock.fastForward(60_000);
  await expect.poll(() => server.readers()).toBe(0);
  gate.open();
  await expect.poll(async () => (await reader.generation()).state).toBe('done');
  await page.clock.fastForward(60_000);
  await expect(page).toHaveTitle(reader.words.doneTitle);

  await hide(page, false);
  await expect(reader.article).toContainText(sample.end);
  await reader.expectWhatTheApiHas();
});

test('the icon of a hidden tab says how its article ended, and a new one begins anew', async ({
  page,
  reader,
  model,
}) => {
  const icon = page.locator("link[rel='icon']");
  // What fails is asked again by itself, here in vain.
  model.otherwise((call) => call.refuse(401, 'Incorrect API key provided'));
  await canBeHidden(page, false);
  for (const ended of ['done', 'failed'] as const) {
    const gate = new Gate();
    model.next(async (call) => {
      call.say('# Begun\n\nAnd more.\n');
      await gate.passed;
      if (ended === 'done') call.finish();
      else call.fail('the model fell over');
    });
    await reader.compose();
    await reader.ask(sample.topic);
    await expect(reader.article).toContainText('And more.');
    await expect(icon).toHaveAttribute('href', '/favicon-writing.svg');
    await hide(page, true);
    gate.open();
    await expect(icon).toHaveAttribute('href', `/favicon-${ended}.svg`);
    await hide(page, false);
    await reader.compose();
    await expect(icon).toHaveAttribute('href', '/favicon.svg');
  }
});

test('ten tabs on one running article leave room for an eleventh request', async ({
  page,
  reader,
  model,
  server,
  context,
  anotherTab,
}) => {
  const gate = writesInHalves(model, 16);
  await reader.compose();
  await reader.ask(sample.topic);
  await expect(reader.article).toContainText(sample.held);

  // As a middle click opens them: hidden from the start, one right behind the other.
  await canBeHidden(context, true);
  const tabs: Reader[] = [];
  for (let tab = 1; tab < 10; tab++) {
    const opened = await anotherTab();
    await opened.page.clock.install();
    await opened.open(page.url());
    await opened.page.clock.fastForward(60_000);
    tabs.push(opened);
  }
  expect(await page.evaluate(async () => (await fetch('/health')).status)).toBe(200);
  await expect.poll(() => server.readers()).toBe(1);

  gate.open();
  await expect(reader.article).toContainText(sample.end);
  const last = tabs.at(-1)!;
  await hide(last.page, false);
  await expect(last.article).toContainText(sample.end);
});

test('a part of the program that does not come is asked for again, or the way to it is shown', async ({
  page,
  reader,
  faults,
}) => {
  faults.expect(/ERR_FAILED|Failed to fetch/);
  const missed = new Set<string>();
  // Once each: the program, and the part that the page begins with.
  await page.route(/\/(inkstream-.*\.wasm|brief-.*\.pack)$/, (route) => {
    const { pathname } = new URL(route.request().url());
    if (missed.has(pathname)) return route.continue();
    missed.add(pathname);
    return route.abort();
  });
  await reader.open('/');
  await expect(reader.submit).toBeEnabled();
  expect(missed.size).toBe(2);

  let broken = true;
  await page.route(/\/library-.*\.pack$/, (route) => (broken ? route.abort() : route.continue()));
  await page.getByRole('navigation').getByRole('link', { name: reader.words.libraryLink }).click();
  await expect(page.getByRole('main').getByRole('alert')).toContainText('A part of this page could not be loaded.');
  broken = false;
  await page.getByRole('link', { name: 'Load again' }).click();
  await expect(page.getByRole('searchbox')).toBeVisible();
});

test('the module of the program that does not come is asked for again', async ({ page, reader, faults }) => {
  faults.expect(/ERR_FAILED|Failed to fetch/);
  let missed = 0;
  await page.route(/\/inkstream-.*\.js/, (route) => (missed++ === 0 ? route.abort() : route.continue()));
  await reader.open('/');
  await expect(reader.submit).toBeEnabled();
  expect(missed).toBe(2);
});

test('a program that is late is said, and comes to work when it comes', async ({ page, reader }) => {
  const gate = await holdRequests(page, PROGRAM);
  await page.clock.install();
  await page.goto('/');
  await page.clock.fastForward(4_000);
  const late = page.getByRole('alert').filter({ hasText: 'The buttons of this page do not work yet' });
  await expect(late).toHaveCount(0);
  await page.clock.fastForward(21_000);
  await expect(late).toBeVisible();
  await expect(late.getByRole('link', { name: 'Load again' })).toBeVisible();
  gate.open();
  await expect(reader.submit).toBeEnabled();
  await expect(late).toHaveCount(0);
});

test('a part of the program that is late is said, and the page is there when it comes', async ({ page, reader }) => {
  const gate = new Gate();
  await page.route(/\/library-.*\.pack$/, async (route) => {
    await gate.passed;
    await route.continue();
  });
  await page.clock.install();
  await reader.compose();
  await page.getByRole('navigation').getByRole('link', { name: reader.words.libraryLink }).click();
  await expect(page).toHaveURL(/\/articles$/);
  await page.clock.fastForward(16_000);
  const late = page.getByRole('main').getByRole('alert');
  await expect(late).toContainText('A part of this page could not be loaded.');
  gate.open();
  await expect(page.getByRole('searchbox')).toBeVisible();
  await expect(late).toHaveCount(0);
});

test('a running article goes on although what writes it did not come at first', async ({
  page,
  reader,
  model,
  anotherTab,
  faults,
}) => {
  faults.expect(/ERR_FAILED|Failed to fetch/);
  const gate = writesInHalves(model, 16);
  await reader.compose();
  await reader.ask(sample.topic);
  await expect(reader.article).toContainText(sample.held);
  const other = await anotherTab();
  let missed = 0;
  await other.page.route(/\/writing-.*\.pack$/, (route) => (missed++ === 0 ? route.abort() : route.continue()));
  await other.open(page.url());
  gate.open();
  await expect(other.article).toContainText(sample.end);
  await expect(other.page.getByRole('main').getByRole('alert')).toHaveCount(0);
  expect(missed).toBeGreaterThan(1);
});

test('a page that nobody touches loads no program for a while, and what is touched is alive at once', async ({
  page,
  browser,
  reader,
  server,
  model,
}) => {
  const article = `${server.url}/articles/${await written(page, model, sample)}`;
  for (const wake of ['touch', 'wait'] as const) {
    // Without what touches every page of the other tests.
    const context = await browser.newContext();
    const untouched = await context.newPage();
    const programs: string[] = [];
    untouched.on('request', (request) => {
      if (/\.(wasm|js)$/.test(request.url())) programs.push(request.url());
    });
    await untouched.clock.install();
    await untouched.goto(article);
    await expect(untouched.getByRole('article')).toContainText(sample.end);
    await untouched.clock.fastForward(9_000);
    expect(programs, 'nothing is loaded that nobody needs').toEqual([]);
    const alive = untouched.getByRole('button', { name: reader.words.language });
    await expect(alive).toBeDisabled();
    if (wake === 'touch') await untouched.mouse.move(100, 100);
    else await untouched.clock.fastForward(2_000);
    await expect(alive).toBeEnabled();
    await context.close();
  }
});

test('the page that shows what goes on needs no touch to go on', async ({ browser, reader, server }) => {
  const context = await browser.newContext();
  const untouched = await context.newPage();
  await untouched.clock.install();
  await untouched.goto(`${server.url}/operations`);
  await untouched.clock.fastForward(3_500);
  await expect(untouched.getByRole('button', { name: reader.words.language })).toBeEnabled();
  await context.close();
});

test('a button that is pressed before the page is alive is not forgotten, and what is no press is not one', async ({
  page,
  reader,
}) => {
  let program = new Gate();
  await page.route(PROGRAM, async (route) => {
    await program.passed;
    await route.continue();
  });
  const language = reader.button(reader.words.language);
  const start = async () => {
    program = new Gate();
    await page.goto('/');
    await expect(language).toBeDisabled();
    await expect(language).toHaveCSS('opacity', '1');
    await page.evaluate(() => {
      const counted = Object.assign(window, { clicks: 0 });
      const count = ({ target }: Event) => {
        if ((target as Element).closest('button')) counted.clicks += 1;
      };
      addEventListener('click', count, { capture: true });
    });
    const { x, y, width, height } = (await language.boundingBox())!;
    await page.mouse.move(x + width / 2, y + height / 2);
  };
  const expectNoClick = async () => {
    program.open();
    await expect(language).toBeEnabled();
    // A press would be repeated in the task behind the one that enabled the button.
    const clicks = () => new Promise((done) => setTimeout(() => done((window as unknown as { clicks: number }).clicks)));
    expect(await page.evaluate(clicks)).toBe(0);
  };
  await start();
  await page.mouse.down({ button: 'right' });
  await page.mouse.up({ button: 'right' });
  await expectNoClick();
  // Let go elsewhere.
  await start();
  await page.mouse.down();
  await page.mouse.move(5, 5);
  await page.mouse.up();
  await expectNoClick();
  // Broken off by the browser, which scrolls.
  await start();
  await page.mouse.down();
  await language.dispatchEvent('pointercancel');
  await page.mouse.up();
  await expectNoClick();
  // Held while the page comes to life: the browser's own click follows when it is let go.
  await start();
  await page.mouse.down();
  await expectNoClick();
  await page.mouse.move(5, 5);
  await page.mouse.up();

  await start();
  await page.mouse.down();
  await page.mouse.up();
  program.open();
  await expect(page.locator('html')).toHaveAttribute('lang', 'zh-CN');
});

test('a key that leads elsewhere is not forgotten before the page is alive', async ({ page, reader }) => {
  const program = await holdRequests(page, PROGRAM);
  await page.goto('/');
  await expect(reader.submit).toBeDisabled();
  await page.keyboard.press('?');
  program.open();
  await expect(page.getByRole('dialog')).toBeVisible();
});

test('a key is not pressed again over what was done behind it', async ({ page, reader }) => {
  const program = await holdRequests(page, PROGRAM);
  await page.goto('/');
  await expect(reader.submit).toBeDisabled();
  await page.keyboard.press('l');
  await reader.topic.click();
  await page.keyboard.press('Control+Shift+K');
  await reader.topic.pressSequentially('still here');
  program.open();
  await expect(reader.submit).toBeEnabled();
  // Keys are pressed again in the task behind the one that enabled the button.
  await page.evaluate(() => new Promise((done) => setTimeout(done)));
  await expect(page).toHaveURL(/\/$/);
  await expect(reader.topic).toHaveValue('still here');
});

test('the key that begins an article is not forgotten before the page is alive', async ({ page, reader, model }) => {
  const program = await holdRequests(page, PROGRAM);
  model.next((call) => {
    call.say('# Begun\n\nby a key');
    call.finish();
  });
  await page.goto('/');
  await expect(reader.submit).toBeDisabled();
  await reader.topic.fill('Pasted and sent at once');
  await reader.topic.press('Control+Enter');
  program.open();
  await expect(reader.article).toContainText('by a key');
});
