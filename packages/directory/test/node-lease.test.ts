import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { LeaseOutcome, NodeRecord } from '../src/directory.ts';
import { MemoryDirectory } from '../src/memory-directory.ts';
import { NodeLease } from '../src/node-lease.ts';
import { nodeOf } from './conformance.ts';

const LEASE_MS = 10_000;

describe('the lease of a node', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  interface Watched {
    readonly lease: NodeLease;
    readonly seen: string[];
    readonly directory: MemoryDirectory;
    /** What the way to the directory does; by default nothing. */
    way: (ask: () => Promise<LeaseOutcome>) => Promise<LeaseOutcome>;
  }

  function watched(record: NodeRecord = nodeOf('a'), directory = newDirectory()): Watched {
    const seen: string[] = [];
    const result: Watched = {
      seen,
      directory,
      way: async (ask) => await ask(),
      lease: new NodeLease({
        directory: {
          register: async (node) => await result.way(async () => await directory.register(node)),
          renew: async (node) => await result.way(async () => await directory.renew(node)),
          leave: async (node) => await directory.leave(node),
        },
        describe: () => record,
        leaseMs: LEASE_MS,
        onTerm: (term) => seen.push(`term ${term}`),
        onFenced: () => seen.push('fenced'),
        onReplaced: () => seen.push('replaced'),
        now: () => Date.now(),
      }),
    };
    return result;
  }

  function newDirectory(): MemoryDirectory {
    return new MemoryDirectory({ leaseMs: LEASE_MS, retentionMs: 1_000_000 });
  }

  const away = async (): Promise<never> => await Promise.reject(new Error('away'));

  it('is held from the first renewal on, in the first term, for as long as renewals go through', async () => {
    const { lease, seen } = watched();
    expect(lease.held).toBe(false);
    await lease.start();
    for (let seconds = 0; seconds < 120; seconds++) {
      expect(lease.held).toBe(true);
      await vi.advanceTimersByTimeAsync(1000);
    }
    expect(lease.term).toBe(1);
    expect(seen).toEqual(['term 1']);
    await lease.end();
  });

  it('begins although the directory is away at first', async () => {
    const subject = watched();
    subject.way = away;
    await subject.lease.start();
    await vi.advanceTimersByTimeAsync(30_000);
    expect(subject.lease.held).toBe(false);
    subject.way = async (ask) => await ask();
    await vi.advanceTimersByTimeAsync(1000);
    expect(subject.lease.held).toBe(true);
    await subject.lease.end();
  });

  it('is given up before the directory ends it, and tells so once', async () => {
    const { lease, seen, directory, ...subject } = watched();
    void subject;
    const cut = watched(nodeOf('b'), directory);
    await cut.lease.start();
    cut.way = away;
    let held = 0;
    while (cut.lease.held) {
      expect(await directory.nodes()).toEqual([nodeOf('b')]);
      await vi.advanceTimersByTimeAsync(100);
      held += 100;
    }
    expect(held).toBe(8000);
    expect(await directory.nodes()).toEqual([nodeOf('b')]);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(await directory.nodes()).toEqual([]);
    expect(cut.seen).toEqual(['term 1', 'fenced']);
    expect(seen).toEqual([]);
    expect(lease.held).toBe(false);
    await cut.lease.end();
  });

  it('begins a new term after a gap of its own that the directory did not notice', async () => {
    const subject = watched();
    await subject.lease.start();
    subject.way = away;
    await vi.advanceTimersByTimeAsync(9000);
    expect(subject.lease.held).toBe(false);
    subject.way = async (ask) => await ask();
    await vi.advanceTimersByTimeAsync(600);
    expect(subject.lease.held).toBe(true);
    expect(subject.seen).toEqual(['term 1', 'fenced', 'term 2']);
    await subject.lease.end();
  });

  it('goes on in its term after a renewal that failed in time for another', async () => {
    const subject = watched();
    await subject.lease.start();
    subject.way = away;
    await vi.advanceTimersByTimeAsync(6000);
    subject.way = async (ask) => await ask();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(subject.seen).toEqual(['term 1']);
    await subject.lease.end();
  });

  it('begins a new term when the answer that told of its end was lost (bug: two owners, each with a lease)', async () => {
    const subject = watched();
    await subject.lease.start();
    subject.way = away;
    await vi.advanceTimersByTimeAsync(11_000);
    subject.way = async (ask) => {
      await ask();
      subject.way = async (again) => await again();
      return await away();
    };
    await vi.advanceTimersByTimeAsync(2000);
    expect(subject.lease.held).toBe(true);
    expect(subject.seen).toEqual(['term 1', 'fenced', 'term 2']);
    await subject.lease.end();
  });

  it('begins a new term when it had run out', async () => {
    const subject = watched();
    await subject.lease.start();
    subject.way = away;
    await vi.advanceTimersByTimeAsync(11_000);
    subject.way = async (ask) => await ask();
    await vi.advanceTimersByTimeAsync(1000);
    expect(subject.lease.held).toBe(true);
    expect(subject.seen).toEqual(['term 1', 'fenced', 'term 2']);
    await subject.lease.end();
  });

  it('counts from before a renewal was sent, however late its answer is', async () => {
    const subject = watched();
    await subject.lease.start();
    subject.way = async (ask) => {
      const outcome = await ask();
      await new Promise((resolve) => setTimeout(resolve, 7000));
      return outcome;
    };
    // Sent after 3 s, answered after 10 s: good until 3 + 8 s.
    await vi.advanceTimersByTimeAsync(10_100);
    expect(subject.lease.held).toBe(true);
    await vi.advanceTimersByTimeAsync(900);
    expect(subject.lease.held).toBe(false);
    subject.way = async (ask) => await ask();
    await vi.runOnlyPendingTimersAsync();
    await subject.lease.end();
  });

  it('is not held by a process that was frozen while it ran out', async () => {
    const subject = watched();
    await subject.lease.start();
    // The clock goes on and no timer of the process runs.
    vi.setSystemTime(Date.now() + 60_000);
    expect(subject.lease.held).toBe(false);
    await subject.lease.end();
  });

  it('ends when another process takes the id over', async () => {
    const directory = newDirectory();
    const old = watched(nodeOf('a', 'b1'), directory);
    const next = watched(nodeOf('a', 'b2'), directory);
    await old.lease.start();
    await next.lease.start();
    await vi.advanceTimersByTimeAsync(4000);
    expect([old.lease.held, next.lease.held]).toEqual([false, true]);
    expect(old.seen).toEqual(['term 1', 'replaced']);
    await vi.advanceTimersByTimeAsync(60_000);
    await old.lease.end();
    expect(next.lease.held).toBe(true);
    expect(await directory.nodes()).toEqual([nodeOf('a', 'b2')]);
    await next.lease.end();
  });

  it('is given back at the end, and not renewed by what was under way', async () => {
    const subject = watched();
    await subject.lease.start();
    const renewal = subject.lease.renewNow();
    const end = subject.lease.end();
    await Promise.all([renewal, end]);
    expect(subject.lease.held).toBe(false);
    expect(await subject.directory.nodes()).toEqual([]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await subject.directory.nodes()).toEqual([]);
  });
});
