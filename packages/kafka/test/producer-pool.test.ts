import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { BlockingCalls } from '../src/blocking-calls.ts';
import { type MockCluster, startMockCluster } from '../src/mock-cluster.ts';
import type { Principal } from '../src/principal.ts';
import { ProducerPool } from '../src/producer-pool.ts';
import { batchOf } from './producing.ts';

const [alice, bob, carol] = ['alice', 'bob', 'carol'].map((id): Principal => ({ id })) as [
  Principal,
  Principal,
  Principal,
];

let cluster: MockCluster;
beforeAll(async () => {
  cluster = await startMockCluster();
});
afterAll(async () => {
  await cluster.close();
});

function poolOf(maxProducers: number, lingerMs = 0): { readonly pool: ProducerPool; readonly made: string[] } {
  const made: string[] = [];
  const pool = new ProducerPool({
    maxProducers,
    producerOptions: ({ id }) => {
      made.push(id);
      return {
        settings: { global: { 'bootstrap.servers': cluster.bootstrapServers, 'linger.ms': lingerMs }, topic: {} },
        deliveryTimeoutMs: 5000,
        metadataTimeoutMs: 1000,
        connectTimeoutMs: 3000,
        blockingCalls: new BlockingCalls(),
      };
    },
  });
  return { pool, made };
}

const one = batchOf([{ value: 'x' }]);

describe('the producer pool', () => {
  it('has one producer for each principal, and gives up the one unused for the longest time', async () => {
    const { pool, made } = poolOf(2);
    for (const principal of [alice, bob, alice, carol, alice]) {
      expect((await pool.produce(principal, 'pool', one)).errors).toBeUndefined();
    }
    expect(made).toEqual(['alice', 'bob', 'carol']);
    await pool.produce(bob, 'pool', one);
    expect(made).toEqual(['alice', 'bob', 'carol', 'bob']);
    await pool.close(3000);
  });

  it('refuses a further principal while all producers have requests under way, and sums them up', async () => {
    const { pool } = poolOf(1, 300);
    const pending = pool.produce(alice, 'pool', one);
    expect(pool.stats()).toEqual({ requests: 1, records: 1, bytes: 101 });
    await expect(pool.produce(bob, 'pool', one)).rejects.toMatchObject({ family: 'queueFull', retriable: true });
    expect((await pending).errors).toBeUndefined();
    expect((await pool.produce(bob, 'pool', one)).errors).toBeUndefined();
    await pool.close(3000);
    expect(pool.stats()).toEqual({ requests: 0, records: 0, bytes: 0 });
  });
});
