import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { HttpLimits } from '../config.ts';
import { requestId } from './request-id.ts';

/** Why a request goes no further than the HTTP server. */
export interface Refusal {
  readonly status: number;
  readonly message: string;
}

const headerTooLarge: Refusal = {
  status: 431,
  message: 'The request header is too large (max.request.header.size, sluice.http.headers.max).',
};
const tooSlow: Refusal = { status: 408, message: 'Timeout while reading from inputStream' };
const badHost: Refusal = { status: 400, message: 'Malformed HTTP request: HTTP/1.1 needs one Host header.' };
const badVersion: Refusal = { status: 505, message: 'HTTP 505 HTTP Version Not Supported' };

export const unknownExpectation: Refusal = { status: 417, message: 'HTTP 417 Expectation Failed' };
export const noTunnels: Refusal = { status: 405, message: 'HTTP 405 Method Not Allowed' };

const byParserCode: ReadonlyMap<string | undefined, Refusal> = new Map([
  ['HPE_HEADER_OVERFLOW', headerTooLarge],
  ['ERR_HTTP_REQUEST_TIMEOUT', tooSlow],
]);

/** How long a refused client may take to read its answer before the connection is cut. */
const FAREWELL_MS = 1000;

function hostsIn(rawHeaders: readonly string[]): number {
  let hosts = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string;
    if (name.length === 4 && name.toLowerCase() === 'host') hosts += 1;
  }
  return hosts;
}

/** What is wrong with a request that the parser let pass; undefined when nothing is. */
export function refusalOf(req: IncomingMessage, limits: HttpLimits): Refusal | undefined {
  if (req.httpVersionMajor !== 1) return badVersion;
  // Names and values take a place each.
  if (req.rawHeaders.length > 2 * limits.headersMax) return headerTooLarge;
  const hosts = hostsIn(req.rawHeaders);
  // RFC 9112, 3.2. Node would answer without a body, and would take the first of two for the right one.
  return hosts > 1 || (hosts === 0 && req.httpVersionMinor >= 1) ? badHost : undefined;
}

/** Why the parser gave up. */
export function refusalByParser(error: NodeJS.ErrnoException): Refusal {
  return byParserCode.get(error.code) ?? { status: 400, message: `Malformed HTTP request: ${error.message}` };
}

function bodyOf({ status, message }: Refusal): string {
  return JSON.stringify({ error_code: status, message });
}

/** Answers a request that was refused by its headers, in its turn; the connection ends with it. */
export function sendRefusal(res: ServerResponse, refusal: Refusal): void {
  const body = bodyOf(refusal);
  res.writeHead(refusal.status, {
    'x-request-id': requestId(res.req.headers['x-request-id']),
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(body),
    Connection: 'close',
  });
  res.end(body);
}

/** Answers on the bare connection: there is no request to answer. A client that does not hang up is cut off. */
export function writeRefusal(socket: Socket, refusal: Refusal): void {
  const body = bodyOf(refusal);
  const cut = setTimeout(() => socket.destroy(), FAREWELL_MS).unref();
  socket.once('close', () => clearTimeout(cut));
  socket.end(
    `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status]}\r\nx-request-id: ${requestId(undefined)}\r\n` +
      `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}
