import type { Server } from 'node:https';
import type { ConnectionMetrics } from './http/connection-metrics.ts';
import type { Logger } from './logger.ts';

/** Whoever reaches the port could otherwise fill the log. */
const TOLD_EVERY_MS = 10_000;

/**
 * Tells of connections that were refused for want of a certificate of the cluster's: a node among them that was given the
 * wrong one finds the reason only here, since its end of the connection merely breaks.
 */
export function reportStrangers(server: Server, metrics: ConnectionMetrics, log: Logger): void {
  let toldAt = Number.NEGATIVE_INFINITY;
  let untold = 0;
  server.on('tlsClientError', (error: NodeJS.ErrnoException, socket) => {
    // Node's types call it an Error, and it is a code. One of these two ends a handshake.
    const reason = String(socket.authorizationError ?? error.code);
    // A probe of the port, which comes and goes without a word.
    if (reason === 'ECONNRESET') return;
    metrics.refused('tls');
    const now = performance.now();
    if (now - toldAt < TOLD_EVERY_MS) {
      untold += 1;
      return;
    }
    const more = untold === 0 ? {} : { untold };
    log.warn(
      { reason, from: socket.remoteAddress, ...more },
      'A connection to the internal listener was refused: no certificate of this cluster.',
    );
    toldAt = now;
    untold = 0;
  });
}
