import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { Gate } from './gate';

/** One call of the model, as the server made it. */
export class Call {
  readonly #closed = new Gate();
  readonly #response: ServerResponse;
  /** Everything that was said in this call. */
  said = '';

  constructor(
    /** The body of the request. */
    readonly body: { model: string; messages: { role: string; content: string }[] },
    response: ServerResponse,
  ) {
    this.#response = response;
    response.on('close', () => this.#closed.open());
  }

  /** Fulfilled when the connection is gone, whoever closed it. */
  get closed(): Promise<void> {
    return this.#closed.passed;
  }

  /** Streams a piece of text. */
  say(text: string): void {
    this.said += text;
    this.#send({ choices: [{ index: 0, delta: { content: text }, finish_reason: null }] });
  }

  /** Streams a text in pieces of so many characters. */
  spell(text: string, size: number): void {
    const characters = [...text];
    for (let at = 0; at < characters.length; at += size) {
      this.say(characters.slice(at, at + size).join(''));
    }
  }

  /** Ends the answer as a model does that has said everything. */
  finish(): void {
    this.stop('stop');
  }

  /** Ends the answer for another reason. */
  stop(reason: string): void {
    this.#send({ choices: [{ index: 0, delta: {}, finish_reason: reason }] });
    this.#send({ choices: [], usage: { prompt_tokens: 50, completion_tokens: 120 } });
    this.#response.end('data: [DONE]\n\n');
  }

  /** Answers with an error instead. */
  refuse(status: number, message: string): void {
    this.#response.writeHead(status, { 'content-type': 'application/json' });
    this.#response.end(JSON.stringify({ error: { message, type: 'error', code: null } }));
  }

  /** Reports a failure inside the stream that has begun. */
  fail(message: string): void {
    const error = { message, type: 'server_error', code: null };
    this.#response.end(`data: ${JSON.stringify({ error })}\n\n`);
  }

  #send(data: object): void {
    if (!this.#response.headersSent) {
      this.#response.writeHead(200, { 'content-type': 'text/event-stream' });
    }
    const chunk = { id: 'chunk', object: 'chat.completion.chunk', model: 'scripted', ...data };
    this.#response.write(`data: ${JSON.stringify(chunk)}\n\n`);
  }
}

/** What the model does when it is called. */
export type Script = (call: Call) => void | Promise<void>;

/** A model whose answers the test writes, by OpenAI's protocol. */
export class Upstream {
  readonly #scripts: Script[] = [];
  readonly #server: Server;
  #fallback: Script | undefined;
  /** Every call since the last test began. */
  calls: Call[] = [];
  /** What went wrong in here. */
  faults: string[] = [];

  private constructor() {
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch((error: unknown) => this.faults.push(String(error)));
    });
  }

  static async start(): Promise<Upstream> {
    const upstream = new Upstream();
    // Else it closes a kept connection after 5 s, perhaps just as the server takes it for the next call.
    upstream.#server.keepAliveTimeout = 600_000;
    await new Promise<void>((done) => upstream.#server.listen(0, '127.0.0.1', done));
    return upstream;
  }

  /** What belongs into the configuration as `base_url`. */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1`;
  }

  /** What the next call is answered with; further ones wait in line behind it. */
  next(script: Script): void {
    this.#scripts.push(script);
  }

  /** The next call is answered with the whole text at once. */
  nextWrites(text: string): void {
    this.next((call) => {
      call.spell(text, 16);
      call.finish();
    });
  }

  /** The next call is answered with the first part of a text, and with the rest when the gate opens. */
  nextInTwo(before: string, gate: Gate, after: string): void {
    this.next(async (call) => {
      call.say(before);
      await gate.passed;
      call.say(after);
      call.finish();
    });
  }

  /** What further calls are answered with, once nothing waits in line. */
  otherwise(script: Script): void {
    this.#fallback = script;
  }

  /** Forgets what an earlier test left. */
  reset(): void {
    this.#scripts.length = 0;
    this.#fallback = undefined;
    this.calls = [];
    this.faults = [];
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const piece of request) {
      body += piece;
    }
    if (request.url !== '/v1/chat/completions') {
      response.writeHead(404).end();
      return;
    }
    const call = new Call(JSON.parse(body), response);
    this.calls.push(call);
    const script = this.#scripts.shift() ?? this.#fallback;
    if (!script) {
      this.faults.push('The model was called once more than the test foresaw.');
      call.refuse(400, 'nothing is scripted');
      return;
    }
    await script(call);
  }
}
