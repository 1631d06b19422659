import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sharedBroker } from '../../harness/broker.ts';
import { type Cluster, startCluster } from '../../harness/cluster.ts';
import { eventually } from '../../harness/conditions.ts';
import type { HttpClient } from '../../harness/http.ts';
import { type RedisServer, startRedis } from '../../harness/redis.ts';
import { RestConsumer } from '../../harness/rest-consumer.ts';
import { createTopic, uniqueName } from '../../harness/topics.ts';

/** Strimzi's dialect where edges know no Kafka: what it adds is passed on, and probes are answered where they come in. */

const JSON_V2 = 'application/vnd.kafka.json.v2+json';

let bootstrap: string;
let redis: RedisServer;
let cluster: Cluster;

beforeAll(async () => {
  ({ bootstrap } = await sharedBroker());
  redis = await startRedis();
  const properties = { 'sluice.dialect': 'strimzi' };
  cluster = await startCluster({ bootstrap, redisUrl: redis.url, leaseMs: 2000, edges: 1, workers: 2, properties });
}, 120_000);
afterAll(async () => {
  await cluster?.stop();
  await redis?.stop();
}, 60_000);

function edge(): HttpClient {
  const http = cluster.edges[0]?.http;
  if (http === undefined) throw new Error('an edge has a public listener');
  return http;
}

describe('through an edge', () => {
  it('a topic is made, and the API is described', async () => {
    const topic = uniqueName('made');
    const made = await edge().call('POST', '/admin/topics', {
      headers: { 'content-type': JSON_V2 },
      body: JSON.stringify({ topic_name: topic, partitions_count: 2, replication_factor: 1 }),
    });
    expect([made.status, made.text]).toEqual([201, '{}']);
    expect((await edge().call('GET', '/openapi')).json()).toMatchObject({ openapi: '3.1.0' });
    expect((await edge().call('GET', '/')).json()).toEqual({ bridge_version: expect.any(String) });
  });

  it('an instance is committed at the next record, and an unknown one is 404 by HTTP’s code', async () => {
    const topic = await createTopic(bootstrap);
    let consumer: RestConsumer | undefined;
    await eventually(
      async () => {
        consumer = await RestConsumer.create(edge(), uniqueName('group'), { format: 'text' });
        return true;
      },
      { deadlineMs: 10_000, describe: 'a Redis that is new to give names' },
    );
    const made = consumer as RestConsumer;
    await made.assign(topic, 0);
    const commit = await made.call('POST', '/offsets', { offsets: [{ topic, partition: 0, offset: 2 }] });
    expect([commit.status, commit.text]).toEqual([204, '']);
    expect(await made.committed(topic)).toBe(2);
    await made.delete();
    expect((await made.call('GET', '/subscription')).json()).toMatchObject({ error_code: 404 });
  });

  it('records that nobody waits for are written, with headers of any bytes', async () => {
    const topic = await createTopic(bootstrap);
    const record = '{"value":1,"timestamp":0,"headers":[{"key":"h","value":"/wA="}]}';
    const sent = await edge().call('POST', `/topics/${topic}?async=true`, {
      headers: { 'content-type': JSON_V2 },
      body: `{"records":[${record}]}`,
    });
    expect(sent.status).toBe(204);
    const path = `/topics/${topic}/partitions/0/records?offset=0&timeout=5000`;
    const shown = `{"topic":"${topic}","key":null,"value":1,"partition":0,"offset":0,${record.slice('{"value":1,'.length)}`;
    await eventually(
      async () => (await edge().call('GET', path, { headers: { accept: JSON_V2 } })).text === `[${shown}]`,
      { deadlineMs: 10_000, describe: 'the record' },
    );
  });

  it('the path that a gateway was asked for begins base_uri', async () => {
    const group = uniqueName('group');
    const created = await edge().call('POST', `/consumers/${group}`, {
      headers: { 'content-type': 'application/vnd.kafka.v2+json', 'x-forwarded-path': `/bridge/consumers/${group}` },
      body: '{}',
    });
    const { base_uri: base } = created.json() as { base_uri: string };
    const path = new URL(base).pathname;
    expect(path.startsWith(`/bridge/consumers/${group}/instances/`)).toBe(true);
    expect((await edge().call('DELETE', path.replace('/bridge', ''))).status).toBe(204);
  });

  it('probes are answered by the edge, though no worker is there', async () => {
    for (const worker of cluster.workers) await cluster.remove(worker);
    expect((await edge().call('GET', '/healthy')).status).toBe(204);
    expect((await edge().call('GET', '/ready')).status).toBe(204);
    expect((await edge().call('GET', '/topics')).status).toBe(503);
  });
});
