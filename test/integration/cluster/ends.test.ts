import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sharedBroker } from '../../harness/broker.ts';
import { type Cluster, startCluster } from '../../harness/cluster.ts';
import type { ClusterMember } from '../../harness/cluster-member.ts';
import { eventually } from '../../harness/conditions.ts';
import type { HttpAnswer, HttpClient } from '../../harness/http.ts';
import { type RedisServer, startRedis } from '../../harness/redis.ts';
import { produceJson, RestConsumer } from '../../harness/rest-consumer.ts';
import { createTopic, uniqueName } from '../../harness/topics.ts';

const UNREADY_MS = 1000;
/** A poll that is told to end does so at once; the rest is what the machine takes. */
const SOON_MS = 3000;
let bootstrap: string;
let redis: RedisServer;
let cluster: Cluster;

beforeAll(async () => {
  ({ bootstrap } = await sharedBroker());
  redis = await startRedis();
  const properties = { 'sluice.shutdown.unready.ms': String(UNREADY_MS) };
  cluster = await startCluster({ bootstrap, redisUrl: redis.url, leaseMs: 2000, nodes: 2, edges: 1, properties });
}, 120_000);
afterAll(async () => {
  await cluster?.stop();
  await redis?.stop();
}, 60_000);

function httpOf(member: ClusterMember | undefined): HttpClient {
  if (member?.http === undefined) throw new Error('it has no public listener');
  return member.http;
}

async function readsAt(member: ClusterMember): Promise<number> {
  const { text } = await member.management.call('GET', '/metrics');
  return Number(/^sluice_consumer_reads (.*)$/m.exec(text)?.[1] ?? 0);
}

/** A poll through one process, for an instance at another, that waits there by now. */
async function waiting(
  through: ClusterMember,
  at: ClusterMember,
): Promise<{ consumer: RestConsumer; poll: Promise<HttpAnswer> }> {
  const topic = await createTopic(bootstrap);
  await produceJson(httpOf(at), topic, ['joined']);
  const made = await RestConsumer.create(httpOf(at), uniqueName('group'));
  await made.subscribe(topic);
  await made.readAll(1);
  const consumer = new RestConsumer(httpOf(through), made.path, 'json');
  const before = await readsAt(at);
  const poll = consumer.readAnswer({ timeout: 30_000, headers: { connection: 'keep-alive' } });
  poll.catch(() => undefined);
  await eventually(async () => (await readsAt(at)) > before, { deadlineMs: 10_000, describe: 'the poll to wait' });
  return { consumer: made, poll };
}

describe('an edge or a node that is stopped', () => {
  it.each(['edge', 'node'] as const)(
    '%s: polls that wait at another node are answered at once',
    async (role) => {
      const victim = role === 'edge' ? cluster.edges[0] : cluster.nodes[0];
      const holder = cluster.nodes[1];
      if (victim === undefined || holder === undefined) throw new Error('not started');
      const { consumer, poll } = await waiting(victim, holder);
      const since = performance.now();
      const drained = victim.drain();
      const answer = await poll;
      expect([answer.status, answer.text, answer.headers.connection]).toEqual([200, '[]', 'close']);
      expect(performance.now() - since).toBeLessThan(UNREADY_MS + SOON_MS);
      expect((await drained).code).toBe(0);
      // Its holder goes on with it.
      expect((await consumer.readAnswer({ timeout: 100 })).status).toBe(200);
      await victim.restart();
    },
    60_000,
  );

  it('serves on for a while after it is unready, and sends its clients away', async () => {
    const [edge] = cluster.edges;
    if (edge === undefined) throw new Error('not started');
    const drained = edge.drain();
    await eventually(async () => (await edge.management.call('GET', '/readyz')).status === 503, {
      deadlineMs: UNREADY_MS,
      describe: 'the edge to be unready',
    });
    const answer = await httpOf(edge).call('GET', '/topics', { headers: { connection: 'keep-alive' } });
    expect([answer.status, answer.headers.connection]).toEqual([200, 'close']);
    expect((await drained).code).toBe(0);
    await edge.restart();
  }, 60_000);
});
