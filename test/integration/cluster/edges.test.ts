import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sharedBroker } from '../../harness/broker.ts';
import { type Cluster, startCluster } from '../../harness/cluster.ts';
import type { ClusterMember } from '../../harness/cluster-member.ts';
import { eventually } from '../../harness/conditions.ts';
import type { HttpClient } from '../../harness/http.ts';
import { type RedisServer, startRedis } from '../../harness/redis.ts';
import { produceJson, RestConsumer } from '../../harness/rest-consumer.ts';
import { createTopic, uniqueName } from '../../harness/topics.ts';

const VALUES = [1, 2, 3];
let bootstrap: string;
let redis: RedisServer;
let cluster: Cluster;

beforeAll(async () => {
  ({ bootstrap } = await sharedBroker());
  redis = await startRedis();
  cluster = await startCluster({ bootstrap, redisUrl: redis.url, leaseMs: 2000, edges: 2, workers: 1 });
}, 120_000);
afterAll(async () => {
  await cluster?.stop();
  await redis?.stop();
}, 60_000);

const edge = (index: number): ClusterMember => cluster.edges[index] as ClusterMember;
const http = (index: number): HttpClient => edge(index).http as HttpClient;

/** Records that the worker has answered reads with. */
async function answered(): Promise<number> {
  const { text } = await (cluster.workers[0] as ClusterMember).management.call('GET', '/metrics');
  return Number(/^sluice_records_total\{direction="consumed",format="json"\} (\d+)$/m.exec(text)?.[1] ?? 0);
}

/** An instance whose records are in the hands of the first edge, which is frozen: their client has given up. */
async function inFrozenHands(): Promise<{ readonly consumer: RestConsumer; readonly topic: string }> {
  const topic = await createTopic(bootstrap);
  const consumer = await RestConsumer.create(http(0), uniqueName('group'), { 'auto.commit.enable': false });
  await consumer.assign(topic, 0);
  expect(await consumer.read({ timeout: 10 })).toEqual([]);
  const before = await answered();
  const client = new AbortController();
  const waiting = consumer.read({ timeout: 20_000, signal: client.signal });
  await eventually(async () => (await waits()) === 1, { deadlineMs: 5000, describe: 'the read to wait' });
  edge(0).freeze();
  await produceJson(http(1), topic, VALUES);
  await eventually(async () => (await answered()) === before + VALUES.length, {
    deadlineMs: 5000,
    describe: 'the worker to answer the read',
  });
  client.abort();
  await expect(waiting).rejects.toThrow();
  return { consumer: new RestConsumer(http(1), consumer.path, 'json'), topic };
}

async function waits(): Promise<number> {
  const { text } = await (cluster.workers[0] as ClusterMember).management.call('GET', '/metrics');
  return Number(/^sluice_consumer_reads_waiting (\d+)$/m.exec(text)?.[1] ?? 0);
}

describe('an answer in the hands of an edge', () => {
  it('that is frozen is read again by way of another, and not committed before', async () => {
    const { consumer, topic } = await inFrozenHands();
    await consumer.commit();
    expect(await consumer.committed(topic)).toBeUndefined();
    expect((await consumer.read({ timeout: 5000 })).map(({ value }) => value)).toEqual(VALUES);
    edge(0).thaw();
    expect(await consumer.read({ timeout: 100 })).toEqual([]);
    await consumer.commit();
    expect(await consumer.committed(topic)).toBe(VALUES.length);
  });

  it('that is killed is read again by way of another', async () => {
    const { consumer } = await inFrozenHands();
    await edge(0).kill();
    expect((await consumer.read({ timeout: 5000 })).map(({ value }) => value)).toEqual(VALUES);
    await edge(0).restart();
  });

  it('is read once though each request comes by way of another edge', async () => {
    const topic = await createTopic(bootstrap);
    const consumer = await RestConsumer.create(http(0), uniqueName('group'));
    await consumer.assign(topic, 0);
    await produceJson(
      http(1),
      topic,
      Array.from({ length: 60 }, (_, i) => i),
    );
    const seen: unknown[] = [];
    for (let turn = 0; seen.length < 60; turn += 1) {
      const through = new RestConsumer(http(turn % 2), consumer.path, 'json');
      seen.push(...(await through.read({ timeout: 5000, maxBytes: 6 })).map(({ value }) => value));
    }
    expect(seen).toEqual(Array.from({ length: 60 }, (_, i) => i));
  });
});
