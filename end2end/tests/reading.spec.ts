import { chinese, english } from '../support/articles';
import { expect, test, written } from '../support/fixtures';
import { Gate } from '../support/gate';

for (const language of ['en', 'zh'] as const) {
  const sample = language === 'en' ? english : chinese;
  test.describe(`without JavaScript, in ${language}`, () => {
    const locale = language === 'zh' ? 'zh-CN' : 'en-US';
    test.use({ javaScriptEnabled: false, language, locale });

    test('a finished article is complete', async ({ page, reader, model }) => {
      const article = await written(page, model, sample);
      const answer = await page.goto(`/articles/${article}`);
      expect(answer!.status()).toBe(200);
      await expect(page).toHaveTitle(new RegExp(sample.title));
      await expect(page.getByRole('heading', { level: 1, name: sample.title })).toBeVisible();
      for (const name of sample.headings) {
        await expect(reader.article.getByRole('heading', { level: 2, name })).toBeVisible();
      }
      await expect(reader.outline).toHaveText(sample.headings);
      const figure = reader.article.getByRole('figure');
      await expect(figure.locator('figcaption')).toContainText(sample.code.language);
      expect(await figure.locator('code').textContent()).toBe(sample.code.text);
      expect(await figure.locator('code span').count()).toBeGreaterThan(2);
      await expect(reader.article).toContainText(sample.end);

      await page.goto('/articles');
      await reader.inLibrary(article).getByRole('link').click();
      await expect(reader.article).toContainText(sample.end);
    });
  });
}

test('a section can have any name', async ({ page, reader, model }) => {
  const before = Array.from({ length: 60 }, (_, at) => `Paragraph ${at}.`).join('\n\n');
  const names = ['Start', 'Content', 'Parts', 'Keys title'];
  const sections = names.map((name) => `## ${name}\n\nSaid here.\n`).join('\n');
  const whole = { ...english, firstHalf: `# Names\n\n${before}\n\n${sections}`, secondHalf: '' };
  const article = await written(page, model, whole);
  await reader.open(`/articles/${article}`);
  const ids = await page.evaluate(() => [...document.querySelectorAll('[id]')].map(({ id }) => id));
  expect(ids.filter((id, at) => ids.indexOf(id) !== at), 'every id is there once').toEqual([]);
  for (const [at, name] of names.entries()) {
    await reader.outline.nth(at).click();
    await expect(page.getByRole('heading', { name, exact: true })).toBeInViewport();
  }
});

test('every answer has its own nonce and the headers that protect a page', async ({
  page,
  model,
}) => {
  const article = await written(page, model, english);
  const nonces = new Set<string>();
  for (const path of ['/', '/', '/articles', `/articles/${article}`, '/nowhere']) {
    const answer = await page.request.get(path);
    const headers = answer.headers();
    const policy = Object.fromEntries(
      headers['content-security-policy'].split(';').map((directive) => {
        const [name, ...values] = directive.trim().split(/\s+/);
        return [name, values];
      }),
    );
    const nonce = policy['script-src'].find((value) => value.startsWith("'nonce-"))!;
    nonces.add(nonce);
    expect(policy['script-src']).not.toContain("'unsafe-inline'");
    expect(policy['script-src']).not.toContain("'unsafe-eval'");
    expect(policy['style-src'] ?? []).not.toContain("'unsafe-inline'");
    expect(policy['object-src']).toEqual(["'none'"]);
    expect(policy['base-uri']).toBeDefined();
    expect(policy['frame-ancestors']).toBeDefined();
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(headers['referrer-policy']).toBeTruthy();
    const html = await answer.text();
    const value = nonce.slice("'nonce-".length, -1);
    for (const [script] of html.matchAll(/<script\b[^>]*>/g)) {
      expect(script).toContain(`nonce="${value}"`);
    }
    expect(html).not.toMatch(/<[^>]+\sstyle=/);
  }
  expect(nonces.size).toBe(5);
});

test('an event stream is neither buffered nor compressed', async ({ page, reader, model }) => {
  const gate = new Gate();
  model.next(async (call) => {
    call.say('# Held');
    await gate.passed;
    call.finish();
  });
  const streamed = page.waitForResponse((response) => response.url().endsWith('/events'));
  await reader.compose();
  await reader.ask('Held');
  const headers = (await streamed).headers();
  expect(headers['content-type']).toContain('text/event-stream');
  expect(headers['cache-control']).toBe('no-cache, no-transform');
  expect(headers['x-accel-buffering']).toBe('no');
  expect(headers['content-encoding']).toBeUndefined();
  gate.open();
  await expect(page).toHaveTitle(reader.words.doneTitle);
});
