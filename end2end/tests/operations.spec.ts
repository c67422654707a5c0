import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';

import { chinese, english } from '../support/articles';
import { configuration, expect, test as base } from '../support/fixtures';
import { Gate } from '../support/gate';
import { InkstreamServer } from '../support/server';

/** What the page says, in both languages. */
const texts = {
  en: {
    title: 'Operations',
    noLetters: 'No dead letters',
    nothingRuns: 'Nothing is being written right now.',
    running: 'Being written',
    letters: 'Dead letters',
    failed: 'The provider refused the key.',
    attempts: /^\d attempts$/,
    replay: (title: string) => `Write afresh: ${title}`,
    fromText: (title: string) => `Go on from its text: ${title}`,
    discard: (title: string) => `Discard: ${title}`,
    discardAsk: 'Discard it? The article stays.',
    confirmDiscard: 'Discard',
    keep: 'Keep',
    replayed: (title: string) => `“${title}” is being written again.`,
    toArticle: 'To the article',
    edit: 'Edit the brief',
    select: (title: string) => `Select “${title}”`,
    selected: (count: number) => `${count} selected`,
    replaySelected: 'Write them afresh',
    discardSelected: 'Discard them',
    replayedSeveral: (count: number) => `${count} articles are being written again.`,
    discarded: '2 dead letters are discarded; their articles stay.',
    stale: /These figures are not up to date\. The server could not be reached\./,
    wasReplayed: 'Somebody has tried this again already.',
    oneFine: /1 fine/,
  },
  zh: {
    title: '运行状况',
    noLetters: '没有死信',
    nothingRuns: '现在没有正在写的文章。',
    running: '正在写作',
    letters: '死信',
    failed: '模型服务商拒绝了密钥。',
    attempts: /^请求 \d 次$/,
    replay: (title: string) => `从头写: ${title}`,
    fromText: (title: string) => `接着已有的文字写: ${title}`,
    discard: (title: string) => `丢弃: ${title}`,
    discardAsk: '丢弃它？文章会保留。',
    confirmDiscard: '丢弃',
    keep: '保留',
    replayed: (title: string) => `正在重新写《${title}》。`,
    toArticle: '去看文章',
    edit: '修改要求',
    select: (title: string) => `选择《${title}》`,
    selected: (count: number) => `已选 ${count} 篇`,
    replaySelected: '从头写所选',
    discardSelected: '丢弃所选',
    replayedSeveral: (count: number) => `正在重新写 ${count} 篇文章。`,
    discarded: '已丢弃 2 封死信，文章会保留。',
    stale: /这些数字不是最新的。连接不上服务器。/,
    wasReplayed: '已经有人重新写过。',
    oneFine: /1 次成功/,
  },
};

/** A server of the test's own: what failed before, and how its breakers stand, would be in the way. */
const test = base.extend({
  server: async ({ model }, use) => {
    const hasty = '[generation]\nretries = 1\nretry_min_ms = 1\nretry_max_ms = 2';
    const server = await InkstreamServer.start(configuration(model.url).replace('[generation]', hasty));
    await use(server);
    await server.stop();
    expect(server.panics, 'the server never panics').toEqual([]);
  },
});

/** Asks for an article through the API, waits until it has failed, and gives its id. */
async function failed(page: Page, topic: string): Promise<string> {
  const answer = await page.request.post('/api/v1/generations', { data: { topic } });
  expect(answer.status()).toBe(202);
  const { id, article_id: article } = await answer.json();
  const state = async () => (await (await page.request.get(`/api/v1/generations/${id}`)).json()).state;
  await expect.poll(state).toBe('failed');
  return article;
}

async function expectNoViolations(page: Page): Promise<void> {
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
}

