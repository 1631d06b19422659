import { crc32 } from 'node:zlib';

/** The partition of a key among so many; undefined: any will do. */
export type Partitioner = (key: Buffer | null, count: number) => number | undefined;

const SEED = 0x9747b28c;
const M = 0x5bd1e995;
const R = 24;
const POSITIVE = 0x7fffffff;
const NO_BYTES = Buffer.alloc(0);

/**
 * Java's hash of keys (org.apache.kafka.common.utils.Utils.murmur2), as an int32. The client library's own works with numbers
 * that grow with the key: one of 200 KB kept the process from all else for seconds.
 */
export function murmur2(data: Buffer): number {
  const { length } = data;
  const whole = length & ~3;
  let hash = SEED ^ length;
  for (let i = 0; i < whole; i += 4) {
    let word = Math.imul(data.readInt32LE(i), M);
    word = Math.imul(word ^ (word >>> R), M);
    hash = Math.imul(hash, M) ^ word;
  }
  if (length > whole) hash = Math.imul(hash ^ data.readUIntLE(whole, length - whole), M);
  hash = Math.imul(hash ^ (hash >>> 13), M);
  return hash ^ (hash >>> 15);
}

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** librdkafka's, which is that of Sarama: without its sign. */
function fnv1a(data: Buffer): number {
  let hash = FNV_OFFSET;
  for (const byte of data) hash = Math.imul(hash ^ byte, FNV_PRIME);
  return Math.abs(hash | 0);
}

const hashes = {
  murmur2: (key: Buffer): number => murmur2(key) & POSITIVE,
  consistent: (key: Buffer): number => crc32(key),
  fnv1a,
} as const;

const always =
  (hash: (key: Buffer) => number): Partitioner =>
  (key, count) =>
    hash(key ?? NO_BYTES) % count;

/** @param isNone the keys that choose no partition */
const unless =
  (isNone: (key: Buffer | null) => boolean, hash: (key: Buffer) => number): Partitioner =>
  (key, count) =>
    isNone(key) ? undefined : hash(key ?? NO_BYTES) % count;

const isNull = (key: Buffer | null): boolean => key === null;
const isEmpty = (key: Buffer | null): boolean => key === null || key.length === 0;

/** By the names that librdkafka's setting `partitioner` has. */
const partitioners: ReadonlyMap<unknown, Partitioner> = new Map<unknown, Partitioner>([
  ['random', () => undefined],
  ['consistent', always(hashes.consistent)],
  ['consistent_random', unless(isEmpty, hashes.consistent)],
  ['murmur2', always(hashes.murmur2)],
  ['murmur2_random', unless(isNull, hashes.murmur2)],
  ['fnv1a', always(hashes.fnv1a)],
  ['fnv1a_random', unless(isNull, hashes.fnv1a)],
]);

const java = unless(isNull, hashes.murmur2);

/** That of librdkafka's name, so that a key has one partition whichever way its record goes; Java's for any other name. */
export function partitionerNamed(name: unknown): Partitioner {
  return partitioners.get(name) ?? java;
}
