import { expect, test } from '../support/fixtures';
import { Gate } from '../support/gate';

const html = [
  '<h1>On locks</h1><p>A lead with a <strong>strong wo',
  'rd</strong> &amp; more.</p><h2>The principle</h2><ul><li>one</li><li>two</li></ul>' +
    '<pre><code class="language-rust">fn main() {}\n</code></pre><p>The middle.</p>',
  '<h2>The practice</h2><table><tr><th>a</th></tr><tr><td>1</td></tr></table><p>The end.</p>',
];

test('an article that the model writes in HTML is live, survives a reload, and is corrected as Markdown', async ({
  page,
  reader,
  model,
}) => {
  const { words } = reader;
  const [half, most] = [new Gate(), new Gate()];
  model.next(async (call) => {
    call.spell(html[0], 3);
    await half.passed;
    call.spell(html[1], 3);
    await most.passed;
    call.spell(html[2], 3);
    call.finish();
  });
  await reader.compose();
  await reader.topic.fill('On locks');
  await page.getByText(words.more, { exact: true }).click();
  await page.getByLabel(words.format).selectOption('html');
  await reader.submit.click();

  await expect(reader.article.getByRole('heading', { level: 1 })).toHaveText('On locks');
  await expect(reader.article.locator('strong')).toHaveText('strong wo');
  half.open();
  await expect(reader.article).toContainText('The middle.');
  await expect(reader.article.locator('li')).toHaveText(['one', 'two']);
  await expect(reader.article.locator('code .k')).toHaveText('fn');
  await expect(reader.outline).toHaveText(['The principle']);
  const shown = await reader.article.innerText();
  expect(shown).not.toContain('<');

  await reader.reload();
  await expect(reader.article).toContainText('The middle.');
  most.open();
  await expect(reader.article).toContainText('The end.');
  await reader.expectDone();
  await reader.expectSameAfterReload();
  await page.getByRole('button', { name: words.edit, exact: true }).click();
  await expect(page.getByRole('textbox', { name: words.editText })).toHaveValue(/^# On locks\n\nA lead with a \*\*strong word\*\* & more\.\n/);
});
