import AxeBuilder from '@axe-core/playwright';

import { chinese, english } from '../support/articles';
import { expect, test, written } from '../support/fixtures';

for (const language of ['en', 'zh'] as const) {
  const sample = language === 'en' ? english : chinese;
  const change = language === 'en' ? { from: 'numbered', to: 'every single' } : { from: '的', to: '之' };

  test.describe(`comparing revisions, in ${language}`, () => {
    test.use({ language, locale: language === 'zh' ? 'zh-CN' : 'en-US' });

    test('two revisions stand side by side, and either can be made the current one', async ({ page, reader, model }) => {
      const { words } = reader;
      const article = await written(page, model, sample);
      const path = `/api/v1/articles/${article}`;
      const before = await (await page.request.get(path)).json();
      const at = before.revision.text.indexOf(change.from, before.revision.text.indexOf('\n\n'));
      const text = before.revision.text.slice(0, at) + change.to + before.revision.text.slice(at + change.from.length);
      const saved = await page.request.patch(path, {
        data: { text },
        headers: { 'If-Match': `"${before.revision.id}"` },
      });
      expect(saved.status()).toBe(200);

      await reader.open(`/articles/${article}`);
      await page.getByText(words.revisions, { exact: true }).click();
      await page.getByRole('link', { name: words.compare, exact: true }).click();
      const main = page.getByRole('main');
      await expect(main.locator('del')).toHaveText(change.from);
      await expect(main.locator('ins')).toHaveText(change.to);
      await expect(main.getByText(words.byHand)).toBeVisible();
      await expect(main.getByText('local/writer')).toBeVisible();
      expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);

      // What did not change is folded, and opens.
      const folded = main.getByText(words.unchanged).first();
      await folded.click();
      await expect(main.locator('details.unchanged[open] .pair').first()).toBeVisible();

      // The sides are chosen, and the address says which.
      await main.getByRole('combobox', { name: words.newer }).selectOption(before.revision.id);
      await expect(page).toHaveURL(new RegExp(`to=${before.revision.id}`));
      await expect(main.locator('ins, del')).toHaveCount(0);
      await page.goBack();
      await expect(main.locator('ins')).toHaveText(change.to);

      await reader.button(words.makeCurrent).click();
      await expect
        .poll(async () => (await (await page.request.get(path)).json()).revision.id)
        .toBe(before.revision.id);
      await main.getByRole('link', { name: words.backToArticle }).click();
      await expect(page).toHaveURL(new RegExp(`/articles/${article}$`));
    });

    test('without JavaScript the comparison is there to be read', async ({ browser, server, page, model }) => {
      const article = await written(page, model, sample);
      const context = await browser.newContext({ javaScriptEnabled: false, baseURL: server.url });
      const plain = await context.newPage();
      const path = `/api/v1/articles/${article}`;
      const before = await (await page.request.get(path)).json();
      await page.request.patch(path, {
        data: { text: `${before.revision.text}\n\nOne more paragraph.` },
        headers: { 'If-Match': `"${before.revision.id}"` },
      });
      await plain.goto(`/articles/${article}/compare`);
      await expect(plain.locator('ins')).toHaveText('One more paragraph.');
      await context.close();
    });
  });
}
