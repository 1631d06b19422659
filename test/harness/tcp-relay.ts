import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { deferred, within } from './conditions.ts';

const HOST = '127.0.0.1';
const LISTEN_DEADLINE_MS = 5000;

/** A network path that can be cut: connections to `port` go on to another port of the loopback interface. */
export interface TcpRelay {
  readonly port: number;
  /** Passes everything again; what was stalled goes on where it stopped. */
  readonly pass: () => Promise<void>;
  /** As when packets are dropped: connections stay open, new ones are accepted, and no byte gets through. */
  readonly stall: () => void;
  /** As when the host is there and the port is not: open connections are reset, new ones refused. */
  readonly refuse: () => Promise<void>;
  /** Resets what is open; new connections pass. */
  readonly reset: () => void;
  readonly close: () => Promise<void>;
}

interface Pair {
  readonly client: Socket;
  readonly upstream: Socket;
}

class Relay implements TcpRelay {
  readonly port: number;
  readonly #target: number;
  readonly #pairs = new Set<Pair>();
  #server: Server | undefined;
  #stalled = false;

  constructor(port: number, target: number) {
    this.port = port;
    this.#target = target;
  }

  async pass(): Promise<void> {
    this.#stalled = false;
    for (const pair of this.#pairs) connect(pair);
    if (this.#server !== undefined) return;
    const server = createServer({ allowHalfOpen: true }, (client) => this.#accept(client));
    const listening = deferred();
    server.once('error', listening.reject);
    server.listen(this.port, HOST, listening.resolve);
    this.#server = server;
    await within(listening.promise, LISTEN_DEADLINE_MS, `the relay to listen on ${this.port}`);
  }

  stall(): void {
    this.#stalled = true;
    for (const pair of this.#pairs) disconnect(pair);
  }

  async refuse(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    this.#stalled = false;
    const closed = deferred();
    if (server === undefined) closed.resolve();
    else server.close(() => closed.resolve());
    this.reset();
    await within(closed.promise, LISTEN_DEADLINE_MS, 'the relay to close');
  }

  reset(): void {
    for (const { client, upstream } of this.#pairs) {
      client.resetAndDestroy();
      upstream.resetAndDestroy();
    }
    this.#pairs.clear();
  }

  async close(): Promise<void> {
    await this.refuse();
  }

  #accept(client: Socket): void {
    const upstream = createConnection({ host: HOST, port: this.#target, allowHalfOpen: true });
    const pair: Pair = { client, upstream };
    this.#pairs.add(pair);
    client.setNoDelay(true);
    upstream.setNoDelay(true);
    const drop = (): void => {
      client.resetAndDestroy();
      upstream.resetAndDestroy();
      this.#pairs.delete(pair);
    };
    client.on('error', drop);
    upstream.on('error', (error: NodeJS.ErrnoException) => {
      drop();
      // Who dials the process itself would be refused: after the first one, so is who dials the relay.
      if (error.code === 'ECONNREFUSED') void this.refuse();
    });
    client.once('close', () => upstream.destroy());
    upstream.once('close', () => {
      client.destroy();
      this.#pairs.delete(pair);
    });
    if (!this.#stalled) connect(pair);
  }
}

function connect({ client, upstream }: Pair): void {
  client.pipe(upstream);
  upstream.pipe(client);
}

function disconnect({ client, upstream }: Pair): void {
  client.unpipe(upstream).pause();
  upstream.unpipe(client).pause();
}

/** Listens on `port` and passes what comes in to `target`, until told otherwise. The caller closes it. */
export async function startTcpRelay(port: number, target: number): Promise<TcpRelay> {
  const relay = new Relay(port, target);
  await relay.pass();
  return relay;
}
