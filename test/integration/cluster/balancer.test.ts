import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Balancer, startBalancer } from '../../harness/balancer.ts';
import { sharedBroker } from '../../harness/broker.ts';
import { type Cluster, startCluster } from '../../harness/cluster.ts';
import { eventually } from '../../harness/conditions.ts';
import { type HttpClient, httpClient } from '../../harness/http.ts';
import { type RedisServer, startRedis } from '../../harness/redis.ts';
import { produceJson, RestConsumer, type RestRecord } from '../../harness/rest-consumer.ts';
import { createTopic, uniqueName } from '../../harness/topics.ts';
import { Peer } from './peer.ts';

const LEASE_MS = 2000;
const RECORDS = 60;
let bootstrap: string;
let redis: RedisServer;
let cluster: Cluster;
let balancer: Balancer;
let http: HttpClient;
let peer: Peer;

beforeAll(async () => {
  ({ bootstrap } = await sharedBroker());
  redis = await startRedis();
  cluster = await startCluster({ bootstrap, redisUrl: redis.url, leaseMs: LEASE_MS, nodes: 3 });
  balancer = await startBalancer(cluster.urls);
  http = httpClient(balancer.url);
  peer = new Peer(cluster, redis.url, LEASE_MS);
}, 120_000);
afterAll(async () => {
  await balancer?.stop();
  await cluster?.stop();
  await redis?.stop();
}, 60_000);

/** Reads as a client that may lose no answer: the same read again until it is answered. What it says for another reason fails. */
async function readUntilAnswered(consumer: RestConsumer, key: string): Promise<readonly unknown[]> {
  for (;;) {
    const answer = await consumer
      .readAnswer({ timeout: 5000, headers: { 'idempotency-key': key } })
      .catch((error: NodeJS.ErrnoException) => error);
    if (answer instanceof Error) expect(['ECONNRESET', 'ECONNREFUSED']).toContain(answer.code);
    else if (answer.status === 200) return (answer.json() as RestRecord[]).map(({ value }) => value);
    // The balancer's own, for the node behind it that died, or a node's for an instance that is still on its way.
    else expect([502, 503], answer.text).toContain(answer.status);
    await delay(50);
  }
}

async function pollsUnderWay(): Promise<number> {
  const pages = await Promise.all(
    cluster.nodes.map(async ({ management }) => (await management.call('GET', '/metrics')).text),
  );
  return pages.reduce((sum, text) => sum + Number(/^sluice_consumer_reads (.*)$/m.exec(text)?.[1] ?? 0), 0);
}

/** Lets the client say that it has all it was answered, and waits until a successor would know of that. */
async function positionKept(consumer: RestConsumer, topic: string, offset: number): Promise<void> {
  expect(await consumer.read({ timeout: 0 })).toEqual([]);
  const [, group = '', instance = ''] = /^\/consumers\/(.+)\/instances\/(.+)$/.exec(consumer.path) ?? [];
  await eventually(
    async () => (await peer.directory.read({ group, instance }))?.state[`p:0/${topic}`] === `d${offset}`,
    { deadlineMs: 10_000, describe: `the position ${offset} to be kept` },
  );
}

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

  it.each(['subscribed', 'assigned'] as const)(
    'are one proxy to a client that waits for records each time that one of them is killed, %s',
    async (mode) => {
      const topic = await createTopic(bootstrap);
      const consumer = await RestConsumer.create(http, uniqueName('group'));
      if (mode === 'subscribed') await consumer.subscribe(topic);
      else await consumer.assign(topic, 0);
      const seen: unknown[] = [];
      let reads = 0;
      const read = async (): Promise<void> => {
        reads += 1;
        seen.push(...(await readUntilAnswered(consumer, `read ${reads}`)));
      };
      for (const [round, victim] of cluster.nodes.entries()) {
        if (round > 0) await positionKept(consumer, topic, 2 * round);
        await produceJson(http, topic, [`before ${round}`]);
        while (!seen.includes(`before ${round}`)) await read();
        const waiting = read();
        await eventually(async () => (await pollsUnderWay()) === 1, { deadlineMs: 10_000, describe: 'a poll to wait' });
        await victim.kill();
        const survivor = cluster.nodes.find((node) => node !== victim);
        await produceJson(survivor?.http ?? http, topic, [`after ${round}`]);
        await waiting;
        while (!seen.includes(`after ${round}`)) await read();
        await victim.restart();
      }
      const all = cluster.nodes.flatMap((_, round) => [`before ${round}`, `after ${round}`]);
      expect([...new Set(seen)]).toEqual(all);
      // At each kill comes again what was read since the position was kept: one record.
      expect(seen.length, seen.join(', ')).toBeLessThanOrEqual(all.length + cluster.nodes.length);
    },
    120_000,
  );
});
