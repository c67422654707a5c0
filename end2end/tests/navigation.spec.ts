import { english as sample } from '../support/articles';
import { expect, test, written } from '../support/fixtures';

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
