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
