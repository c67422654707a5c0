import AxeBuilder from '@axe-core/playwright';

import { chinese, english } from '../support/articles';
import { expect, test } from '../support/fixtures';
import { Network } from '../support/network';

for (const language of ['en', 'zh'] as const) {
  const sample = language === 'en' ? english : chinese;
  test.describe(`on every page, in ${language}`, () => {
    test.use({ language, locale: language === 'zh' ? 'zh-CN' : 'en-US' });

    test('what is being written elsewhere is listed, and can be stopped', async ({ page, reader, model, anotherTab }) => {
      const { words } = reader;
      model.next(async (call) => {
        call.say('# Begun\n\n');
        await call.closed;
      });
      await reader.compose();
      await reader.ask(sample.topic);
      await expect(reader.stop.first()).toBeVisible();
      const icon = page.locator("link[rel='icon']");
      await expect(icon).toHaveAttribute('href', '/favicon-writing.svg');
      // Its own page shows it already.
      await expect(page.locator('details.running')).toHaveCount(0);
      // Escape belongs to the open help, and stops nothing.
      await page.keyboard.press('?');
      await expect(page.getByRole('dialog', { name: words.keys })).toBeVisible();
      await page.keyboard.press('Escape');
      await expect(page.getByRole('dialog', { name: words.keys })).toBeHidden();
      await expect(reader.stop.first()).toBeVisible();

      const other = await anotherTab();
      await other.open('/models');
      const running = other.page.locator('details.running');
      await expect(running.locator('summary')).toHaveAccessibleName(words.running);
      await running.locator('summary').click();
      await expect(running.getByRole('link')).toHaveAttribute('href', `/articles/${reader.articleId}`);
      expect((await new AxeBuilder({ page: other.page }).analyze()).violations).toEqual([]);
      await running.getByRole('button').click();
      await expect(running).toHaveCount(0);
      await expect(page.getByText(words.stoppedAfter)).toBeVisible();
      await expect(icon).not.toHaveAttribute('href', '/favicon-writing.svg');
    });

    test('the keys are shown by ? and work, but never while typing', async ({ page, reader }) => {
      const { words } = reader;
      await reader.open('/articles');
      await page.keyboard.press('?');
      const dialog = page.getByRole('dialog', { name: words.keys });
      await expect(dialog).toBeVisible();
      expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
      await page.keyboard.press('Escape');
      await expect(dialog).toBeHidden();
      // Who steers by voice turns the letters off.
      await reader.button(words.keys).click();
      await dialog.getByRole('checkbox').uncheck();
      await page.keyboard.press('Escape');
      await page.keyboard.press('n');
      await page.keyboard.press('?');
      await expect(dialog).toBeHidden();
      await expect(page).toHaveURL(/\/articles$/);
      await reader.button(words.keys).click();
      await dialog.getByRole('checkbox').check();
      await page.keyboard.press('Escape');
      await page.keyboard.press('n');
      await expect(page).toHaveURL(/\/$/);
      await expect(reader.topic).toBeFocused();
      await reader.topic.fill('');
      await reader.topic.pressSequentially('?nl');
      await expect(reader.topic).toHaveValue('?nl');
      await expect(dialog).toBeHidden();
      await expect(page).toHaveURL(/\/$/);
    });

    test('a proxy that gathers the stream is noticed, with what to change', async ({ page, reader, model, server }) => {
      const { words } = reader;
      const network = await Network.to(server.url);
      network.gather(800);
      let stopped = false;
      model.next(async (call) => {
        for (let word = 0; !stopped && word < 2_000; word += 1) {
          call.say(`word${word} `);
          await new Promise((next) => setTimeout(next, 12));
        }
        call.finish();
      });
      await reader.compose(network.url);
      await reader.ask(sample.topic);
      await expect(page.getByText(words.lumps)).toBeVisible();
      stopped = true;
      await expect(page.getByText(words.finished).first()).toBeAttached();
      await network.stop();
    });

    test('that the server cannot be reached is said, and taken back by itself', async ({ page, reader, context, faults }) => {
      faults.expect(/ERR_INTERNET_DISCONNECTED/);
      const { words } = reader;
      await reader.compose();
      await reader.topic.fill(sample.topic);
      await context.setOffline(true);
      await expect(page.getByText(words.unreachableLine)).toBeVisible();
      await expect(reader.topic).toHaveValue(sample.topic);
      await context.setOffline(false);
      await expect(page.getByText(words.unreachableLine)).toBeHidden();
    });
  });
}
