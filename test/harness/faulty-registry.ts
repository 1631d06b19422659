import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { deferred } from './conditions.ts';

const FORWARD_TIMEOUT_MS = 10_000;

/** What came in. */
export interface RegistryRequest {
  readonly method: string;
  /** Below the registry's own path, without the query. */
  readonly path: string;
  /** With the question mark, or empty. */
  readonly query: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

interface Lie {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
}

/** An answer of the test's own: all of it, or a function that writes it as slowly as it likes. Undefined: the registry's. */
export type Liar = (request: RegistryRequest) => Lie | ((response: ServerResponse) => void) | undefined;

interface FaultyRegistryOptions {
  /** To listen with TLS. */
  readonly createServer?: typeof createServer;
}

/** A way to a registry on which things go wrong. All faults can be combined; `heal` ends them. */
export class FaultyRegistry {
  readonly requests: RegistryRequest[] = [];
  url = '';
  readonly #target: URL;
  readonly #server: ReturnType<typeof createServer>;
  #delayMs = 0;
  #failing = { count: 0, status: 500, headers: {} };
  #dropping = 0;
  #liar: Liar | undefined;

  constructor(target: string, { createServer: create = createServer }: FaultyRegistryOptions) {
    this.#target = new URL(target);
    this.#server = create((request, response) => {
      this.#serve(request, response).catch(() => response.destroy());
    });
  }

  async listen(scheme: 'http' | 'https'): Promise<void> {
    const listening = deferred();
    this.#server.listen(0, '127.0.0.1', listening.resolve);
    await listening.promise;
    const { port } = this.#server.address() as AddressInfo;
    this.url = `${scheme}://127.0.0.1:${port}${this.#target.pathname.replace(/\/$/, '')}`;
  }

  /** From now on each answer takes that long at least. */
  slow(delayMs: number): void {
    this.#delayMs = delayMs;
  }

  /** The next requests are answered with a status. */
  fail(count: number, status: number, headers: Readonly<Record<string, string>> = {}): void {
    this.#failing = { count, status, headers };
  }

  /** The connections of the next requests are closed without an answer. */
  drop(count: number): void {
    this.#dropping = count;
  }

  lie(liar: Liar): void {
    this.#liar = liar;
  }

  heal(): void {
    this.slow(0);
    this.fail(0, 500);
    this.drop(0);
    this.#liar = undefined;
  }

  /** How many requests came in: all, or those for `METHOD /path`. */
  count(request?: string): number {
    if (request === undefined) return this.requests.length;
    return this.requests.filter(({ method, path }) => `${method} ${path}` === request).length;
  }

  async close(): Promise<void> {
    const closed = deferred();
    this.#server.close(() => closed.resolve());
    this.#server.closeAllConnections();
    await closed.promise;
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const request = await this.#read(incoming);
    this.requests.push(request);
    if (this.#dropping > 0) {
      this.#dropping -= 1;
      incoming.socket.destroy();
      return;
    }
    if (this.#delayMs > 0) await delay(this.#delayMs, undefined, { ref: false });
    const { status, headers } = this.#failing;
    if (this.#failing.count > 0) {
      this.#failing.count -= 1;
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      response.end(JSON.stringify({ error_code: status, message: `status ${status}` }));
      return;
    }
    const answer = this.#liar?.(request) ?? (await this.#forward(request));
    if (typeof answer === 'function') answer(response);
    else response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers }).end(answer.body);
  }

  async #read(incoming: IncomingMessage): Promise<RegistryRequest> {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const url = incoming.url ?? '';
    const at = url.indexOf('?');
    const path = at < 0 ? url : url.slice(0, at);
    return {
      method: incoming.method ?? '',
      path: path.slice(this.#target.pathname.replace(/\/$/, '').length),
      query: at < 0 ? '' : url.slice(at),
      headers: incoming.headers,
      body: Buffer.concat(chunks).toString('utf8'),
    };
  }

  async #forward({ method, path, query, headers, body }: RegistryRequest): Promise<Lie> {
    const answer = await fetch(`${this.#target.href.replace(/\/$/, '')}${path}${query}`, {
      method,
      headers: passedOn(headers),
      ...(method === 'GET' ? {} : { body }),
      signal: AbortSignal.timeout(FORWARD_TIMEOUT_MS),
    });
    const contentType = answer.headers.get('content-type') ?? '';
    return {
      status: answer.status,
      headers: { 'content-type': contentType },
      body: Buffer.from(await answer.arrayBuffer()),
    };
  }
}

function passedOn({ accept, authorization, 'content-type': contentType }: IncomingHttpHeaders): Record<string, string> {
  const given = Object.entries({ accept, authorization, 'content-type': contentType });
  return Object.fromEntries(given.filter((entry): entry is [string, string] => entry[1] !== undefined));
}

/** Stands in front of the registry at `target`, with the same path. The caller closes it. */
export async function startFaultyRegistry(
  target: string,
  options: FaultyRegistryOptions = {},
): Promise<FaultyRegistry> {
  const registry = new FaultyRegistry(target, options);
  await registry.listen(options.createServer === undefined ? 'http' : 'https');
  return registry;
}
