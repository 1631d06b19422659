import { type RequestOptions, request } from 'node:https';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sharedBroker } from '../../harness/broker.ts';
import type { Certificate } from '../../harness/certificates.ts';
import { type Cluster, startCluster } from '../../harness/cluster.ts';
import { type ClusterMember, startMember } from '../../harness/cluster-member.ts';
import { eventually } from '../../harness/conditions.ts';
import type { HttpClient } from '../../harness/http.ts';
import { type TestAuthority, testAuthority } from '../../harness/peer-certificates.ts';
import { type RedisServer, startRedis } from '../../harness/redis.ts';
import { produceJson, RestConsumer } from '../../harness/rest-consumer.ts';
import { createTopic, uniqueName } from '../../harness/topics.ts';

const SECRET = 'which the strangers know';
const LEASE_MS = 2000;
let bootstrap: string;
let redis: RedisServer;
let cluster: Cluster;
let authority: TestAuthority;
let stranger: TestAuthority;

function tlsProperties({ certificateFile, keyFile }: Certificate, ca: TestAuthority): Record<string, string> {
  return {
    'sluice.internal.listener': 'https://127.0.0.1:0',
    'sluice.internal.tls.certificate.file': certificateFile,
    'sluice.internal.tls.key.file': keyFile,
    'sluice.internal.tls.ca.file': ca.certificateFile,
  };
}

beforeAll(async () => {
  [authority, stranger] = await Promise.all([testAuthority(), testAuthority()]);
  ({ bootstrap } = await sharedBroker());
  redis = await startRedis();
  cluster = await startCluster({
    bootstrap,
    redisUrl: redis.url,
    leaseMs: LEASE_MS,
    edges: 1,
    workers: 2,
    properties: { ...tlsProperties(await authority.issue('node'), authority), 'sluice.cluster.secret': '' },
  });
}, 120_000);
afterAll(async () => {
  await cluster?.stop();
  await redis?.stop();
  await Promise.all([authority?.remove(), stranger?.remove()]);
}, 60_000);

const edgeMember = (): ClusterMember => cluster.edges[0] as ClusterMember;
const edge = (): HttpClient => edgeMember().http as HttpClient;

interface Shown {
  readonly id: string;
  readonly address: string;
  readonly load: { readonly instances: number };
}

async function nodes(): Promise<readonly Shown[]> {
  const { nodes: shown } = (await edgeMember().management.call('GET', '/cluster/nodes')).json() as {
    nodes: readonly Shown[];
  };
  return shown;
}

async function holderOf(group: string, instance: string): Promise<ClusterMember> {
  const path = `/cluster/owner?group=${group}&instance=${instance}`;
  const { node } = (await edgeMember().management.call('GET', path)).json() as { node: string };
  return cluster.workers.find(({ id }) => id === node) as ClusterMember;
}

/** One more worker of the cluster, by what it says of itself in the directory. */
async function another(id: string, properties: Record<string, string>): Promise<ClusterMember> {
  const member = await startMember({
    id,
    role: 'worker',
    relay: false,
    publicPort: undefined,
    properties: {
      'bootstrap.servers': bootstrap,
      'sluice.redis.url': redis.url,
      'sluice.cluster.id': cluster.id,
      'sluice.cluster.secret': SECRET,
      'sluice.lease.ms': String(LEASE_MS),
      ...properties,
    },
  });
  await eventually(async () => (await nodes()).some((node) => node.id === id), {
    deadlineMs: 10_000,
    describe: `${id} in the directory`,
  });
  return member;
}

/** Makes so many instances through the edge that one of three nodes would be given some, and takes them away again. */
async function makeInstances(): Promise<void> {
  const group = uniqueName('group');
  await Promise.all(Array.from({ length: 12 }, async () => await (await RestConsumer.create(edge(), group)).delete()));
}

async function metricsOf(member: ClusterMember): Promise<string> {
  return (await member.management.call('GET', '/metrics')).text;
}

/** Tries of the edge that came to nothing before anything was sent. */
async function unreachable(): Promise<number> {
  const metrics = await metricsOf(edgeMember());
  return Number(/^sluice_edge_retries_total\{reason="unreachable"\} (\d+)$/m.exec(metrics)?.[1] ?? 0);
}

