import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sharedBroker } from '../../harness/broker.ts';
import { type Cluster, startCluster } from '../../harness/cluster.ts';
import { eventually } from '../../harness/conditions.ts';
import { type HttpClient, httpClient } from '../../harness/http.ts';
import { type RedisServer, startRedis } from '../../harness/redis.ts';
import { produceJson, RestConsumer } from '../../harness/rest-consumer.ts';
import { createTopic, uniqueName } from '../../harness/topics.ts';

const LEASE_MS = 2000;
/** Two seconds of silence, two pings, a while in which the instance might come back or move; and a machine that is busy. */
const GIVEN_UP_MS = 5000 + LEASE_MS + 2000 + 10_000;
let bootstrap: string;
let redis: RedisServer;
let cluster: Cluster;
let http: HttpClient;

beforeAll(async () => {
  ({ bootstrap } = await sharedBroker());
  redis = await startRedis();
  cluster = await startCluster({ bootstrap, redisUrl: redis.url, leaseMs: LEASE_MS, workers: 1, edges: 1, relays: 1 });
  http = httpClient(cluster.urls[0] ?? '');
}, 120_000);
afterAll(async () => {
  await cluster?.stop();
  await redis?.stop();
}, 60_000);

describe('connections between an edge and a worker on which packets vanish', () => {
  it('are not waited for: a commit is answered in seconds, and done once they are good again', async () => {
    const relay = cluster.workers[0]?.relay;
    const topic = await createTopic(bootstrap);
    await produceJson(http, topic, [1, 2, 3]);
    const consumer = await RestConsumer.create(http, uniqueName('group'));
    await consumer.subscribe(topic);
    await consumer.readAll(3);
    relay?.stall();
    const since = performance.now();
    const answer = await consumer.call('POST', '/offsets');
    expect([answer.status, answer.headers['retry-after']]).toEqual([503, '1']);
    expect(answer.text).toContain('may have happened');
    expect(performance.now() - since).toBeLessThan(GIVEN_UP_MS);
    await relay?.pass();
    await eventually(async () => (await consumer.call('POST', '/offsets')).status === 200, {
      deadlineMs: 10_000,
      describe: 'the commit',
    });
    expect(await consumer.committed(topic)).toBe(3);
  }, 60_000);
});
