import { murmur2 as libraryMurmur2 } from '@platformatic/kafka';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { murmur2, partitionerNamed } from '../src/key-partitioner.ts';

describe('the hash of a key', () => {
  it('is that of Java’s client', () => {
    // Of Kafka's own tests (UtilsTest.testMurmur2).
    expect(murmur2(Buffer.from('21'))).toBe(-973932308);
    expect(murmur2(Buffer.from('foobar'))).toBe(-790332482);
    expect(murmur2(Buffer.from('a-little-bit-long-string'))).toBe(-985981536);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        expect(murmur2(Buffer.from(bytes))).toBe(libraryMurmur2(Buffer.from(bytes)));
      }),
    );
  });

  it('of a long one is there at once (bug: one of a megabyte kept the process from all else for a minute)', () => {
    const key = Buffer.alloc(1_000_000, 7);
    const startedAt = performance.now();
    murmur2(key);
    expect(performance.now() - startedAt).toBeLessThan(500);
  });
});

describe('a partitioner', () => {
  it('leaves to others where keys go that choose nothing', () => {
    const empty = Buffer.alloc(0);
    const chosen = (name: string): unknown[] => [null, empty].map((key) => partitionerNamed(name)(key, 7));
    expect(chosen('random')).toEqual([undefined, undefined]);
    expect(chosen('consistent')).toEqual([0, 0]);
    expect(chosen('consistent_random')).toEqual([undefined, undefined]);
    expect(chosen('murmur2_random')).toEqual([undefined, expect.any(Number)]);
    expect(chosen('fnv1a_random')).toEqual([undefined, expect.any(Number)]);
  });

  it('of an unknown name is Java’s', () => {
    const key = Buffer.from('foobar');
    expect(partitionerNamed(undefined)(key, 7)).toBe((-790332482 & 0x7fffffff) % 7);
  });
});
