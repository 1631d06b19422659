import { DirectoryUnavailable, type InstanceName, type Ownership } from '@sluice/directory';
import { describe, expect, it } from 'vitest';
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
  const cache = new OwnerCache({ ttlMs: 10_000, unknownTtlMs: 1000, entriesMax: 100, now: () => result.now });
  const find = async (wanted: InstanceName): Promise<Ownership | undefined> => {
    questions.push(wanted);
    return await result.answer();
  };
  const onLookup = (source: string): void => void sources.push(source);
  return Object.assign(result, { lookup: new OwnerLookup({ directory: { find }, cache, pendingMax, onLookup }) });
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

  it('goes on with what was known last while the directory is away', async () => {
    const subject = asked();
    await subject.lookup.find(name);
    subject.now = 60_000;
    subject.answer = async () => await Promise.reject(new DirectoryUnavailable('away'));
    expect(subject.lookup.remembered(name)).toBeUndefined();
    expect(await subject.lookup.find(name)).toEqual({ type: 'owner', owner });
    expect(await subject.lookup.find({ group: 'g', instance: 'other' })).toEqual({ type: 'unavailable' });
    expect(subject.sources).toEqual(['directory', 'stale', 'none']);
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
