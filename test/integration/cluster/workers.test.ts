import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sharedBroker } from '../../harness/broker.ts';
import { type Cluster, startCluster } from '../../harness/cluster.ts';
import { eventually } from '../../harness/conditions.ts';
import type { HttpAnswer } from '../../harness/http.ts';
import { type RedisServer, startRedis } from '../../harness/redis.ts';
import { createTopic, uniqueName } from '../../harness/topics.ts';
import { Peer } from './peer.ts';

const LEASE_MS = 2000;
let bootstrap: string;
let redis: RedisServer;
let cluster: Cluster;
let peer: Peer;

beforeAll(async () => {
  ({ bootstrap } = await sharedBroker());
  redis = await startRedis();
  cluster = await startCluster({ bootstrap, redisUrl: redis.url, leaseMs: LEASE_MS, workers: 2 });
  peer = new Peer(cluster, redis.url, LEASE_MS);
  await peer.start();
}, 120_000);
afterAll(async () => {
  await cluster?.stop();
  await redis?.stop();
}, 60_000);

interface Held {
  readonly name: { readonly group: string; readonly instance: string };
  readonly path: string;
  readonly topic: string;
  owner: { node: { id: string; boot: string }; epoch: number };
}

async function produce(topic: string, values: readonly number[]): Promise<void> {
  const answer = await peer.send('worker-1', {
    method: 'POST',
    path: `/topics/${topic}`,
    headers: { 'content-type': 'application/vnd.kafka.json.v2+json' },
    body: { records: values.map((value) => ({ value, partition: 0 })) },
  });
  expect(answer.text).not.toContain('error_code":5');
}

