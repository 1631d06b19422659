import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Departures } from '../../src/cluster/departures.ts';

const name = { group: 'g', instance: 'i' };

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('an instance that ended and could not leave its group', () => {
  it('is taken out of it as soon as Kafka can be asked (bug: its group waited for the time-out of its session)', async () => {
    let isAway = true;
    let removed = 0;
    const departures = new Departures({
      remove: async () => {
        if (isAway) throw new Error('away');
        removed += 1;
      },
      isBack: () => false,
      onError: () => undefined,
    });
    departures.begin(name);
    await vi.advanceTimersByTimeAsync(5000);
    expect(removed).toBe(0);
    isAway = false;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(removed).toBe(1);
  });

  it('is left alone when there is one of its name again, and given up when its session is over', async () => {
    let tries = 0;
    let isBack = false;
    const given: unknown[] = [];
    const departures = new Departures({
      remove: async () => {
        tries += 1;
        throw new Error('away');
      },
      isBack: () => isBack,
      onError: (error) => given.push(error),
    });
    departures.begin(name);
    await vi.advanceTimersByTimeAsync(3000);
    isBack = true;
    await vi.advanceTimersByTimeAsync(3000);
    expect(tries).toBe(4);
    isBack = false;
    departures.begin(name);
    await vi.advanceTimersByTimeAsync(120_000);
    expect(given).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
  });
});
