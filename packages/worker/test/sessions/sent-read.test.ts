import { beforeEach, describe, expect, it } from 'vitest';
import { Batch } from '../../src/sessions/delivery-tracker.ts';
import { beginSentRead, type SentRead } from '../../src/sessions/sent-read.ts';
import type { Session } from '../../src/sessions/session.ts';

let settled: boolean[];
let session: Session;

beforeEach(() => {
  settled = [];
  session = { settle: (_batch: Batch, complete: boolean) => settled.push(complete) } as unknown as Session;
});

function answeredRead(id: string): SentRead {
  const read = beginSentRead(session, id);
  read.answering(new Batch());
  return read;
}

describe('the answer to a read that an edge has sent', () => {
  it('did not arrive when the same read is sent once more', () => {
    const first = answeredRead('r1');
    const again = answeredRead('r1');
    expect([first.signal.aborted, again.signal.aborted]).toEqual([true, false]);
    expect(settled).toEqual([false]);
  });

  it('is none of the next read, whatever becomes of that one', () => {
    const first = answeredRead('r1');
    const next = answeredRead('r2');
    next.abandon(session);
    expect([first.signal.aborted, next.signal.aborted]).toEqual([false, true]);
    expect(settled).toEqual([false]);
  });
});
