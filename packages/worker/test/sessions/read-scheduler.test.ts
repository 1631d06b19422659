import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Pollable, pollIntervalMs, ReadScheduler } from '../../src/sessions/read-scheduler.ts';

class FakeInstance implements Pollable {
  polls = 0;
  services = 0;
  ready = false;
  joining = false;
  parked = false;

  async poll(): Promise<boolean> {
    this.polls += 1;
    return this.ready;
  }

  async service(): Promise<void> {
    this.services += 1;
  }
}

const signal = new AbortController().signal;

describe('ReadScheduler', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  function scheduler(): ReadScheduler {
    return new ReadScheduler({ now: () => Date.now() });
  }

  it('ends a wait when records came', async () => {
    const instance = new FakeInstance();
    const subject = scheduler();
    const wait = subject.wait(instance, 1000, signal);
    await vi.advanceTimersByTimeAsync(20);
    expect(subject.waiting).toBe(1);
    instance.ready = true;
    await vi.advanceTimersByTimeAsync(5);
    await wait;
    expect(subject.waiting).toBe(0);
  });

  it('ends a wait at its time, on a wake-up and when the client goes away', async () => {
    const subject = scheduler();
    const instance = new FakeInstance();
    const abort = new AbortController();
    const late = subject.wait(instance, 30, signal);
    await vi.advanceTimersByTimeAsync(31);
    await late;
    const woken = subject.wait(instance, 1000, signal);
    subject.wake(instance);
    await woken;
    const left = subject.wait(instance, 1000, abort.signal);
    abort.abort();
    await left;
    expect(subject.waiting).toBe(0);
  });

  it('ends a wait when the poll fails, for the read has somebody to tell (bug: the rejection ended the process)', async () => {
    const subject = scheduler();
    const broken: Pollable = {
      joining: false,
      parked: false,
      service: async () => undefined,
      poll: async () => await Promise.reject(new Error('the handle is gone')),
    };
    const wait = subject.wait(broken, 60_000, signal);
    await vi.advanceTimersByTimeAsync(20);
    await wait;
    expect(subject.waiting).toBe(0);
  });

  it('polls nobody once nobody waits', async () => {
    const subject = scheduler();
    const instance = new FakeInstance();
    const wait = subject.wait(instance, 10, signal);
    await vi.advanceTimersByTimeAsync(11);
    await wait;
    const { polls } = instance;
    await vi.advanceTimersByTimeAsync(1000);
    expect(instance.polls).toBe(polls);
  });

  it('services an idle instance about once a second, a parked one half as often, and one that joins its group more often', async () => {
    const subject = scheduler();
    const idle = new FakeInstance();
    const joining = new FakeInstance();
    joining.joining = true;
    const parked = new FakeInstance();
    parked.parked = true;
    subject.add(parked);
    subject.add(idle);
    subject.add(joining);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(idle.services).toBeGreaterThanOrEqual(9);
    expect(idle.services).toBeLessThanOrEqual(11);
    expect(parked.services).toBeGreaterThanOrEqual(4);
    expect(parked.services).toBeLessThanOrEqual(6);
    expect(joining.services).toBeGreaterThan(100);
    subject.remove(idle);
    subject.remove(joining);
    const { services } = idle;
    await vi.advanceTimersByTimeAsync(5000);
    expect(idle.services).toBe(services);
  });

  it('services few idle instances in bursts five times a second, and many at each tick', async () => {
    const burstsOf = async (instances: number): Promise<number> => {
      const subject = scheduler();
      const times = new Set<number>();
      const idle = Array.from({ length: instances }, () => {
        const service = async (): Promise<void> => void times.add(Date.now());
        return { joining: false, parked: false, poll: async () => false, service };
      });
      for (const instance of idle) subject.add(instance);
      await vi.advanceTimersByTimeAsync(4000);
      for (const instance of idle) subject.remove(instance);
      return times.size;
    };
    expect(await burstsOf(100)).toBeLessThanOrEqual(20);
    expect(await burstsOf(10_000)).toBeGreaterThanOrEqual(60);
  });

  it('services a thousand instances that join at once no more than a few thousand times a second, and each twice', async () => {
    const subject = scheduler();
    const joining = Array.from({ length: 1000 }, () => Object.assign(new FakeInstance(), { joining: true }));
    for (const instance of joining) subject.add(instance);
    await vi.advanceTimersByTimeAsync(2000);
    const before = joining.map(({ services }) => services);
    await vi.advanceTimersByTimeAsync(5000);
    for (const instance of joining) subject.remove(instance);
    const services = joining.map((instance, i) => instance.services - (before[i] ?? 0));
    expect(Math.min(...services)).toBeGreaterThanOrEqual(9);
    expect(Math.max(...services)).toBeLessThanOrEqual(11);
  });

  it('looks less often for the answer of a group than for records', async () => {
    const subject = scheduler();
    const joining = new FakeInstance();
    joining.joining = true;
    const reading = new FakeInstance();
    const waits = [subject.wait(joining, 500, signal), subject.wait(reading, 500, signal)];
    await vi.advanceTimersByTimeAsync(501);
    await Promise.all(waits);
    expect(reading.polls).toBeGreaterThan(200);
    expect(joining.polls).toBeGreaterThan(35);
    expect(joining.polls).toBeLessThanOrEqual(51);
  });

  it('leaves an instance that is being read to its reads', async () => {
    const subject = scheduler();
    const instance = new FakeInstance();
    subject.add(instance);
    const wait = subject.wait(instance, 3000, signal);
    await vi.advanceTimersByTimeAsync(2900);
    expect(instance.services).toBe(0);
    await vi.advanceTimersByTimeAsync(200);
    await wait;
    subject.remove(instance);
  });

  it('never polls one instance twice at once', async () => {
    const subject = scheduler();
    let running = 0;
    let most = 0;
    const slow: Pollable = {
      joining: false,
      parked: false,
      service: async () => undefined,
      poll: async () => {
        running += 1;
        most = Math.max(most, running);
        await new Promise((resolve) => setTimeout(resolve, 40));
        running -= 1;
        return false;
      },
    };
    const waits = [subject.wait(slow, 300, signal), subject.wait(slow, 300, signal)];
    await vi.advanceTimersByTimeAsync(400);
    await Promise.all(waits);
    expect(most).toBe(1);
  });
});

describe('pollIntervalMs', () => {
  it('is short while few wait and bounded when many do', () => {
    expect(pollIntervalMs(1)).toBe(2);
    expect(pollIntervalMs(16)).toBe(2);
    expect(pollIntervalMs(100)).toBeGreaterThan(pollIntervalMs(16));
    expect(pollIntervalMs(10_000)).toBe(25);
  });
});
