import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Batch } from '../../src/sessions/delivery-tracker.ts';
import { type SentRead, SentReads } from '../../src/sessions/sent-reads.ts';

let settled: boolean[];
let reads: SentReads;
let connection: { destroyed: boolean };

beforeEach(() => {
  vi.useFakeTimers();
  settled = [];
  connection = { destroyed: false };
  reads = new SentReads((batch, complete) => {
    batch.state = complete ? 'answered' : 'aborted';
    settled.push(complete);
  });
});
afterEach(() => {
  vi.useRealTimers();
});

function batchOf(records: number): Batch {
  const batch = new Batch();
  for (let offset = 0; offset < records; offset += 1) batch.note('t', 0, offset);
  return batch;
}

function answeredRead(id: string, records = 1): SentRead {
  const read = reads.begin(id, connection);
  read.answering(batchOf(records));
  return read;
}

function sentRead(id: string, records = 1): SentRead {
  const read = answeredRead(id, records);
  read.onSent(true);
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
    reads.undelivered('r2');
    expect([first.signal.aborted, next.signal.aborted]).toEqual([false, true]);
    expect(settled).toEqual([false]);
  });

  it('is known by its id though others were sent after it', () => {
    sentRead('r1');
    sentRead('r2');
    reads.undelivered('r1');
    expect([settled, reads.isProven]).toEqual([[false], false]);
    reads.delivered(['r2']);
    expect([settled, reads.isProven]).toEqual([[false, true], true]);
  });
});

describe('an answer in the hands of an edge', () => {
  it('proves nothing before the edge says that the client has it', () => {
    sentRead('r');
    expect([settled, reads.isProven]).toEqual([[], false]);
    reads.delivered(['r']);
    expect([settled, reads.isProven]).toEqual([[true], true]);
  });

  it('is proven, too, when the word comes before the own connection has told that it left', () => {
    const read = answeredRead('r');
    reads.delivered(['r']);
    read.onSent(true);
    expect([settled, reads.isProven]).toEqual([[true], true]);
  });

  it('needs no proof without records, or when it was cut off', () => {
    sentRead('empty', 0);
    answeredRead('cut').onSent(false);
    expect([settled, reads.isProven]).toEqual([[true, false], true]);
  });

  it('keeps the next request waiting until it is proven', async () => {
    sentRead('r');
    const proven = reads.untilProven().then(() => 'proven');
    await vi.advanceTimersByTimeAsync(500);
    reads.delivered(['r']);
    await expect(proven).resolves.toBe('proven');
    expect(settled).toEqual([true]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is given up when nobody says so in time, and what was sent meanwhile is not', async () => {
    sentRead('r1');
    const over = reads.untilProven();
    sentRead('r2');
    await vi.advanceTimersByTimeAsync(1900);
    expect(settled).toEqual([]);
    await vi.advanceTimersByTimeAsync(100);
    await over;
    expect([settled, reads.isProven]).toEqual([[false], false]);
    reads.delivered(['r1']);
    expect(settled).toEqual([false]);
  });

  it('is given up sooner when its connection is closed', async () => {
    sentRead('r');
    connection.destroyed = true;
    const over = reads.untilProven();
    await vi.advanceTimersByTimeAsync(200);
    await over;
    expect(settled).toEqual([false]);
  });

  it('leaves nothing behind when it fails', () => {
    reads.begin('r', connection).failed();
    expect([settled, reads.isProven]).toEqual([[], true]);
  });
});
