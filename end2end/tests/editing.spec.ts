import type { Locator, Page } from '@playwright/test';

import { chinese, english } from '../support/articles';
import { expect, test, written } from '../support/fixtures';
import type { Reader } from '../support/reader';
import type { Upstream } from '../support/upstream';

for (const language of ['en', 'zh'] as const) {
  const sample = language === 'en' ? english : chinese;
  test.describe(`correcting an article, in ${language}`, () => {
    test.use({ language, locale: language === 'zh' ? 'zh-CN' : 'en-US' });

    /** Has an article written and opens its editor, whose field has the keyboard then. */
    async function beginEditing(page: Page, reader: Reader, model: Upstream): Promise<{ article: string; text: Locator }> {
      const article = await written(page, model, sample);
      await reader.open(`/articles/${article}`);
      await reader.button(reader.words.edit).click();
      const text = page.getByRole('textbox', { name: reader.words.editText });
      await expect(text).toBeFocused();
      return { article, text };
    }

    test('the preview follows, saving makes a revision by hand', async ({ page, reader, model }) => {
      const { words } = reader;
      const { article, text } = await beginEditing(page, reader, model);
      const scrolled = await text.evaluate((it) => ({ top: it.scrollTop, more: it.scrollHeight > it.clientHeight }));
      expect(scrolled).toEqual({ top: 0, more: true });
      const preview = page.getByRole('region', { name: words.preview });
      await expect(preview.getByRole('heading', { level: 1 })).toHaveText(sample.title);
      expect(await preview.locator('figure code span').count()).toBeGreaterThan(2);
      // What does not change keeps its nodes.
      await preview.locator('h1').evaluate((heading) => Object.assign(heading, { kept: true }));

      await text.press('Control+End');
      await text.pressSequentially('\n\n<img src=x onerror=alert(1)> **changed**');
      await expect(preview.locator('strong').last()).toHaveText('changed');
      await expect(preview.locator('strong').last()).toBeInViewport();
      expect(await preview.locator('h1').evaluate((heading) => 'kept' in heading)).toBe(true);
      expect(await preview.locator('[onerror], script').count()).toBe(0);

      await text.press('Control+s');
      await expect(reader.article.locator('strong').last()).toHaveText('changed');
      await expect(page.getByRole('main')).toContainText(words.byHand);
      const stored = await page.request.get(`/api/v1/articles/${article}/revisions`);
      expect((await stored.json()).map((it: { generation_id: string | null }) => it.generation_id === null)).toEqual([true, false]);
    });

    test('an unsaved text survives a reload, and can be discarded', async ({ page, reader, model }) => {
      const { words } = reader;
      const article = await written(page, model, sample);
      await reader.open(`/articles/${article}`);
      await reader.button(words.edit).click();
      const text = page.getByRole('textbox', { name: words.editText });
      await text.press('Control+End');
      await text.pressSequentially(' unsaved');
      await reader.reload();
      await reader.button(words.draftGoOn).click();
      await expect(text).toHaveValue(/ unsaved$/);
      await page.keyboard.press('Escape');
      await reader.button(words.draftDiscard).click();
      await expect(reader.button(words.draftGoOn)).toHaveCount(0);
      await reader.reload();
      await expect(reader.button(words.edit)).toBeEnabled();
      await expect(reader.button(words.draftGoOn)).toHaveCount(0);
    });

    test('a text that is begun beside an unsaved one takes nothing of it away', async ({ page, reader, model }) => {
      const { words } = reader;
      const article = await written(page, model, sample);
      await reader.open(`/articles/${article}`);
      const text = page.getByRole('textbox', { name: words.editText });
      const note = page.locator('.note.draft');
      for (const word of ['zebra', 'falcon']) {
        await reader.button(words.edit).click();
        await text.press('Control+End');
        await text.pressSequentially(` ${word}`);
        await page.keyboard.press('Escape');
      }
      await expect(note).toContainText(language === 'en' ? 'An older one is kept' : '另有 1 份更早的');
      await reader.button(words.draftDiscard).click();
      await expect(note).not.toContainText(/An older one|另有/);
      await reader.button(words.draftGoOn).click();
      await expect(text).toHaveValue(/ zebra$/);
    });

    test('saving what has not changed makes no revision', async ({ page, reader, model }) => {
      const { article, text } = await beginEditing(page, reader, model);
      await text.press('Control+s');
      await expect(text).toHaveCount(0);
      const stored = await page.request.get(`/api/v1/articles/${article}/revisions`);
      expect(await stored.json()).toHaveLength(1);
    });

    test('a save that is never answered is given up, and the text can be saved again', async ({ page, reader, model, faults }) => {
      faults.expect(/Failed to load resource: net::ERR_/);
      const { words } = reader;
      // Everything that waits for minutes waits for a moment.
      await page.addInitScript(() => {
        const timeout = AbortSignal.timeout.bind(AbortSignal);
        AbortSignal.timeout = (ms) => timeout(ms > 60_000 ? 300 : ms);
      });
      const article = await written(page, model, sample);
      await reader.open(`/articles/${article}`);
      await reader.button(words.edit).click();
      const text = page.getByRole('textbox', { name: words.editText });
      await text.press('Control+End');
      await text.pressSequentially(' unanswered');
      let answered = false;
      await page.route(`**/api/v1/articles/${article}`, async (route) => {
        if (answered || route.request().method() !== 'PATCH') await route.continue();
      });
      await text.press('Control+s');
      await expect(page.getByRole('main').getByRole('alert')).toContainText(words.unreachable);
      await expect(text).toBeEditable();
      answered = true;
      await text.press('Control+s');
      await expect(reader.article).toContainText('unanswered');
    });

    test('two tabs that go on from one draft both keep their text', async ({ page, reader, model }) => {
      const { words } = reader;
      const article = await written(page, model, sample);
      await reader.open(`/articles/${article}`);
      await reader.button(words.edit).click();
      const text = (tab: typeof page) => tab.getByRole('textbox', { name: words.editText });
      const kept = () => page.evaluate(() => Object.values({ ...localStorage }).filter((it) => /(first|second|third)$/.test(it)).map((it) => /\w+$/.exec(it)![0]).sort());
      await text(page).press('Control+End');
      await text(page).pressSequentially(' first');
      await expect.poll(kept).toEqual(['first']);

      // While the first tab still writes, the second takes the draft over.
      const other = await page.context().newPage();
      await other.goto(`/articles/${article}`);
      await other.getByRole('button', { name: words.draftGoOn }).click();
      await expect(text(other)).toHaveValue(/ first$/);
      await text(other).press('Control+End');
      await text(other).pressSequentially(' second');
      await text(page).press('Control+End');
      await text(page).pressSequentially(' third');
      await expect.poll(kept).toEqual(['second', 'third']);

      // The note follows the other tab: discarding what is older there leaves the newer alone.
      await page.keyboard.press('Escape');
      await other.keyboard.press('Escape');
      await expect(reader.button(words.draftDiscard)).toBeVisible();
      await reader.button(words.draftDiscard).click();
      await expect.poll(async () => (await kept()).length).toBe(1);
      await other.getByRole('button', { name: words.draftDiscard }).click();
      await expect.poll(kept).toEqual([]);
      await expect(reader.button(words.draftGoOn)).toHaveCount(0);
    });

    test('going on from a draft does not undo a new title', async ({ page, reader, model }) => {
      const { words } = reader;
      const article = await written(page, model, sample);
      const path = `/api/v1/articles/${article}`;
      await reader.open(`/articles/${article}`);
      await reader.button(words.edit).click();
      const text = page.getByRole('textbox', { name: words.editText });
      await text.press('Control+End');
      await text.pressSequentially(' more');
      await page.keyboard.press('Escape');
      await page.request.patch(path, { data: { title: 'Renamed meanwhile' } });
      await reader.reload();
      await reader.button(words.draftGoOn).click();
      await expect(page.getByRole('textbox', { name: words.editTitle })).toHaveValue('Renamed meanwhile');
      await page.keyboard.press('Control+s');
      await expect(page.getByRole('main')).toContainText(words.byHand);
      expect((await (await page.request.get(path)).json()).title).toBe('Renamed meanwhile');
      await expect(page.getByText(words.named('Renamed meanwhile'))).toBeVisible();
    });

    test('of two tabs the second is told, and sees both texts', async ({ page, reader, model, faults }) => {
      faults.expect(/412/);
      const { words } = reader;
      const article = await written(page, model, sample);
      const other = await page.context().newPage();
      for (const tab of [page, other]) {
        await tab.goto(`/articles/${article}`);
        await tab.getByRole('button', { name: words.edit, exact: true }).click();
      }
      const text = (tab: typeof page) => tab.getByRole('textbox', { name: words.editText });
      await text(page).fill('# First\n\none');
      await text(other).fill('# Second\n\ntwo');
      await page.keyboard.press('Control+s');
      await expect(page.getByRole('article')).toContainText('one');

      await other.getByRole('button', { name: words.showBoth }).click();
      const differences = other.getByRole('region', { name: words.bothTexts });
      await expect(differences.locator('del')).toHaveText(['# First', 'one']);
      await expect(differences.locator('ins')).toHaveText(['# Second', 'two']);
      await other.getByRole('button', { name: words.keepMine }).click();
      await expect(other.getByRole('article')).toContainText('two');
      const stored = await page.request.get(`/api/v1/articles/${article}/revisions`);
      expect(await stored.json()).toHaveLength(3);
    });
  });
}

test('an article can be taken away, and machines can read its head', async ({ page, model }) => {
  const article = await written(page, model, english);
  const html = await (await page.request.get(`/articles/${article}`)).text();
  const head = html.slice(0, html.indexOf('</head>'));
  expect(head).toMatch(/<meta[^>]+name="description"[^>]+content="A lead of numbered words/);
  expect(head).toMatch(new RegExp(`<link[^>]+href="http://[^"]+/articles/${article}"[^>]*rel="canonical"|<link[^>]+rel="canonical"[^>]+/articles/${article}"`));
  expect(head).toContain('og:title');
  const json = /<script type="application\/ld\+json"[^>]*>(.*?)<\/script>/s.exec(html)![1];
  expect(JSON.parse(json)).toMatchObject({ '@type': 'TechArticle', headline: english.title });
});
