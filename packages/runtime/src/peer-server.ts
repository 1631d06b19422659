import type { IncomingMessage, OutgoingHttpHeaders, Server, ServerResponse } from 'node:http';
import { Server as SecureServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import {
  ApiError,
  type Attempt,
  errorBody,
  formatPeerNode,
  type PeerNode,
  parseAttempt,
  peerHeaders,
} from '@sluice/protocol';
import { announcedHost } from './announced-host.ts';
import type { HttpLimits, ListenAddress } from './config.ts';
import { BodyTooLarge, readBounded } from './http/bounded-body.ts';
import { ConnectionMetrics } from './http/connection-metrics.ts';
import { reportFailedHandshakes } from './http/failed-handshakes.ts';
import { requestId } from './http/request-id.ts';
import { createHttpServer } from './http/server.ts';
import { dropBody, endAfterRequest } from './http/unread-body.ts';
import { formatListenAddress } from './listeners.ts';
import type { Logger } from './logger.ts';
import type { Metrics } from './metrics.ts';
import type { PeerTls } from './peer-tls.ts';
import { Secret } from './secret.ts';

/** What a node answers when a peer calls it; no body for a 204. */
export interface PeerAnswer {
  readonly status: number;
  readonly body?: unknown;
}

/** Something that one node asks of another. What it throws is logged, and answered with 500. */
export type PeerCall = (body: unknown) => Promise<PeerAnswer>;

export interface PeerServerOptions {
  readonly listener: ListenAddress;
  /** `sluice.internal.advertised.host`; empty: found out. */
  readonly advertisedHost: string;
  /** `sluice.internal.advertised.port`; 0: the listener's own. */
  readonly advertisedPort: number;
  /** Empty: whoever has a certificate is a peer. */
  readonly secret: string;
  /** Undefined: whoever knows the secret is a peer. One of the two there must be. */
  readonly tls?: PeerTls | undefined;
  /** The life of the node that answers here. */
  readonly identity: PeerNode;
  /** Those of the public listener. */
  readonly limits: HttpLimits;
  /** Serves one attempt at a client's request. It answers by itself, and should neither throw nor reject. */
  readonly serve: (req: IncomingMessage, res: ServerResponse, attempt: Attempt) => unknown;
  readonly calls: ReadonlyMap<string, PeerCall>;
  readonly metrics: Metrics;
  readonly log: Logger;
}

/** The listener for the other nodes of the cluster. */
export interface PeerServer {
  /** Where it listens, with the port that it got. */
  readonly address: ListenAddress;
  /** Where the other nodes reach it: `http://HOST:PORT`, or https. */
  readonly announcedAddress: string;
  /** No new connections; those that are open end with their next answer. */
  stopAccepting(): Promise<void>;
  /** Waits for the answers under way, then cuts what is left. */
  close(deadlineMs: number): Promise<void>;
}

export const CALL_PREFIX = '/x-sluice/';
/** Largest body of a call, and of its answer. */
export const CALL_BODY_MAX_BYTES = 1_048_576;

/** Longer than a read may wait, so that the connections between nodes outlast it. */
const KEEP_ALIVE_MS = 75_000;
/** What peers add to a request that has the client's largest header already. */
const PEER_HEADER_BYTES = 8192;
const PEER_HEADERS = 50;
/** While it closes: how often connections whose answer has left are looked for. */
const IDLE_CHECK_MS = 50;

/**
 * Starts the listener for the other nodes of the cluster. Whoever has no certificate of the cluster's gets no connection,
 * whoever does not know its secret gets a 403 and nothing else; whoever means another node, or an earlier life of this
 * one, is told so before anything was done.
 *
 * Rejects when the address cannot be listened on.
 */
export async function startPeerServer(options: PeerServerOptions): Promise<PeerServer> {
  const { listener, limits, metrics, tls, advertisedHost, advertisedPort } = options;
  const gate = new PeerGate(options);
  const peerLimits: HttpLimits = {
    ...limits,
    headerMaxBytes: limits.headerMaxBytes + PEER_HEADER_BYTES,
    headersMax: limits.headersMax + PEER_HEADERS,
    idleTimeoutMs: Math.max(limits.idleTimeoutMs, KEEP_ALIVE_MS),
  };
  const connections = new ConnectionMetrics(metrics, limits.connectionsMax, 'peer');
  const server = createHttpServer(peerLimits, (req, res) => gate.admit(req, res), connections, tls?.serverOptions);
  if (tls !== undefined && server instanceof SecureServer) {
    tls.onRenewed((renewed) => server.setSecureContext(renewed));
    reportFailedHandshakes(server, {
      metrics: connections,
      log: options.log,
      words: 'A connection to the internal listener was refused: no certificate of this cluster.',
    });
  }
  const sockets = openSockets(server);
  await listen(server, listener);
  const { port } = server.address() as AddressInfo;
  const address: ListenAddress = { ...listener, scheme: tls === undefined ? 'http' : 'https', port };
  let closed: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    gate.closing = true;
    closed ??= new Promise((resolve) => {
      server.close(() => resolve());
    });
    server.closeIdleConnections();
    return closed;
  };
  return {
    address,
    announcedAddress: formatListenAddress({
      ...address,
      host: announcedHost(advertisedHost, listener.host),
      port: advertisedPort === 0 ? port : advertisedPort,
    }),
    stopAccepting: async () => {
      void stop();
    },
    close: async (deadlineMs) => {
      const ended = stop();
      const idle = setInterval(() => server.closeIdleConnections(), IDLE_CHECK_MS);
      const cut = setTimeout(
        () => {
          // Node knows only of those that speak HTTP already; a handshake may take its time.
          server.closeAllConnections();
          for (const socket of sockets) socket.destroy();
        },
        Math.max(deadlineMs, 0),
      );
      await ended;
      clearInterval(idle);
      clearTimeout(cut);
    },
  };
}

