import type { IncomingMessage } from 'node:http';
import { ApiError } from '@sluice/protocol';
import type { ByteBudget } from './byte-budget.ts';

/** The client went away: there is nobody to answer. */
export class ClientGone extends Error {
  constructor() {
    super('The client closed the connection.');
    this.name = 'ClientGone';
  }
}

export interface BodyLimits {
  /** Largest body of one request, in bytes. */
  readonly maxBytes: number;
  /** All bodies that are being read or worked on. */
  readonly budget: ByteBudget;
}

/** A body in memory; `release` gives its bytes back to the budget and must be called once. */
export interface Body {
  readonly bytes: Buffer;
  readonly release: () => void;
}

/** What became known of a body on the way, also of one that was refused or never ended. */
export interface BodyProgress {
  /** Bytes that were taken. */
  bytes: number;
}

const EMPTY_BODY: Body = { bytes: Buffer.alloc(0), release: () => undefined };

function tooLarge(limits: BodyLimits): ApiError {
  return new ApiError('payloadTooLarge', {
    message: `The request body is larger than ${limits.maxBytes} bytes (sluice.http.body.max.bytes).`,
  });
}

function busy(): ApiError {
  return new ApiError('unavailable', {
    message: 'Too many request bodies are in memory (sluice.http.body.total.max.bytes). Nothing was done; try again.',
    retryAfterSeconds: 1,
  });
}

/**
 * Reads the whole body of a request. How long that may take is the HTTP server's `requestTimeout` (408).
 * @param progress is kept up to date
 * @param onWanted called when the body is small enough as far as its headers tell, before it is read
 * @throws ApiError 413 or 503 when it does not fit; ClientGone when the connection ended first
 */
export function readBody(
  req: IncomingMessage,
  limits: BodyLimits,
  progress: BodyProgress,
  onWanted: () => void,
): Promise<Body> {
  const declared = Number(req.headers['content-length'] ?? Number.NaN);
  if (declared === 0) return Promise.resolve(EMPTY_BODY);
  if (declared > limits.maxBytes) return Promise.reject(tooLarge(limits));
  onWanted();
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const settle = (outcome: () => void): void => {
      req.off('data', onData).off('end', onEnd).off('close', onClose);
      outcome();
    };
    const fail = (error: Error): void => {
      settle(() => {
        limits.budget.release(length);
        req.pause();
        reject(error);
      });
    };
    const onData = (chunk: Buffer): void => {
      progress.bytes += chunk.length;
      if (progress.bytes > limits.maxBytes) return fail(tooLarge(limits));
      if (!limits.budget.reserve(chunk.length)) return fail(busy());
      length += chunk.length;
      chunks.push(chunk);
    };
    const onEnd = (): void => {
      settle(() => {
        const bytes = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, length);
        resolve({ bytes, release: () => limits.budget.release(length) });
      });
    };
    const onClose = (): void => fail(new ClientGone());
    req.on('data', onData).on('end', onEnd).on('close', onClose);
  });
}
