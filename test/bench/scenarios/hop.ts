import { uniqueName } from '../../harness/topics.ts';
import { SLUICE } from '../goals.ts';
import { hasCommand } from '../has-command.ts';
import type { Contender, Figures } from '../measurement.ts';
import { contentType, produceBody } from '../payloads.ts';
import { cpuSeconds, peakResidentMib } from '../process-cost.ts';
import {
  type RequestLoadResult,
  runRequestLoad,
  type Server,
  startBareRelay,
  startFakeWorker,
  startNginx,
  verifyLoad,
} from '../processes.ts';
import { type ClusterRun, type ClusterScenario, NO_BROKER, withCluster, withRedis } from './cluster-run.ts';

const CONNECTIONS = 64;
const INSTANCES = 64;
const WARM_UP_SECONDS = 2;
/** However slow the machine is: code that is not compiled yet costs several times as much. */
const WARM_UP_REQUESTS = 10_000;
const GROUP = 'bench';

interface Work {
  readonly name: string;
  readonly load: Pick<Parameters<typeof runRequestLoad>[0], 'method' | 'body' | 'paths'>;
  readonly path: string;
}

const instances = Array.from({ length: INSTANCES }, (_, index) => `instance-${index}`);
const readPaths = instances.map((instance) => `/consumers/${GROUP}/instances/${instance}/records?timeout=500`);

const WORKS: readonly Work[] = [
  {
    name: 'produce',
    path: '/topics/bench',
    load: { method: 'POST', body: { contentType: contentType('json'), text: produceBody('json', 1) } },
  },
  // The way over the cache of owners.
  { name: 'read', path: readPaths[0] ?? '', load: { method: 'GET', paths: readPaths } },
];

/** An edge, and what stands behind it: a worker that answers anything at once. */
interface Hop {
  readonly worker: Server;
  readonly edge: { readonly url: string; readonly pid: number };
}

async function withHop(leaseMs: number, work: (hop: Hop) => Promise<void>): Promise<void> {
  await withRedis(async ({ url: redisUrl }) => {
    const id = uniqueName('hop');
    const worker = await startFakeWorker({ redisUrl, cluster: id, leaseMs, group: GROUP, instances });
    try {
      const properties = { 'sluice.cluster.id': id };
      await withCluster(
        { bootstrap: NO_BROKER, redisUrl, leaseMs, edges: 1, properties },
        async ({ edges: [edge] }) => {
          if (edge?.url === undefined) throw new Error('the cluster has no edge');
          await work({ worker, edge: { url: edge.url, pid: edge.pid } });
        },
      );
    } finally {
      await worker.stop();
    }
  });
}

interface Target {
  readonly name: string;
  readonly url: string;
  readonly pid: number;
}

function contender(target: Target, { load, path }: Work, connections: number, seconds: number): Contender {
  const run = async (duration: number): Promise<RequestLoadResult> => {
    const result = await runRequestLoad({ ...load, url: `${target.url}${path}`, connections, seconds: duration });
    verifyLoad(result);
    return result;
  };
  return {
    name: target.name,
    run: async (round): Promise<Figures> => {
      if (round === 0) await warmUp(run);
      const before = cpuSeconds(target.pid);
      const { requests, seconds: measured, p50Ms, p99Ms } = await run(seconds);
      const cpu = cpuSeconds(target.pid) - before;
      return {
        requestsPerSecond: requests / measured,
        p50Ms,
        p99Ms,
        cpuPerThousandRequests: (cpu * 1000) / requests,
        peakRssMib: peakResidentMib(target.pid),
      };
    },
  };
}

async function warmUp(run: (seconds: number) => Promise<RequestLoadResult>): Promise<void> {
  for (let sent = 0; sent < WARM_UP_REQUESTS; ) sent += (await run(WARM_UP_SECONDS)).requests;
}

/** Each of them forwards to the same worker; what counts is the CPU time of its own process. */
async function measureHop({ edge, worker }: Hop, { effort }: ClusterRun, measure: Parameters<ClusterScenario>[1]) {
  const relay = await startBareRelay(worker.url);
  const nginx = hasCommand('nginx') ? await startNginx(worker.url, CONNECTIONS) : undefined;
  try {
    const targets: Target[] = [
      { name: SLUICE, ...edge },
      { name: 'bare-relay', ...relay },
      ...(nginx === undefined ? [] : [{ name: 'nginx', ...nginx }]),
    ];
    for (const work of WORKS) {
      const contenders = targets.map((target) => contender(target, work, CONNECTIONS, effort.seconds));
      await measure({ name: `hop-${work.name}`, contenders });
    }
  } finally {
    await relay.stop();
    await nginx?.stop();
  }
}

/** What it costs to forward a request. */
export const hop: ClusterScenario = async (run, measure) => {
  await withHop(run.effort.leaseMs, async (parts) => await measureHop(parts, run, measure));
};

/** How much later an answer comes: one request after the other, on one connection. */
export const latency: ClusterScenario = async ({ effort }, measure) => {
  await withHop(effort.leaseMs, async ({ edge, worker }) => {
    const targets: Target[] = [
      { name: SLUICE, ...edge },
      { name: 'direct', ...worker },
    ];
    for (const work of WORKS) {
      const contenders = targets.map((target) => contender(target, work, 1, effort.seconds));
      await measure({ name: `latency-${work.name}`, contenders });
    }
  });
};
