import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Balancer, startBalancer } from '../harness/balancer.ts';
import { sharedBroker } from '../harness/broker.ts';
import { type Cluster, startCluster } from '../harness/cluster.ts';
import { eventually } from '../harness/conditions.ts';
import { httpClient } from '../harness/http.ts';
import { type RedisServer, startRedis } from '../harness/redis.ts';
import { RestConsumer } from '../harness/rest-consumer.ts';
import { createTopic, uniqueName } from '../harness/topics.ts';
import { inGo, inPython, type OldClient, type Open, openKafkaRest, openMessageHub, type Place } from './old-clients.ts';

/**
 * Clients that were written for Confluent's proxy, as their registries have them, and one in Go, on three nodes behind a balancer that
 * knows nothing of them but whether they are ready.
 */

/** Said by the test command where there is none of the language; it says so aloud. */
const WITHOUT_PYTHON = process.env['SLUICE_TEST_WITHOUT_PYTHON'] === '1';
const WITHOUT_GO = process.env['SLUICE_TEST_WITHOUT_GO'] === '1';
const LEASE_MS = 2000;
/** The balancer asks five times a second. */
const UNREADY_MS = 1000;
const PARTITIONS = 3;
const TURNS = 20;
const VALUES = 5;
const START_MS = 180_000;
const TEST_MS = 120_000;
const TURN_MS = 30_000;

interface Kind {
  /** And its registry: the versions are in `fetch-javascript` and `requirements.txt`. */
  readonly name: string;
  readonly open: Open;
  /** Of all that it produces: how often it sends it, whatever it is answered. */
  readonly copies?: number;
}

const kinds: readonly Kind[] = [
  { name: 'kafka-rest (npm, v1)', open: openKafkaRest },
  { name: 'message-hub-rest (npm, v1)', open: openMessageHub },
  ...(WITHOUT_PYTHON
    ? []
    : [
        { name: 'kafka-rest-client (PyPI, v1)', open: inPython('kafka-rest-client') },
        { name: 'kafka-bridge-client (PyPI, v2)', open: inPython('kafka-bridge-client') },
        { name: 'nlp-kafka-rest-api (PyPI, v2)', open: inPython('nlp-kafka-rest-api') },
        { name: 'pymapr-kafkarest (PyPI, v2)', open: inPython('pymapr-kafkarest'), copies: 4 },
      ]),
  ...(WITHOUT_GO
    ? []
    : [
        { name: 'net/http (Go, v1)', open: inGo('v1') },
        { name: 'net/http (Go, v2)', open: inGo('v2') },
      ]),
];

let bootstrap: string;
let redis: RedisServer;
let cluster: Cluster;
let balancer: Balancer;

beforeAll(async () => {
  ({ bootstrap } = await sharedBroker());
  redis = await startRedis();
  cluster = await startCluster({
    bootstrap,
    redisUrl: redis.url,
    leaseMs: LEASE_MS,
    nodes: 3,
    properties: { 'sluice.shutdown.unready.ms': String(UNREADY_MS) },
  });
  balancer = await startBalancer(cluster.urls, { readyAt: cluster.nodes.map(({ managementUrl }) => managementUrl) });
}, START_MS);
afterAll(async () => {
  await balancer?.stop();
  await cluster?.stop();
  await redis?.stop();
}, 60_000);

/** What one client has written, and what it has read of that. */
class Work {
  readonly kind: Kind;
  readonly place: Place;
  readonly produced: string[] = [];
  readonly read: string[] = [];
  readonly #client: OldClient;
  turns = 0;

  private constructor(kind: Kind, place: Place, client: OldClient) {
    this.kind = kind;
    this.place = place;
    this.#client = client;
  }

  static async begin(kind: Kind): Promise<Work> {
    // One of them reads from topics of such names alone.
    const topic = await createTopic(bootstrap, { partitions: PARTITIONS, suffix: '-response' });
    const place = { url: balancer.url, topic, group: uniqueName('group') };
    return new Work(kind, place, await kind.open(place));
  }

  get copies(): number {
    return this.kind.copies ?? 1;
  }

  /** Writes a few values, reads until they have come, and commits. */
  async turn(): Promise<void> {
    const values = Array.from({ length: VALUES }, (_, i) => `${this.turns}.${i}`);
    this.turns += 1;
    await this.#client.produce(values);
    this.produced.push(...values);
    const end = performance.now() + TURN_MS;
    while (this.missing().length > 0 && performance.now() < end) await this.readOn();
    await this.#client.commit?.();
  }

  async readOn(): Promise<void> {
    this.read.push(...(await this.#client.read()));
  }

  /** Deletes the instance. */
  async end(): Promise<void> {
    await this.#client.close();
  }

  get commits(): boolean {
    return this.#client.commit !== undefined;
  }

  missing(): string[] {
    const times = new Map<string, number>();
    for (const value of this.read) times.set(value, (times.get(value) ?? 0) + 1);
    return this.produced.filter((value) => (times.get(value) ?? 0) < this.copies);
  }

  invented(): string[] {
    const known = new Set(this.produced);
    return this.read.filter((value) => !known.has(value));
  }

  repeats(): number {
    return this.read.length - this.produced.length * this.copies;
  }
}

/** Of a group whose instance `c` is deleted: its name would not be given again otherwise. */
async function committed({ topic, group }: Place): Promise<number> {
  const consumer = await RestConsumer.create(httpClient(balancer.url), group, { name: 'c' });
  let sum = 0;
  for (let partition = 0; partition < PARTITIONS; partition += 1) {
    sum += Math.max(0, (await consumer.committed(topic, partition)) ?? 0);
  }
  await consumer.delete();
  return sum;
}

it.concurrent.each(kinds)(
  '$name reads all that it wrote, once, and leaves nothing behind',
  async (kind) => {
    const work = await Work.begin(kind);
    while (work.turns < TURNS) await work.turn();
    await work.readOn();
    await work.end();
    const { produced, read, commits } = work;
    expect(read.toSorted()).toEqual(produced.flatMap((value) => Array<string>(work.copies).fill(value)).toSorted());
    const stored = await committed(work.place);
    if (commits) expect(stored).toBe(read.length);
  },
  TEST_MS,
);

it(
  'all of them go on while the nodes are stopped one after another',
  async () => {
    const works = await Promise.all(kinds.map((kind) => Work.begin(kind)));
    const over = new AbortController();
    const all = Promise.all(
      works.map(async (work) => {
        while (!over.signal.aborted) await work.turn();
        await work.end();
      }),
    );
    const onward = async (): Promise<void> => {
      const before = works.map(({ turns }) => turns);
      await Promise.race([
        all,
        eventually(() => works.every(({ turns }, i) => turns >= (before[i] ?? 0) + 2), {
          deadlineMs: TURN_MS,
          describe: 'each client to get on',
        }),
      ]);
    };
    try {
      for (const node of cluster.nodes) {
        await onward();
        await node.restart();
      }
      await onward();
    } finally {
      over.abort();
      await all;
    }
    for (const work of works) {
      const { name } = work.kind;
      expect({ name, missing: work.missing(), invented: work.invented() }).toEqual({ name, missing: [], invented: [] });
      // As an instance moves, the last answer before that may come again: nobody has confirmed it.
      expect(work.repeats(), name).toBeLessThanOrEqual(cluster.nodes.length * VALUES * work.copies);
    }
  },
  TEST_MS,
);
