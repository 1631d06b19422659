import { setTimeout as delay } from 'node:timers/promises';
import type { Cluster } from '../../harness/cluster.ts';
import { eventually } from '../../harness/conditions.ts';
import { createBenchTopic, deleteTopic } from '../bench-topics.ts';
import { hasRecovered, longestGap } from '../clients/outage.ts';
import type { PollingClient } from '../clients/polling-client.ts';
import { startRecordStream } from '../clients/record-stream.ts';
import { SLUICE } from '../goals.ts';
import type { Figures } from '../measurement.ts';
import { percentile } from '../statistics.ts';
import {
  type ClusterScenario,
  createPollingClients,
  groupsByNode,
  modesOf,
  settle,
  withCluster,
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

/** One worker with a hundred instances that are read from all the time is stopped in an orderly way, and returns. */
export const drain: ClusterScenario = async ({ bootstrap, effort }, measure) => {
  const topic = await createBenchTopic(bootstrap, 1);
  const stream = await startRecordStream(bootstrap, topic, RECORD_INTERVAL_MS);
  try {
    await withCluster({ bootstrap, leaseMs: effort.leaseMs, workers: 1, edges: 2 }, async (cluster) => {
      const modes = modesOf(INSTANCES);
      const polling = await createPollingClients({ urls: cluster.urls, topic, timeoutMs: POLL_TIMEOUT_MS, modes });
      await cluster.add('worker');
      for (const client of polling.clients) client.start();
      const drains: Drained[] = [];
      for (let round = 0; round < effort.rounds; round += 1) drains.push(await drainOne(cluster, polling.clients));
      await polling.end();
      const failure = drains.flatMap(({ failures }) => failures)[0];
      if (failure !== undefined) process.stderr.write(`bench: a request failed during the drain: ${failure}\n`);
      const contenders = [{ name: SLUICE, run: async () => figuresOf(drains) }];
      await measure({ name: `drain-${INSTANCES}`, contenders, rounds: 1 });
    });
  } finally {
    await stream.stop();
    await deleteTopic(bootstrap, topic);
  }
};
