import { setTimeout as delay } from 'node:timers/promises';
import type { Cluster } from '../../harness/cluster.ts';
import type { PollingClient } from '../clients/polling-client.ts';
import { type RedisTap, type RedisTraffic, startRedisTap } from '../clients/redis-tap.ts';
import { SLUICE } from '../goals.ts';
import type { Contender, Figures } from '../measurement.ts';
import {
  type ClusterRun,
  type ClusterScenario,
  createPollingClients,
  modesOf,
  settle,
  withCluster,
  withRecordStream,
  withRedis,
} from './cluster-run.ts';

const NODES = 2;
const FEW = 10;
const MANY = 200;
const POLL_TIMEOUT_MS = 500;
const RECORD_INTERVAL_MS = 500;

/** What a node does on a timer of its own; all else is somebody waiting for the answer. */
const BACKGROUND: ReadonlySet<string> = new Set(['generation', 'hget', 'lease', 'ping', 'write', 'zrange']);

const RENEWALS = /^sluice_edge_owner_lookups_total\{source="renewal"\} (\d+)$/m;

const sum = (numbers: Iterable<number>): number => [...numbers].reduce((total, number) => total + number, 0);

/** Owners that were looked up again in the background: on the wire they look like those that a request waits for. */
async function renewalsSoFar({ nodes }: Cluster): Promise<number> {
  const pages = await Promise.all(nodes.map(async ({ management }) => await management.call('GET', '/metrics')));
  return sum(pages.map(({ text }) => Number(RENEWALS.exec(text)?.[1] ?? 0)));
}

interface Observed {
  readonly traffic: readonly RedisTraffic[];
  readonly seconds: number;
  readonly reads: number;
  readonly renewals: number;
}

function trafficFigures({ traffic, seconds, reads, renewals }: Observed): Figures {
  const counts = traffic.flatMap(({ commands }) => [...commands]);
  const awaited = counts.filter(([name]) => !BACKGROUND.has(name)).map(([, count]) => count);
  return {
    requestsPerSecond: reads / seconds,
    commandsPerSecond: sum(counts.map(([, count]) => count)) / seconds / NODES,
    // A node has one connection for its questions, and one that only listens.
    roundTripsPerSecond: Math.max(...traffic.map(({ roundTrips }) => roundTrips)) / seconds,
    awaitedPerRead: Math.max(0, sum(awaited) - renewals) / reads,
  };
}

async function observe(
  cluster: Cluster,
  clients: readonly PollingClient[],
  tap: RedisTap,
  seconds: number,
): Promise<Observed> {
  const readsSoFar = (): number => sum(clients.map(({ answers }) => answers.length));
  const readsBefore = readsSoFar();
  const renewalsBefore = await renewalsSoFar(cluster);
  const startedAt = performance.now();
  const counted = tap.count();
  await delay(seconds * 1000);
  const traffic = counted();
  return {
    traffic,
    seconds: (performance.now() - startedAt) / 1000,
    reads: readsSoFar() - readsBefore,
    renewals: (await renewalsSoFar(cluster)) - renewalsBefore,
  };
}

function contender(name: string, clients: readonly PollingClient[], observed: () => Promise<Observed>): Contender {
  return {
    name,
    run: async () => {
      for (const client of clients) client.start();
      await settle(clients);
      const figures = trafficFigures(await observed());
      await Promise.all(clients.map((client) => client.stop()));
      const failure = clients.flatMap(({ failures }) => failures)[0];
      if (failure !== undefined) throw new Error(`a read failed: ${failure}`);
      return figures;
    },
  };
}

async function measureTraffic(
  { bootstrap, effort }: ClusterRun,
  topic: string,
  tap: RedisTap,
  measure: Parameters<ClusterScenario>[1],
): Promise<void> {
  const { leaseMs, observeSeconds } = effort;
  await withCluster({ bootstrap, redisUrl: tap.url, leaseMs, nodes: NODES }, async (cluster) => {
    const { urls } = cluster;
    const polling = await createPollingClients({ urls, topic, timeoutMs: POLL_TIMEOUT_MS, modes: modesOf(MANY) });
    const reading = (name: string, clients: readonly PollingClient[]): Contender =>
      contender(name, clients, async () => await observe(cluster, clients, tap, observeSeconds));
    const few = polling.clients.slice(0, FEW);
    await measure({
      name: 'redis',
      contenders: [reading(SLUICE, polling.clients), reading(`${FEW} instances`, few)],
    });
    await polling.end();
  });
}

/** What nodes ask Redis while consumer instances are read from, few and many. The many are there in both cases. */
export const redisTraffic: ClusterScenario = async (run, measure) => {
  await withRecordStream(run.bootstrap, RECORD_INTERVAL_MS, async (topic) => {
    await withRedis(async (redis) => {
      const tap = await startRedisTap(redis.port);
      try {
        await measureTraffic(run, topic, tap, measure);
      } finally {
        await tap.close();
      }
    });
  });
};
