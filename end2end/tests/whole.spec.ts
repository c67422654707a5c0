import { english as sample, seen } from '../support/articles';
import { expect, test } from '../support/fixtures';
import { Gate } from '../support/gate';

test('a topic becomes an article, which is stopped, continued, rewritten and put away', async ({
  page,
  reader,
  model,
  anotherTab,
}) => {
  const { words } = reader;
  const started = new Gate();
  const goOn = new Gate();
  let stopped: Promise<void> | undefined;
  model.next(async (call) => {
    await started.passed;
    call.spell(sample.firstHalf, 7);
    stopped = call.closed;
    await goOn.passed;
    call.spell(' one two three', 3);
  });

  await test.step('a topic is typed and sent by the keyboard', async () => {
    await reader.compose();
    await expect(reader.topic).toBeVisible();
    await reader.ask(sample.topic);
    expect(model.calls.length <= 1).toBe(true);
  });

  const stage = (index: number) =>
    page.getByRole('listitem').filter({ hasText: new RegExp(`^${words.stages[index]}`) });

  await test.step('the stages pass, and the title says that it is being written', async () => {
    await expect(stage(2)).toContainText(words.inProgress);
    await expect(stage(0)).toContainText(words.stageDone);
    await expect(stage(1)).toContainText(words.stageDone);
    await expect(page).toHaveTitle(words.writingTitle);
    await expect(page.getByText('local/writer')).toBeVisible();
    started.open();
  });

  await test.step('the text grows, with a cursor, coloured code and an outline', async () => {
    await expect(reader.article).toContainText(sample.held);
    await expect(reader.cursor).toBeVisible();
    await expect(page.getByRole('heading', { name: sample.title })).toBeVisible();
    await expect(reader.outline).toHaveText(['The principle']);
    const code = reader.article.getByRole('figure');
    await expect(code.locator('figcaption')).toContainText(/rust/i);
    await expect(code.locator('code')).toHaveText(sample.code.text, { useInnerText: false });
    await expect(code.locator('code span').first()).toBeVisible();
    const colours = await code
      .locator('code span')
      .evaluateAll((spans) => new Set(spans.map((span) => getComputedStyle(span).color)).size);
    expect(colours).toBeGreaterThan(1);
    await expect(code.getByRole('button', { name: words.copy })).toBeVisible();
    await reader.expectWhatTheApiHas();
  });

  await test.step('a reload in the middle shows the text so far at once', async () => {
    const html = await (await page.request.get(page.url())).text();
    expect(html).toContain('alpha1 alpha2');
    expect(html).toContain(sample.held);
    await reader.reload();
    await expect(reader.article).toContainText(sample.held);
    await expect(reader.stop).toBeEnabled();
    await reader.expectWhatTheApiHas();
  });

  const second = await anotherTab();
  await test.step('a second tab shows the same, and both go on', async () => {
    await second.open(page.url());
    await expect(second.stop).toBeEnabled();
    await expect(second.article).toContainText(sample.held);
    goOn.open();
    await expect(second.article).toContainText('one two three');
    await expect(reader.article).toContainText('one two three');
    await second.expectWhatTheApiHas();
    await reader.expectWhatTheApiHas();
  });

  await test.step('Esc stops: upstream is closed, the text stays, the page says so', async () => {
    await page.bringToFront();
    await page.keyboard.press('Escape');
    await expect(page.getByText(words.stopped)).toBeVisible();
    await stopped;
    await expect(page.getByText(words.stoppedAfter)).toBeVisible();
    // The keyboard goes on from there, and Space alone writes nothing.
    await expect(page.locator('.ending')).toBeFocused();
    await page.keyboard.press('Tab');
    await expect(page.locator('.ending').getByRole('button', { name: words.continue })).toBeFocused();
    await expect(reader.cursor).toHaveCount(0);
    await expect(second.page.getByText(words.stopped)).toBeVisible();
    const { state, text } = await reader.generation();
    expect(state).toBe('cancelled');
    expect(text).toBe(`${sample.firstHalf} one two three`);
    await reader.expectWhatTheApiHas();
    await second.page.close();
  });

  await test.step('Continue goes on from there', async () => {
    const gate = new Gate();
    model.next(async (call) => {
      call.spell(` four${sample.secondHalf.slice(0, 40)}`, 5);
      await gate.passed;
      call.spell(sample.secondHalf.slice(40), 11);
      call.finish();
    });
    await reader.continue.click();
    await expect(reader.article).toContainText('one two three four delta1');
    await expect(page).toHaveTitle(words.writingTitle);
    gate.open();
    await expect(reader.article).toContainText(sample.end);
    await expect(page.getByRole('status').filter({ hasText: words.finished })).toBeAttached();
    await expect(page).toHaveTitle(words.doneTitle);
    await expect(reader.cursor).toHaveCount(0);
    await expect(reader.outline).toHaveText(sample.headings);
    const { state, text } = await reader.generation();
    expect(state).toBe('done');
    expect(text).toBe(`${sample.firstHalf} one two three four${sample.secondHalf}`);
    await reader.expectWhatTheApiHas();
  });

  await test.step('the server renders exactly what the browser has put together', async () => {
    await reader.expectSameAfterReload();
  });

  await test.step('Regenerate with a changed brief writes a new revision', async () => {
    await reader.button(words.regenerate).click();
    await expect(reader.topic).toHaveValue(sample.topic);
    await reader.topic.fill(`${sample.topic}, shorter`);
    model.nextWrites('# A shorter one\n\nOnly this.\n');
    await reader.button(words.rewrite).click();
    await expect(reader.article).toContainText('Only this.');
    await reader.expectDone();
    expect(model.calls.at(-1)!.body.messages.map((it) => it.content).join()).toContain(
      `${sample.topic}, shorter`,
    );
  });

  await test.step('the old revision is a click away and can be made the current one', async () => {
    await page.getByText(words.revisions, { exact: true }).click();
    await page.getByRole('link', { name: words.revision(2), exact: true }).click();
    await expect(reader.article).toContainText(sample.end);
    await reader.button(words.makeCurrent).click();
    await expect(reader.button(words.makeCurrent)).toHaveCount(0);
    await expect(page).toHaveURL(/\/articles\/[0-9a-f-]{36}$/);
    await expect(reader.article).toContainText(sample.end);
  });

  await test.step('the library lists it; deleting is asked once and can be undone', async () => {
    const id = reader.articleId;
    await page.getByRole('link', { name: words.libraryLink, exact: true }).click();
    await expect(page.getByRole('heading', { name: words.library })).toBeVisible();
    const entry = reader.inLibrary(id);
    await entry.getByRole('link', { name: sample.title }).click();
    await expect(reader.article).toContainText(sample.end);
    await page.goBack();
    const deletes = entry.getByRole('button', { name: words.delete(sample.title) });
    await deletes.click();
    const question = entry.getByRole('group', { name: words.deleteAsk });
    await expect(question).toBeVisible();
    await page.keyboard.press('Escape');
    await expect(question).toHaveCount(0);
    await expect(deletes).toBeFocused();
    await deletes.press('Enter');
    await question.getByRole('button', { name: words.confirmDelete }).click();
    await expect(page.getByText(words.deleted)).toBeVisible();
    await expect(entry).toHaveCount(0);
    await reader.button(words.undo).click();
    await expect(entry).toBeVisible();
  });
});

