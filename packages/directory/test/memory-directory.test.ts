import { expect, it } from 'vitest';
import { MemoryDirectory } from '../src/memory-directory.ts';
import { created, describeDirectory, nodeOf, type Subject } from './conformance.ts';

const LEASE_MS = 10_000;
const RETENTION_MS = 600_000;

async function subject(): Promise<Subject> {
  const fresh = (): MemoryDirectory => new MemoryDirectory({ leaseMs: LEASE_MS, retentionMs: RETENTION_MS });
  let directory = fresh();
  return {
    get directory() {
      return directory;
    },
    expire: async (node) => await directory.leave(node),
    empty: async () => {
      directory = fresh();
    },
    settle: async () => undefined,
    close: async () => await directory.close(),
  };
}

describeDirectory('in memory', subject);

it('ends leases and forgets instances by the clock', async () => {
  let now = 1_000_000;
  const directory = new MemoryDirectory({ leaseMs: LEASE_MS, retentionMs: RETENTION_MS, now: () => now });
  const a = nodeOf('a');
  await directory.register(a);
  const held = await created(directory, a);
  now += LEASE_MS - 1;
  expect(await directory.nodes()).toEqual([a]);
  now += 1;
  expect(await directory.nodes()).toEqual([]);
  expect(await directory.find(held.name)).toBeDefined();
  now += RETENTION_MS;
  expect(await directory.find(held.name)).toBeUndefined();
  expect(await directory.heldBy(a)).toEqual([]);
});
