import { english as sample } from '../support/articles';
import { expect, test } from '../support/fixtures';

const unknown = '/articles/0190a7c2-0000-7000-8000-000000000000';

for (const language of ['en', 'zh'] as const) {
  test.describe(`what goes wrong is said, in ${language}`, () => {
    test.use({ language, locale: language === 'zh' ? 'zh-CN' : 'en-US' });

    test('a refused key: what happened, what it means for the text, what to do', async ({
      page,
      reader,
      model,
    }) => {
      model.next((call) => call.refuse(401, 'Incorrect API key provided'));
      await reader.compose();
      await reader.ask(sample.topic);
      const note = page.getByRole('main').getByRole('alert');
      await expect(note).toContainText(reader.words.refusedKey);
      await expect(note).toContainText(reader.words.nothingWritten);
      await expect(page).not.toHaveTitle(reader.words.writingTitle);
      await expect(reader.stop).toHaveCount(0);

      await reader.reload();
      await expect(page.getByRole('main').getByRole('alert')).toContainText(
        reader.words.refusedKey,
      );
    });

    test('an unknown article and an unknown page are 404', async ({ page, reader, faults }) => {
      faults.expect(/status of 404/);
      const article = await reader.open(unknown);
      expect(article!.status()).toBe(404);
      await expect(page.getByRole('heading', { name: reader.words.noArticle })).toBeVisible();
      expect((await reader.open('/articles/not-an-id'))!.status()).toBe(404);
      const nowhere = await reader.open('/nowhere/at/all');
      expect(nowhere!.status()).toBe(404);
      await expect(page.getByRole('heading', { name: reader.words.noPage })).toBeVisible();
      await page.getByRole('main').getByRole('link', { name: reader.words.library }).click();
      await expect(page).toHaveURL(/\/articles$/);
    });
  });
}

test('a model that fails in the middle leaves the text, and Continue goes on', async ({
  page,
  reader,
  model,
}) => {
  model.next((call) => {
    call.spell(sample.firstHalf, 9);
    call.fail('the model fell over');
  });
  // A failed continuation may be tried again: whatever comes is refused, until Continue is pressed.
  model.otherwise((call) => call.refuse(401, 'Incorrect API key provided'));
  await reader.compose();
  await reader.ask(sample.topic);
  const note = page.getByRole('main').getByRole('alert');
  await expect(note).toBeVisible();
  await expect(note).toContainText(reader.words.textKept);
  await reader.expectWhatTheApiHas();

  model.nextWrites(sample.secondHalf);
  await reader.continue.click();
  await expect(reader.article).toContainText(sample.end);
  await reader.expectDone();
  expect((await reader.generation()).text).toBe(sample.firstHalf + sample.secondHalf);
  await reader.expectWhatTheApiHas();
});

test('an answer to Continue that settles nothing is asked for again with the same key', async ({
  page,
  reader,
  model,
  faults,
}) => {
  faults.expect(/Failed to load resource: .*50[02]/);
  model.next((call) => {
    call.spell(sample.firstHalf, 16);
    call.fail('the model fell over');
  });
  // It is asked again by itself, and in vain, until Continue is pressed.
  model.otherwise((call) => call.refuse(401, 'Incorrect API key provided'));
  await reader.compose();
  await reader.ask(sample.topic);
  await expect(reader.continue).toBeEnabled();
  const keys: (string | null)[] = [];
  await page.route('**/continue', async (route) => {
    keys.push(await route.request().headerValue('idempotency-key'));
    if (keys.length > 1) return route.continue();
    return route.fulfill({ status: 502, contentType: 'text/html', body: '<h1>Bad gateway</h1>' });
  });
  await reader.continue.click();
  await expect(page.getByRole('main').getByRole('alert').last()).toBeVisible();
  model.nextWrites(sample.secondHalf);
  await reader.continue.click();
  await expect(reader.article).toContainText(sample.end);
  expect(keys).toHaveLength(2);
  expect(keys[0]).toBe(keys[1]);
});

test('a brief that cannot be sent is kept, and can be sent again', async ({
  page,
  reader,
  model,
  faults,
}) => {
  faults.expect(/Failed to load resource: net::ERR_/);
  await reader.compose();
  await page.route('**/api/v1/**/generations', (route) => route.abort());
  await page.route('**/api/v1/generations', (route) => route.abort());
  await reader.topic.fill(sample.topic);
  await reader.topic.press('Control+Enter');
  await expect(page.getByRole('main').getByRole('alert')).toContainText(reader.words.unreachable);
  await expect(reader.topic).toHaveValue(sample.topic);

  await page.unrouteAll();
  model.nextWrites(sample.firstHalf + sample.secondHalf);
  await reader.topic.press('Control+Enter');
  await expect(reader.article).toContainText(sample.end);
});
