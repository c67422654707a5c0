import { defineConfig } from '@playwright/test';

/** Debian's browser, unless another is named. */
const executablePath = process.env.CHROMIUM || '/usr/bin/chromium';

export default defineConfig({
  testDir: 'tests',
  outputDir: 'results',
  // Each worker has a server of its own, so files can run beside each other.
  workers: 2,
  retries: 0,
  forbidOnly: true,
  reporter: [['list']],
  // A debug build of the client takes seconds to come to life on a small machine.
  timeout: 120_000,
  expect: { timeout: 30_000 },
  use: {
    locale: 'en-US',
    colorScheme: 'light',
    viewport: { width: 1280, height: 860 },
    contextOptions: { reducedMotion: 'reduce' },
    screenshot: 'only-on-failure',
    trace: 'off',
    launchOptions: {
      executablePath,
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    },
  },
});
