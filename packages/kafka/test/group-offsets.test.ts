import type rdkafka from 'node-rdkafka';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { GroupOffsets } from '../src/group-offsets.ts';

const TIMEOUT_MS = 5000;
const at = (offset: number): { topic: string; partition: number; offset: number }[] => [
  { topic: 't', partition: 0, offset },
];

/** A client that takes commits, and is answered for by the test. */
function offsetsOf(poll: (offsets: GroupOffsets) => void = () => undefined, sent: number[] = []): GroupOffsets {
  const commit = ([position]: { offset: number }[]): number => sent.push(position?.offset ?? -1);
  const client = { commit } as unknown as rdkafka.KafkaConsumer;
  const offsets: GroupOffsets = new GroupOffsets({ client, timeoutMs: TIMEOUT_MS, poll: async () => poll(offsets) });
  return offsets;
}

describe('settling the commits of a consumer', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('waits for those that were sent before, also when nobody waits for them', async () => {
    const offsets = offsetsOf();
    offsets.commitWithoutWaiting(at(1), 'last');
    let settled = false;
    const settling = offsets.settle().then(() => {
      settled = true;
    });
    await vi.advanceTimersByTimeAsync(1000);
    expect(settled).toBe(false);
    offsets.answer(undefined, at(1));
    await vi.advanceTimersByTimeAsync(10);
    await settling;
    expect(settled).toBe(true);
  });

  it('does not wait for those that are sent meanwhile, or a busy reader would never be done', async () => {
    let sent = 1;
    const offsets = offsetsOf((self) => {
      self.answer(undefined, at(sent));
      sent += 1;
      self.commitWithoutWaiting(at(sent), 'last');
    });
    offsets.commitWithoutWaiting(at(1), 'last');
    const settling = offsets.settle();
    await vi.advanceTimersByTimeAsync(10);
    await settling;
    expect(sent).toBeLessThan(5);
  });

  it('fails when one is not answered in time: it may still take effect', async () => {
    const offsets = offsetsOf();
    offsets.commitWithoutWaiting(at(1), 'last');
    const settling = expect(offsets.settle()).rejects.toThrow(/may still take effect/);
    await vi.advanceTimersByTimeAsync(TIMEOUT_MS + 10);
    await settling;
  });

  it('goes on when the broker refused one: nothing was committed', async () => {
    const offsets = offsetsOf((self) => self.answer(Object.assign(new Error('refused'), { code: 22 }), at(1)));
    offsets.commitWithoutWaiting(at(1), 'last');
    const settling = offsets.settle();
    await vi.advanceTimersByTimeAsync(10);
    await expect(settling).resolves.toBeUndefined();
  });
});

describe('the order of commits', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('is kept: none is sent behind one that the client may send again (bug: it took back a later one)', async () => {
    const sent: number[] = [];
    const offsets = offsetsOf(undefined, sent);
    const first = expect(offsets.commit(at(1))).rejects.toThrow(/may still take effect/);
    await vi.advanceTimersByTimeAsync(TIMEOUT_MS + 10);
    await first;
    // The client was not told the end of it: it waits for a broker, and may find one yet.
    const second = expect(offsets.commit(at(2))).rejects.toThrow(/was not sent/);
    offsets.commitWithoutWaiting(at(3), 'regular');
    offsets.commitWithoutWaiting(at(4), 'last');
    await vi.advanceTimersByTimeAsync(TIMEOUT_MS + 10);
    await second;
    expect(sent).toEqual([1]);
    offsets.answer(undefined, at(1));
    const third = offsets.commit(at(5));
    await vi.advanceTimersByTimeAsync(10);
    offsets.answer(undefined, at(5));
    await vi.advanceTimersByTimeAsync(10);
    await third;
    expect(sent).toEqual([1, 5]);
  });

  it('lets a commit at a revocation follow one that is on its way, and a regular one not', async () => {
    const sent: number[] = [];
    const offsets = offsetsOf(undefined, sent);
    offsets.commitWithoutWaiting(at(1), 'regular');
    offsets.commitWithoutWaiting(at(2), 'regular');
    offsets.commitWithoutWaiting(at(3), 'last');
    expect(sent).toEqual([1, 3]);
  });

  it('does not stand still for ever where the client never tells the end', async () => {
    const sent: number[] = [];
    const offsets = offsetsOf(undefined, sent);
    offsets.commitWithoutWaiting(at(1), 'regular');
    await vi.advanceTimersByTimeAsync(180_000);
    offsets.commitWithoutWaiting(at(2), 'regular');
    expect(sent).toEqual([1, 2]);
  });
});
