import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A connection of the browser's, and ours to the server behind it. */
interface Line {
  near: Socket;
  far: Socket;
  /** Whether an event stream was last asked for on it. */
  events: boolean;
}

/** The network between a browser and the server, to be cut or to fall silent. */
export class Network {
  readonly #server: Server;
  readonly #lines = new Set<Line>();
  #down = false;

  private constructor(server: URL) {
    this.#server = createServer((near) => {
      if (this.#down) {
        near.destroy();
        return;
      }
      const far = connect(Number(server.port), server.hostname);
      const line: Line = { near, far, events: false };
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
      far.pipe(near);
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
    for (const { near, far, events } of this.#lines) {
      if (events) {
        far.unpipe(near);
        far.resume();
      }
    }
  }

  async stop(): Promise<void> {
    this.cut();
    await new Promise((done) => this.#server.close(done));
  }
}
