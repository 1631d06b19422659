import type { IncomingMessage } from 'node:http';

/** The body is larger than its reader allows. What came of it was dropped, the rest is not read. */
export class BodyTooLarge extends Error {
  constructor(maxBytes: number) {
    super(`the body is larger than ${maxBytes} bytes`);
    this.name = 'BodyTooLarge';
  }
}

/**
 * Reads a small body into memory: that of a request, or of an answer.
 *
 * @throws BodyTooLarge; Error when the connection ended first
 */
export async function readBounded(message: IncomingMessage, maxBytes: number): Promise<Buffer> {
  if (Number(message.headers['content-length'] ?? 0) > maxBytes) throw new BodyTooLarge(maxBytes);
  return await new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const settle = (outcome: () => void): void => {
      message.off('data', onData).off('end', onEnd).off('close', onClose);
      outcome();
    };
    const onData = (chunk: Buffer): void => {
      length += chunk.length;
      if (length <= maxBytes) chunks.push(chunk);
      else {
        message.pause();
        settle(() => reject(new BodyTooLarge(maxBytes)));
      }
    };
    const onEnd = (): void => settle(() => resolve(Buffer.concat(chunks, length)));
    const onClose = (): void => settle(() => reject(new Error('the connection ended before the body')));
    // Its reason is the connection's end, which `close` tells.
    message.once('error', () => undefined);
    message.on('data', onData).on('end', onEnd).on('close', onClose);
  });
}
