import type { IncomingMessage } from 'node:http';
import { PEER_PREFIX } from '@sluice/protocol';

/** Headers of one connection and not of the message (RFC 9110 §7.6.1). */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'upgrade',
]);

/** What a Connection header may name as much as it likes: without them a body would have no end, or no address. */
const NEVER_DROPPED: ReadonlySet<string> = new Set(['content-length', 'transfer-encoding', 'host']);

/** @param named by the Connection header of the message */
export function isForwarded(name: string, named: ReadonlySet<string> | undefined): boolean {
  return !HOP_BY_HOP.has(name) && !name.startsWith(PEER_PREFIX) && named?.has(name) !== true;
}

/** The headers that a Connection header names belong to the connection, too. */
export function namedBy(connection: string | undefined): ReadonlySet<string> | undefined {
  if (connection === undefined || connection === 'keep-alive' || /^(?:close|keep-alive)$/i.test(connection)) {
    return undefined;
  }
  const names = connection.split(',').map((name) => name.trim().toLowerCase());
  return new Set(names.filter((name) => !NEVER_DROPPED.has(name)));
}

/**
 * Takes away from a client's request what is of its connection, and what only nodes may say to each other.
 * `transfer-encoding` stays: without it Node sends the body of a DELETE with nothing that says where it ends. So does
 * `expect`, for whoever reads the body.
 */
export function cleanRequestHeaders(request: IncomingMessage): void {
  const { headers } = request;
  const { connection } = headers;
  const named = namedBy(connection);
  for (const name of Object.keys(headers)) {
    // Nearly every client sends it, and an object that loses a property is a slow one from then on.
    if (name === 'connection') headers[name] = 'keep-alive';
    else if (!isForwarded(name, named)) delete headers[name];
  }
}
