import { setTimeout as delay } from 'node:timers/promises';
import type { Cluster } from '../../harness/cluster.ts';
import type { ClusterMember } from '../../harness/cluster-member.ts';
import type { KafkaBroker } from '../../harness/kafka.ts';
import type { RedisServer } from '../../harness/redis.ts';
import type { Checkpoint, FaultWindow } from './evidence.ts';
import { pick, type Random } from './seeded-random.ts';

/** What a fault happens to. */
export interface Surroundings {
  readonly cluster: Cluster;
  readonly broker: KafkaBroker;
  /** The server, or the first of those that a Sentinel watches. */
  readonly redis: RedisServer;
  /** Where a Sentinel watches them. */
  readonly failOver?: () => Promise<void>;
  readonly leaseMs: number;
  readonly random: Random;
}

/** One occurrence of a fault. */
export interface FaultRun extends Surroundings {
  /** From now on clients get on again: waits until they did, or until their time is over, which the checker tells. */
  readonly checkpoint: (whom?: Checkpoint['whom']) => Promise<void>;
}

export interface Fault {
  readonly name: string;
  /** What clients may see of it. */
  readonly allows: Pick<FaultWindow, 'repeats' | 'failures' | 'wakesHolder'>;
  /** Within what time clients get on after it. */
  readonly progressMs: (leaseMs: number) => number;
  /** Breaks something, and mends it again. */
  readonly inject: (run: FaultRun) => Promise<void>;
}

/** A waiting read, a pause, a Retry-After, and a machine that has other things to do. */
const SLACK_MS = 6000;
/** A broker that starts, and its clients that find out. */
const BROKER_BACK_MS = 20_000;
const METRICS_TIMEOUT_MS = 5000;
const SLOW_MS = 300;
const SLOW_PAUSE_MS = 200;
const SLOW_TIMES = 6;

/** An instance that nobody may take over waits for the lease, and moves within a second. */
const withinLease = (leaseMs: number): number => leaseMs + 1000 + SLACK_MS;

async function instancesOf({ management }: ClusterMember): Promise<number> {
  const { text } = await management.call('GET', '/metrics', { timeoutMs: METRICS_TIMEOUT_MS });
  return Number(/^sluice_consumer_instances (.*)$/m.exec(text)?.[1] ?? 0);
}

/** One that holds instances: a fault elsewhere would try nothing. Any of them when none does at this moment. */
async function pickHolder({ random }: FaultRun, from: readonly ClusterMember[]): Promise<ClusterMember> {
  const counts = await Promise.all(from.map(instancesOf));
  const holding = from.filter((_, i) => (counts[i] ?? 0) > 0);
  return pick(random, holding.length > 0 ? holding : from);
}

/** A crash: the instances of the process are taken over. It comes back later, as another life of the same node. */
export const killHolder: Fault = {
  name: 'kill -9 of a node with instances',
  allows: { repeats: 'unconfirmed', failures: 'retriable' },
  progressMs: withinLease,
  inject: async (run) => {
    const holder = await pickHolder(run, run.cluster.holders);
    await holder.kill();
    await run.checkpoint();
    await holder.restart();
    await run.checkpoint();
  },
};

/** As a rolling update does it: the replacement is there before the old one is asked to go. No client notices. */
export const replaceWorker: Fault = {
  name: 'SIGTERM of a worker, beside its replacement',
  allows: { repeats: 'unconfirmed', failures: 'none' },
  progressMs: withinLease,
  inject: async (run) => {
    // None behind a relay, which would take connections that the ending process refuses.
    const worker = await pickHolder(
      run,
      run.cluster.workers.filter(({ relay }) => relay === undefined),
    );
    await run.cluster.add('worker');
    await run.cluster.remove(worker);
    await run.checkpoint();
  },
};

