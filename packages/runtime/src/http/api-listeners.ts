import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { HttpLimits, ListenAddress } from '../config.ts';
import type { ConnectionMetrics } from './connection-metrics.ts';
import { createHttpServer } from './server.ts';

export interface ApiListenersOptions {
  readonly addresses: readonly ListenAddress[];
  readonly limits: HttpLimits;
  readonly serve: (req: IncomingMessage, res: ServerResponse) => void;
  readonly connections: ConnectionMetrics;
}

/** While it closes: how often connections whose answer has left are looked for. */
const IDLE_CHECK_MS = 50;

function listenOn(server: Server, { scheme, host, port }: ListenAddress): Promise<ListenAddress> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve({ scheme, host, port: (server.address() as AddressInfo).port });
    });
  });
}

function closed(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  return new Promise((resolve) => {
    // Node calls a connection idle whose answer is ended, though much of it may have to leave yet.
    const isLeaving = ({ writableLength }: Socket): boolean => writableLength > 0;
    const idle = setInterval(() => {
      if (![...sockets].some(isLeaving)) server.closeIdleConnections();
    }, IDLE_CHECK_MS);
    server.close(() => {
      clearInterval(idle);
      resolve();
    });
    server.closeIdleConnections();
  });
}

/** The addresses at which clients reach the API. */
export class ApiListeners {
  readonly #addresses: readonly ListenAddress[];
  readonly #servers: readonly Server[];
  readonly #sockets = new Set<Socket>();
  #closed: Promise<unknown> = Promise.resolve();

  constructor({ addresses, limits, serve, connections }: ApiListenersOptions) {
    this.#addresses = addresses;
    this.#servers = addresses.map(() => createHttpServer(limits, serve, connections));
    for (const server of this.#servers) {
      server.on('connection', (socket) => {
        this.#sockets.add(socket);
        socket.once('close', () => this.#sockets.delete(socket));
      });
    }
  }

  /** Answers where it listens, with the ports that were free for port 0. Rejects when an address is taken. */
  listen(): Promise<readonly ListenAddress[]> {
    return Promise.all(this.#servers.map((server, i) => listenOn(server, this.#addresses[i] as ListenAddress)));
  }

  /** Takes no new connections, and closes those that are idle or become so. Resolves when no request is under way any more. */
  stopListening(): Promise<unknown> {
    this.#closed = Promise.all(this.#servers.map((server) => closed(server, this.#sockets)));
    return this.#closed;
  }

  /** Waits for the last answers, then cuts what is left. */
  async close(deadlineMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const over = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, deadlineMs);
    });
    await Promise.race([this.#closed, over]);
    clearTimeout(timer);
    for (const server of this.#servers) server.closeAllConnections();
  }
}
