import { expectAccessible } from '../support/accessible';
import { expect, test } from '../support/fixtures';
import { Network } from '../support/network';
import { InkstreamServer } from '../support/server';

const token = 'the-token-of-the-browser-test';

test.describe('a server with an access token', () => {
  let guarded: InkstreamServer;

  test.beforeAll(async () => {
    guarded = await InkstreamServer.start(`[server]\naccess_token = "${token}"\n`);
  });

  test.afterAll(async () => guarded.stop());

  for (const javaScriptEnabled of [true, false]) {
    test.describe(javaScriptEnabled ? 'with JavaScript' : 'without JavaScript', () => {
      test.use({ javaScriptEnabled });

      test('signs in, comes back, and signs out', async ({ page, faults }) => {
        faults.expect(/401/);
        await page.goto(`${guarded.url}/articles?q=dns`);
        await expect(page).toHaveURL(/\/sign-in\?to=/);
        await page.getByLabel('Access token').fill('not the token');
        await page.getByRole('button', { name: 'Sign in' }).click();
        await expect(page.getByRole('alert')).toContainText('not the token');
        if (javaScriptEnabled) {
          for (const colorScheme of ['light', 'dark'] as const) {
            await page.emulateMedia({ colorScheme });
            await expectAccessible(page, `the sign-in, ${colorScheme}`);
          }
        }

        await page.getByLabel('Access token').fill(token);
        await page.getByRole('button', { name: 'Sign in' }).click();
        await expect(page).toHaveURL(`${guarded.url}/articles?q=dns`);
        // Nobody on the way can read along on this machine.
        await expect(page.getByRole('note')).toHaveCount(0);

        if (javaScriptEnabled) {
          // Leaving while the client is still loading would be an error of its own.
          await expect(page.locator('header button[type=button]').first()).toBeEnabled();
        }
        await page.getByRole('button', { name: 'Sign out' }).click();
        await expect(page).toHaveURL(`${guarded.url}/sign-in`);
        await page.goto(guarded.url);
        await expect(page).toHaveURL(/\/sign-in/);
      });
    });
  }

  for (const locale of ['en-US', 'zh-CN']) {
    test(`on a small phone every page has its link in the bar, in ${locale}`, async ({ browser }) => {
      const phone = await browser.newContext({ locale, viewport: { width: 360, height: 640 }, hasTouch: true, isMobile: true });
      const page = await phone.newPage();
      await page.goto(`${guarded.url}/sign-in`);
      await page.locator('input[type=password]').fill(token);
      await page.getByRole('button').first().click();
      const links = page.getByRole('navigation').getByRole('link');
      await expect(links).toHaveCount(4);
      for (const link of await links.all()) await expect(link).toBeInViewport({ ratio: 1 });
      await phone.close();
    });
  }

  test('a session that ends in an open page leads to the sign-in, and what was typed is kept', async ({ page, faults, context }) => {
    faults.expect(/401/);
    await page.goto(`${guarded.url}/sign-in`);
    await page.getByLabel('Access token').fill(token);
    await page.getByRole('button', { name: 'Sign in' }).click();
    const topic = page.getByRole('textbox', { name: 'Topic', exact: true });
    await expect(page.getByRole('main').getByRole('button', { name: /^Write/ })).toBeEnabled();
    await topic.fill('How DNS caching works');
    await context.clearCookies();
    await topic.press('Control+Enter');
    await page.getByRole('link', { name: 'Sign in' }).click();
    await page.getByLabel('Access token').fill(token);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await expect(topic).toHaveValue('How DNS caching works');
  });

  test('a session that ends while an article is written leads to the sign-in', async ({ page, faults, context }) => {
    faults.expect(/401|ERR_/);
    const network = await Network.to(guarded.url);
    await page.goto(`${network.url}/sign-in`);
    await page.getByLabel('Access token').fill(token);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await expect(page.getByRole('main').getByRole('button', { name: /^Write/ })).toBeEnabled();
    const topic = page.getByRole('textbox', { name: 'Topic', exact: true });
    await topic.fill('How DNS caching works');
    await topic.press('Control+Enter');
    await network.following;
    await context.clearCookies();
    network.cut();
    network.restore();
    await expect(page.getByRole('link', { name: 'Sign in' })).toBeVisible();
    await expect(page.getByText(/Reconnecting/)).toHaveCount(0);
    await network.stop();
  });

  test.describe('in Chinese', () => {
    test.use({ locale: 'zh-CN' });

    test('asks in the reader’s language, or in the other', async ({ page }) => {
      await page.goto(guarded.url);
      await expect(page.getByRole('heading', { name: '登录' })).toBeVisible();
      await page.getByRole('link', { name: 'English' }).click();
      await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible();
    });
  });
});
