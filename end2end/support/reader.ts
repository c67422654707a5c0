import { expect, type Locator, type Page, type Response } from '@playwright/test';

import { seen } from './articles';
import type { Words } from './words';

/** A person at the browser, who finds things by what they are called. */
export class Reader {
  constructor(
    readonly page: Page,
    readonly words: Words,
  ) {}

  button(name: string | RegExp): Locator {
    return this.page.getByRole('button', { name, exact: true });
  }

  get topic(): Locator {
    return this.page.getByRole('textbox', { name: this.words.topic, exact: true });
  }

  /** The button that sends the brief. */
  get submit(): Locator {
    return this.page.getByRole('main').getByRole('button', { name: this.words.submit });
  }

  get stop(): Locator {
    return this.button(this.words.stop);
  }

  /** The one beside the note that says how writing ended. */
  get continue(): Locator {
    return this.button(this.words.continue).last();
  }

  get article(): Locator {
    return this.page.getByRole('article');
  }

  get outline(): Locator {
    return this.page.getByRole('navigation', { name: this.words.outline }).getByRole('link');
  }

  /** The cursor, which only eyes see. */
  get cursor(): Locator {
    return this.article.locator('.cursor');
  }

  /** Opens a page, and waits until it can be used. */
  async open(address: string): Promise<Response | null> {
    const answer = await this.page.goto(address);
    await this.#ready();
    return answer;
  }

  /** Reloads the page, and waits until it can be used. */
  async reload(): Promise<void> {
    await this.page.reload();
    await this.#ready();
  }

  /** A button that is on every page: while a page comes to life, its buttons are disabled. */
  async #ready(): Promise<void> {
    await expect(this.button(this.words.language)).toBeEnabled();
  }

  /** Opens the page on which an article begins. */
  async compose(base = ''): Promise<void> {
    await this.open(`${base}/`);
    await expect(this.submit).toBeEnabled();
  }

  /** Types a topic and sends it by the keyboard. */
  async ask(topic: string): Promise<void> {
    await this.topic.fill(topic);
    await this.topic.press('Control+Enter');
    await expect(this.page).toHaveURL(/\/articles\/[0-9a-f-]{36}$/);
  }

  /** The id of the article that is open. */
  get articleId(): string {
    return /\/articles\/([0-9a-f-]{36})/.exec(this.page.url())![1];
  }

  /** The row of an article in the library, or what has taken its place. */
  inLibrary(article: string): Locator {
    const link = this.page.locator(`a[href$="/articles/${article}"]`);
    return this.page.getByRole('main').getByRole('listitem').filter({ has: link });
  }

  /** The newest generation of the article that is open, as the API has it. */
  async generation(): Promise<{ id: string; state: string; text: string; last_seq: number }> {
    const origin = new URL(this.page.url()).origin;
    const { request } = this.page;
    const article = await request.get(`${origin}/api/v1/articles/${this.articleId}`);
    const { generation_id: id } = await article.json();
    return (await request.get(`${origin}/api/v1/generations/${id}`)).json();
  }

  /** The article's text on the page, without its white space and what is not its text. */
  async visibleText(): Promise<string> {
    return this.article.evaluate((article) => {
      const copy = article.cloneNode(true) as HTMLElement;
      copy.querySelectorAll('button, figcaption, [aria-hidden="true"]').forEach((it) => it.remove());
      return (copy.textContent ?? '').replace(/\s/g, '');
    });
  }

  /** What is on the page is what the API has: no character lost, none doubled. */
  async expectWhatTheApiHas(): Promise<void> {
    const { text } = await this.generation();
    expect(await this.visibleText()).toBe(seen(text));
  }

  /** The article is finished, for the API and on the page. */
  async expectDone(): Promise<void> {
    await expect.poll(async () => (await this.generation()).state).toBe('done');
    await expect(this.button(this.words.copyMarkdown)).toBeEnabled();
    await expect(this.cursor).toHaveCount(0);
  }

  /** The server's own rendering of the article is what the browser has put together. */
  async expectSameAfterReload(): Promise<void> {
    const live = await this.visibleText();
    await this.reload();
    expect(await this.visibleText()).toBe(live);
  }
}
