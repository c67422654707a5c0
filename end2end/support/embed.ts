import type { Page } from '@playwright/test';

export const example = '/embed/example.html';

/** What the module exports, as far as the tests use it. */
interface Renderer {
  init(container: Element, options?: object): Renderer;
  push(chunk: string | Uint8Array): void;
  flush(): void;
  finish(): void;
}
export interface WithRenderer {
  StreamRenderer: { init(container: Element, options?: object): Renderer };
}

/** Opens a page whose window has the module's `StreamRenderer`, with its program loaded. */
export async function openWithRenderer(page: Page): Promise<void> {
  await page.goto(example);
  await page.evaluate(async (path) => {
    const { default: load, StreamRenderer } = await import(path);
    await load();
    Object.assign(window, { StreamRenderer });
  }, '/embed/article-renderer.js');
}
