import type { Ownership } from '@sluice/directory';
import { describe, expect, it } from 'vitest';
import { OwnerCache } from '../src/owner-cache.ts';

const name = { group: 'g', instance: 'i' };
const owner = (id: string, epoch: number): Ownership => ({ node: { id, boot: 'b' }, epoch });

function cacheAt(entriesMax = 100): { cache: OwnerCache; advance: (ms: number) => void } {
  let now = 0;
  const cache = new OwnerCache({ ttlMs: 10_000, ageingMs: 60_000, unknownTtlMs: 1000, entriesMax, now: () => now });
  return { cache, advance: (ms) => void (now += ms) };
}

describe('the cache of owners', () => {
  it('believes an owner for ten seconds, then while it is looked up, and keeps it for when nobody can be asked', () => {
    const { cache, advance } = cacheAt();
    expect(cache.get(name)).toBeUndefined();
    cache.set(name, owner('a', 1));
    advance(9999);
    expect(cache.get(name)).toEqual({ owner: owner('a', 1), state: 'fresh' });
    advance(1);
    expect(cache.get(name)).toEqual({ owner: owner('a', 1), state: 'ageing' });
    advance(59_999);
    expect(cache.get(name)?.state).toBe('ageing');
    advance(1);
    expect(cache.get(name)).toEqual({ owner: owner('a', 1), state: 'doubtful' });
  });

  it('believes for a second that there is no such instance', () => {
    const { cache, advance } = cacheAt();
    cache.set(name, undefined);
    advance(999);
    expect(cache.get(name)).toEqual({ owner: undefined, state: 'fresh' });
    advance(1);
    expect(cache.get(name)?.state).toBe('doubtful');
  });

  it('takes no older news for newer', () => {
    const { cache } = cacheAt();
    cache.set(name, owner('b', 2));
    cache.hear({ type: 'owner', name, owner: owner('a', 1) });
    expect(cache.get(name)?.owner).toEqual(owner('b', 2));
    cache.drop(name, owner('a', 1));
    expect(cache.get(name)?.owner).toEqual(owner('b', 2));
    cache.drop(name, owner('b', 2));
    expect(cache.get(name)).toBeUndefined();
  });

  it('hears of the instances that it knows, and of no others', () => {
    const { cache } = cacheAt();
    cache.hear({ type: 'owner', name, owner: owner('a', 1) });
    expect(cache.size).toBe(0);
    cache.set(name, undefined);
    cache.hear({ type: 'owner', name, owner: owner('a', 1) });
    expect(cache.get(name)).toEqual({ owner: owner('a', 1), state: 'fresh' });
    cache.hear({ type: 'owner', name, owner: undefined });
    expect(cache.get(name)).toBeUndefined();
  });

  it('forgets that an instance is unknown when it is made, and no owner', () => {
    const { cache } = cacheAt();
    cache.set(name, undefined);
    cache.made(name);
    expect(cache.get(name)).toBeUndefined();
    cache.set(name, owner('a', 1));
    cache.made(name);
    expect(cache.get(name)?.owner).toEqual(owner('a', 1));
  });

  it('asks again for everything when it may have missed something', () => {
    const { cache } = cacheAt();
    cache.set(name, owner('a', 1));
    cache.hear({ type: 'gap' });
    expect(cache.get(name)).toEqual({ owner: owner('a', 1), state: 'doubtful' });
  });

  it('holds a bounded number of entries, those in use last', () => {
    const { cache, advance } = cacheAt(3);
    const at = (i: number): { group: string; instance: string } => ({ group: 'g', instance: `${i}` });
    for (let i = 0; i < 3; i++) cache.set(at(i), owner('a', 1));
    advance(1000);
    cache.get(at(0));
    cache.set(at(3), owner('a', 1));
    expect(cache.size).toBe(3);
    expect([0, 1, 2, 3].map((i) => cache.get(at(i)) !== undefined)).toEqual([true, false, true, true]);
  });

  it('keeps names apart whatever their characters', () => {
    const { cache } = cacheAt();
    cache.set({ group: 'ab', instance: 'c' }, owner('a', 1));
    expect(cache.get({ group: 'a', instance: 'bc' })).toBeUndefined();
  });
});
