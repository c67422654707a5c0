import { chinese, english } from '../support/articles';
import { expect, test } from '../support/fixtures';
import { PROGRAM, holdRequests } from '../support/gate';

for (const language of ['en', 'zh'] as const) {
  test.describe(`the brief, in ${language}`, () => {
    test.use({ language, locale: language === 'zh' ? 'zh-CN' : 'en-US' });

    test('a faulty field is named at the field, and nothing is sent', async ({
      page,
      reader,
      model,
    }) => {
      const { words } = reader;
      await reader.compose();
      await reader.submit.click();
      await expect(page.getByText(words.blankTopic)).toBeVisible();
      await expect(reader.topic).toHaveAttribute('aria-invalid', 'true');
      await expect(reader.topic).toBeFocused();

      await reader.topic.fill('A topic');
      await page.getByText(words.more, { exact: true }).click();
      const temperature = page.getByRole('textbox', { name: words.temperature, exact: true });
      await temperature.fill('1.5');
      await expect(page.getByText(words.unusual)).toBeVisible();
      await expect(temperature).toHaveAttribute('aria-invalid', 'false');
      await temperature.fill('9');
      await expect(page.getByText(words.outOfRange)).toBeVisible();
      await expect(temperature).toHaveAttribute('aria-invalid', 'true');
      await reader.submit.click();
      await expect(temperature).toBeFocused();
      await expect(page).toHaveURL(/\/$/);
      expect(model.calls).toHaveLength(0);
    });
  });
}

test('Enter while a word is composed never starts, with Ctrl or without', async ({
  page,
  reader,
  model,
}) => {
  const created: string[] = [];
  page.on('request', (request) => {
    if (request.method() === 'POST' && request.url().endsWith('/generations')) {
      created.push(request.url());
    }
  });
  await reader.compose();
  await reader.topic.focus();
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Input.imeSetComposition', {
    text: 'liu',
    selectionStart: 3,
    selectionEnd: 3,
  });
  for (const modifiers of [0, 2]) {
    // Key code 229 is what browsers send while an input method has the keyboard.
    const key = { key: 'Enter', code: 'Enter', windowsVirtualKeyCode: 229, modifiers };
    await devtools.send('Input.dispatchKeyEvent', { type: 'rawKeyDown', ...key });
    await devtools.send('Input.dispatchKeyEvent', { type: 'keyUp', ...key });
  }
  for (const how of [{ isComposing: true }, { keyCode: 229 }]) {
    for (const ctrlKey of [false, true]) {
      await reader.topic.dispatchEvent('keydown', { key: 'Enter', bubbles: true, ctrlKey, ...how });
    }
  }
  await devtools.send('Input.insertText', { text: '流' });
  await expect(reader.topic).toHaveValue('流');
  await expect(page).toHaveURL(/\/$/);
  expect(created).toEqual([]);

  await test.step('plain Enter makes a new line', async () => {
    await reader.topic.press('Enter');
    await expect(reader.topic).toHaveValue('流\n');
    expect(created).toEqual([]);
  });

  await test.step('afterwards Ctrl+Enter starts', async () => {
    model.nextWrites('# 流\n\n写好了。\n');
    await reader.topic.press('Control+Enter');
    await expect(reader.article).toContainText('写好了。');
    expect(created).toHaveLength(1);
  });
});

test('what was typed survives a reload and a change of language until it was sent', async ({
  page,
  reader,
  model,
}) => {
  const { words } = reader;
  await reader.compose();
  await reader.topic.fill(english.topic);
  await page.getByText(words.more, { exact: true }).click();
  await page.getByRole('textbox', { name: words.audience, exact: true }).fill('reviewers');
  await page.getByRole('radio', { name: 'Tutorial' }).check({ force: true });

  await reader.reload();
  await expect(reader.submit).toBeEnabled();
  await expect(reader.topic).toHaveValue(english.topic);
  await expect(page.getByRole('textbox', { name: words.audience, exact: true })).toHaveValue(
    'reviewers',
  );
  await expect(page.getByRole('radio', { name: 'Tutorial' })).toBeChecked();

  await page.getByRole('button', { name: words.language }).click();
  await expect(page.locator('html')).toHaveAttribute('lang', 'zh-CN');
  await expect(page.getByRole('textbox', { name: '主题', exact: true })).toHaveValue(english.topic);
  await page.getByRole('button', { name: 'Switch to English' }).click();
  await expect(page.locator('html')).toHaveAttribute('lang', 'en');
  await expect(reader.submit).toBeEnabled();

  model.nextWrites(english.firstHalf + english.secondHalf);
  await reader.topic.press('Control+Enter');
  await expect(reader.article).toContainText(english.end);
  const prompt = model.calls[0].body.messages.map((message) => message.content).join('\n');
  expect(prompt).toContain(english.topic);
  expect(prompt).toContain('reviewers');

  await page.getByRole('link', { name: 'Write', exact: true }).click();
  await expect(reader.topic).toHaveValue('');
});

test('who comes back to the page finds all that was typed, not only the topic', async ({ page, reader }) => {
  const audience = page.getByRole('textbox', { name: reader.words.audience, exact: true });
  await reader.compose();
  await reader.topic.fill(english.topic);
  await page.getByText(reader.words.more, { exact: true }).click();
  await audience.fill('reviewers');
  await reader.open('/models');
  // The browser puts the topic back by itself.
  await page.goBack();
  await expect(reader.submit).toBeEnabled();
  await expect(audience).toHaveValue('reviewers');
  await reader.topic.press('End');
  await reader.topic.pressSequentially('!');
  await reader.reload();
  await expect(reader.topic).toHaveValue(`${english.topic}!`);
  await expect(audience).toHaveValue('reviewers');
});

test('what is unfolded before the page has come to life stays open', async ({ page, reader }) => {
  const program = await holdRequests(page, PROGRAM);
  await page.goto('/');
  await page.getByText(reader.words.more, { exact: true }).click();
  program.open();
  await expect(reader.submit).toBeEnabled();
  await expect(page.getByRole('textbox', { name: reader.words.audience, exact: true })).toBeVisible();
});

test('what is typed before the page has come to life is kept', async ({ page, reader, model }) => {
  const program = await holdRequests(page, PROGRAM);
  await page.goto('/');
  await reader.topic.fill(chinese.topic);
  await page.getByText(reader.words.more, { exact: true }).click();
  const audience = page.getByRole('textbox', { name: reader.words.audience, exact: true });
  await audience.fill('reviewers');
  await page.getByRole('radio', { name: 'Tutorial' }).check({ force: true });
  program.open();
  await expect(reader.submit).toBeEnabled();
  await expect(reader.topic).toHaveValue(chinese.topic);
  await expect(audience).toHaveValue('reviewers');
  await expect(page.getByRole('radio', { name: 'Tutorial' })).toBeChecked();
  // It is kept at once, not only with the next key.
  await reader.reload();
  await expect(audience).toHaveValue('reviewers');
  model.nextWrites(chinese.firstHalf + chinese.secondHalf);
  await reader.submit.click();
  await expect(reader.article).toContainText(chinese.end);
  await expect(reader.article).toHaveAttribute('lang', /^zh/);
});

test('search engines find a description of the page', async ({ page, reader }) => {
  await reader.compose();
  await expect(page.locator('head meta[name="description"]')).toHaveAttribute('content', /Inkstream/);
});