/** Longer than its lease, so that its instances are elsewhere when it goes on where it stopped. */
export const freezeHolder: Fault = {
  name: 'SIGSTOP of a node with instances, twice its lease long',
  allows: { repeats: 'unconfirmed', failures: 'retriable', wakesHolder: true },
  progressMs: withinLease,
  inject: async (run) => {
    const holder = await pickHolder(run, run.cluster.holders);
    holder.freeze();
    // At once: clients whose requests the frozen process has get on when it wakes, all others without it.
    const gotOn = run.checkpoint();
    try {
      await delay(2 * run.leaseMs);
    } finally {
      holder.thaw();
    }
    await gotOn;
    await run.checkpoint();
  },
};

/** It holds nothing that matters. An answer that it may or may not have passed on comes again. */
export const killEdge: Fault = {
  name: 'kill -9 of an edge',
  allows: { repeats: 'unconfirmed', failures: 'retriable' },
  progressMs: withinLease,
  inject: async (run) => {
    const edge = pick(run.random, run.cluster.edges);
    await edge.kill();
    await run.checkpoint();
    await edge.restart();
    await run.checkpoint();
  },
};

/** Longer than all leases; it then comes back with what it knew. Who has an instance does not notice. */
export const stopRedis: Fault = {
  name: 'Redis stopped, and started with what it knew',
  allows: { repeats: 'nothing', failures: 'retriable' },
  progressMs: withinLease,
  inject: async ({ redis, leaseMs, checkpoint }) => {
    await redis.command('SAVE');
    await redis.kill();
    try {
      await delay(1.5 * leaseMs);
      await checkpoint('known');
    } finally {
      await redis.restart({ keepSaved: true });
    }
    await checkpoint();
  },
};

export const emptyRedis: Fault = {
  name: 'Redis restarted empty',
  allows: { repeats: 'nothing', failures: 'retriable' },
  progressMs: withinLease,
  inject: async ({ redis, checkpoint }) => {
    await redis.restart();
    await checkpoint('known');
    await checkpoint();
  },
};

export const slowRedis: Fault = {
  name: 'Redis slow',
  allows: { repeats: 'nothing', failures: 'retriable' },
  progressMs: withinLease,
  inject: async ({ redis, checkpoint }) => {
    for (let n = 0; n < SLOW_TIMES; n += 1) {
      redis.freeze();
      await delay(SLOW_MS);
      redis.thaw();
      await delay(SLOW_PAUSE_MS);
    }
    await checkpoint();
  },
};

/** To a replica that may lack the last writes, after more than a short lease: instances may move. Needs a Sentinel. */
export const failOverRedis: Fault = {
  name: 'Redis failing over',
  allows: { repeats: 'unconfirmed', failures: 'retriable' },
  progressMs: withinLease,
  inject: async ({ failOver, checkpoint }) => {
    if (failOver === undefined) throw new Error('there is no Sentinel');
    await failOver();
    await checkpoint('known');
    await checkpoint();
  },
};

export const restartBroker: Fault = {
  name: 'kill -9 and restart of the broker',
  allows: { repeats: 'uncommitted', failures: 'retriable' },
  progressMs: () => BROKER_BACK_MS,
  inject: async ({ broker, checkpoint }) => {
    await broker.kill();
    await broker.restart();
    await checkpoint();
  },
};

function cutOff(name: string, how: 'stall' | 'refuse'): Fault {
  return {
    name,
    allows: { repeats: 'unconfirmed', failures: 'retriable' },
    progressMs: withinLease,
    inject: async (run) => {
      const { relay } = await pickHolder(
        run,
        run.cluster.workers.filter((worker) => worker.relay !== undefined),
      );
      await relay?.[how]();
      try {
        await delay(1.5 * run.leaseMs);
      } finally {
        await relay?.pass();
      }
      await run.checkpoint();
    },
  };
}

/** The worker is well and keeps its lease; the edges' bytes do not reach it. */
export const cutNetwork: Fault = cutOff('network cut between edges and a worker', 'stall');
/** The same, with somebody who says so. */
export const refusePort: Fault = cutOff('a worker whose port is refused to edges', 'refuse');
