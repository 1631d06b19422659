import type { IncomingMessage, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import type { ApiError, Dialect } from '@sluice/protocol';
import { dropBody, endAfterRequest } from '@sluice/runtime';

/** What a handler decided; how it goes over the wire is `send`'s business. */
export interface Answer {
  readonly status: number;
  /** Text, or bytes in pieces; absent for 204. */
  readonly body?: string | readonly Buffer[];
  /** Replaces the negotiated type; an empty string sends none. */
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** For bodies of bytes. Called once: did the whole answer leave this process? */
  readonly onSent?: (complete: boolean) => void;
}

export interface SendOptions {
  readonly requestId: string;
  readonly contentType: string;
  /** HEAD: everything but the body. */
  readonly head: boolean;
  readonly gzip: boolean;
  readonly close: boolean;
  /** How long a client may take nothing of an answer that is on its way, in ms; after it the connection is cut. */
  readonly stallMs: number;
}

const compress = promisify(gzip);
/** Below this an answer fits a packet or two, and compressing it costs more than it saves. */
const GZIP_BYTES_MIN = 2048;

/** True when an Accept-Encoding header allows gzip (RFC 9110, 12.5.3). */
export function acceptsGzip(header: string | string[] | undefined): boolean {
  if (typeof header !== 'string' || header === '') return false;
  let wildcard = false;
  for (const entry of header.toLowerCase().split(',')) {
    const [coding = '', ...parameters] = entry.split(';').map((part) => part.trim());
    const allowed = !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter));
    if (coding === 'gzip' || coding === 'x-gzip') return allowed;
    if (coding === '*') wildcard = allowed;
  }
  return wildcard;
}

export function errorAnswer(error: ApiError, dialect: Pick<Dialect, 'errorBody'>): Answer {
  const body = dialect.errorBody(error);
  if (error.retryAfterSeconds === undefined) return { status: error.status, body };
  return { status: error.status, body, headers: { 'Retry-After': String(error.retryAfterSeconds) } };
}

function lengthOf(body: string | readonly Buffer[]): number {
  return typeof body === 'string' ? Buffer.byteLength(body) : body.reduce((sum, piece) => sum + piece.length, 0);
}

/**
 * Writes the pieces of a body and tells, once, whether the operating system took all of them. `finish` cannot be
 * believed: when the connection is cut, pending writes end as well, and it comes as if all was sent. The callback of
 * the last write knows, together with the socket: an error that comes after the socket was destroyed is swallowed.
 */
function writePieces(res: ServerResponse, pieces: readonly Buffer[], onSent: (complete: boolean) => void): void {
  // Not the response's own: an answer that waits for those before it on the connection has no socket yet.
  const { socket } = res.req;
  let told = false;
  const tell = (complete: boolean): void => {
    if (told) return;
    told = true;
    socket.off('close', cut);
    onSent(complete);
  };
  const cut = (): void => tell(false);
  // Neither does it close with the connection then.
  socket.once('close', cut);
  res.once('close', cut);
  if (res.destroyed || socket.destroyed) tell(false);
  res.cork();
  for (const [i, piece] of pieces.entries()) {
    if (i < pieces.length - 1) res.write(piece);
    else res.write(piece, (error) => tell(!error && !socket.destroyed));
  }
  res.end();
  res.uncork();
}

function isToBeCompressed(req: IncomingMessage, length: number, options: SendOptions): boolean {
  return options.gzip && length >= GZIP_BYTES_MIN && acceptsGzip(req.headers['accept-encoding']);
}

async function compressed(body: string | readonly Buffer[]): Promise<readonly Buffer[]> {
  const plain = typeof body === 'string' ? Buffer.from(body) : Buffer.concat(body);
  return [await compress(plain, { level: constants.Z_BEST_SPEED })];
}

function headersOf(answer: Answer, options: SendOptions, close: boolean): string[] {
  const headers: string[] = ['x-request-id', options.requestId];
  if (close) headers.push('Connection', 'close');
  if (answer.headers !== undefined) {
    for (const [name, value] of Object.entries(answer.headers)) headers.push(name, value);
  }
  return headers;
}

/** Sends an answer. Answers the number of body bytes on their way. */
export async function send(
  req: IncomingMessage,
  res: ServerResponse,
  answer: Answer,
  options: SendOptions,
): Promise<number> {
  const unread = dropBody(req);
  const headers = headersOf(answer, options, options.close || unread);
  if (answer.body === undefined) {
    res.writeHead(answer.status, headers).end();
    return 0;
  }
  const contentType = answer.contentType ?? options.contentType;
  if (contentType !== '') headers.push('Content-Type', contentType, 'Vary', 'Accept-Encoding, User-Agent');
  let { body } = answer;
  let length = lengthOf(body);
  if (isToBeCompressed(req, length, options)) {
    body = await compressed(body);
    length = lengthOf(body);
    headers.push('Content-Encoding', 'gzip');
  }
  headers.push('Content-Length', String(length));
  res.writeHead(answer.status, headers);
  if (options.head) {
    res.end();
    answer.onSent?.(false);
  } else if (typeof body !== 'string') writePieces(res, body, answer.onSent ?? (() => undefined));
  else if (unread) endAfterRequest(req, res, body);
  else res.end(body);
  // Whoever asks and does not read would otherwise hold the answer's memory for as long as it likes.
  if (res.writableLength > 0) res.setTimeout(options.stallMs, () => res.destroy());
  return options.head ? 0 : length;
}
