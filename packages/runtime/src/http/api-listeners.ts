import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { Server as SecureServer } from 'node:https';
import { type AddressInfo, Server as NetServer, type Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { HttpLimits, ListenAddress } from '../config.ts';
import type { Logger } from '../logger.ts';
import type { ApiTls } from './api-tls.ts';
import type { ConnectionMetrics } from './connection-metrics.ts';
import { reportFailedHandshakes } from './failed-handshakes.ts';
import { createHttpServer } from './server.ts';

export interface ApiListenersOptions {
  /** Where to listen; with TLS where it has some. */
  readonly addresses: readonly (ListenAddress & { readonly secure?: ApiTls | undefined })[];
  readonly limits: HttpLimits;
  readonly serve: (req: IncomingMessage, res: ServerResponse) => void;
  readonly connections: ConnectionMetrics;
  readonly log: Logger;
}

/** While it closes: how often connections whose answer has left are looked for. */
const IDLE_CHECK_MS = 50;
/** Before that: for how long those are accepted that come one after another. */
const ACCEPT_MAX_MS = 500;
const SHORT_TURN_MS = 1;
/** For how long a handshake may go on that was under way then: those that are left half-way would hold up the end. */
const HANDSHAKE_MAX_MS = 1000;

function listenOn(server: Server, { scheme, host, port }: ListenAddress): Promise<ListenAddress> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve({ scheme, host, port: (server.address() as AddressInfo).port });
    });
  });
}

/**
 * `close` of HTTP's server ends at once what it calls idle, answers that are leaving among it; that of the server below it
 * leaves the connections alone.
 */
function closed(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  return new Promise((resolve) => {
    // Behind a look at what has come: a process that was busy has not read it yet.
    const idle = setInterval(() => setImmediate(closeIdle, server, sockets), IDLE_CHECK_MS);
    NetServer.prototype.close.call(server, () => {
      clearInterval(idle);
      resolve();
    });
  });
}

function closeIdle(server: Server, sockets: ReadonlySet<Socket>): void {
  closeSilent(sockets);
  // Node calls a connection idle whose answer is ended, though much of it may have to leave yet.
  const isLeaving = ({ writableLength }: Socket): boolean => writableLength > 0;
  if (![...sockets].some(isLeaving)) server.closeIdleConnections();
}

/** Connections that were made for later, or to see whether somebody listens: for Node each awaits its first request. */
function closeSilent(sockets: ReadonlySet<Socket>): void {
  for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
}

/** The two ends of a connection, which are the same in clear and with TLS. */
function endsOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return `${remoteAddress}:${remotePort} ${localAddress}:${localPort}`;
}

/** The addresses at which clients reach the API. */
export class ApiListeners {
  readonly #addresses: ApiListenersOptions['addresses'];
  readonly #servers: readonly Server[];
  readonly #sockets = new Set<Socket>();
  /** Connections whose TLS is not made yet, by their ends. */
  readonly #handshakes = new Map<string, Socket>();
  #accepted = 0;
  #closed: Promise<unknown> = Promise.resolve();

  constructor({ addresses, limits, serve, connections, log }: ApiListenersOptions) {
    this.#addresses = addresses;
    this.#servers = addresses.map(({ secure }) => {
      const server = createHttpServer(limits, serve, connections, secure?.serverOptions);
      if (limits.listenerConnectionsMax > 0) server.maxConnections = limits.listenerConnectionsMax;
      if (secure !== undefined && server instanceof SecureServer) {
        secure.onRenewed((renewed) => server.setSecureContext(renewed));
        secure.follow(log);
        this.#followHandshakes(server);
        reportFailedHandshakes(server, { metrics: connections, log, words: 'A TLS handshake of a client failed.' });
      }
      return server;
    });
    for (const server of this.#servers) {
      // Behind a connection in the clear there is one with TLS, and each knows of what it has to send itself.
      server.on('connection', (socket) => {
        this.#accepted += 1;
        this.#keep(socket);
        // Node counts the connections of one listener alone.
        if (connections.open <= limits.connectionsMax) return;
        connections.dropped();
        socket.destroy();
      });
      server.on('secureConnection', (socket: Socket) => this.#keep(socket));
    }
  }

  /** Answers where it listens, with the ports that were free for port 0. Rejects when an address is taken. */
  listen(): Promise<readonly ListenAddress[]> {
    return Promise.all(this.#servers.map((server, i) => listenOn(server, this.#addresses[i] as ListenAddress)));
  }

  /**
   * Takes the connections that wait and no more, and closes those that are idle or become so. Resolves when no request is
   * under way any more.
   */
  stopListening(): Promise<unknown> {
    this.#closed = this.#acceptWaiting().then(() => {
      setTimeout(() => this.#cutHandshakes(), HANDSHAKE_MAX_MS).unref();
      return Promise.all(this.#servers.map((server) => closed(server, this.#sockets)));
    });
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
    for (const { secure } of this.#addresses) secure?.stop();
    // Node knows only of those that speak HTTP already; a handshake may take its time.
    for (const server of this.#servers) server.closeAllConnections();
    for (const socket of this.#sockets) socket.destroy();
  }

  #followHandshakes(server: SecureServer): void {
    server.on('connection', (socket: Socket) => {
      const ends = endsOf(socket);
      this.#handshakes.set(ends, socket);
      socket.once('close', () => {
        if (this.#handshakes.get(ends) === socket) this.#handshakes.delete(ends);
      });
    });
    server.on('secureConnection', (socket: Socket) => this.#handshakes.delete(endsOf(socket)));
  }

  /** Nothing was asked on them yet. */
  #cutHandshakes(): void {
    for (const socket of this.#handshakes.values()) socket.destroy();
  }

  /**
   * The kernel resets what waits to be accepted when its listener closes, a request that was sent with it, and no client
   * knows whether that was done. A listener accepts one connection in each turn of the event loop; behind a short turn
   * that brought none, hardly any can have come.
   */
  async #acceptWaiting(): Promise<void> {
    const end = performance.now() + ACCEPT_MAX_MS;
    // The turn that is under way may have looked already.
    await nextTurn();
    for (let isQuiet = false; !isQuiet && performance.now() < end; ) {
      const before = { accepted: this.#accepted, at: performance.now() };
      await nextTurn();
      isQuiet = this.#accepted === before.accepted && performance.now() - before.at < SHORT_TURN_MS;
    }
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
  }
}
