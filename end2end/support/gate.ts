import type { Page } from '@playwright/test';

/** Something that waits until it is let through: what tests use where others would sleep. */
export class Gate {
  #open: () => void = () => {};

  /** Fulfilled once the gate was opened. */
  readonly passed = new Promise<void>((resolve) => (this.#open = resolve));

  open(): void {
    this.#open();
  }
}

/** Holds what a page asks for back until the gate is opened: it does not reach the server before. */
export async function holdRequests(page: Page, url: string | RegExp): Promise<Gate> {
  const gate = new Gate();
  await page.route(url, async (route) => {
    await gate.passed;
    await route.continue();
  });
  return gate;
}

/** Holds what the server answers back until the gate is opened. */
export async function holdAnswers(page: Page, url: string | RegExp): Promise<Gate> {
  const gate = new Gate();
  await page.route(url, async (route) => {
    const response = await route.fetch();
    await gate.passed;
    await route.fulfill({ response });
  });
  return gate;
}

/** The program that brings a page to life. */
export const PROGRAM = /\/inkstream-.*\.wasm$/;
