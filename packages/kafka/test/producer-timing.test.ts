import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { Delivery } from '../src/delivery.ts';
import { kafkaErrorFromCode } from '../src/error-mapping.ts';
import { OverdueWatch } from '../src/overdue-watch.ts';
import { PartitionCounts } from '../src/partition-counts.ts';
import { PollCadence } from '../src/poll-cadence.ts';
import { ReconnectDelay } from '../src/reconnect-delay.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('the poll cadence', () => {
  it('is once a second while nothing is in flight, and a millisecond while reports come in', async () => {
    const poll = vi.fn();
    let inFlight = false;
    const cadence = new PollCadence(poll, () => inFlight);
    cadence.start();
    await vi.advanceTimersByTimeAsync(3000);
    expect(poll).toHaveBeenCalledTimes(3);
    inFlight = true;
    cadence.wake();
    for (let i = 0; i < 50; i += 1) {
      await vi.advanceTimersByTimeAsync(10);
      cadence.wake();
    }
    expect(poll).toHaveBeenCalledTimes(3 + 500);
    inFlight = false;
    await vi.advanceTimersByTimeAsync(1);
    poll.mockClear();
    await vi.advanceTimersByTimeAsync(5000);
    expect(poll).toHaveBeenCalledTimes(5);
    cadence.stop();
  });

  it('slows down while a broker is silent, until something moves', async () => {
    const poll = vi.fn();
    const cadence = new PollCadence(poll, () => true);
    cadence.start();
    cadence.wake();
    await vi.advanceTimersByTimeAsync(100);
    expect(poll).toHaveBeenCalledTimes(100);
    poll.mockClear();
    await vi.advanceTimersByTimeAsync(1000);
    expect(poll).toHaveBeenCalledTimes(200);
    cadence.wake();
    poll.mockClear();
    await vi.advanceTimersByTimeAsync(50);
    expect(poll).toHaveBeenCalledTimes(50);
    cadence.stop();
  });

  it('ends with stop, also when that is called by a poll', async () => {
    const poll = vi.fn(() => {
      cadence.stop();
    });
    const cadence: PollCadence = new PollCadence(poll, () => true);
    cadence.start();
    await vi.advanceTimersByTimeAsync(5000);
    expect(poll).toHaveBeenCalledTimes(1);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('the watch over requests', () => {
  const deliveryNow = (): Delivery =>
    new Delivery({
      topic: 't',
      count: 1,
      askedPartitions: [-1],
      reserved: { records: 1, bytes: 1 },
      startedAt: performance.now(),
    });

  it('finds each one overdue at its own time, and the client stuck after twice that', async () => {
    const outstanding = new Set<Delivery>();
    const overdue: [Delivery, number][] = [];
    const stuck: number[] = [];
    const startedAt = performance.now();
    const elapsed = (): number => Math.round(performance.now() - startedAt);
    const watch = new OverdueWatch({
      limitMs: 1000,
      outstanding: () => outstanding,
      onOverdue: (delivery) => overdue.push([delivery, elapsed()]),
      onStuck: () => stuck.push(elapsed()),
    });
    const [first, second, third] = [deliveryNow(), deliveryNow(), deliveryNow()];
    outstanding.add(first);
    watch.watch();
    await vi.advanceTimersByTimeAsync(400);
    const late = deliveryNow();
    outstanding.add(late).add(second).delete(second);
    watch.watch();
    await vi.advanceTimersByTimeAsync(700);
    expect(overdue).toEqual([[first, 1000]]);
    outstanding.delete(first);
    await vi.advanceTimersByTimeAsync(400);
    expect(overdue.at(-1)).toEqual([late, 1400]);
    await vi.advanceTimersByTimeAsync(2000);
    expect(stuck).toEqual([2400]);
    expect(third.settled).toBe(false);
  });

  it('sleeps with the longest time there is (bug: it looked every millisecond)', async () => {
    const outstanding = vi.fn(() => []);
    const limitMs = 2_147_483_647 + 2000;
    const watch = new OverdueWatch({ limitMs, outstanding, onOverdue: vi.fn(), onStuck: vi.fn() });
    watch.watch();
    await vi.advanceTimersByTimeAsync(1000);
    expect(outstanding).not.toHaveBeenCalled();
    watch.stop();
  });

  it('keeps no timer when everything was reported', async () => {
    const watch = new OverdueWatch({ limitMs: 1000, outstanding: () => [], onOverdue: vi.fn(), onStuck: vi.fn() });
    watch.watch();
    await vi.advanceTimersByTimeAsync(1000);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('the delay after a failed connect', () => {
  it('doubles up to 2 s, answers with the last failure meanwhile, and ends with a success', () => {
    const delay = new ReconnectDelay();
    const failure = kafkaErrorFromCode(58);
    const waits: number[] = [];
    for (let i = 0; i < 7; i += 1) {
      delay.failed(failure);
      let waited = 0;
      for (; waited < 5000; waited += 100) {
        try {
          delay.check();
          break;
        } catch (error) {
          expect(error).toBe(failure);
          vi.advanceTimersByTime(100);
        }
      }
      waits.push(waited);
    }
    expect(waits).toEqual([100, 200, 400, 800, 1600, 2000, 2000]);
    delay.failed(failure);
    delay.succeeded();
    expect(() => {
      delay.check();
    }).not.toThrow();
  });
});

describe('remembered partition counts', () => {
  it('are looked up once for all who ask, and again after 5 s', async () => {
    let count = 3;
    const lookUp = vi.fn(async () => await Promise.resolve(count));
    const counts = new PartitionCounts({ lookUp });
    expect(await Promise.all([counts.get('t'), counts.get('t'), counts.get('u')])).toEqual([3, 3, 3]);
    expect(lookUp).toHaveBeenCalledTimes(2);
    count = 4;
    await vi.advanceTimersByTimeAsync(4900);
    expect(await counts.get('t')).toBe(3);
    await vi.advanceTimersByTimeAsync(200);
    expect(await counts.get('t')).toBe(4);
    expect(lookUp).toHaveBeenCalledTimes(3);
  });

  it('that are below what is asked for are looked up again after half a second', async () => {
    const lookUp = vi.fn(async () => await Promise.resolve(3));
    const counts = new PartitionCounts({ lookUp });
    await counts.get('t', 4);
    await vi.advanceTimersByTimeAsync(400);
    expect(await counts.get('t', 4)).toBe(3);
    expect(lookUp).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(200);
    await counts.get('t', 4);
    expect(lookUp).toHaveBeenCalledTimes(2);
  });

  it('forget the topic that was looked up the longest ago, and no failure is remembered', async () => {
    const lookUp = vi.fn(
      async (topic: string) => await (topic === 'bad' ? Promise.reject(new Error('no')) : Promise.resolve(1)),
    );
    const counts = new PartitionCounts({ lookUp, maxTopics: 2 });
    for (const topic of ['a', 'b', 'c']) {
      await counts.get(topic);
    }
    await counts.get('c');
    await counts.get('b');
    expect(lookUp).toHaveBeenCalledTimes(3);
    await counts.get('a');
    expect(lookUp).toHaveBeenCalledTimes(4);
    await expect(counts.get('bad')).rejects.toThrow('no');
    await expect(counts.get('bad')).rejects.toThrow('no');
    expect(lookUp).toHaveBeenCalledTimes(6);
  });
});
