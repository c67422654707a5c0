import type { Page } from '@playwright/test';

import { english as sample } from '../support/articles';
import { expect, test, written } from '../support/fixtures';
import { Gate, holdAnswers, holdRequests, PROGRAM } from '../support/gate';
import { longArticle } from '../support/long_article';
import type { Reader } from '../support/reader';

/** What waits for the next frame, as the view's place does, has happened. */
const settled = (page: Page) =>
  page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));

for (const language of ['en', 'zh'] as const) {
  test.describe(language, () => {
    test.use({ language, locale: language === 'zh' ? 'zh-CN' : 'en-US' });

    test('every page has its title and its content, whichever way one comes to it', async ({
      page,
      reader,
      model,
    }) => {
      const article = `/articles/${await written(page, model, sample)}`;
      const titles = new Map<string, string>();
      for (const address of [article, '/articles', '/']) {
        await reader.open(address);
        titles.set(address, await page.title());
      }
      expect(new Set(titles.values()).size, 'no two pages are called the same').toBe(3);

      const loads: string[] = [];
      page.on('request', (request) => {
        if (request.isNavigationRequest()) {
          loads.push(request.url());
        }
      });
      const content = (address: string) =>
        address === '/'
          ? reader.topic
          : address === '/articles'
            ? reader.inLibrary(article.slice('/articles/'.length))
            : reader.article.getByText(sample.end);
      const expectPage = async (address: string) => {
        await expect(page).toHaveURL(new RegExp(`${address}$`));
        await expect(content(address)).toBeVisible();
        await expect(page).toHaveTitle(titles.get(address)!);
      };
      const link = (address: string) => page.locator(`a[href$="${address}"]`).first();

      for (const address of ['/articles', article, '/', '/articles']) {
        await link(address).click();
        await expectPage(address);
      }
      for (const address of ['/', article, '/articles', '/']) {
        await page.goBack();
        await expectPage(address);
      }
      await page.goForward();
      await expectPage('/articles');
      expect(loads, 'no page was loaded anew').toEqual([]);
    });
  });
}

