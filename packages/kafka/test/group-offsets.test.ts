import type rdkafka from 'node-rdkafka';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { GroupOffsets } from '../src/group-offsets.ts';

const TIMEOUT_MS = 5000;
const at = (offset: number): { topic: string; partition: number; offset: number }[] => [
  { topic: 't', partition: 0, offset },
];

/** A client that takes commits, and is answered for by the test. */
function offsetsOf(poll: (offsets: GroupOffsets) => void = () => undefined): GroupOffsets {
  const client = { commit: () => undefined } as unknown as rdkafka.KafkaConsumer;
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
    offsets.commitWithoutWaiting(at(1));
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
      self.commitWithoutWaiting(at(sent));
    });
    offsets.commitWithoutWaiting(at(1));
    const settling = offsets.settle();
    await vi.advanceTimersByTimeAsync(10);
    await settling;
    expect(sent).toBeLessThan(5);
  });

  it('fails when one is not answered in time: it may still take effect', async () => {
    const offsets = offsetsOf();
    offsets.commitWithoutWaiting(at(1));
    const settling = expect(offsets.settle()).rejects.toThrow(/may still take effect/);
    await vi.advanceTimersByTimeAsync(TIMEOUT_MS + 10);
    await settling;
  });

  it('goes on when the broker refused one: nothing was committed', async () => {
    const offsets = offsetsOf((self) => self.answer(Object.assign(new Error('refused'), { code: 22 }), at(1)));
    offsets.commitWithoutWaiting(at(1));
    const settling = offsets.settle();
    await vi.advanceTimersByTimeAsync(10);
    await expect(settling).resolves.toBeUndefined();
  });
});
