import type { Page } from '@playwright/test';

import { expectAccessible } from '../support/accessible';
import { chinese, english } from '../support/articles';
import { expect, test, written } from '../support/fixtures';
import { Gate } from '../support/gate';

async function expectNoSidewaysScroll(page: Page, where: string): Promise<void> {
  const { viewport, content } = await page.evaluate(() => ({
    viewport: document.documentElement.clientWidth,
    content: document.documentElement.scrollWidth,
  }));
  expect.soft(content, where).toBeLessThanOrEqual(viewport);
}

for (const language of ['en', 'zh'] as const) {
  const sample = language === 'en' ? english : chinese;
  test.describe(`every page, in ${language}`, () => {
    test.use({ language, locale: language === 'zh' ? 'zh-CN' : 'en-US' });

    test('has no serious fault in light and dark, and fits a phone', async ({
      page,
      reader,
      model,
      faults,
    }) => {
      faults.expect(/status of 404/);
      const look = async (where: string) => {
        for (const colorScheme of ['light', 'dark'] as const) {
          await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
          await expectAccessible(page, `${where}, ${colorScheme}`);
        }
        await page.setViewportSize({ width: 390, height: 844 });
        if (where === 'writing') {
          await expectAccessible(page, `${where}, on a phone`);
        }
        await expectNoSidewaysScroll(page, where);
        await page.setViewportSize({ width: 1280, height: 860 });
      };

      await reader.compose();
      await look('compose');
      await page.getByText(reader.words.more, { exact: true }).click();
      await reader.submit.click();
      await expect(page.getByText(reader.words.blankTopic)).toBeVisible();
      await look('compose with everything open and a fault');

      const gate = new Gate();
      model.next(async (call) => {
        call.spell(sample.firstHalf, 9);
        await gate.passed;
        call.spell(sample.secondHalf, 9);
        call.finish();
      });
      await reader.ask(sample.topic);
      await expect(reader.article).toContainText(sample.held);
      await look('writing');
      gate.open();
      await expect(page).toHaveTitle(reader.words.doneTitle);
      await look('finished');
      await reader.button(reader.words.edit).click();
      await expect(page.getByRole('textbox', { name: reader.words.editText })).toBeVisible();
      await look('editor');
      await reader.open(`/articles/${reader.articleId}/compare`);
      await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
      await look('compare');
      await reader.open('/models');
      await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
      await look('models');

      model.next((call) => call.refuse(401, 'Incorrect API key provided'));
      await reader.compose();
      await reader.ask('refused');
      await expect(page.getByRole('main').getByRole('alert')).toBeVisible();
      await look('failed');

      await reader.open('/articles');
      await expect(page.getByRole('link', { name: sample.title }).first()).toBeVisible();
      await look('library');
      await reader.open('/nowhere');
      await look('404');
    });
  });
}

test('a wide table and long lines scroll in their own frames on a phone', async ({
  page,
  reader,
  model,
}) => {
  await page.setViewportSize({ width: 390, height: 844 });
  const row = `| ${Array.from({ length: 12 }, (_, at) => `column${at}`).join(' | ')} |`;
  const rule = `|${'---|'.repeat(12)}`;
  const wide = `# ${'Longword'.repeat(20)}

${'unbreakable'.repeat(30)} and \`${'code'.repeat(60)}\`

${row}
${rule}
${row}

\`\`\`text
${'x'.repeat(400)}
\`\`\`

- ${'item'.repeat(60)}

> ${'quote'.repeat(60)}

https://example.com/${'path'.repeat(60)}
`;
  const article = await written(page, model, {
    ...english,
    topic: 'Wide things',
    firstHalf: wide,
    secondHalf: '',
  });
  await reader.open(`/articles/${article}`);
  await expect(reader.article).toContainText('column11');
  await expectNoSidewaysScroll(page, 'a finished article');
});

test('the keyboard alone reaches everything that is needed to write', async ({
  page,
  reader,
  model,
}) => {
  model.nextWrites(english.firstHalf + english.secondHalf);
  await reader.compose();
  await page.locator('body').press('Tab');
  await expect(page.getByRole('link', { name: 'Skip to the content' })).toBeFocused();
  const reached = new Set<string>();
  for (let press = 0; press < 40; press++) {
    await page.keyboard.press('Tab');
    reached.add(
      await page.evaluate(() => {
        const focused = document.activeElement as HTMLElement;
        return (focused.getAttribute('aria-label') ?? focused.innerText ?? '').trim();
      }),
    );
    if (await reader.submit.evaluate((button) => button === document.activeElement)) {
      break;
    }
  }
  expect([...reached]).toEqual(expect.arrayContaining(['Library', 'Topic', 'More']));
  await expect(reader.submit).toBeFocused();
  await reader.topic.focus();
  await page.keyboard.type(english.topic);
  await page.keyboard.press('Control+Enter');
  await expect(reader.article).toContainText(english.end);
});
