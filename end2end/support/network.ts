import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** The network between a browser and the server, to be cut or to fall silent. */
export class Network {
  readonly #server: Server;
  readonly #lines = new Set<{ near: Socket; far: Socket }>();
  #down = false;

  private constructor(server: URL) {
    this.#server = createServer((near) => {
      if (this.#down) {
        near.destroy();
        return;
      }
      const far = connect(Number(server.port), server.hostname);
      const line = { near, far };
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

  /** What is connected stays so, but nothing comes through any more; new connections work. */
  fallSilent(): void {
    for (const { near, far } of this.#lines) {
      far.unpipe(near);
      far.resume();
    }
    this.#lines.clear();
  }

  async stop(): Promise<void> {
    this.cut();
    await new Promise((done) => this.#server.close(done));
  }
}