test('the copy button puts the code on the clipboard', async ({ page, reader, model, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  model.nextWrites(sample.firstHalf + sample.secondHalf);
  await reader.compose();
  await reader.ask(sample.topic);
  await expect(reader.article).toContainText(sample.end);
  const copy = reader.article.getByRole('button', { name: reader.words.copy });
  await copy.click();
  await expect(reader.article.getByRole('button', { name: reader.words.copied })).toBeVisible();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(sample.code.text);
  await reader.button(reader.words.copyMarkdown).click();
  await expect
    .poll(async () => seen(await page.evaluate(() => navigator.clipboard.readText())))
    .toBe(seen(sample.firstHalf + sample.secondHalf));
});

test('the view follows the end until the reader scrolls up', async ({ page, reader, model }) => {
  const paragraph = (number: number) => `\n\nParagraph ${number}. ${'word '.repeat(120)}`;
  const opened = new Gate();
  const more = new Gate();
  const evenMore = new Gate();
  model.next(async (call) => {
    await opened.passed;
    call.spell('# A long one', 4);
    for (let number = 1; number <= 10; number++) {
      call.say(paragraph(number));
    }
    await more.passed;
    call.say(paragraph(11));
    call.say('the eleventh ends');
    await evenMore.passed;
    call.say(paragraph(12));
    call.say('the twelfth ends');
    call.finish();
  });
  await reader.compose();
  await reader.ask('A long one');
  await expect(reader.stop).toBeEnabled();
  opened.open();
  await expect(reader.article).toContainText('Paragraph 10.');
  await expect(reader.cursor).toBeInViewport();

  await page.mouse.move(640, 400);
  await page.mouse.wheel(0, -900);
  await expect(reader.cursor).not.toBeInViewport();
  const jump = reader.button(reader.words.toEnd);
  await expect(jump).toBeVisible();
  const stays = await page.evaluate(() => scrollY);
  more.open();
  await expect(reader.article).toContainText('the eleventh ends');
  expect(await page.evaluate(() => scrollY)).toBe(stays);

  await jump.click();
  await expect(reader.cursor).toBeInViewport();
  evenMore.open();
  await expect(reader.article).toContainText('the twelfth ends');
  await expect(reader.article.getByText('the twelfth ends')).toBeInViewport();
});

test('without a key the demo writes a whole article, and says that it is one', async ({
  page,
  reader,
  demo,
}) => {
  await reader.compose(demo.url);
  await page.getByText(reader.words.more, { exact: true }).click();
  await page.getByLabel('Model', { exact: true }).selectOption('demo/instant');
  await reader.ask('Rust async in production');
  await reader.expectDone();
  await expect(reader.article).toContainText(/sample/i);
  await reader.expectSameAfterReload();
});
