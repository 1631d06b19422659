import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sharedBroker } from '../../harness/broker.ts';
import { type Cluster, startCluster } from '../../harness/cluster.ts';
import { type HttpAnswer, httpClient } from '../../harness/http.ts';
import { openRaw } from '../../harness/raw-http.ts';
import { type RedisServer, startRedis } from '../../harness/redis.ts';
import { uniqueName } from '../../harness/topics.ts';
import { Peer } from './peer.ts';

const LEASE_MS = 2000;
const UNKNOWN = 10_000;
/** What an edge asks Redis for, at most, in a second: see `UNKNOWN_MAX`. */
const LOOKUPS_PER_SECOND = 1000;
/** Beside the look-ups: leases, and who is there. */
const OTHER_SCRIPTS = 200;
/** Requests that are sent at once on a connection, and connections. */
const AT_ONCE = 50;
const CLIENTS = 10;
const V2 = { 'content-type': 'application/vnd.kafka.v2+json' };

let redis: RedisServer;
let cluster: Cluster;
let peer: Peer;

beforeAll(async () => {
  const { bootstrap } = await sharedBroker();
  redis = await startRedis();
  cluster = await startCluster({ bootstrap, redisUrl: redis.url, leaseMs: LEASE_MS, workers: 2, edges: 2 });
  peer = new Peer(cluster, redis.url, LEASE_MS);
  await peer.start();
}, 120_000);
afterAll(async () => {
  await cluster?.stop();
  await redis?.stop();
}, 60_000);

/** Of all answers one is 200; the others say that the name is taken. @returns which one */
function onlyOne(answers: readonly HttpAnswer[]): number {
  const made = answers.findIndex(({ status }) => status === 200);
  const rest = answers.filter((_, i) => i !== made);
  expect(answers[made]?.status).toBe(200);
  for (const answer of rest) expect([answer.status, answer.json()]).toMatchObject([409, { error_code: 40902 }]);
  return made;
}

/** How often Redis ran a script: once for each look-up that finds nothing. */
async function scriptsRun(): Promise<number> {
  return Number(/cmdstat_evalsha:calls=(\d+)/.exec(await redis.command('INFO', 'commandstats'))?.[1] ?? 0);
}

/** Sends one request after the other without waiting, and gives the statuses of the answers. */
async function askForMadeUp(batch: number): Promise<readonly number[]> {
  const connection = await openRaw(cluster.urls[0] ?? '');
  const names = Array.from({ length: AT_ONCE }, (_, i) => `made-up-${batch * AT_ONCE + i}`);
  const requests = names.map((one) => `GET /consumers/g/instances/${one}/records HTTP/1.1\r\nHost: x\r\n\r\n`);
  connection.send(requests.join(''));
  const answers = await connection.answered(AT_ONCE);
  connection.vanish();
  return answers.map(({ status }) => status);
}

describe('a flood', () => {
  it('of creates of one name through all edges makes one instance', async () => {
    const clients = cluster.urls.map(httpClient);
    const path = `/consumers/${uniqueName('group')}`;
    const creates = Array.from({ length: 40 }, async (_, i) => {
      return await clients[i % clients.length]?.call('POST', path, { headers: V2, body: '{"name":"only"}' });
    });
    onlyOne((await Promise.all(creates)).filter((answer) => answer !== undefined));
  });

  it('of creates at all workers makes one, and the request that made it has its 200 again, wherever it is sent', async () => {
    const path = `/consumers/${uniqueName('group')}`;
    const create = async (worker: number, requestId: string): Promise<HttpAnswer> =>
      await peer.send(`worker-${worker}`, { method: 'POST', path, body: { name: 'only' } }, { requestId });
    const ids = Array.from({ length: 40 }, () => peer.requestId());
    const made = onlyOne(await Promise.all(ids.map(async (id, i) => await create(1 + (i % 2), id))));
    for (const worker of [1, 2]) {
      const again = await create(worker, ids[made] as string);
      expect([again.status, again.json()]).toMatchObject([200, { instance_id: 'only' }]);
    }
    expect((await create(1, ids[(made + 1) % ids.length] as string)).status).toBe(409);
  });

  it('of requests for instances that do not exist, each of another name, reaches Redis in a bounded number', async () => {
    const before = await scriptsRun();
    const since = performance.now();
    const statuses = new Set<number>();
    const batches = Array.from({ length: UNKNOWN / AT_ONCE }, (_, i) => i);
    const client = async (): Promise<void> => {
      for (let batch = batches.shift(); batch !== undefined; batch = batches.shift()) {
        for (const status of await askForMadeUp(batch)) statuses.add(status);
      }
    };
    await Promise.all(Array.from({ length: CLIENTS }, client));
    const seconds = 1 + Math.ceil((performance.now() - since) / 1000);
    // Where the machine is too slow for more than the bound, all of them are looked up.
    expect([...statuses].filter((status) => status !== 404 && status !== 503)).toEqual([]);
    const run = (await scriptsRun()) - before;
    expect(run).toBeLessThan(seconds * (LOOKUPS_PER_SECOND + CLIENTS * AT_ONCE) + OTHER_SCRIPTS);
  }, 60_000);
});
