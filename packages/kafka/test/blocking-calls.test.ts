import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { BlockingCalls } from '../src/blocking-calls.ts';

interface Call {
  readonly promise: Promise<void>;
  readonly end: () => void;
}

function openCall(): Call {
  const { promise, resolve } = deferred();
  return { promise, end: resolve };
}

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

describe('blocking calls', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllEnvs();
  });

  it('never run more than the limit at once, and serve who waits in order', async () => {
    const calls = new BlockingCalls({ limit: 4 });
    const order: number[] = [];
    const open = [openCall(), openCall(), openCall(), openCall()];
    const results = open.map((call, i) =>
      calls.run(`call ${i}`, 1000, () => {
        order.push(i);
        return call.promise;
      }),
    );
    expect(calls.stats()).toEqual({ limit: 4, inUse: 2, waiting: 2 });
    open[1]?.end();
    await results[1];
    await vi.advanceTimersByTimeAsync(0);
    expect(order).toEqual([0, 1, 2]);
    for (const call of open) {
      call.end();
    }
    await Promise.all(results);
    expect(order).toEqual([0, 1, 2, 3]);
    expect(calls.stats()).toEqual({ limit: 4, inUse: 0, waiting: 0 });
  });

  it('give up after the deadline of the wait and leave the queue', async () => {
    const calls = new BlockingCalls({ limit: 2 });
    const held = openCall();
    const first = calls.run('connect', 1000, () => held.promise);
    const second = expect(calls.run('metadata', 50, () => Promise.resolve())).rejects.toMatchObject({
      retriable: true,
      message: 'Timed out after 50 ms: metadata, waiting for a free thread.',
    });
    await vi.advanceTimersByTimeAsync(50);
    await second;
    expect(calls.stats().waiting).toBe(0);
    held.end();
    await first;
    expect(calls.stats().inUse).toBe(0);
  });

  it('refuse at once when too many wait', async () => {
    const calls = new BlockingCalls({ limit: 2, maxWaiting: 0 });
    const held = openCall();
    const first = calls.run('connect', 1000, () => held.promise);
    await expect(calls.run('metadata', 50, () => Promise.resolve())).rejects.toMatchObject({ retriable: true });
    held.end();
    await first;
  });

  it('close clients beside the calls, so that slow ones keep nobody from connecting', async () => {
    const calls = new BlockingCalls({ limit: 2 });
    const slow = openCall();
    const closing = calls.close(() => slow.promise);
    await expect(calls.run('connect', 50, () => Promise.resolve('connected'))).resolves.toBe('connected');
    slow.end();
    await closing;
  });

  it('close every client in the end, however long its turn takes (bug: a close that gave up leaked its handle)', async () => {
    const calls = new BlockingCalls({ limit: 2 });
    const slow = openCall();
    const first = calls.close(() => slow.promise);
    const second = calls.close(() => Promise.resolve('closed'));
    await vi.advanceTimersByTimeAsync(3_600_000);
    slow.end();
    await first;
    await expect(second).resolves.toBe('closed');
  });

  it('free the thread of a call that fails', async () => {
    const calls = new BlockingCalls({ limit: 2 });
    await expect(calls.run('connect', 50, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    await expect(calls.run('connect', 50, () => Promise.resolve(7))).resolves.toBe(7);
  });

  it.each([
    ['32', 16],
    ['1', 2],
    ['', 2],
    ['junk', 2],
  ])('take half of a UV_THREADPOOL_SIZE of "%s"', (size, limit) => {
    vi.stubEnv('UV_THREADPOOL_SIZE', size);
    expect(new BlockingCalls().stats().limit).toBe(limit);
  });
});
