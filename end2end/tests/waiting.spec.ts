import { configuration, expect, test } from '../support/fixtures';
import { Gate } from '../support/gate';

// The server writes one article at a time.
test.use({ configured: configuration('{model}').replace('[generation]', '[generation]\nmax_concurrent = 1') });

const words = {
  en: { place: /Waiting in line/, nobodyAsked: 'No model was being asked' },
  zh: { place: /排队/, nobodyAsked: '当时没有在请求模型' },
};

for (const language of ['en', 'zh'] as const) {
  test.describe(`waiting in line, in ${language}`, () => {
    test.use({ language, locale: language === 'zh' ? 'zh-CN' : 'en-US' });

    test('who stops there hears that no model was asked, and nothing of a connection', async ({
      reader,
      model,
      anotherTab,
    }) => {
      const end = new Gate();
      model.nextInTwo('# First\n\nIt takes', end, ' a while.\n');
      await reader.compose();
      await reader.ask('The first');
      await expect(reader.article).toContainText('It takes');
      const other = await anotherTab();
      await other.compose();
      await other.ask('The second');
      await expect(other.page.getByRole('listitem').filter({ hasText: words[language].place })).toBeVisible();
      await other.stop.first().click();
      await expect(other.page.locator('.ending .note')).toContainText(words[language].nobodyAsked);
      end.open();
      await reader.expectDone();
      expect(model.calls).toHaveLength(1);
    });
  });
}
