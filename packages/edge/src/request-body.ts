import type { IncomingMessage } from 'node:http';
import type { EdgeRequest } from './edge-request.ts';

export interface RequestBodiesOptions {
  /** Of one body that is kept. */
  readonly maxBytes: number;
  /** Of all that are kept at once. */
  readonly totalMaxBytes: number;
  readonly timeoutMs: number;
}

/** `late`: it did not come in time. `gone`: its client did. */
type ReadOutcome = Buffer | 'tooLarge' | 'late' | 'gone';

/** Reads the bodies of requests that are sent on: whole where that is cheap, for then they can be sent again. */
export class RequestBodies {
  readonly #options: RequestBodiesOptions;
  #totalBytes = 0;

  constructor(options: RequestBodiesOptions) {
    this.#options = options;
  }

  /** Bytes that are kept, or promised to bodies on their way. */
  get totalBytes(): number {
    return this.#totalBytes;
  }

  /** From now on the body is in memory or ready to be streamed; `late` and `gone` as the client has it. */
  async prepare(r: EdgeRequest): Promise<'ready' | 'late' | 'gone'> {
    if (r.bodyState !== 'unread') return 'ready';
    const { request, response } = r;
    if (request.headers.expect !== undefined) {
      delete request.headers.expect;
      // Only `100-continue` comes here (RFC 9110, 10.1.1), and HTTP/1.0 does not know it.
      if (request.httpVersionMinor > 0) response.writeContinue();
    }
    const { maxBytes, timeoutMs } = this.#options;
    const declared = request.headers['content-length'];
    const bytes = declared === undefined ? maxBytes : Number(declared);
    if (bytes > maxBytes || !this.#reserve(r, bytes)) return 'ready';
    const outcome = await readWhole(request, maxBytes, timeoutMs);
    if (typeof outcome === 'string') {
      this.release(r);
      return outcome === 'tooLarge' ? 'ready' : outcome;
    }
    this.#totalBytes += outcome.length - r.reservedBytes;
    r.reservedBytes = outcome.length;
    r.keep(outcome);
    return 'ready';
  }

  /** The request is answered: its body is not needed any more. */
  release(r: EdgeRequest): void {
    this.#totalBytes -= r.reservedBytes;
    r.reservedBytes = 0;
  }

  #reserve(r: EdgeRequest, bytes: number): boolean {
    if (this.#totalBytes + bytes > this.#options.totalMaxBytes) return false;
    this.#totalBytes += bytes;
    r.reservedBytes = bytes;
    return true;
  }
}

/**
 * By `readable` and `read`, not by `data`: a body that turns out to be too large is put back, and whoever comes next
 * finds the stream as if nobody had been there.
 */
function readWhole(request: IncomingMessage, maxBytes: number, timeoutMs: number): Promise<ReadOutcome> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const settle = (outcome: ReadOutcome): void => {
      clearTimeout(timer);
      request.off('readable', onReadable).off('end', onEnd).off('close', onClose);
      resolve(outcome);
    };
    const onReadable = (): void => {
      for (let chunk: Buffer | null = request.read(); chunk !== null; chunk = request.read()) {
        chunks.push(chunk);
        length += chunk.length;
        if (length > maxBytes) {
          settle('tooLarge');
          request.unshift(Buffer.concat(chunks, length));
          return;
        }
      }
    };
    const onEnd = (): void => settle(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, length));
    const onClose = (): void => settle('gone');
    const timer = setTimeout(() => settle('late'), timeoutMs);
    request.on('readable', onReadable).on('end', onEnd).on('close', onClose);
    if (request.socket.destroyed) onClose();
  });
}
