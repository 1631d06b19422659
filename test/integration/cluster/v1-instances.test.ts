import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sharedBroker } from '../../harness/broker.ts';
import { type Cluster, startCluster } from '../../harness/cluster.ts';
import { eventually } from '../../harness/conditions.ts';
import type { HttpClient } from '../../harness/http.ts';
import { type RedisServer, startRedis } from '../../harness/redis.ts';
import { produceJson, RestConsumer } from '../../harness/rest-consumer.ts';
import { createTopic } from '../../harness/topics.ts';
import { V1Consumer } from '../../harness/v1-consumer.ts';
import { holderOf } from './holder.ts';

/** An instance of v1 stays one, wherever it is held. */

const LEASE_MS = 2000;
let bootstrap: string;
let redis: RedisServer;
let cluster: Cluster;

beforeAll(async () => {
  ({ bootstrap } = await sharedBroker());
  redis = await startRedis();
  cluster = await startCluster({ bootstrap, redisUrl: redis.url, leaseMs: LEASE_MS, nodes: 3 });
}, 120_000);
afterAll(async () => {
  await cluster?.stop();
  await redis?.stop();
}, 60_000);

function node(index: number): HttpClient {
  const http = cluster.nodes[index]?.http;
  if (http === undefined) throw new Error('a node has a public listener');
  return http;
}

async function created(): Promise<V1Consumer> {
  let consumer: V1Consumer | undefined;
  await eventually(
    async () => {
      consumer = await V1Consumer.create(node(0));
      return true;
    },
    { deadlineMs: 10_000, describe: 'a Redis that is new to give names' },
  );
  return consumer as V1Consumer;
}

describe('an instance of v1 in a cluster', () => {
  it('is read and committed through any node, and goes on when its own is killed', { timeout: 60_000 }, async () => {
    const topic = await createTopic(bootstrap, { partitions: 2 });
    await produceJson(node(0), topic, [0, 1, 2, 3, 4, 5, 6]);
    const { path } = await created();
    const through = (http: HttpClient): V1Consumer => new V1Consumer(http, path);
    const progress = (last: number) => [{ topic, partition: 0, consumed: last, committed: last }];
    expect(await through(node(1)).read(topic, '?max_bytes=4')).toEqual([0, 1, 2]);
    expect(await through(node(2)).commit()).toEqual(progress(2));
    expect(await through(node(1)).read(topic, '?max_bytes=4')).toEqual([3, 4, 5]);

    const holder = await holderOf(cluster, redis, { path });
    await holder.kill();
    const survivor = cluster.nodes.find((one) => one !== holder)?.http as HttpClient;
    // Nobody has proven to have the last answer, and so it comes again. Partition 1 was never read.
    expect(await through(survivor).commit()).toEqual(progress(2));
    expect(await through(survivor).readAll(topic, 4)).toEqual([3, 4, 5, 6]);
    expect(await through(survivor).commit()).toEqual(progress(6));

    const newer = new RestConsumer(survivor, path, 'json');
    expect((await newer.call('GET', '/subscription')).json()).toMatchObject({ error_code: 40_403 });
    expect((await through(survivor).readAnswer(`${topic}-other`)).json()).toMatchObject({ error_code: 40_401 });
    const other = await createTopic(bootstrap);
    expect((await through(survivor).readAnswer(other)).json()).toMatchObject({ error_code: 40_901 });
    expect((await survivor.call('DELETE', path)).status).toBe(204);
    expect((await survivor.call('DELETE', path)).status).toBe(404);
  });
});