test('a place within an article is no other page, and what is no page is left to the browser', async ({
  page,
  reader,
  model,
}) => {
  const article = `/articles/${await written(page, model, sample)}`;
  await reader.open(article);
  const asked: string[] = [];
  page.on('request', (request) => {
    if (request.url().includes('/page-data/')) {
      asked.push(request.url());
    }
  });
  await page.locator('.outline a[href^="#"]').last().click();
  await expect(page).toHaveURL(/#.+$/);
  await page.goBack();
  await expect(page).toHaveURL(new RegExp(`${article}$`));
  await expect(reader.article.getByText(sample.end)).toBeVisible();
  expect(asked, 'the article was there').toEqual([]);

  // With Ctrl a link opens in another tab, and this one stays.
  const other = page.context().waitForEvent('page');
  await page.locator('header a[href="/articles"]').click({ modifiers: ['Control'] });
  await (await other).close();
  await expect(page).toHaveURL(new RegExp(`${article}$`));

  await page.evaluate(() => {
    const link = document.createElement('a');
    link.href = '/health';
    document.body.append(link);
    link.click();
  });
  await expect(page).toHaveURL(/\/health$/);
  await expect(page.locator('body')).toContainText('"ok"');
});

/** Opens an article, scrolls down to 500 pixels and goes to the models. */
async function leaveBelow(page: Page, reader: Reader, article: string): Promise<void> {
  await page.setViewportSize({ width: 1280, height: 400 });
  await reader.open(`/articles/${article}`);
  const link = page.locator('header a[href="/models"]');
  await link.hover();
  await expect(reader.button(reader.words.regenerate)).toBeEnabled();
  await page.evaluate(() => scrollTo(0, 500));
  // As the reader's own click, which scrolls nothing.
  await link.evaluate((link: HTMLElement) => link.click());
  await expect(page.getByRole('heading', { name: 'Models', level: 1 })).toBeVisible();
}

test('Back leads to where the view was', async ({ page, reader, model }) => {
  await leaveBelow(page, reader, await written(page, model, sample));
  expect(await page.evaluate(() => scrollY), 'a new page begins at its top').toBe(0);
  await page.goBack();
  await expect(reader.article.getByText(sample.end)).toBeVisible();
  await expect.poll(() => page.evaluate(() => scrollY)).toBe(500);

  // Nor does it lead to where the view once was.
  await page.evaluate(() => scrollTo(0, 700));
  await page.locator('.outline a[href^="#"]').first().evaluate((link: HTMLElement) => link.click());
  await expect(page).toHaveURL(/#.+$/);
  await page.goBack();
  await expect(page).toHaveURL(/^[^#]+$/);
  await settled(page);
  expect(await page.evaluate(() => scrollY)).toBe(700);
});

test('Forward leads to where the view was, too', async ({ page, reader, model }) => {
  await page.setViewportSize({ width: 1280, height: 400 });
  const article = await written(page, model, sample);
  await reader.open('/models');
  await page.locator('header a[href="/articles"]').click();
  await reader.inLibrary(article).locator('a').first().click();
  await expect(reader.article.getByText(sample.end)).toBeVisible();
  await page.evaluate(() => scrollTo(0, 500));
  await expect.poll(() => page.evaluate(() => history.state), 'it is kept once it is at rest').toBe(500);
  await page.goBack();
  await expect(reader.inLibrary(article)).toBeVisible();
  await page.goForward();
  await expect(reader.article.getByText(sample.end)).toBeVisible();
  await expect.poll(() => page.evaluate(() => scrollY)).toBe(500);
});

test('whoever comes back to a long article finds their place', async ({ page, reader, model }) => {
  const article = await written(page, model, { ...sample, firstHalf: longArticle(2500), secondHalf: '' });
  await reader.open('/articles');
  await reader.inLibrary(article).locator('a').first().click();
  const section = reader.article.getByRole('heading', { name: /^Section 5:/ });
  await expect(section).toBeAttached();
  // With its fonts it has other heights.
  await page.evaluate(() => document.fonts.ready);
  await settled(page);
  await section.evaluate((heading) => heading.scrollIntoView());
  const place = () => section.evaluate((heading) => Math.round(heading.getBoundingClientRect().top));
  await expect.poll(async () => page.evaluate(() => history.state === scrollY), 'it is kept once it is at rest').toBe(true);
  const before = await place();
  for (let turn = 0; turn < 2; turn++) {
    await page.goBack();
    await expect(reader.inLibrary(article)).toBeVisible();
    await page.goForward();
    await expect(section).toBeInViewport();
    for (let frame = 0; frame < 3; frame++) await settled(page);
    expect(Math.abs((await place()) - before), 'pixels from where it was').toBeLessThan(3);
  }
});

test('Back before a page is alive leads to what it names, alive', async ({ page, reader, model }) => {
  const article = await written(page, model, sample);
  await reader.open('/articles');
  await reader.inLibrary(article).locator('a').first().click();
  await expect(reader.article.getByText(sample.end)).toBeVisible();
  const program = await holdRequests(page, PROGRAM);
  await page.reload();
  await expect(reader.button(reader.words.language)).toBeDisabled();
  await page.goBack();
  await expect(reader.inLibrary(article)).toBeVisible();
  program.open();
  await page.mouse.move(5, 5);
  await expect(reader.button(reader.words.language)).toBeEnabled();
  await page.locator('header a[href="/models"]').click();
  await expect(page.getByRole('heading', { name: 'Models', level: 1 })).toBeVisible();
});

test('the view stays with a reader who scrolls while the page is still coming back', async ({ page, reader, model }) => {
  const article = await written(page, model, sample);
  await leaveBelow(page, reader, article);
  const late = await holdAnswers(page, `**/page-data/**${article}*`);
  const asked = page.waitForRequest(`**/page-data/**${article}*`);
  await page.goBack();
  await asked;
  await page.evaluate(() => new Promise(requestAnimationFrame));
  await page.keyboard.press('Home');
  late.open();
  await expect(reader.article.getByText(sample.end)).toBeAttached();
  await settled(page);
  expect(await page.evaluate(() => scrollY)).toBeLessThan(100);
});

test('the keyboard goes on from the page that it leads to', async ({ page, reader, model }) => {
  const article = await written(page, model, sample);
  await reader.open('/articles');
  const content = page.locator('main#content');
  await reader.inLibrary(article).locator('a').first().press('Enter');
  await expect(reader.article.getByText(sample.end)).toBeVisible();
  await expect(content).toBeFocused();
  await page.keyboard.press('Tab');
  await expect(content.locator(':focus')).toHaveCount(1);
  // From a link that stays where it is, and by a key that leads elsewhere.
  await page.locator('header a[href="/models"]').press('Enter');
  await expect(page.getByRole('heading', { name: 'Models', level: 1 })).toBeVisible();
  await expect(content).toBeFocused();
  await page.keyboard.press('l');
  await expect(reader.inLibrary(article)).toBeVisible();
  await expect(content).toBeFocused();
  // What a page focuses itself stays focused.
  await page.keyboard.press('n');
  await expect(reader.topic).toBeFocused();
  await settled(page);
  await expect(reader.topic).toBeFocused();
});

test.describe('what a page waits for', () => {
  const models = (page: Page) => page.getByRole('heading', { name: 'Models', level: 1 });

  /** Lets a late answer in, and the page read it: what is asked for behind it is read behind it. */
  const letIn = async (page: Page, late: Gate, url: string) => {
    const came = page.waitForResponse(url);
    late.open();
    await (await came).finished();
    await page.evaluate(async () => {
      await (await fetch('/page-data/connections')).text();
      await new Promise(requestAnimationFrame);
    });
  };

  test('an answer that comes late does not take the place of a newer one', async ({ page, reader, model }) => {
    // A word that no other article has.
    await written(page, model, { ...sample, firstHalf: sample.firstHalf.replace('alpha2', 'solitary') });
    const late = await holdAnswers(page, '**/page-data/library?q=nothing*');
    await reader.open('/articles');
    const field = page.getByRole('searchbox');
    const asked = page.waitForRequest('**/page-data/library?q=nothing*');
    await field.fill('nothing like this');
    await asked;
    await field.fill('solitary');
    await expect(page.getByText('1 found')).toBeVisible();
    await letIn(page, late, '**/page-data/library?q=nothing*');
    await expect(page.getByText('1 found')).toBeVisible();
  });

  test('who leaves before it comes stays where they went', async ({ page, reader }) => {
    const late = await holdAnswers(page, '**/page-data/connections');
    await reader.compose();
    const asked = page.waitForRequest('**/page-data/connections');
    await page.locator('header a[href="/models"]').click();
    await asked;
    await page.locator('header a[href="/articles"]').click();
    await expect(page.getByRole('heading', { name: 'Library', level: 1 })).toBeVisible();
    await letIn(page, late, '**/page-data/connections');
    await expect(models(page)).toHaveCount(0);
    await expect(page.getByRole('heading', { name: 'Library', level: 1 })).toBeVisible();
  });

  test('where it does not come the page says so, and leads on', async ({ page, reader, faults }) => {
    faults.expect(/ERR_FAILED/);
    await reader.compose();
    await page.route('**/page-data/connections', (route) => route.abort());
    await page.locator('header a[href="/models"]').click();
    await expect(page.getByRole('heading', { name: 'This page could not be loaded' })).toBeVisible();
    await page.unroute('**/page-data/connections');
    await page.getByRole('link', { name: 'Load again' }).click();
    await expect(models(page)).toBeVisible();
  });

  test('a library that does not come says so, and is asked for again', async ({ page, reader, faults }) => {
    faults.expect(/ERR_FAILED/);
    await reader.compose();
    await page.route('**/page-data/library*', (route) => route.abort());
    await page.locator('header a[href="/articles"]').click();
    const note = page.getByRole('main').getByRole('alert');
    await expect(note).toContainText('The server could not be reached. Check the connection and try again.');
    await page.unroute('**/page-data/library*');
    await note.getByRole('button', { name: 'Load again' }).click();
    await expect(note).toHaveCount(0);
  });
});
