import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

const root = resolve(import.meta.dirname, '../..');
const program = process.env.INKSTREAM_BIN || join(root, 'target/debug/inkstream');
const site = process.env.INKSTREAM_SITE_DIR || join(root, 'target/site');

/** Settings that a key in the developer's own environment shall not change. */
const foreign = /^(INKSTREAM_|OPENAI_|.*_API_KEY$)/;

/** A server of our own: a free port, a data directory that is gone afterwards. */
export class InkstreamServer {
  private constructor(
    readonly url: string,
    /** Tasks of the server that ended in a way that they never may. */
    readonly panics: string[],
    private readonly process: ChildProcess,
    private readonly dir: string,
  ) {}

  /** Starts it; `config` is the content of its `inkstream.toml`. */
  static async start(config: string): Promise<InkstreamServer> {
    const dir = await mkdtemp(join(tmpdir(), 'inkstream-end2end-'));
    const file = join(dir, 'inkstream.toml');
    await writeFile(file, config);
    const inherited = Object.entries(process.env).filter(([name]) => !foreign.test(name));
    const child = spawn(program, ['serve', '--config', file], {
      cwd: dir,
      env: {
        ...Object.fromEntries(inherited),
        INKSTREAM_LISTEN: '127.0.0.1:0',
        INKSTREAM_DATA_DIR: join(dir, 'data'),
        INKSTREAM_SITE_DIR: site,
        INKSTREAM_DISCOVER: '0',
      },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const said: string[] = [];
    const panics: string[] = [];
    const url = await new Promise<string>((found, failed) => {
      child.once('error', failed);
      child.once('exit', (status) => {
        failed(new Error(`The server ended with ${status}:\n${said.join('\n')}`));
      });
      createInterface({ input: child.stderr! }).on('line', (line) => {
        said.push(line);
        if (/panicked/.test(line)) {
          panics.push(line);
        }
        const address = /listening on (http:\/\/[^\s"]+)/.exec(line);
        if (address) {
          found(address[1]);
        }
      });
    });
    child.removeAllListeners('exit');
    // A server that ends while tests need it says why.
    child.once('exit', (status, signal) => {
      if (status !== 0) {
        console.error(`The server ended with ${status ?? signal}:\n${said.slice(-20).join('\n')}`);
      }
    });
    return new InkstreamServer(url, panics, child, dir);
  }

  /** How many event streams are being read, by the server's own count. */
  async readers(): Promise<number> {
    const metrics = await (await fetch(`${this.url}/metrics`)).text();
    return Number(/^bloggen_event_stream_readers\S* (\d+)/m.exec(metrics)?.[1] ?? 0);
  }

  async stop(): Promise<void> {
    if (this.process.exitCode === null) {
      const ended = once(this.process, 'exit');
      this.process.kill('SIGTERM');
      await ended;
    }
    await rm(this.dir, { recursive: true, force: true });
  }
}
