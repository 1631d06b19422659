import { setTimeout as delay } from 'node:timers/promises';
import { type Cluster, type ClusterOptions, startCluster } from '../../harness/cluster.ts';
import { eventually } from '../../harness/conditions.ts';
import { type RedisServer, startRedis } from '../../harness/redis.ts';
import { uniqueName } from '../../harness/topics.ts';
import { createBenchTopic, deleteTopic } from '../bench-topics.ts';
import { PollingClient } from '../clients/polling-client.ts';
import { startRecordStream } from '../clients/record-stream.ts';
import { RestClient } from '../clients/rest-client.ts';
import type { Measurement } from '../measurement.ts';

/** How much is measured. */
export interface ClusterEffort {
  readonly rounds: number;
  readonly seconds: number;
  readonly leaseMs: number;
  /** Instances of each mode that are read from while nodes fail. */
  readonly instancesPerMode: number;
  readonly killsPerRound: number;
  readonly observeSeconds: number;
}

/** What a scenario gets; it starts its cluster itself. */
export interface ClusterRun {
  readonly bootstrap: string;
  readonly effort: ClusterEffort;
}

/** Measures something about a cluster; `measure` runs the rounds. */
export type ClusterScenario = (run: ClusterRun, measure: (measurement: Measurement) => Promise<void>) => Promise<void>;

export type Mode = 'subscribed' | 'assigned';

/** The broker of those that never ask it. */
export const NO_BROKER = '127.0.0.1:9';

/** Characters of the log of each member that are shown when a scenario fails. */
const LAST_WORDS = 2000;
const CREATE_DEADLINE_MS = 30_000;
const CREATE_INTERVAL_MS = 200;
/** Instances that are made at once. */
const AT_ONCE = 8;

/** A cluster for the time of the work. */
export async function withCluster<Result>(
  options: ClusterOptions,
  work: (cluster: Cluster) => Promise<Result>,
): Promise<Result> {
  const cluster = await startCluster(options);
  try {
    return await work(cluster);
  } catch (error) {
    await showLastWords(cluster);
    throw error;
  } finally {
    await cluster.stop();
  }
}

/** A Redis for the time of the work. */
export async function withRedis<Result>(work: (redis: RedisServer) => Promise<Result>): Promise<Result> {
  const redis = await startRedis();
  try {
    return await work(redis);
  } finally {
    await redis.stop();
  }
}

/** A topic of one partition into which records come all the time. */
export async function withRecordStream<Result>(
  bootstrap: string,
  intervalMs: number,
  work: (topic: string) => Promise<Result>,
): Promise<Result> {
  const topic = await createBenchTopic(bootstrap, 1);
  const stream = await startRecordStream(bootstrap, topic, intervalMs);
  try {
    return await work(topic);
  } finally {
    await stream.stop();
    await deleteTopic(bootstrap, topic);
  }
}

async function showLastWords(cluster: Cluster): Promise<void> {
  for (const member of cluster.members) {
    process.stderr.write(`bench: ${member.id}'s last words: ${(await member.logs()).slice(-LAST_WORDS)}\n`);
  }
}

interface PollingClientsOptions {
  readonly urls: readonly string[];
  readonly topic: string;
  readonly timeoutMs: number;
  /** One client for each. */
  readonly modes: readonly Mode[];
}

export interface PollingClients {
  readonly clients: readonly PollingClient[];
  /** Stops them and deletes their instances. @throws Error when a record was left out */
  readonly end: () => Promise<void>;
}

/** Makes instances, each in a group of its own, and clients that will read from them by another address. */
export async function createPollingClients(options: PollingClientsOptions): Promise<PollingClients> {
  const { urls, topic, timeoutMs, modes } = options;
  const rests = urls.map((url) => new RestClient(url));
  const create = async (mode: Mode, index: number): Promise<PollingClient> => {
    const group = uniqueName(`bench-${mode}`);
    const rest = rests[index % rests.length] as RestClient;
    // For its first lease a new cluster cannot tell a new name from one that Redis has forgotten.
    const instance = await eventually(() => rest.createInstance(group, 'json'), {
      deadlineMs: CREATE_DEADLINE_MS,
      describe: 'an instance to be made',
      intervalMs: CREATE_INTERVAL_MS,
    });
    if (mode === 'subscribed') await instance.subscribe(topic);
    else await instance.assign(topic, 0);
    // A node keeps what is created through it, if it can: by another address there is always a hop.
    const other = rests[(index + 1) % rests.length] as RestClient;
    return new PollingClient({ instance: instance.through(other), group, timeoutMs });
  };
  const clients: PollingClient[] = [];
  for (let first = 0; first < modes.length; first += AT_ONCE) {
    const chunk = modes.slice(first, first + AT_ONCE);
    clients.push(...(await Promise.all(chunk.map((mode, i) => create(mode, first + i)))));
  }
  return {
    clients,
    end: async () => {
      await Promise.all(clients.map((client) => client.stop()));
      const loss = clients.find((client) => client.loss !== undefined)?.loss;
      if (loss !== undefined) throw new Error(`a record was left out: ${loss}`);
      await Promise.all(clients.map(({ instance }) => instance.delete()));
      for (const rest of rests) rest.close();
    },
  };
}

/** Alternating, so that both modes are spread alike over addresses and nodes. */
export function modesOf(count: number): Mode[] {
  return Array.from({ length: count }, (_, index) => (Math.floor(index / 2) % 2 === 0 ? 'subscribed' : 'assigned'));
}

export function modeOf({ group }: PollingClient): Mode {
  return group.startsWith('bench-subscribed') ? 'subscribed' : 'assigned';
}

/** The groups of the instances that each node holds. */
export async function groupsByNode(cluster: Cluster): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const [asked] = cluster.edges.length > 0 ? cluster.edges : cluster.nodes;
  if (asked === undefined) throw new RangeError('nobody to ask');
  const answer = await asked.management.call('GET', '/cluster/instances');
  const { instances } = answer.json() as { instances: { group: string; node: string }[] };
  const groups = new Map<string, Set<string>>();
  for (const { group, node } of instances) {
    const held = groups.get(node);
    if (held === undefined) groups.set(node, new Set([group]));
    else held.add(group);
  }
  return groups;
}

/** Everybody has read a few times, and metadata, code and connections are warm. */
export async function settle(clients: readonly PollingClient[], deadlineMs = 30_000): Promise<void> {
  const before = new Map(clients.map((client) => [client, client.deliveries.length]));
  const end = performance.now() + deadlineMs;
  const isSettled = (client: PollingClient): boolean => client.deliveries.length >= (before.get(client) ?? 0) + SETTLED;
  while (!clients.every(isSettled)) {
    if (performance.now() > end) throw new Error(`not all clients got records: ${clients[0]?.failures.at(-1)}`);
    await delay(CHECK_MS);
  }
}

const SETTLED = 5;
const CHECK_MS = 50;
