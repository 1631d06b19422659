import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Batch } from '../../src/sessions/delivery-tracker.ts';
import { beginSentRead, type SentRead } from '../../src/sessions/sent-read.ts';
import type { Session } from '../../src/sessions/session.ts';

let settled: boolean[];
let session: Session;
let connection: EventEmitter & { destroyed: boolean };

beforeEach(() => {
  vi.useFakeTimers();
  settled = [];
  session = { settle: (_batch: Batch, complete: boolean) => settled.push(complete) } as unknown as Session;
  connection = Object.assign(new EventEmitter(), { destroyed: false });
});
afterEach(() => {
  vi.useRealTimers();
});

function answeredRead(id: string): SentRead {
  const read = beginSentRead(session, id);
  read.answering(new Batch());
  read.answered(session, connection as unknown as Socket);
  return read;
}

describe('the answer to a read that an edge has sent', () => {
  it('did not arrive when the edge dies with it in its hands (bug: it counted as delivered, and was skipped)', () => {
    answeredRead('r1');
    connection.emit('close');
    expect(settled).toEqual([false]);
  });

  it('did not arrive when the same read is sent once more', () => {
    const first = answeredRead('r1');
    answeredRead('r1');
    expect(first.signal.aborted).toBe(true);
    expect(settled).toEqual([false]);
  });

  it('has arrived when the next read comes, or its edge is there for a while longer', async () => {
    answeredRead('r1');
    answeredRead('r2');
    await vi.advanceTimersByTimeAsync(11_000);
    connection.emit('close');
    expect(settled).toEqual([]);
    expect(connection.listenerCount('close')).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });
});
