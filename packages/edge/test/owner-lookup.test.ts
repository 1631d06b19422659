import { DirectoryUnavailable, type InstanceName, type Ownership } from '@sluice/directory';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { OwnerCache } from '../src/owner-cache.ts';
import { OwnerLookup } from '../src/owner-lookup.ts';

const name = { group: 'g', instance: 'i' };
const owner: Ownership = { node: { id: 'a', boot: 'b' }, epoch: 1 };

interface Asked {
  readonly lookup: OwnerLookup;
  readonly questions: InstanceName[];
  readonly sources: string[];
  answer: () => Promise<Ownership | undefined>;
  now: number;
}

function asked(pendingMax = 10): Asked {
  const questions: InstanceName[] = [];
  const sources: string[] = [];
  const result = { questions, sources, now: 0, answer: async () => owner } as unknown as Asked;
  const cache = new OwnerCache({
    ttlMs: 10_000,
    ageingMs: 60_000,
    unknownTtlMs: 1000,
    entriesMax: 100,
    now: () => result.now,
  });
  const find = async (wanted: InstanceName): Promise<Ownership | undefined> => {
    questions.push(wanted);
    return await result.answer();
  };
  const onLookup = (source: string): void => void sources.push(source);
  return Object.assign(result, {
    lookup: new OwnerLookup({
      directory: { find },
      cache,
      pendingMax,
      unknownMax: 10,
      now: () => result.now,
      renewAfterMs: 1000,
      onLookup,
    }),
  });
}

describe('looking for an owner', () => {
  it('asks the directory once, however many want to know, and then remembers', async () => {
    const subject = asked();
    expect(subject.lookup.remembered(name)).toBeUndefined();
    const found = await Promise.all(Array.from({ length: 20 }, async () => await subject.lookup.find(name)));
    expect(new Set(found)).toEqual(new Set([{ type: 'owner', owner }]));
    expect(subject.lookup.remembered(name)).toEqual({ type: 'owner', owner });
    expect(subject.questions).toEqual([name]);
    expect(subject.sources).toEqual(['directory', 'cache']);
  });

  it('remembers for a moment that there is no such instance', async () => {
    const subject = asked();
    subject.answer = async () => undefined;
    expect(await subject.lookup.find(name)).toEqual({ type: 'unknown' });
    expect(subject.lookup.remembered(name)).toEqual({ type: 'unknown' });
    subject.now = 1000;
    expect(subject.lookup.remembered(name)).toBeUndefined();
  });

  it('asks for a bounded number of made-up names a second, and goes on with what is remembered', async () => {
    const subject = asked();
    await subject.lookup.find(name);
    subject.answer = async () => undefined;
    const types: string[] = [];
    for (let i = 0; i < 1000; i++) {
      types.push((await subject.lookup.find({ group: 'g', instance: `made-up-${i}` })).type);
    }
    expect(subject.questions).toHaveLength(1 + 10);
    expect(types.slice(9, 11)).toEqual(['unknown', 'overloaded']);
    // Asked for all the same: it was somebody's a moment ago.
    subject.answer = async () => owner;
    expect(await subject.lookup.find(name)).toEqual({ type: 'owner', owner });
    expect(subject.questions).toHaveLength(1 + 10 + 1);
    subject.answer = async () => undefined;
    subject.now = 1000;
    expect((await subject.lookup.find({ group: 'g', instance: 'another' })).type).toBe('unknown');
  });

  it('goes on with what was known last while the directory is away', async () => {
    const subject = asked();
    await subject.lookup.find(name);
    subject.now = 70_000;
    subject.answer = async () => await Promise.reject(new DirectoryUnavailable('away'));
    expect(subject.lookup.remembered(name)).toBeUndefined();
    expect(await subject.lookup.find(name)).toEqual({ type: 'owner', owner });
    expect(await subject.lookup.find({ group: 'g', instance: 'other' })).toEqual({ type: 'unavailable' });
    expect(subject.sources).toEqual(['directory', 'stale', 'none']);
  });

  it('goes on with what was known last when too many look-ups are under way', async () => {
    const subject = asked(1);
    await subject.lookup.find(name);
    subject.now = 70_000;
    subject.answer = async () => await new Promise(() => undefined);
    void subject.lookup.find({ group: 'g', instance: 'other' });
    expect(await subject.lookup.find(name)).toEqual({ type: 'owner', owner });
    expect(subject.sources).toEqual(['directory', 'stale']);
  });

  it('refuses look-ups beyond a bound, and those alone', async () => {
    const subject = asked(2);
    const waiting: ((found: undefined) => void)[] = [];
    subject.answer = async () => await new Promise((resolve) => waiting.push(resolve));
    const at = (i: number): InstanceName => ({ group: 'g', instance: `${i}` });
    const first = subject.lookup.find(at(1));
    const second = subject.lookup.find(at(2));
    expect(await subject.lookup.find(at(3))).toEqual({ type: 'overloaded' });
    const shared = subject.lookup.find(at(1));
    for (const resolve of waiting) resolve(undefined);
    expect(await Promise.all([first, second, shared])).toEqual(Array.from({ length: 3 }, () => ({ type: 'unknown' })));
    subject.answer = async () => owner;
    expect(await subject.lookup.find(at(3))).toEqual({ type: 'owner', owner });
  });
});

describe('an owner that ages while it is used', () => {
  const at = (i: number): InstanceName => ({ group: 'g', instance: `${i}` });

  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  async function aged(count: number): Promise<Asked> {
    const subject = asked(count);
    for (let i = 0; i < count; i += 1) await subject.lookup.find(at(i));
    subject.questions.length = 0;
    subject.now = 10_000;
    return subject;
  }

  it('is told at once, and looked up together with others that age', async () => {
    const subject = await aged(3);
    for (const i of [0, 1, 2, 0, 1]) expect(subject.lookup.remembered(at(i))).toEqual({ type: 'owner', owner });
    expect(subject.questions).toEqual([]);
    await vi.advanceTimersByTimeAsync(1000);
    expect(subject.questions).toEqual([at(0), at(1), at(2)]);
    expect(subject.sources.slice(-3)).toEqual(['renewal', 'renewal', 'renewal']);
    subject.lookup.remembered(at(0));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(subject.questions).toHaveLength(3);
  });

  it('is the new one when the look-up is over', async () => {
    const subject = await aged(1);
    const successor: Ownership = { node: { id: 'b', boot: 'b' }, epoch: 2 };
    subject.answer = async () => successor;
    subject.lookup.remembered(at(0));
    await vi.advanceTimersByTimeAsync(1000);
    expect(subject.lookup.remembered(at(0))).toEqual({ type: 'owner', owner: successor });
  });

  it('goes on being told when the directory is away', async () => {
    const subject = await aged(1);
    subject.answer = async () => await Promise.reject(new DirectoryUnavailable('away'));
    subject.lookup.remembered(at(0));
    await vi.advanceTimersByTimeAsync(1000);
    expect(subject.lookup.remembered(at(0))).toEqual({ type: 'owner', owner });
  });

  it('is not looked up any more once that is stopped', async () => {
    const subject = await aged(1);
    subject.lookup.remembered(at(0));
    subject.lookup.stop();
    await vi.advanceTimersByTimeAsync(5000);
    expect(subject.questions).toEqual([]);
  });
});
