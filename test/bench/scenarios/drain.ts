import { setTimeout as delay } from 'node:timers/promises';
import type { Cluster } from '../../harness/cluster.ts';
import { eventually } from '../../harness/conditions.ts';
import { hasRecovered, longestGap } from '../clients/outage.ts';
import type { PollingClient } from '../clients/polling-client.ts';
import { SLUICE } from '../goals.ts';
import type { Figures } from '../measurement.ts';
import { say } from '../run-bench.ts';
import { percentile } from '../statistics.ts';
import {
  type ClusterRun,
  type ClusterScenario,
  createPollingClients,
  groupsByNode,
  modesOf,
  settle,
  withCluster,
  withRecordStream,
  withRedis,
} from './cluster-run.ts';

const INSTANCES = 100;
const POLL_TIMEOUT_MS = 200;
const RECORD_INTERVAL_MS = 200;
/** What comes late of a drain is seen, too. */
const AFTERMATH_MS = 1000;
const RECOVERY_DEADLINE_MS = 30_000;

interface Drained {
  readonly gapsMs: readonly number[];
  readonly deliveryGapsMs: readonly number[];
  readonly failures: readonly string[];
}

/** Drains the worker that holds all instances; afterwards the other one does, and the drained one is there again. */
async function drainOne(cluster: Cluster, clients: readonly PollingClient[]): Promise<Drained> {
  await settle(clients);
  const held = await groupsByNode(cluster);
  const worker = cluster.workers.find(({ id }) => held.get(id)?.size === INSTANCES);
  if (worker === undefined) throw new Error('no worker holds all instances');
  const failuresBefore = clients.map(({ failures }) => failures.length);
  const beganAt = performance.now();
  const exit = await worker.drain();
  if (exit.code !== 0) throw new Error(`${worker.id} ended its drain with ${exit.signal ?? `code ${exit.code}`}`);
  await delay(AFTERMATH_MS);
  const endedAt = performance.now();
  await eventually(() => clients.every(({ deliveries }) => hasRecovered(deliveries, endedAt)), {
    deadlineMs: RECOVERY_DEADLINE_MS,
    describe: 'records for each client of the drained worker',
  });
  await worker.restart();
  return {
    gapsMs: clients.map(({ answers }) => longestGap(answers, beganAt, endedAt)),
    deliveryGapsMs: clients.map(({ deliveries }) => longestGap(deliveries, beganAt, endedAt)),
    failures: clients.flatMap(({ failures }, i) => failures.slice(failuresBefore[i])),
  };
}

function figuresOf(drains: readonly Drained[]): Figures {
  const gaps = drains.flatMap(({ gapsMs }) => gapsMs).toSorted((a, b) => a - b);
  const deliveryGaps = drains.flatMap(({ deliveryGapsMs }) => deliveryGapsMs).toSorted((a, b) => a - b);
  return {
    samples: gaps.length,
    p50Ms: percentile(gaps, 50),
    p95Ms: percentile(gaps, 95),
    longestMs: percentile(gaps, 100),
    gapP95Ms: percentile(deliveryGaps, 95),
    failedRequests: drains.reduce((sum, { failures }) => sum + failures.length, 0),
  };
}

async function drainAll({ bootstrap, effort }: ClusterRun, topic: string, redisUrl: string): Promise<Drained[]> {
  const { leaseMs, rounds } = effort;
  return await withCluster({ bootstrap, redisUrl, leaseMs, workers: 1, edges: 2 }, async (cluster) => {
    const { urls } = cluster;
    const polling = await createPollingClients({ urls, topic, timeoutMs: POLL_TIMEOUT_MS, modes: modesOf(INSTANCES) });
    await cluster.add('worker');
    for (const client of polling.clients) client.start();
    const drains: Drained[] = [];
    for (let round = 0; round < rounds; round += 1) drains.push(await drainOne(cluster, polling.clients));
    await polling.end();
    return drains;
  });
}

/** One worker with a hundred instances that are read from all the time is stopped in an orderly way, and returns. */
export const drain: ClusterScenario = async (run, measure) => {
  await withRecordStream(run.bootstrap, RECORD_INTERVAL_MS, async (topic) => {
    const drains = await withRedis(async ({ url }) => await drainAll(run, topic, url));
    const failure = drains.flatMap(({ failures }) => failures)[0];
    if (failure !== undefined) say(`a request failed during the drain: ${failure}`);
    const contenders = [{ name: SLUICE, run: async () => figuresOf(drains) }];
    await measure({ name: `drain-${INSTANCES}`, contenders, rounds: 1 });
  });
};
