import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

import { Gate } from './gate';

/** A connection of the browser's, and ours to the server behind it. */
interface Line {
  near: Socket;
  far: Socket;
  /** Whether an event stream was last asked for on it. */
  events: boolean;
  /** Nothing comes through any more. */
  silent: boolean;
}

/** The network between a browser and the server, to be cut or to fall silent. */
export class Network {
  readonly #server: Server;
  readonly #lines = new Set<Line>();
  readonly #following = new Gate();
  #down = false;
  #gathering = 0;

  private constructor(server: URL) {
    this.#server = createServer((near) => {
      if (this.#down) {
        near.destroy();
        return;
      }
      const far = connect(Number(server.port), server.hostname);
      const line: Line = { near, far, events: false, silent: false };
      near.on('data', (request) => (line.events = /^GET \S+\/events /.test(String(request))));
      this.#lines.add(line);
      const end = () => {
        near.destroy();
        far.destroy();
        this.#lines.delete(line);
      };
      for (const socket of [near, far]) {
        socket.on('error', end).on('close', end);
      }
      near.pipe(far);
      let gathered: Buffer[] = [];
      far.on('data', (piece) => {
        if (line.silent) {
          return;
        }
        if (line.events) {
          this.#following.open();
        }
        if (!this.#gathering || !line.events) {
          near.write(piece);
          return;
        }
        if (gathered.push(piece) === 1) {
          setTimeout(() => {
            near.write(Buffer.concat(gathered));
            gathered = [];
          }, this.#gathering);
        }
      });
    });
  }

  static async to(server: string): Promise<Network> {
    const network = new Network(new URL(server));
    await new Promise<void>((done) => network.#server.listen(0, '127.0.0.1', done));
    return network;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Fulfilled once something came through an event stream: what a page shows before may have come with the page. */
  get following(): Promise<void> {
    return this.#following.passed;
  }

  /** From now on event streams are handed on every so many milliseconds, as a proxy does that buffers. */
  gather(everyMs: number): void {
    this.#gathering = everyMs;
  }

  /** Every connection breaks, and none can be made. */
  cut(): void {
    this.#down = true;
    for (const { near } of this.#lines) {
      near.destroy();
    }
  }

  /** Connections can be made again. */
  restore(): void {
    this.#down = false;
  }

  /** Event streams stay open, but nothing comes through any more; everything else works. */
  fallSilent(): void {
    for (const line of this.#lines) {
      line.silent ||= line.events;
    }
  }

  async stop(): Promise<void> {
    this.cut();
    await new Promise((done) => this.#server.close(done));
  }
}
