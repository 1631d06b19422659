import type { Cluster } from '../../harness/cluster.ts';
import type { ClusterMember } from '../../harness/cluster-member.ts';
import { eventually } from '../../harness/conditions.ts';
import { hasRecovered, type Outage, outageAt } from '../clients/outage.ts';
import type { PollingClient } from '../clients/polling-client.ts';
import { SLUICE } from '../goals.ts';
import type { Figures } from '../measurement.ts';
import { percentile } from '../statistics.ts';
import {
  type ClusterRun,
  type ClusterScenario,
  createPollingClients,
  groupsByNode,
  type Mode,
  modeOf,
  modesOf,
  settle,
  withCluster,
  withRecordStream,
  withRedis,
} from './cluster-run.ts';

const WORKERS = 3;
const EDGES = 2;
const POLL_TIMEOUT_MS = 500;
/** Between two records: a read is answered this often at least. */
const RECORD_INTERVAL_MS = 100;
/** Longest wait for the last of the victims, beyond the lease. */
const RECOVERY_MARGIN_MS = 20_000;
const RETURN_DEADLINE_MS = 30_000;

const FAULTS = ['kill', 'freeze'] as const;
type Fault = (typeof FAULTS)[number];

interface Strike {
  readonly mode: Mode;
  readonly outage: Outage;
  readonly failures: number;
}

async function busiestWorker(cluster: Cluster): Promise<{ worker: ClusterMember; groups: ReadonlySet<string> }> {
  const held = await groupsByNode(cluster);
  const [worker] = cluster.workers.toSorted((a, b) => (held.get(b.id)?.size ?? 0) - (held.get(a.id)?.size ?? 0));
  const groups = held.get(worker?.id ?? '');
  if (worker === undefined || groups === undefined) throw new Error('no worker holds an instance');
  return { worker, groups };
}

/** One fault of the worker that holds the most, and its return. */
async function strike(
  cluster: Cluster,
  clients: readonly PollingClient[],
  fault: Fault,
  leaseMs: number,
): Promise<Strike[]> {
  await settle(clients);
  const { worker, groups } = await busiestWorker(cluster);
  const victims = clients.filter(({ group }) => groups.has(group));
  const failuresBefore = new Map(victims.map((victim) => [victim, victim.failures.length]));
  const faultAtMs = performance.now();
  if (fault === 'kill') await worker.kill();
  else worker.freeze();
  await eventually(() => victims.every(({ deliveries }) => hasRecovered(deliveries, faultAtMs)), {
    deadlineMs: leaseMs + RECOVERY_MARGIN_MS,
    describe: 'records for each client of the worker that failed',
  });
  const strikes = victims.map((victim) => ({
    mode: modeOf(victim),
    outage: outageAt(victim.deliveries, faultAtMs),
    failures: victim.failures.length - (failuresBefore.get(victim) ?? 0),
  }));
  if (fault === 'kill') await worker.restart();
  else worker.thaw();
  await eventually(async () => await isBack(cluster, worker), {
    deadlineMs: RETURN_DEADLINE_MS,
    describe: `${worker.id} to have a lease again`,
  });
  return strikes;
}

async function isBack(cluster: Cluster, worker: ClusterMember): Promise<boolean> {
  const [edge] = cluster.edges;
  if (edge === undefined) return false;
  const answer = await edge.management.call('GET', '/cluster/nodes');
  return (answer.json() as { nodes: { id: string }[] }).nodes.some(({ id }) => id === worker.id);
}

function figuresOf(strikes: readonly Strike[]): Figures {
  const since = strikes.map(({ outage }) => outage.sinceFaultMs).toSorted((a, b) => a - b);
  const gaps = strikes.map(({ outage }) => outage.gapMs).toSorted((a, b) => a - b);
  return {
    samples: strikes.length,
    p50Ms: percentile(since, 50),
    p95Ms: percentile(since, 95),
    longestMs: percentile(since, 100),
    gapP95Ms: percentile(gaps, 95),
    failedRequests: strikes.reduce((sum, { failures }) => sum + failures, 0),
  };
}

async function strikeAll(
  { bootstrap, effort }: ClusterRun,
  topic: string,
  redisUrl: string,
): Promise<Readonly<Record<Fault, readonly Strike[]>>> {
  const { leaseMs, rounds, killsPerRound, instancesPerMode } = effort;
  return await withCluster({ bootstrap, redisUrl, leaseMs, workers: WORKERS, edges: EDGES }, async (cluster) => {
    const modes = modesOf(2 * instancesPerMode);
    const polling = await createPollingClients({ urls: cluster.urls, topic, timeoutMs: POLL_TIMEOUT_MS, modes });
    for (const client of polling.clients) client.start();
    const strikes: Record<Fault, Strike[]> = { kill: [], freeze: [] };
    for (let round = 0; round < rounds; round += 1) {
      for (let kill = 0; kill < killsPerRound; kill += 1) {
        strikes.kill.push(...(await strike(cluster, polling.clients, 'kill', leaseMs)));
      }
      strikes.freeze.push(...(await strike(cluster, polling.clients, 'freeze', leaseMs)));
    }
    await polling.end();
    return strikes;
  });
}

/**
 * The worker that holds the most is killed or frozen while clients read through edges, again and again: how long until
 * each of its clients gets records again. All that happened counts together: a percentile of a few is none.
 */
export const failover: ClusterScenario = async (run, measure) => {
  const strikes = await withRecordStream(run.bootstrap, RECORD_INTERVAL_MS, async (topic) => {
    return await withRedis(async ({ url }) => await strikeAll(run, topic, url));
  });
  for (const fault of FAULTS) {
    for (const mode of ['subscribed', 'assigned'] as const) {
      const figures = figuresOf(strikes[fault].filter((one) => one.mode === mode));
      const contenders = [{ name: SLUICE, run: async () => figures }];
      await measure({ name: `${fault}-${mode}`, contenders, rounds: 1 });
    }
  }
};
