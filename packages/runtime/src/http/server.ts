import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer, type ServerOptions as SecureServerOptions } from 'node:https';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { HttpLimits } from '../config.ts';
import type { ConnectionMetrics } from './connection-metrics.ts';
import {
  noTunnels,
  type Refusal,
  refusalByParser,
  refusalOf,
  sendRefusal,
  unknownExpectation,
  writeRefusal,
} from './refusal.ts';

type Listener = (req: IncomingMessage, res: ServerResponse) => void;

/** How often the server looks for requests that take too long, in ms. */
const TIMEOUT_CHECK_INTERVAL_MS = 1000;

/** The answer whose turn it is on a connection. Node keeps it there, and has no other name for it. */
function currentAnswer(socket: Socket): ServerResponse | undefined {
  return (socket as { readonly ['_httpMessage']?: ServerResponse | null })['_httpMessage'] ?? undefined;
}

/**
 * Refuses what the parser could not read. Answers leave a connection in the order of the requests: the refusal waits
 * for those before it, or a client that sends several at once would take it for the answer to its first.
 */
function refuseInTurn(socket: Socket, refusal: Refusal): void {
  const answer = currentAnswer(socket);
  if (answer === undefined) writeRefusal(socket, refusal);
  else if (answer.req.complete) answer.once('finish', () => refuseInTurn(socket, refusal));
  // The rest of this request's own body is what could not be read; half an answer cannot be taken back.
  else if (answer.headersSent) socket.destroy();
  else writeRefusal(socket, refusal);
}

function refuseMalformed(server: Server, metrics: ConnectionMetrics): void {
  // The parser complains again with each further packet.
  const refused = new WeakSet<Socket>();
  const letIn = new WeakSet<Socket>();
  server.on('secureConnection', (socket: Socket) => letIn.add(socket));
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    // Whose handshake has failed speaks no HTTP yet, or hears no answer.
    const isStranger = socket instanceof TLSSocket && !letIn.has(socket);
    if (error.code === 'ECONNRESET' || !socket.writable || isStranger) {
      socket.destroy();
    } else if (!refused.has(socket)) {
      refused.add(socket);
      const refusal = refusalByParser(error);
      metrics.refused(refusal.status);
      refuseInTurn(socket, refusal);
    }
  });
}

/** Who need not show a certificate may show none, and not one that is not believed. */
function refuseDisbelieved(server: Server, metrics: ConnectionMetrics): void {
  server.on('secureConnection', (socket: TLSSocket) => {
    if (socket.authorized || Object.keys(socket.getPeerCertificate()).length === 0) return;
    metrics.refused('tls');
    socket.destroy();
  });
}

/**
 * An HTTP server with every limit set; nothing is left to a default that may be "none".
 *
 * @param tls for a server of https
 */
export function createHttpServer(
  limits: HttpLimits,
  listener: Listener,
  metrics: ConnectionMetrics,
  tls?: SecureServerOptions,
): Server {
  const refuse = (res: ServerResponse, refusal: Refusal): void => {
    metrics.refused(refusal.status);
    sendRefusal(res, refusal);
  };
  const admit: Listener = (req, res) => {
    const refusal = refusalOf(req, limits);
    if (refusal === undefined) listener(req, res);
    else refuse(res, refusal);
  };
  const options = {
    maxHeaderSize: limits.headerMaxBytes,
    requestTimeout: limits.bodyTimeoutMs,
    headersTimeout: limits.bodyTimeoutMs,
    connectionsCheckingInterval: TIMEOUT_CHECK_INTERVAL_MS,
    keepAliveTimeout: limits.idleTimeoutMs,
    noDelay: true,
    // Looked at by `refusalOf`, which answers with a body.
    requireHostHeader: false,
    insecureHTTPParser: false,
  };
  const server = tls === undefined ? createServer(options, admit) : createSecureServer({ ...options, ...tls }, admit);
  server.maxConnections = limits.connectionsMax;
  // Node drops the headers beyond its own count without a word; here they are counted and refused.
  server.maxHeadersCount = 0;
  server.on('connection', (socket) => {
    metrics.opened();
    socket.once('close', () => metrics.closed());
  });
  // Each read on a connection watches for its end, and a client may send many before the first is answered.
  server.on(tls === undefined ? 'connection' : 'secureConnection', (socket: Socket) => socket.setMaxListeners(0));
  if (tls?.requestCert === true && tls.rejectUnauthorized === false) refuseDisbelieved(server, metrics);
  server.on('drop', () => metrics.dropped());
  refuseMalformed(server, metrics);
  // Who asks before sending a body is told to go on when somebody reads it (`readBody`), and not where nobody will.
  server.on('checkContinue', admit);
  server.on('checkExpectation', (_req: IncomingMessage, res: ServerResponse) => refuse(res, unknownExpectation));
  server.on('connect', (_req: IncomingMessage, socket: Socket) => {
    // Node has let go of this connection: a reset on it that nobody hears would end the process.
    socket.on('error', () => socket.destroy());
    metrics.refused(noTunnels.status);
    writeRefusal(socket, noTunnels);
  });
  return server;
}