describe('a cluster whose nodes know each other by certificates alone', () => {
  it('announces https, and serves a consumer through an edge as its client asks for it', async () => {
    for (const { address } of await nodes()) expect(address).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
    const group = uniqueName('group');
    const answer = await edge().call('POST', `/consumers/${group}`, {
      headers: { 'content-type': 'application/vnd.kafka.v2+json', host: 'public.example' },
      body: '{"name":"c1"}',
    });
    expect(answer.json()).toEqual({
      instance_id: 'c1',
      base_uri: `http://public.example/consumers/${group}/instances/c1`,
    });
    expect((await edge().call('DELETE', `/consumers/${group}/instances/c1`)).status).toBe(204);
  });

  it('goes on reading when the holder of an instance is killed', async () => {
    const topic = await createTopic(bootstrap);
    const group = uniqueName('group');
    const consumer = await RestConsumer.create(edge(), group, { name: 'c1', 'auto.offset.reset': 'earliest' });
    await consumer.subscribe(topic);
    await produceJson(edge(), topic, [1, 2, 3]);
    expect((await consumer.read({ timeout: 15_000 })).map(({ value }) => value)).toEqual([1, 2, 3]);
    await consumer.commit();
    const holder = await holderOf(group, 'c1');
    await holder.kill();
    await produceJson(edge(), topic, [4, 5]);
    const read: unknown[] = [];
    await eventually(
      async () => {
        read.push(...(await consumer.read({ timeout: 5000 })).map(({ value }) => value));
        return read.length >= 2;
      },
      { deadlineMs: 20_000, describe: 'the records behind the kill' },
    );
    expect(read).toEqual([4, 5]);
    expect((await holderOf(group, 'c1')).id).not.toBe(holder.id);
    await holder.restart();
  }, 60_000);

  it('hands instances over when a node is drained', async () => {
    const group = uniqueName('group');
    const topic = await createTopic(bootstrap);
    const consumer = await RestConsumer.create(edge(), group, { name: 'c1', 'auto.offset.reset': 'earliest' });
    await consumer.assign(topic, 0);
    const holder = await holderOf(group, 'c1');
    await holder.drain();
    await produceJson(edge(), topic, ['after']);
    expect((await consumer.read({ timeout: 10_000 })).map(({ value }) => value)).toEqual(['after']);
    await holder.restart();
  }, 60_000);

  it('does not listen to a worker without a certificate, and says why', async () => {
    const clear = await another('worker-in-clear', {});
    try {
      expect((await nodes()).find(({ id }) => id === clear.id)?.address).toMatch(/^http:/);
      await eventually(async () => (await edgeMember().logs()).includes('is in clear, and this node talks TLS'), {
        deadlineMs: 5000,
        describe: 'a line in the log of the edge',
      });
      await makeInstances();
      expect(await metricsOf(clear)).toContain('sluice_peer_connections 0\n');
      // And it has nothing to say to the others.
      expect(await clear.logs()).toContain('takes TLS, for which this node lacks');
    } finally {
      await clear.stop();
    }
  }, 60_000);

  it('sends nothing to a worker with a certificate of another authority', async () => {
    const foreign = await another('worker-foreign', tlsProperties(await stranger.issue('foreign'), stranger));
    try {
      const before = await unreachable();
      const hasTried = async (): Promise<boolean> => {
        await makeInstances();
        return (await unreachable()) > before;
      };
      await eventually(hasTried, { deadlineMs: 10_000, describe: 'the edge to try it' });
      expect(await metricsOf(foreign)).not.toMatch(/^sluice_http_requests_total.* [1-9]/m);
      expect((await nodes()).find(({ id }) => id === foreign.id)?.load.instances).toBe(0);
    } finally {
      await foreign.stop();
    }
  }, 60_000);

  it('lets nobody reach a handler without a certificate', async () => {
    const [worker] = (await nodes()).filter(({ id }) => id.startsWith('worker'));
    const call = (options: RequestOptions): Promise<unknown> =>
      new Promise((resolve, reject) => {
        request(`${worker?.address}/topics`, { rejectUnauthorized: false, agent: false, ...options }, resolve)
          .once('error', reject)
          .end();
      });
    await expect(call({})).rejects.toThrow();
  });
});
