import { expectAccessible } from '../support/accessible';
import { english as sample } from '../support/articles';
import { expect, test as base } from '../support/fixtures';
import { Gate } from '../support/gate';
import { Reader } from '../support/reader';
import { InkstreamServer } from '../support/server';
import type { Upstream } from '../support/upstream';

/** Two models, one of them dear and for `premium` alone, and waits that are shorter than in life. */
const two = `
[generation]
retry_min_ms = 10
retry_max_ms = 20
backoff_min_s = 0.05
backoff_max_s = 0.1

[[providers]]
name = "local"
protocol = "openai"
base_url = "{model}"

[[models]]
name = "local/writer"
provider = "local"
id = "writer"
context_window = 32768
max_output = 8192
price_input = 1.0
price_output = 2.0
currency = "USD"

[[models]]
name = "local/second"
provider = "local"
id = "second"
context_window = 32768
max_output = 8192
price_input = 10.0
price_output = 20.0
currency = "USD"

[routing]
premium = ["local/second"]

[routes]
default = ["local/writer", "local/second"]
`;

interface Worker {
  /** The demo, which is not waited for as long as in life. */
  impatient: InkstreamServer;
}

const test = base.extend<object, Worker>({
  impatient: [
    async ({}, use) => {
      const server = await InkstreamServer.start('[generation]\nfirst_token_timeout_s = 10\nidle_timeout_s = 3\n');
      await use(server);
      await server.stop();
    },
    { scope: 'worker' },
  ],
});
test.use({ configured: two });

const words = {
  en: {
    attempts: /^Attempts \d/,
    seams: /^Seams \d/,
    inAll: 'In all',
    free: 'free',
    fromHere: 'Write from here anew',
    anew: 'Write it anew',
    cached: /comes from the cache, for free/,
    brokeOff: 'In the middle of the text the model failed. local/second goes on from the same word',
    handedOver: 'local/writer handed over to local/second: the model failed.',
  },
  zh: {
    attempts: /^各次尝试 \d/,
    seams: /^接缝 \d/,
    inAll: '合计',
    free: '免费',
    fromHere: '从这里重写',
    anew: '重新写一篇',
    cached: /直接取用，没有产生费用/,
    brokeOff: '写到途中模型出错。local/second 从同一个字接着写',
    handedOver: 'local/writer 交给 local/second：模型出错。',
  },
};

/** What every amount of the attempts' table adds up to, and what it says that they do. */
async function sums(reader: Reader): Promise<[number, number]> {
  return reader.page.locator('.attempts table').evaluate((table) => {
    const amount = (cell: Element) => Number(/[\d.]+$/.exec(cell.textContent ?? '')?.[0] ?? 0);
    const cells = [...table.querySelectorAll('tbody td:last-child')].map(amount);
    return [cells.reduce((sum, cost) => sum + cost, 0), amount(table.querySelector('tfoot td:last-child')!)];
  });
}

/** The first model breaks off and then refuses; the second goes on. */
function breaksOff(model: Upstream): void {
  model.next((call) => {
    call.spell(sample.firstHalf, 9);
    call.fail('the model fell over');
  });
  model.next((call) => call.refuse(500, 'still on the floor'));
  model.next((call) => {
    expect(call.body.model).toBe('second');
    call.spell(sample.secondHalf, 9);
    call.finish();
  });
}

