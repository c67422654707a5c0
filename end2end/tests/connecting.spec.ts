import AxeBuilder from '@axe-core/playwright';

import { expect, test } from '../support/fixtures';

for (const language of ['en', 'zh'] as const) {
  test.describe(`connecting a model, in ${language}`, () => {
    test.use({ language, locale: language === 'zh' ? 'zh-CN' : 'en-US' });

    test('the page shows what is connected, and a test says what is wrong', async ({ page, reader, model, context }) => {
      await context.grantPermissions(['clipboard-read', 'clipboard-write']);
      const { words } = reader;
      await reader.compose();
      await page.getByRole('link', { name: words.models, exact: true }).click();
      const main = page.getByRole('main');
      await expect(main.getByRole('heading', { level: 1 })).toHaveText(words.models);
      await expect(main.getByRole('row')).toHaveCount(3);
      await expect(main.getByRole('row').first()).toContainText('local/writer');
      expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);

      const provider = main.locator('.provider').filter({ hasText: 'local/writer' });
      model.nextWrites('ready');
      await provider.getByRole('button', { name: words.testModel }).click();
      await expect(provider.getByRole('status')).toContainText(words.modelAnswers);

      model.next((call) => call.refuse(401, 'no such key'));
      await provider.getByRole('button', { name: words.testModel }).click();
      await expect(provider.getByRole('status')).toContainText(words.refusedKey);

      await page.getByRole('button', { name: /: DEEPSEEK_API_KEY=$/ }).click();
      await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toBe('DEEPSEEK_API_KEY=');
    });

    test('without a model the page that asks for a topic leads there', async ({ page, reader, demo }) => {
      await reader.compose(demo.url);
      await page.getByRole('link', { name: reader.words.connectModel }).click();
      await expect(page).toHaveURL(/\/models$/);
      await expect(page.getByText('SILICONFLOW_API_KEY=', { exact: true })).toBeVisible();
    });
  });
}
