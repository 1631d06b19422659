import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Balancer, startBalancer } from '../../harness/balancer.ts';
import { sharedBroker } from '../../harness/broker.ts';
import { type Cluster, startCluster } from '../../harness/cluster.ts';
import { eventually } from '../../harness/conditions.ts';
import { type HttpClient, httpClient } from '../../harness/http.ts';
import { type RedisServer, startRedis } from '../../harness/redis.ts';
import { produceJson, RestConsumer } from '../../harness/rest-consumer.ts';
import { createTopic, uniqueName } from '../../harness/topics.ts';

const LEASE_MS = 2000;
const RECORDS = 60;
let bootstrap: string;
let redis: RedisServer;
let cluster: Cluster;
let balancer: Balancer;
let http: HttpClient;

beforeAll(async () => {
  ({ bootstrap } = await sharedBroker());
  redis = await startRedis();
  cluster = await startCluster({ bootstrap, redisUrl: redis.url, leaseMs: LEASE_MS, nodes: 3 });
  balancer = await startBalancer(cluster.urls);
  http = httpClient(balancer.url);
}, 120_000);
afterAll(async () => {
  await balancer?.stop();
  await cluster?.stop();
  await redis?.stop();
}, 60_000);

describe('three nodes behind a balancer that knows nothing of them', () => {
  it('are one proxy to a client that reads while they are killed and stopped, one after the other', async () => {
    const topic = await createTopic(bootstrap);
    await eventually(async () => (await produceJson(http, topic, [0])).length === 1, {
      deadlineMs: 10_000,
      describe: 'the balancer to find the nodes',
    });
    const consumer = await RestConsumer.create(http, uniqueName('group'));
    await consumer.subscribe(topic);
    const seen = new Set<unknown>();
    const victims = [...cluster.nodes];
    for (let value = 1; seen.size < RECORDS; value += 1) {
      if (value < RECORDS) await produceJson(http, topic, [value]);
      for (const record of await consumer.read({ timeout: 2000 })) seen.add(record.value);
      const victim = value % 15 === 0 ? victims.shift() : undefined;
      if (victim === undefined) continue;
      // The first two die, the last one is stopped as an operator would.
      if (victims.length > 0) await victim.kill();
      await victim.restart();
    }
    expect([...seen].map(Number).toSorted((a, b) => a - b)).toEqual(Array.from({ length: RECORDS }, (_, i) => i));
  }, 90_000);
});
