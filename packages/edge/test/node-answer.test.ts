import type { IncomingMessage, ServerResponse } from 'node:http';
import { PassThrough, Writable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AnswerHead, passBody } from '../src/node-answer.ts';

/** Names and values in turn, as Node has them. */
function rawHeaders(text: string): string[] {
  return text.split(', ').flatMap((header) => header.replaceAll(';', ', ').split(': '));
}

function headOf(...texts: readonly string[]): AnswerHead {
  return new AnswerHead(texts.flatMap(rawHeaders));
}

describe('the head of an answer', () => {
  it('is passed on as it came, but for what is of the connection or between nodes', () => {
    const head = headOf(
      'Content-Type: application/json, Connection: keep-alive, Keep-Alive: timeout=75, X-Request-Id: a, x-sluice-node: n',
      'x-sluice-owner: n;b;3, Transfer-Encoding: chunked, Set-Cookie: a=1, set-cookie: b=2',
    );
    expect(head.forClient).toEqual(
      rawHeaders('Content-Type: application/json, X-Request-Id: a, x-sluice-node: n, Set-Cookie: a=1, set-cookie: b=2'),
    );
    expect(head).toMatchObject({ owner: 'n, b, 3', isAwaited: false, isNotAccepted: false, length: undefined });
  });

  it('without what its connection headers name, in whatever case, before or after them', () => {
    const head = headOf(
      'X-One: 1, Connection: x-ONE;close, X-Two: 2, Content-Length: 7, x-three: 3',
      'connection: X-Three;Content-Length',
    );
    expect(head.forClient).toEqual(rawHeaders('X-Two: 2, Content-Length: 7'));
    expect(head.length).toBe(7);
  });

  it('says what the node wants to be known', () => {
    expect(headOf('X-Sluice-Awaited: 1')).toMatchObject({ isAwaited: true, isNotAccepted: false });
    expect(headOf('x-sluice-not-accepted: 1')).toMatchObject({ isAwaited: false, isNotAccepted: true });
  });
});

/** A client that takes a byte at a time, when it is let. */
class SlowClient extends Writable {
  readonly taken: Buffer[] = [];
  #next: (() => void) | undefined;

  constructor() {
    super({ highWaterMark: 1 });
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.taken.push(chunk);
    this.#next = done;
  }

  take(): void {
    const next = this.#next;
    this.#next = undefined;
    next?.();
  }
}

const turns = async (): Promise<void> => {
  for (let n = 0; n < 5; n += 1) await new Promise((resolve) => setImmediate(resolve));
};

describe('the body of an answer', () => {
  it('arrives whole and in order, in whatever pieces it comes, with a length or without', async () => {
    const pieces = fc.array(fc.uint8Array({ minLength: 1, maxLength: 20 }), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(pieces, fc.boolean(), async (chunks, hasLength) => {
        const body = Buffer.concat(chunks);
        const answer = new PassThrough();
        const client = new SlowClient();
        passBody(...streams(answer, client), hasLength ? body.length : undefined);
        answer.on('end', () => {
          if (!client.writableEnded) client.end();
        });
        for (const chunk of chunks) answer.write(chunk);
        answer.end();
        for (let n = 0; n < 100 && !client.writableFinished; n += 1) {
          await turns();
          client.take();
        }
        expect(Buffer.concat(client.taken)).toEqual(body);
        expect(client.writableFinished).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  it('is not read on from the node while the client does not take it', async () => {
    const answer = new PassThrough();
    const client = new SlowClient();
    passBody(...streams(answer, client), 3);
    answer.write('a');
    await turns();
    expect(answer.isPaused()).toBe(true);
    client.take();
    await turns();
    expect(answer.isPaused()).toBe(false);
  });
});

function streams(answer: PassThrough, client: SlowClient): [IncomingMessage, ServerResponse] {
  return [answer as unknown as IncomingMessage, client as unknown as ServerResponse];
}
