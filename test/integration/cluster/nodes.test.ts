import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sharedBroker } from '../../harness/broker.ts';
import { type Cluster, startCluster } from '../../harness/cluster.ts';
import type { ClusterMember } from '../../harness/cluster-member.ts';
import { eventually } from '../../harness/conditions.ts';
import type { HttpClient } from '../../harness/http.ts';
import { type RedisServer, startRedis } from '../../harness/redis.ts';
import { produceJson, RestConsumer } from '../../harness/rest-consumer.ts';
import { createTopic, uniqueName } from '../../harness/topics.ts';
import { holderOf } from './holder.ts';

const LEASE_MS = 2000;
let bootstrap: string;
let redis: RedisServer;
let cluster: Cluster;

beforeAll(async () => {
  ({ bootstrap } = await sharedBroker());
  redis = await startRedis();
  cluster = await startCluster({ bootstrap, redisUrl: redis.url, leaseMs: LEASE_MS, nodes: 3 });
  await eventually(
    async () => {
      const answer = await node(0).call('POST', `/consumers/${uniqueName('group')}`, {
        headers: { 'content-type': 'application/vnd.kafka.v2+json' },
        body: '{}',
      });
      return answer.status === 200;
    },
    { deadlineMs: 10_000, describe: 'a Redis that is new to give names' },
  );
}, 120_000);
afterAll(async () => {
  await cluster?.stop();
  await redis?.stop();
}, 60_000);

function node(index: number): HttpClient {
  const { http } = cluster.nodes[index] as ClusterMember;
  if (http === undefined) throw new Error('a node has a public listener');
  return http;
}

/** The same instance through another node. */
function through(index: number, consumer: RestConsumer): RestConsumer {
  return new RestConsumer(node(index), consumer.path, 'json');
}

async function topicOf(count: number): Promise<string> {
  const topic = await createTopic(bootstrap);
  await produceJson(
    node(0),
    topic,
    Array.from({ length: count }, (_, i) => i),
  );
  return topic;
}

const holder = async (consumer: RestConsumer): Promise<ClusterMember> => await holderOf(cluster, redis, consumer);

describe('nodes of a cluster', () => {
  it('serve an instance through any of them, each record once', async () => {
    const topic = await topicOf(30);
    const consumer = await RestConsumer.create(node(0), uniqueName('group'));
    await through(1, consumer).subscribe(topic);
    const seen: unknown[] = [];
    for (let turn = 0; seen.length < 30; turn += 1) {
      seen.push(...(await through(turn % 3, consumer).read({ timeout: 5000, maxBytes: 12 })).map(({ value }) => value));
    }
    expect(seen).toEqual(Array.from({ length: 30 }, (_, i) => i));
    await through(2, consumer).commit();
    expect(await through(1, consumer).committed(topic)).toBe(30);
    await through(0, consumer).delete();
    for (const index of [0, 1, 2]) {
      expect((await through(index, consumer).readAnswer()).json()).toMatchObject({ error_code: 40403 });
    }
  });

  it('give base_uri as the address that the client used', async () => {
    const created = await node(1).call('POST', `/consumers/${uniqueName('group')}`, {
      headers: { 'content-type': 'application/vnd.kafka.v2+json', host: 'proxy.example:8082' },
      body: '{"name":"i"}',
    });
    expect(created.json()).toMatchObject({ base_uri: expect.stringContaining('http://proxy.example:8082/consumers/') });
  });

  it('give a name once, whichever of them is asked', async () => {
    const group = uniqueName('group');
    const create = (index: number) =>
      node(index % 3).call('POST', `/consumers/${group}`, {
        headers: { 'content-type': 'application/vnd.kafka.v2+json' },
        body: '{"name":"only"}',
      });
    const answers = await Promise.all(Array.from({ length: 12 }, (_, i) => create(i)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    const refused = answers.filter(({ status }) => status === 409).map((answer) => answer.json());
    expect(refused).toHaveLength(11);
    for (const body of refused) expect(body).toMatchObject({ error_code: 40902 });
  });

  it.each(['subscribed', 'assigned'] as const)('lose no record when the holder is killed, %s', async (mode) => {
    const topic = await topicOf(20);
    const consumer = await RestConsumer.create(node(0), uniqueName('group'));
    if (mode === 'subscribed') await consumer.subscribe(topic);
    else await consumer.assign(topic, 0);
    const first = await consumer.read({ timeout: 10_000, maxBytes: 12 });
    const victim = await holder(consumer);
    const others = [0, 1, 2].filter((index) => cluster.nodes[index] !== victim);
    await victim.kill();
    const seen = first.map(({ value }) => value);
    for (let turn = 0; !seen.includes(19); turn += 1) {
      const records = await through(others[turn % 2] as number, consumer).read({ timeout: 5000 });
      seen.push(...records.map(({ value }) => value));
    }
    expect([...new Set(seen)]).toEqual(Array.from({ length: 20 }, (_, i) => i));
    // At most what was not confirmed comes again.
    expect(seen.length).toBeLessThanOrEqual(20 + first.length);
    await victim.restart();
  });

  it('answer while the holder is frozen, and it lets go when it wakes up', async () => {
    const topic = await topicOf(10);
    const consumer = await RestConsumer.create(node(0), uniqueName('group'));
    await consumer.assign(topic, 0);
    await consumer.read({ timeout: 10_000, maxBytes: 6 });
    const victim = await holder(consumer);
    const other = [0, 1, 2].find((index) => cluster.nodes[index] !== victim) as number;
    victim.freeze();
    const records = await through(other, consumer).read({ timeout: 5000 });
    expect(records.at(-1)?.value).toBe(9);
    victim.thaw();
    await eventually(async () => (await through(cluster.nodes.indexOf(victim), consumer).readAnswer()).status === 200, {
      deadlineMs: 10_000,
      describe: 'the node that was frozen to forward',
    });
    expect((await holder(consumer)).id).not.toBe(victim.id);
  });

  it('hand over when they are stopped: no request fails', async () => {
    const topic = await topicOf(5);
    const consumer = await RestConsumer.create(node(0), uniqueName('group'));
    await consumer.subscribe(topic);
    expect(await consumer.readAll(5)).toHaveLength(5);
    const victim = await holder(consumer);
    const other = [0, 1, 2].find((index) => cluster.nodes[index] !== victim) as number;
    const drained = victim.drain();
    const statuses = new Set<number>();
    do statuses.add((await through(other, consumer).readAnswer({ timeout: 200 })).status);
    while (victim.isRunning);
    expect([...statuses]).toEqual([200]);
    expect((await drained).code).toBe(0);
    await victim.restart();
  });
});