for (const language of ['en', 'zh'] as const) {
  test.describe(`a text that two models wrote, in ${language}`, () => {
    const said = words[language];
    test.use({ language, locale: language === 'zh' ? 'zh-CN' : 'en-US' });

    test('shows its attempts and its seam, and can be had anew from there', async ({
      page,
      reader,
      model,
    }) => {
      breaksOff(model);
      await reader.compose();
      // Else the text would come from the cache.
      await reader.ask(`${sample.topic}, in ${language}`);
      await reader.expectDone();
      await expect(page.getByText(said.brokeOff)).toBeVisible();
      await reader.expectWhatTheApiHas();

      const attempts = page.getByRole('group').filter({ hasText: said.attempts });
      await test.step('every call is listed, and the sum is what the figures say', async () => {
        await attempts.locator('summary').click();
        await expect(attempts.getByRole('rowheader')).toContainText([
          'the model fell over',
          'still on the floor',
          'local/second',
          said.inAll,
        ]);
        const [sum, total] = await sums(reader);
        expect(sum).toBeCloseTo(total, 3);
        const cost = page.getByRole('definition').filter({ hasText: '$' });
        const inFigures = (await cost.first().innerText()).trim();
        await expect(attempts.locator('tfoot')).toContainText(inFigures);
      });

      const seams = page.getByRole('group').filter({ hasText: said.seams });
      await test.step('the seam is shown between its words', async () => {
        await seams.locator('summary').click();
        const seam = seams.getByRole('listitem');
        await expect(seam).toHaveCount(1);
        await expect(seam).toContainText(said.handedOver);
        await expect(seam).toContainText('gamma30');
        await expect(seam).toContainText('delta1 delta2');
        await expectAccessible(page, 'attempts and seams');
      });

      await test.step('the same without a program, from the server', async () => {
        const html = await (await page.request.get(page.url())).text();
        expect(html).toContain('still on the floor');
        expect(html).toContain('gamma30');
        await reader.reload();
        await expect(attempts.locator('summary')).toBeVisible();
      });

      await test.step('what stands behind the seam is written anew', async () => {
        const gate = new Gate();
        model.next(async (call) => {
          call.spell(' another', 3);
          await gate.passed;
          call.spell(' end.\n', 3);
          call.finish();
        });
        await seams.locator('summary').click();
        await seams.getByRole('button', { name: said.fromHere }).click();
        await expect(reader.stop).toBeVisible();
        await expect(reader.article).toContainText('gamma30 another');
        await expect(page.locator('.seams')).toHaveCount(0);
        gate.open();
        await reader.expectDone();
        expect((await reader.generation()).text).toBe(`${sample.firstHalf} another end.\n`);
        await reader.expectWhatTheApiHas();
        await expect(page.getByText(reader.words.revisions, { exact: true })).toBeVisible();
      });
    });

    test('what was written before for the same brief is said to be, and can be had anew', async ({
      page,
      reader,
      model,
    }) => {
      const topic = `What is asked twice, in ${language}`;
      model.nextWrites('# Once\n\nThe first text.\n');
      await reader.compose();
      await reader.ask(topic);
      await reader.expectDone();
      await expect(reader.button(said.anew)).toHaveCount(0);
      await reader.compose();
      await reader.ask(topic);
      await expect(reader.article).toContainText('The first text.');
      // While it is given, the bar and the status say it, too.
      const given = page.getByRole('listitem').filter({ hasText: said.cached });
      await expect(given).toBeVisible();
      await expect(page.getByRole('definition').filter({ hasText: said.free })).toBeVisible();
      expect(model.calls).toHaveLength(1);
      await expectAccessible(page, 'a text from the cache');

      model.nextWrites('# Twice\n\nThe second text.\n');
      await reader.button(said.anew).click();
      await expect(reader.article).toContainText('The second text.');
      await reader.expectDone();
      await expect(given).toHaveCount(0);
      await expect(reader.button(said.anew)).toHaveCount(0);
    });
  });
}

test('attempts are listed while it is being written', async ({ page, reader, model }) => {
  const gate = new Gate();
  model.next((call) => {
    call.spell('# Live\n\nThe beginning', 5);
    call.fail('the model fell over');
  });
  model.next(async (call) => {
    call.spell(' and the end', 3);
    await gate.passed;
    call.say('.\n');
    call.finish();
  });
  await reader.compose();
  await reader.ask('Attempts, live');
  const attempts = page.getByRole('group').filter({ hasText: words.en.attempts });
  await attempts.locator('summary').click();
  await expect(attempts).toContainText('the model fell over');
  await expect(attempts).toContainText('is writing');
  const heard = page.getByRole('status').filter({ hasText: 'goes on from the same word' });
  await expect(heard).toBeAttached();
  gate.open();
  await reader.expectDone();
  await expect(attempts).toContainText('finished');
  await expect(attempts).not.toContainText('is writing');
  await expect(attempts).toHaveAttribute('open');
});

