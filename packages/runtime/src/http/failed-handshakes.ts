import type { Server } from 'node:https';
import type { Logger } from '../logger.ts';
import type { ConnectionMetrics } from './connection-metrics.ts';

/** Whoever reaches the port could otherwise fill the log. */
const TOLD_EVERY_MS = 10_000;

/**
 * Tells of connections whose handshake has failed: who was given the wrong certificate, or none, finds the reason only
 * here, since his end of the connection merely breaks.
 *
 * @param words what the log says of one
 */
export function reportFailedHandshakes(
  server: Server,
  { metrics, log, words }: { readonly metrics: ConnectionMetrics; readonly log: Logger; readonly words: string },
): void {
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
    log.warn({ reason, from: socket.remoteAddress, ...more }, words);
    toldAt = now;
    untold = 0;
  });
}
