import type { IncomingMessage } from 'node:http';

/** Headers between the nodes of a cluster. From outside they are dropped: whoever could send them could pose as a node. */
export const INTERNAL_PREFIX = 'x-sluice-';

/** The node did not do what it was asked for, and somebody else may: 421, or 503 while it drains. */
export const NOT_ACCEPTED_HEADER = 'x-sluice-not-accepted';

/** Headers of one connection and not of the message (RFC 9110 §7.6.1), and `expect`, which the edge answers itself. */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'expect',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'upgrade',
]);

function isForwarded(name: string, named: ReadonlySet<string> | undefined): boolean {
  return !HOP_BY_HOP.has(name) && !name.startsWith(INTERNAL_PREFIX) && named?.has(name) !== true;
}

/** The headers that a Connection header names belong to the connection, too. */
function namedBy(connection: string | undefined): ReadonlySet<string> | undefined {
  if (connection === undefined || /^(?:close|keep-alive)$/i.test(connection)) return undefined;
  return new Set(connection.split(',').map((name) => name.trim().toLowerCase()));
}

/**
 * Takes away from a client's request what a node must not get. `transfer-encoding` stays: without it Node sends the body
 * of a DELETE with nothing that says where it ends.
 */
export function cleanRequestHeaders(request: IncomingMessage): void {
  const { headers } = request;
  const named = namedBy(headers.connection);
  for (const name of Object.keys(headers)) {
    if (!isForwarded(name, named)) delete headers[name];
  }
}

/**
 * The headers of a node's answer that its client gets: names and values in turn, as they came. How the answer is framed
 * on the client's connection is decided there.
 */
export function answerHeaders(answer: IncomingMessage): string[] {
  const { rawHeaders } = answer;
  const named = namedBy(answer.headers.connection);
  const headers: string[] = [];
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string;
    const lower = name.toLowerCase();
    if (lower !== 'transfer-encoding' && isForwarded(lower, named)) headers.push(name, rawHeaders[i + 1] as string);
  }
  return headers;
}