test.describe('on a phone', () => {
  test.use({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });

  test('what happens on the way is said in the bar until the writing goes on', async ({
    page,
    reader,
    model,
  }) => {
    const [asked, goOn] = [new Gate(), new Gate()];
    model.next((call) => call.refuse(500, 'not now'));
    model.next(async (call) => {
      await asked.passed;
      call.say('# After all\n\nIt is');
      await goOn.passed;
      call.say(' written.\n');
      call.finish();
    });
    await reader.compose();
    await reader.ask('What waits');
    const news = page.locator('.bar-news');
    await expect(news).toContainText('local/writer is asked again');
    asked.open();
    await expect(reader.article).toContainText('After all');
    await expect(news).toBeEmpty();
    await expectAccessible(page, 'the bar');
    goOn.open();
    await reader.expectDone();
    await page.locator('.attempts summary').tap();
    await expect(page.locator('.attempts q')).toContainText('not now');
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
  });
});

test('who stops what another reads too hears that it goes on there', async ({ page, reader, model, anotherTab }) => {
  const more = new Gate();
  model.nextInTwo('# Half\n\nof it', more, ' and the rest.\n');
  await reader.compose();
  await reader.ask('Asked for twice');
  await expect(reader.article).toContainText('of it');
  const other = await anotherTab();
  await other.compose();
  await other.ask('Asked for twice');
  await expect(other.article).toContainText('of it');
  await reader.stop.first().click();
  await expect(page.locator('.ending .note')).toContainText('it goes on');
  await expect(page.locator('.ending .note')).toContainText(reader.words.textKept);
  more.open();
  await other.expectDone();
  await expect(other.article).toContainText('and the rest.');
  await expect(reader.article).not.toContainText('and the rest.');
  expect(model.calls).toHaveLength(1);
});

test('a refusal is in the words of the model, also after a reload', async ({ page, reader, model }) => {
  model.next((call) => {
    call.spell('# Half\n\nof it', 4);
    call.stop('content_filter');
  });
  await reader.compose();
  await reader.ask('What no model writes');
  const note = page.locator('.ending .note');
  for (const when of ['at once', 'after a reload']) {
    await test.step(when, async () => {
      if (when === 'after a reload') await reader.reload();
      await expect(note).toContainText('The brief was rejected');
      await expect(note).toContainText('(content_filter)');
      await expect(note).toContainText(reader.words.textKept);
      await expect(page.locator('.attempts')).toBeVisible();
    });
  }
});

test('the price is known before the click, for the model that will write', async ({ page, reader, model }) => {
  const asked: string[] = [];
  page.on('request', (request) => {
    if (request.url().endsWith('/estimate')) asked.push(request.postData() ?? '');
  });
  await reader.compose();
  const line = page.locator('#brief-writer');
  await expect(line).toHaveText('local/writer will write');
  await expect(reader.submit).toHaveAccessibleDescription('local/writer will write');
  const before = await reader.submit.boundingBox();
  await reader.topic.pressSequentially('How a price is known', { delay: 20 });
  await expect(line).toHaveText(/^local\/writer will write · about \$0\.\d{4}$/);
  expect(asked).toHaveLength(1);
  expect((await reader.submit.boundingBox())!.x).toBe(before!.x);
  expect((await reader.submit.boundingBox())!.height).toBe(before!.height);
  const usual = Number(/[\d.]+$/.exec(await line.innerText())![0]);
  await expectAccessible(page, 'the price');

  await page.getByText(reader.words.more, { exact: true }).click();
  await page.getByLabel('Priority', { exact: true }).selectOption('Premium');
  await expect(line).toHaveText(/^local\/second will write · about \$0\.\d{4}$/);
  const premium = Number(/[\d.]+$/.exec(await line.innerText())![0]);
  expect(premium / usual).toBeGreaterThan(5);
  // A draft keeps it, and what is known no more is not said.
  await reader.reload();
  await expect(page.getByLabel('Priority', { exact: true })).toHaveValue('premium');
  await reader.topic.fill('');
  await expect(line).not.toContainText('about');

  await reader.topic.fill('How a price is known');
  model.nextWrites('# Paid\n\nWell.\n');
  await reader.topic.press('Control+Enter');
  await expect(reader.article).toContainText('Well.');
  expect(model.calls[0].body.model).toBe('second');
  await reader.button(reader.words.regenerate).click();
  await expect(page.getByLabel('Priority', { exact: true })).toHaveValue('premium');
});