for (const language of ['en', 'zh'] as const) {
  const t = texts[language];
  const sample = language === 'en' ? english : chinese;
  test.describe(`operations, in ${language}`, () => {
    test.use({ language, locale: language === 'zh' ? 'zh-CN' : 'en-US' });

    test('what failed for good is found, looked at and written after all', async ({ page, reader, model }) => {
      await test.step('nothing has happened yet', async () => {
        await reader.open('/operations');
        await expect(page).toHaveTitle(`${t.title} · Inkstream`);
        await expect(page.getByText(t.noLetters)).toBeVisible();
        await expect(page.getByText(t.nothingRuns)).toBeVisible();
        await expectNoViolations(page);
      });
      const letter = page.getByRole('listitem').filter({ has: page.getByRole('checkbox') });
      await test.step('a failing model leaves a letter, which comes by itself', async () => {
        model.otherwise((call) => call.refuse(401, 'no such key <script>alert(1)</script>'));
        await failed(page, sample.topic);
        await expect(letter).toHaveCount(1);
        await expect(letter).toContainText(t.failed);
        await expect(letter).toContainText('no such key <script>alert(1)</script>');
        await expect(letter.getByText(language === 'en' ? '1 attempt' : '请求 1 次')).toBeVisible();
      });
      await test.step('it is opened by its title, and has an address', async () => {
        const wide = page.viewportSize()!;
        await page.setViewportSize({ ...wide, height: 300 });
        await letter.getByRole('link', { name: sample.topic }).scrollIntoViewIfNeeded();
        const place = await page.evaluate(() => scrollY);
        expect(place).toBeGreaterThan(0);
        await letter.getByRole('link', { name: sample.topic }).click();
        await expect(page).toHaveURL(/\/operations\?letter=[0-9a-f-]{36}$/);
        await expect(letter.getByRole('table')).toContainText('local/writer');
        expect(await page.evaluate(() => scrollY), 'the view stays at the letter').toBe(place);
        await page.setViewportSize(wide);
        await expect(letter.getByRole('table')).toContainText('local/writer');
        await expectNoViolations(page);
        await reader.reload();
        await expect(letter.getByRole('table')).toContainText('local/writer');
      });
      await test.step('replayed, it is written', async () => {
        model.otherwise((call) => {
          call.spell(sample.firstHalf + sample.secondHalf, 16);
          call.finish();
        });
        await reader.button(t.replay(sample.topic)).click();
        await expect(page.getByText(t.replayed(sample.topic))).toBeVisible();
        await expect(page.getByText(t.noLetters)).toBeVisible();
        await expect(page, 'what is settled is closed').toHaveURL(/\/operations$/);
        await expect(page.getByRole('button', { name: t.edit })).toHaveCount(0);
        await expect(page.getByText(t.oneFine)).toBeVisible();
        await expect(page.getByText(t.wasReplayed)).toHaveCount(0);
        await page.getByRole('status').getByRole('link', { name: t.toArticle }).click();
        await expect(reader.article).toContainText(sample.end);
        await reader.expectDone();
        await reader.expectWhatTheApiHas();
      });
    });

    test('the brief of a letter is edited before it is tried again', async ({ page, reader, model }) => {
      model.otherwise((call) => call.refuse(401, 'no such key'));
      await failed(page, sample.topic);
      await reader.open('/operations');
      await page.getByRole('link', { name: sample.topic }).click();
      await reader.button(t.edit).click();
      await expect(reader.topic).toHaveValue(sample.topic);
      await reader.topic.fill('');
      await page.getByRole('main').getByRole('button', { name: reader.words.rewrite }).click();
      await expect(page.getByText(reader.words.blankTopic)).toBeVisible();
      const call = new Gate();
      model.otherwise((asked) => {
        asked.spell('# Better\n\nText.\n', 8);
        asked.finish();
        call.open();
      });
      await reader.topic.fill('A better topic');
      await expectNoViolations(page);
      await page.getByRole('main').getByRole('button', { name: reader.words.rewrite }).click();
      await call.passed;
      await expect(page.getByText(t.replayed(sample.topic))).toBeVisible();
      expect(JSON.stringify(model.calls.at(-1)!.body.messages)).toContain('A better topic');
    });

    test('several are tried again or discarded at once', async ({ page, reader, model }) => {
      model.otherwise((call) => call.refuse(401, 'no such key'));
      const topics = ['First', 'Second', 'Third', 'Fourth'];
      for (const topic of topics) {
        await failed(page, topic);
      }
      await reader.open('/operations');
      const pick = (topic: string) => page.getByRole('checkbox', { name: t.select(topic) });
      await pick('First').check();
      await pick('Second').check();
      await expect(page.getByText(t.selected(2))).toBeVisible();
      await reader.button(t.discardSelected).click();
      // The harmless answer has the focus.
      await expect(reader.button(t.keep)).toBeFocused();
      await reader.button(t.discardSelected).click();
      await expect(page.getByText(t.discarded)).toBeVisible();
      await expect(pick('First')).toHaveCount(0);
      model.otherwise((call) => {
        call.say('# Text\n');
        call.finish();
      });
      await pick('Third').check();
      await pick('Fourth').check();
      await reader.button(t.replaySelected).click();
      await expect(page.getByText(t.replayedSeveral(2))).toBeVisible();
      await expect(page.getByText(t.noLetters)).toBeVisible();
    });

    test('what runs is shown with its figures, and can be stopped', async ({ page, reader, model, faults }) => {
      model.next(async (call) => {
        call.say('# Begun\n\n');
        await call.closed;
      });
      await page.request.post('/api/v1/generations', { data: { topic: sample.topic } });
      await reader.open('/operations');
      const row = page.getByRole('table', { name: t.running }).getByRole('row').filter({ hasText: sample.topic });
      await expect(row).toContainText('local/writer');
      await expectNoViolations(page);
      await test.step('a poll that fails is said', async () => {
        faults.expect(/ERR_FAILED/);
        await page.route('**/page-data/operations', (route) => route.abort());
        await expect(page.getByText(t.stale)).toBeVisible();
        await page.unroute('**/page-data/operations');
        await expect(page.getByText(t.stale)).toHaveCount(0);
      });
      await row.getByRole('button', { name: reader.words.stop }).click();
      await expect(page.getByText(t.nothingRuns)).toBeVisible();
    });
  });
}

test.describe('on a phone, without JavaScript', () => {
  test.use({ javaScriptEnabled: false, viewport: { width: 390, height: 844 } });

  test('the page is whole, opens a letter and fits', async ({ page, model }) => {
    model.next((call) => {
      call.say('# Half\n\nThe first half of it.');
      call.fail('the model <b>fell</b> over');
    });
    model.otherwise((call) => call.refuse(401, 'no such key'));
    await failed(page, english.topic);
    await page.goto('/operations');
    await page.getByRole('main').getByRole('link', { name: 'Half' }).click();
    await expect(page.locator('.letter')).toContainText('The first half of it.');
    await expect(page.locator('.letter')).toContainText('the model <b>fell</b> over');
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
  });
});
