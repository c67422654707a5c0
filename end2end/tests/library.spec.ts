import { chinese, english } from '../support/articles';
import { expect, test, written } from '../support/fixtures';
import { Gate, holdAnswers } from '../support/gate';

const texts = {
  en: {
    search: 'Search',
    found: (count: number) => `${count} found`,
    rename: (title: string) => `Rename: ${title}`,
    newTitle: (title: string) => `New title of “${title}”`,
    select: (title: string) => `Select “${title}”`,
    selected: (count: number) => `${count} selected`,
    deleteThem: 'Delete them',
    deletedSeveral: (count: number) => `${count} articles are deleted.`,
    nothing: 'Nothing found for “nowhere at all”',
    showAll: 'Show all articles',
    language: 'Language',
  },
};

test.describe('the library', () => {
  test('finds what was typed, in the address, back and forth', async ({ page, reader, model }) => {
    const t = texts.en;
    const article = await written(page, model, english);
    await written(page, model, chinese);
    await reader.open('/articles');
    const field = page.getByRole('searchbox', { name: t.search });
    await page.keyboard.press('/');
    await expect(field).toBeFocused();
    await page.keyboard.type('Gamma30');
    await expect(page).toHaveURL(/\/articles\?q=Gamma30$/);
    const entry = reader.inLibrary(article).first();
    await expect(entry.locator('mark', { hasText: 'gamma30' })).toBeVisible();
    await expect(page.getByRole('main').getByRole('listitem').first()).toContainText('gamma30');

    await test.step('a query that finds nothing shows the way on', async () => {
      await field.fill('nowhere at all');
      await expect(page.getByText(t.nothing)).toBeVisible();
      await expect(page).toHaveURL(/\?q=nowhere%20at%20all$/);
      await page.getByRole('link', { name: t.showAll }).click();
      await expect(page).toHaveURL(/\/articles$/);
      await expect(field).toHaveValue('');
      await expect(entry).toBeVisible();
    });

    await test.step('back and forward bring queries and lists back', async () => {
      await page.goBack();
      await expect(field).toHaveValue('nowhere at all');
      await expect(page.getByText(t.nothing)).toBeVisible();
      await page.goForward();
      await expect(field).toHaveValue('');
    });

    await test.step('Chinese is found by characters, and narrowed by language', async () => {
      await field.fill('游标');
      await expect(page.locator('mark', { hasText: '游标' }).first()).toBeVisible();
      await page.getByRole('combobox', { name: t.language }).selectOption('en');
      await expect(page).toHaveURL(/q=.+&language=en$/);
      await expect(page.getByRole('main').getByRole('listitem')).toHaveCount(0);
      await page.getByRole('combobox', { name: t.language }).selectOption('');
      await expect(page.locator('mark', { hasText: '游标' }).first()).toBeVisible();
    });
  });

  test('while a word is composed nothing is searched for', async ({ page, reader }) => {
    await page.clock.install();
    await reader.open('/articles');
    const field = page.getByRole('searchbox', { name: texts.en.search });
    await field.focus();
    const session = await page.context().newCDPSession(page);
    await session.send('Input.imeSetComposition', { text: 'huancun', selectionStart: 7, selectionEnd: 7 });
    // Longer than typing has to pause before the list follows.
    await page.clock.runFor(400);
    await expect(page).toHaveURL(/\/articles$/);
    await session.send('Input.insertText', { text: '缓存' });
    await expect(field).toHaveValue('缓存');
    await expect(page).toHaveURL(/\?q=%E7%BC%93%E5%AD%98$/);
  });

  test('Ctrl+K leads to the search from anywhere', async ({ page, reader }) => {
    await reader.compose();
    await page.keyboard.press('Control+k');
    await expect(page).toHaveURL(/\/articles$/);
    await expect(page.getByRole('searchbox', { name: texts.en.search })).toBeFocused();
    await reader.open('/');
    await reader.topic.focus();
    await page.keyboard.type('a/b');
    await expect(reader.topic).toHaveValue('a/b');
  });

  test('who leaves while a Stop is under way meets no fault', async ({ page, reader, model }) => {
    const writing = new Gate();
    model.next(async (call) => {
      call.say('# Begun\n\nAnd more.\n');
      await writing.passed;
      call.finish();
    });
    await reader.compose();
    await reader.ask('A topic');
    await expect(reader.article).toContainText('And more.');
    const answer = await holdAnswers(page, '**/cancel');
    await page.getByRole('navigation').getByRole('link', { name: reader.words.libraryLink }).click();
    await reader.stop.first().click();
    await page.getByRole('link', { name: 'Write', exact: true }).click();
    await expect(reader.submit).toBeEnabled();
    const settled = page.waitForResponse('**/cancel');
    answer.open();
    await (await settled).finished();
    // The page is alive all the same.
    await reader.topic.fill('Another');
    await expect(reader.topic).toHaveValue('Another');
    writing.open();
  });

  test('an article is renamed in place', async ({ page, reader, model }) => {
    const t = texts.en;
    const article = await written(page, model, english);
    await reader.open('/articles');
    const entry = reader.inLibrary(article);
    await entry.getByRole('button', { name: t.rename(english.title) }).click();
    const field = page.getByRole('textbox', { name: t.newTitle(english.title) });
    await expect(field).toBeFocused();
    await page.keyboard.type('Not kept');
    await page.keyboard.press('Escape');
    await expect(entry.getByRole('link', { name: english.title })).toBeVisible();
    await entry.getByRole('button', { name: t.rename(english.title) }).click();
    await page.keyboard.type('A better <title>');
    await page.keyboard.press('Enter');
    await expect(entry.getByRole('link', { name: 'A better <title>' })).toBeVisible();
    await reader.reload();
    await expect(entry.getByRole('link', { name: 'A better <title>' })).toBeVisible();
  });

  test('several are deleted at once and brought back', async ({ page, reader, model }) => {
    const t = texts.en;
    const one = await written(page, model, { ...english, topic: 'First of two' });
    const two = await written(page, model, { ...english, topic: 'Second of two' });
    await reader.open('/articles');
    for (const article of [one, two]) {
      await reader.inLibrary(article).getByRole('checkbox').check();
    }
    await expect(page.getByText(t.selected(2))).toBeVisible();
    const count = async () => Number(/[\d,]+/.exec((await page.locator('.count').textContent())!)![0].replace(',', ''));
    const all = await count();
    await reader.button(t.deleteThem).click();
    await expect(page.getByText(t.deletedSeveral(2))).toBeVisible();
    for (const article of [one, two]) {
      await expect(reader.inLibrary(article)).toHaveCount(0);
    }
    expect(await count()).toBe(all - 2);
    await reader.button(reader.words.undo).click();
    for (const article of [one, two]) {
      await expect(reader.inLibrary(article)).toBeVisible();
    }
    expect(await count()).toBe(all);
  });
});

test.describe('without JavaScript', () => {
  test.use({ javaScriptEnabled: false });

  test('the search is a form, and its answer a page', async ({ page, model, faults }) => {
    faults.expect(/status of 400/);
    await written(page, model, english);
    await page.goto('/articles');
    await page.getByRole('searchbox', { name: texts.en.search }).fill('gamma30');
    await page.getByRole('button', { name: texts.en.search }).click();
    await expect(page).toHaveURL(/\/articles\?q=gamma30&state=&style=&language=$/);
    await expect(page.getByRole('searchbox')).toHaveValue('gamma30');
    await expect(page.locator('mark', { hasText: 'gamma30' }).first()).toBeVisible();
    const answer = await page.goto(`/articles?q=${'a'.repeat(300)}`);
    expect(answer!.status()).toBe(400);
    await expect(page.getByRole('alert')).toContainText('200');
  });
});