test('a question for the price that fails is asked again, and nobody hears of it', async ({
  page,
  reader,
  faults,
}) => {
  faults.expect(/Failed to load resource: .*503/);
  let answers = 0;
  await page.route('**/api/v1/estimate', async (route) => {
    answers += 1;
    if (answers > 1) return route.continue();
    return route.fulfill({ status: 503, contentType: 'text/plain', body: 'later' });
  });
  await reader.compose();
  await reader.topic.fill('A');
  await expect.poll(() => answers).toBe(1);
  await expect(page.getByRole('alert')).toHaveCount(0);
  await reader.topic.fill('AB');
  await expect(page.locator('#brief-writer')).toContainText('about $');
});

test('the demo is never asked for a price', async ({ page, reader, impatient }) => {
  let asked = 0;
  page.on('request', (request) => {
    asked += Number(request.url().endsWith('/estimate'));
  });
  await page.clock.install();
  await reader.compose(impatient.url);
  await reader.topic.fill('For free');
  await expect(page.locator('#brief-writer')).toContainText('free');
  await page.clock.runFor(5_000);
  // Whatever was asked by then has been sent before this.
  await page.evaluate(() => fetch('/health/live'));
  expect(asked).toBe(0);
});

test('every demo model that fails once ends in a whole article', async ({ page, reader, impatient }) => {
  const shown: Record<string, { notice: RegExp; attempts: RegExp[] }> = {
    'demo/drops': {
      notice: /In the middle of the text the answer broke off\. demo\/drops goes on/,
      attempts: [/The model's answer broke off/, /finished/],
    },
    'demo/stalls': {
      notice: /In the middle of the text no answer came in time\. demo\/stalls goes on/,
      attempts: [/The model did not answer in time/, /finished/],
    },
    'demo/rate-limited': {
      notice: /No text came: the provider limits how often it may be asked\. demo\/steady takes over\./,
      attempts: [/too many requests/, /finished/],
    },
    'demo/fails': {
      notice: /No text came: the model failed\. demo\/fails is asked again\./,
      attempts: [/The model failed/, /finished/],
    },
    'demo/truncated': {
      notice: /The answer reached its length; demo\/truncated goes on/,
      attempts: [/reached the end of its answer/, /finished/],
    },
  };
  const topic = 'Your first Kubernetes probe';
  const begun = await Promise.all(
    Object.keys(shown).slice(1).map(async (model) => {
      const data = { topic, model };
      const answer = await page.request.post(`${impatient.url}/api/v1/generations`, { data });
      return (await answer.json()).article_id as string;
    }),
  );

  await test.step('one is chosen in the form and watched', async () => {
    await reader.compose(impatient.url);
    await page.getByText(reader.words.more, { exact: true }).click();
    await page.getByLabel('Model', { exact: true }).selectOption('demo/drops');
    await reader.ask(topic);
    begun.unshift(reader.articleId);
    await expect(page.getByText(shown['demo/drops'].notice).first()).toBeVisible();
    await expect(page.locator('.attempts summary')).toHaveText('Attempts 2');
    // It is written as slowly as a model writes.
    await expect(page.getByText(reader.words.finished).first()).toBeAttached({ timeout: 90_000 });
    await reader.expectSameAfterReload();
  });

  const texts = new Set<string>();
  for (const [at, [model, { notice, attempts }]] of Object.entries(shown).entries()) {
    await test.step(model, async () => {
      await reader.open(`${impatient.url}/articles/${begun[at]}`);
      // What stalls is given up after a while, and goes on as slowly as it began.
      await expect.poll(async () => (await reader.generation()).state, { timeout: 90_000 }).toBe('done');
      await reader.expectDone();
      texts.add((await reader.generation()).text);
      await expect(page.locator('.notices').getByText(notice)).toBeVisible();
      await page.locator('.attempts summary').click();
      await expect(page.locator('.attempts tbody th')).toHaveText(attempts);
    });
  }
  expect(texts.size, 'all wrote the same article, with no word lost or doubled').toBe(1);
});
