import { test as base, expect, type Page } from '@playwright/test';

import type { Sample } from './articles';
import { Reader } from './reader';
import { InkstreamServer } from './server';
import { Upstream } from './upstream';
import { words } from './words';

/** What the page must never say to the developer's console, and what a test expects to be said. */
export class Faults {
  readonly #expected: RegExp[] = [];
  readonly seen: string[] = [];

  /** This test brings such a message about by itself. */
  expect(message: RegExp): void {
    this.#expected.push(message);
  }

  get unexpected(): string[] {
    return this.seen.filter((message) => !this.#expected.some((known) => known.test(message)));
  }
}

interface PerTest {
  /** The language of the person at the browser. */
  language: 'en' | 'zh';
  /** Console errors, page errors, violations of the content security policy. */
  faults: Faults;
  /** The model, to be scripted. */
  model: Upstream;
  /** A server whose only model is the scripted one. */
  server: InkstreamServer;
  /** The person at the browser. */
  reader: Reader;
  /** Another page in the same browser, a second tab. */
  anotherTab: () => Promise<Reader>;
}

interface PerWorker {
  /** What the server with the scripted model is configured with; `{model}` is the model's address. */
  configured: string;
  scripted: { model: Upstream; server: InkstreamServer };
  /** A server without any model: the demo writes. */
  demo: InkstreamServer;
}

/** Without the cache: tests ask for the same topics, and each has its own text. */
export const configuration = (url: string) => `
[[providers]]
name = "local"
protocol = "openai"
base_url = "${url}"

[[models]]
name = "local/writer"
provider = "local"
id = "writer"
context_window = 32768
max_output = 8192
price_input = 1.0
price_output = 2.0
currency = "USD"

[generation]
backoff_min_s = 0.1
backoff_max_s = 0.3

[cache]
enabled = false

[routes]
default = ["local/writer"]
`;

export const test = base.extend<PerTest, PerWorker>({
  language: ['en', { option: true }],

  configured: [configuration('{model}'), { option: true, scope: 'worker' }],

  scripted: [
    async ({ configured }, use) => {
      const model = await Upstream.start();
      const server = await InkstreamServer.start(configured.replaceAll('{model}', model.url));
      await use({ model, server });
      await server.stop();
      await model.stop();
    },
    { scope: 'worker' },
  ],

  demo: [
    async ({}, use) => {
      const server = await InkstreamServer.start('');
      await use(server);
      await server.stop();
    },
    { scope: 'worker' },
  ],

  model: async ({ scripted }, use) => {
    scripted.model.reset();
    await use(scripted.model);
    expect(scripted.model.faults, 'the model was called as foreseen').toEqual([]);
  },

  server: async ({ scripted }, use) => {
    const { server } = scripted;
    await use(server);
    expect(server.panics.splice(0), 'the server never panics').toEqual([]);
  },

  baseURL: async ({ server }, use) => use(server.url),

  faults: [
    async ({ context }, use) => {
      const faults = new Faults();
      context.on('console', (message) => {
        if (message.type() === 'error' || /Content Security Policy/i.test(message.text())) {
          faults.seen.push(`${message.text()} (${message.location().url})`);
        }
      });
      context.on('weberror', (error) => faults.seen.push(String(error.error())));
      await context.addInitScript(() => {
        // The program comes when somebody touches the page; tests would wait for it.
        addEventListener('load', () => dispatchEvent(new Event('pointermove')));
        addEventListener('securitypolicyviolation', (event) => {
          console.error(`Content Security Policy: ${event.violatedDirective} ${event.blockedURI}`);
        });
      });
      await use(faults);
      expect(faults.unexpected, 'the console stays silent').toEqual([]);
    },
    { auto: true },
  ],

  reader: async ({ page, language }, use) => use(new Reader(page, words[language])),

  anotherTab: async ({ context, language }, use) => {
    await use(async () => new Reader(await context.newPage(), words[language]));
  },
});

export { expect };

/** Writes an article through the API, whole, for tests that begin where it is done. */
export async function written(page: Page, model: Upstream, sample: Sample): Promise<string> {
  model.nextWrites(sample.firstHalf + sample.secondHalf);
  const answer = await page.request.post('/api/v1/generations', { data: { topic: sample.topic } });
  expect(answer.status()).toBe(202);
  const { id, article_id: article } = await answer.json();
  await expect
    .poll(async () => (await (await page.request.get(`/api/v1/generations/${id}`)).json()).state)
    .toBe('done');
  return article;
}