/** An instance on worker-1 that reads a topic with records 0 to 9. */
async function held(mode: 'subscribed' | 'assigned', settings: Record<string, unknown> = {}): Promise<Held> {
  const topic = await createTopic(bootstrap);
  await produce(topic, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  const name = { group: uniqueName('group'), instance: 'i' };
  const body = { name: 'i', format: 'json', 'auto.offset.reset': 'earliest', ...settings };
  const path = `/consumers/${name.group}`;
  // A Redis that is new gives no names for the length of a lease: they may be somebody's.
  await eventually(async () => (await peer.send('worker-1', { method: 'POST', path, body })).status === 200, {
    deadlineMs: 10_000,
    describe: 'the instance to be made',
    intervalMs: 100,
  });
  const owner = await peer.directory.find(name);
  if (owner === undefined) throw new Error('not in the directory');
  const instance = { name, path: `${path}/instances/i`, topic, owner };
  const source =
    mode === 'subscribed'
      ? { path: '/subscription', body: { topics: [topic] } }
      : { path: '/assignments', body: { partitions: [{ topic, partition: 0 }] } };
  const answer = await ask(instance, 'worker-1', `POST ${source.path}`, source.body);
  expect(answer.status, answer.text).toBe(204);
  return instance;
}

/** @param route method and path below the instance */
async function ask(instance: Held, node: string, route: string, body?: unknown): Promise<HttpAnswer> {
  const [method = '', path = ''] = route.split(' ');
  return await peer.send(node, { method, path: instance.path + path, body }, { epoch: instance.owner.epoch });
}

async function read(instance: Held, node: string, maxBytes = 1_000_000): Promise<number[]> {
  const answer = await ask(instance, node, `GET /records?timeout=10000&max_bytes=${maxBytes}`);
  expect(answer.status, answer.text).toBe(200);
  return (answer.json() as { value: number }[]).map(({ value }) => value);
}

/** An instance on worker-1 whose client has got records 0 to 5, and has proven to have 0 to 2: a successor may know that. */
async function readTwice(mode: 'subscribed' | 'assigned'): Promise<Held> {
  const instance = await held(mode, { 'auto.commit.enable': false });
  expect(await read(instance, 'worker-1', 4)).toEqual([0, 1, 2]);
  // This read proves the one before it, and is not proven itself.
  expect(await read(instance, 'worker-1', 4)).toEqual([3, 4, 5]);
  await eventually(async () => (await peer.directory.read(instance.name))?.state[`p:0/${instance.topic}`] === 'd3', {
    deadlineMs: 5000,
    describe: 'the position in the directory',
  });
  return instance;
}

/** Has worker-2 take the instance over. */
async function takeOver(instance: Held, reason: 'expired' | 'refused'): Promise<void> {
  const path = `${instance.path}/subscription`;
  await eventually(
    async () => {
      const claim = { from: instance.owner, reason };
      return (await peer.send('worker-2', { method: 'GET', path }, { claim })).status === 200;
    },
    { deadlineMs: 15_000, describe: 'worker-2 to have taken over', intervalMs: 100 },
  );
  instance.owner = (await peer.directory.find(instance.name)) ?? instance.owner;
  expect(instance.owner.node.id).toBe('worker-2');
}

describe('workers of a cluster', () => {
  it('decline what they do not hold, and name who does', async () => {
    const instance = await held('subscribed');
    const answer = await ask(instance, 'worker-2', 'GET /records');
    expect(answer.status).toBe(421);
    expect(answer.headers['x-sluice-owner']).toBe(`worker-1;${instance.owner.node.boot};${instance.owner.epoch}`);
  });

  it('give the same records again to a read that was sent once more, and the next ones to the next', async () => {
    const instance = await held('subscribed');
    const requestId = peer.requestId();
    const request = { method: 'GET', path: `${instance.path}/records?timeout=10000&max_bytes=4` };
    const first = await peer.send('worker-1', request, { epoch: instance.owner.epoch, requestId });
    // Whoever sends it again has not passed the first one on.
    const again = await peer.send('worker-1', request, { epoch: instance.owner.epoch, requestId, delivered: [''] });
    expect(again.text).toBe(first.text);
    expect((await read(instance, 'worker-1', 4))[0]).toBe((first.json() as unknown[]).length);
  });

  it('give records again that no edge says to have passed on, and do not commit them', async () => {
    const instance = await held('assigned', { 'auto.commit.enable': false });
    expect(await read(instance, 'worker-1', 4)).toEqual([0, 1, 2]);
    const silent = { epoch: instance.owner.epoch, delivered: ['of another request'] };
    const commit = { method: 'POST', path: `${instance.path}/offsets` };
    expect((await peer.send('worker-1', commit, silent)).status).toBe(200);
    const asked = { partitions: [{ topic: instance.topic, partition: 0 }] };
    expect((await ask(instance, 'worker-1', 'GET /offsets', asked)).json()).toEqual({ offsets: [] });
    expect(await read(instance, 'worker-1', 4)).toEqual([0, 1, 2]);
    expect(await read(instance, 'worker-1', 4)).toEqual([3, 4, 5]);
  });

  it.each(['subscribed', 'assigned'] as const)('go on where a holder that was replaced was, %s', async (mode) => {
    const instance = await readTwice(mode);
    if (mode === 'subscribed') {
      await takeOver(instance, 'refused');
    } else {
      await cluster.workers[0]?.kill();
      await takeOver(instance, 'expired');
    }
    const all = await read(instance, 'worker-2');
    expect(all[0]).toBe(3);
    if (mode === 'assigned') {
      await cluster.workers[0]?.restart();
      await peer.start();
    } else {
      expect((await ask(instance, 'worker-1', 'GET /records')).status).toBe(421);
    }
  });

  it.each(['subscribed', 'assigned'] as const)('commit what a holder before them delivered, %s', async (mode) => {
    const instance = await readTwice(mode);
    await cluster.workers[0]?.kill();
    await takeOver(instance, 'expired');
    expect((await ask(instance, 'worker-2', 'POST /offsets')).status).toBe(200);
    const asked = { partitions: [{ topic: instance.topic, partition: 0 }] };
    expect((await ask(instance, 'worker-2', 'GET /offsets', asked)).json()).toMatchObject({ offsets: [{ offset: 3 }] });
    await cluster.workers[0]?.restart();
    await peer.start();
  });

  it('go on at a seek that nobody has read from yet', async () => {
    const instance = await held('assigned');
    await read(instance, 'worker-1');
    const seek = { offsets: [{ topic: instance.topic, partition: 0, offset: 7 }] };
    expect((await ask(instance, 'worker-1', 'POST /positions', seek)).status).toBe(204);
    await cluster.workers[0]?.kill();
    await takeOver(instance, 'expired');
    expect(await read(instance, 'worker-2')).toEqual([7, 8, 9]);
    await cluster.workers[0]?.restart();
    await peer.start();
  });

  it('take over unasked what was in use at one that died', async () => {
    const instance = await held('subscribed');
    expect(await read(instance, 'worker-1', 4)).toEqual([0, 1, 2]);
    await cluster.workers[0]?.kill();
    await eventually(async () => (await peer.directory.find(instance.name))?.node.id === 'worker-2', {
      deadlineMs: LEASE_MS + 10_000,
      describe: 'worker-2 to have it',
    });
    await cluster.workers[0]?.restart();
    await peer.start();
  });

  // That the broker refuses it, too, is tested with the consumer itself.
  it.each(['is there', 'is away'])(
    'refuse the commit of a holder that slept while it was replaced, when Redis %s',
    async (redisState) => {
      const instance = await held('subscribed', { 'auto.commit.enable': false });
      expect(await read(instance, 'worker-1', 4)).toEqual([0, 1, 2]);
      const relic = { ...instance };
      const offsets = (offset: number) => ({ offsets: [{ topic: instance.topic, partition: 0, offset }] });
      cluster.workers[0]?.freeze();
      try {
        await takeOver(instance, 'expired');
        expect(await read(instance, 'worker-2', 4)).toEqual([0, 1, 2]);
        expect((await ask(instance, 'worker-2', 'POST /offsets', offsets(1))).status).toBe(200);
        // It waits for the sleeper to wake up, as the news do.
        const late = ask(relic, 'worker-1', 'POST /offsets', offsets(7));
        if (redisState === 'is away') redis.freeze();
        cluster.workers[0]?.thaw();
        const { status, text } = await late;
        expect(status, text).not.toBe(200);
      } finally {
        redis.thaw();
        cluster.workers[0]?.thaw();
      }
      await peer.start();
      const partitions = { partitions: [{ topic: instance.topic, partition: 0 }] };
      const committed = async (): Promise<unknown> =>
        (await ask(instance, 'worker-2', 'GET /offsets', partitions)).json();
      await eventually(
        async () => {
          expect(await committed()).toMatchObject({ offsets: [{ offset: 2 }] });
          return true;
        },
        { deadlineMs: 15_000, describe: 'the commit of the successor' },
      );
      expect(await read(instance, 'worker-2', 4)).toEqual([3, 4, 5]);
    },
    60_000,
  );

  it('hand over when they end, without waiting for the lease', async () => {
    const instance = await held('subscribed');
    expect(await read(instance, 'worker-1', 4)).toEqual([0, 1, 2]);
    await cluster.workers[0]?.drain();
    instance.owner = (await peer.directory.find(instance.name)) ?? instance.owner;
    expect(instance.owner.node.id).toBe('worker-2');
    expect((await read(instance, 'worker-2'))[0]).toBeLessThanOrEqual(3);
    await cluster.workers[0]?.restart();
    await peer.start();
  });

  it('forget a deleted instance everywhere', async () => {
    const instance = await held('subscribed');
    await read(instance, 'worker-1');
    expect((await ask(instance, 'worker-1', 'DELETE ')).status).toBe(204);
    expect(await peer.directory.find(instance.name)).toBeUndefined();
    expect((await ask(instance, 'worker-2', 'GET /records')).status).toBe(404);
  });
});
