import { setTimeout as delay } from 'node:timers/promises';
import { startCluster } from '../../harness/cluster.ts';
import { startRedis } from '../../harness/redis.ts';
import { createBenchTopic, deleteTopic } from '../bench-topics.ts';
import type { PollingClient } from '../clients/polling-client.ts';
import { startRecordStream } from '../clients/record-stream.ts';
import { type RedisTap, type RedisTraffic, startRedisTap } from '../clients/redis-tap.ts';
import { SLUICE } from '../goals.ts';
import type { Contender, Figures } from '../measurement.ts';
import { type ClusterScenario, createPollingClients, modesOf, settle } from './cluster-run.ts';

const NODES = 2;
const FEW = 10;
const MANY = 200;
const POLL_TIMEOUT_MS = 500;
const RECORD_INTERVAL_MS = 500;

/** What a node does on a timer of its own; all else is somebody waiting for the answer. */
const BACKGROUND: ReadonlySet<string> = new Set(['generation', 'hget', 'lease', 'ping', 'write', 'zrange']);

const sum = (numbers: Iterable<number>): number => [...numbers].reduce((total, number) => total + number, 0);

function trafficFigures(traffic: readonly RedisTraffic[], seconds: number, reads: number): Figures {
  const counts = traffic.flatMap(({ commands }) => [...commands]);
  const awaited = counts.filter(([name]) => !BACKGROUND.has(name)).map(([, count]) => count);
  return {
    requestsPerSecond: reads / seconds,
    commandsPerSecond: sum(counts.map(([, count]) => count)) / seconds / NODES,
    // A node has one connection for its questions, and one that only listens.
    roundTripsPerSecond: Math.max(...traffic.map(({ roundTrips }) => roundTrips)) / seconds,
    awaitedPerRead: sum(awaited) / reads,
  };
}

function contender(name: string, clients: readonly PollingClient[], tap: RedisTap, seconds: number): Contender {
  const readsSoFar = (): number => sum(clients.map(({ answers }) => answers.length));
  return {
    name,
    run: async () => {
      for (const client of clients) client.start();
      await settle(clients);
      const readsBefore = readsSoFar();
      const startedAt = performance.now();
      const counted = tap.count();
      await delay(seconds * 1000);
      const traffic = counted();
      const figures = trafficFigures(traffic, (performance.now() - startedAt) / 1000, readsSoFar() - readsBefore);
      await Promise.all(clients.map((client) => client.stop()));
      const failure = clients.flatMap(({ failures }) => failures)[0];
      if (failure !== undefined) throw new Error(`a read failed: ${failure}`);
      return figures;
    },
  };
}

/** What nodes ask Redis while consumer instances are read from, few and many. The many are there in both cases. */
export const redisTraffic: ClusterScenario = async ({ bootstrap, effort }, measure) => {
  const topic = await createBenchTopic(bootstrap, 1);
  const stream = await startRecordStream(bootstrap, topic, RECORD_INTERVAL_MS);
  const redis = await startRedis();
  const tap = await startRedisTap(redis.port);
  const { leaseMs, observeSeconds } = effort;
  try {
    const cluster = await startCluster({ bootstrap, redisUrl: tap.url, leaseMs, nodes: NODES });
    try {
      const modes = modesOf(MANY);
      const polling = await createPollingClients({ urls: cluster.urls, topic, timeoutMs: POLL_TIMEOUT_MS, modes });
      const { clients } = polling;
      await measure({
        name: 'redis',
        contenders: [
          contender(SLUICE, clients, tap, observeSeconds),
          contender(`${FEW} instances`, clients.slice(0, FEW), tap, observeSeconds),
        ],
      });
      await polling.end();
    } finally {
      await cluster.stop();
    }
  } finally {
    await tap.close();
    await redis.stop();
    await stream.stop();
    await deleteTopic(bootstrap, topic);
  }
};
