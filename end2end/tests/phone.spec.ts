import { chinese as sample } from '../support/articles';
import { expect, test } from '../support/fixtures';
import { Gate } from '../support/gate';

test.use({
  language: 'zh',
  locale: 'zh-CN',
  colorScheme: 'dark',
  viewport: { width: 390, height: 844 },
  deviceScaleFactor: 2,
  hasTouch: true,
  isMobile: true,
});

test('在手机上写一篇，从底栏停下，再接着写完，然后在文库里找到它', async ({
  page,
  reader,
  model,
}) => {
  const { words } = reader;
  const fitsTheWindow = async () => {
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
  };
  let stopped: Promise<void> | undefined;
  model.next((call) => {
    call.spell(sample.firstHalf, 3);
    stopped = call.closed;
  });

  await test.step('写下主题，点按钮开始', async () => {
    await reader.compose();
    await expect(page.locator('html')).toHaveAttribute('lang', 'zh-CN');
    await fitsTheWindow();
    await reader.topic.fill(sample.topic);
    await reader.submit.tap();
    await expect(reader.article).toContainText(sample.held);
    await expect(page).toHaveTitle(words.writingTitle);
    await expect(reader.article).toHaveAttribute('lang', /^zh/);
    await fitsTheWindow();
    await reader.expectWhatTheApiHas();
  });

  await test.step('写到一半刷新，文字都在', async () => {
    await reader.reload();
    await expect(reader.article).toContainText(sample.held);
    await reader.expectWhatTheApiHas();
  });

  await test.step('底栏的停止按钮在拇指够得到的地方', async () => {
    await expect(reader.stop).toHaveCount(1);
    await expect(reader.stop).toBeInViewport();
    const box = (await reader.stop.boundingBox())!;
    expect(box.y).toBeGreaterThan(844 / 2);
    expect(box.height).toBeGreaterThanOrEqual(36);
    await reader.stop.tap();
    await expect(page.getByText(words.stopped)).toBeVisible();
    await stopped;
    await expect(page.getByText(words.stoppedAfter)).toBeVisible();
    await fitsTheWindow();
  });

  await test.step('继续写，从同一个字接上', async () => {
    const gate = new Gate();
    model.next(async (call) => {
      await gate.passed;
      call.spell(sample.secondHalf, 2);
      call.finish();
    });
    await reader.continue.tap();
    await expect(page).toHaveTitle(words.writingTitle);
    gate.open();
    await expect(reader.article).toContainText(sample.end);
    await expect(page).toHaveTitle(words.doneTitle);
    const { state, text } = await reader.generation();
    expect(state).toBe('done');
    expect(text).toBe(sample.firstHalf + sample.secondHalf);
    await reader.expectWhatTheApiHas();
    await fitsTheWindow();
    await reader.expectSameAfterReload();
  });

  await test.step('目录折着，文章在前；点开就能跳到一节', async () => {
    await expect(reader.outline.first()).toBeHidden();
    await page.getByRole('navigation', { name: words.outline }).locator('summary').tap();
    await reader.outline.last().tap();
    await expect(page.getByRole('heading', { name: sample.headings.at(-1) })).toBeInViewport();
    await fitsTheWindow();
  });

  await test.step('文库里有它', async () => {
    const id = reader.articleId;
    await page.getByRole('link', { name: words.libraryLink, exact: true }).tap();
    await expect(reader.inLibrary(id).getByRole('link', { name: sample.title })).toBeVisible();
    await fitsTheWindow();
  });
});