/** Lets peers in, and sorts what they send: calls, and attempts at clients' requests. */
class PeerGate {
  readonly #options: PeerServerOptions;
  /** Undefined: whoever has got here has shown a certificate. */
  readonly #secret: Secret | undefined;
  readonly #target: string;
  closing = false;

  constructor(options: PeerServerOptions) {
    this.#options = options;
    const { secret, tls } = options;
    if (secret === '' && tls === undefined) throw new Error('the internal listener has nothing to know peers by');
    this.#secret = secret === '' ? undefined : new Secret(secret);
    this.#target = formatPeerNode(options.identity);
  }

  admit(req: IncomingMessage, res: ServerResponse): void {
    if (this.closing) res.shouldKeepAlive = false;
    if (this.#secret?.matches(req.headers[peerHeaders.secret]) === false) {
      return refuse(req, res, new ApiError('forbidden'));
    }
    // Nobody behind this line needs it, and what is not there is not logged.
    delete req.headers[peerHeaders.secret];
    if (req.headers[peerHeaders.target] !== this.#target) {
      return refuse(req, res, new ApiError('misdirected'), { [peerHeaders.notAccepted]: '1' });
    }
    // A client may name any path. What is sent for a client has the id of its request, and is never a call.
    if (req.headers[peerHeaders.attempt] === undefined && req.url?.startsWith(CALL_PREFIX) === true) {
      void this.#answerCall(req, res, req.url.slice(CALL_PREFIX.length));
      return;
    }
    const attempt = parseAttempt(req.headers);
    if (attempt === undefined) return refuse(req, res, badRequest('The headers of the attempt are malformed.'));
    void this.#serve(req, res, attempt);
  }

  async #serve(req: IncomingMessage, res: ServerResponse, attempt: Attempt): Promise<void> {
    try {
      await this.#options.serve(req, res, attempt);
    } catch (error) {
      this.#options.log.error({ requestId: attempt.requestId, error }, 'A forwarded request failed unexpectedly.');
      if (res.headersSent) res.destroy();
      else refuse(req, res, unexpected(attempt.requestId));
    }
  }

  async #answerCall(req: IncomingMessage, res: ServerResponse, name: string): Promise<void> {
    const id = requestId(undefined);
    try {
      const call = this.#options.calls.get(name);
      if (call === undefined) throw new ApiError('notFound');
      if (req.method !== 'POST') throw new ApiError('methodNotAllowed');
      const { status, body } = await call(await readJson(req));
      send(res, status, body === undefined ? '' : JSON.stringify(body));
    } catch (error) {
      if (req.destroyed && !req.complete) return;
      if (error instanceof ApiError) return refuse(req, res, error);
      if (error instanceof BodyTooLarge) return refuse(req, res, new ApiError('payloadTooLarge'));
      this.#options.log.error({ requestId: id, call: name, error }, 'The call of a peer failed unexpectedly.');
      refuse(req, res, unexpected(id), { 'x-request-id': id });
    }
  }
}

function unexpected(id: string): ApiError {
  return new ApiError('internal', {
    message: `Internal Server Error. The log has the reason under request id ${id}.`,
  });
}

function badRequest(message: string): ApiError {
  return new ApiError('badRequest', { message });
}

async function readJson(req: IncomingMessage): Promise<unknown> {
  if (Number(req.headers['content-length'] ?? 0) > CALL_BODY_MAX_BYTES) throw new BodyTooLarge(CALL_BODY_MAX_BYTES);
  const bytes = await readBounded(req, CALL_BODY_MAX_BYTES);
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    throw badRequest('The body of the call is not JSON.');
  }
}

/** Answers without having read the body, in a way that the peer sees the answer. */
function refuse(req: IncomingMessage, res: ServerResponse, error: ApiError, headers: OutgoingHttpHeaders = {}): void {
  const body = errorBody(error);
  const more = dropBody(req);
  if (more) res.shouldKeepAlive = false;
  writeHead(res, error.status, body, headers);
  if (more) endAfterRequest(req, res, body);
  else res.end(body);
}

function send(res: ServerResponse, status: number, body: string): void {
  writeHead(res, status, body, {});
  res.end(body);
}

function writeHead(res: ServerResponse, status: number, body: string, headers: OutgoingHttpHeaders): void {
  const content = body === '' ? {} : { 'Content-Type': 'application/json' };
  const length = status === 204 ? {} : { 'Content-Length': Buffer.byteLength(body) };
  res.writeHead(status, { ...headers, ...content, ...length });
}

function openSockets(server: Server): ReadonlySet<Socket> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  return sockets;
}

async function listen(server: Server, { host, port }: ListenAddress): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.removeListener('error', reject);
      resolve();
    });
  });
}
