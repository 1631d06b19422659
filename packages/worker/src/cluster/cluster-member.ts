import {
  type Directory,
  type InstanceName,
  type NodeIdentity,
  type NodeList,
  type NodeRecord,
  type Ownership,
} from '@sluice/directory';
import type { Logger, Metrics } from '@sluice/runtime';
import type { Session } from '../sessions/session.ts';
import type { SessionRegistry } from '../sessions/session-registry.ts';
import type { ClusterMetrics } from './cluster-metrics.ts';
import { EagerTakeover } from './eager-takeover.ts';
import { HandOver, type PeerCall } from './hand-over.ts';
import { RECORD_VERSION } from './instance-record.ts';
import type { Instances } from './instances.ts';
import { Membership } from './membership.ts';
import { PositionFlush } from './position-flush.ts';

/** What a worker needs of the cluster that it is part of. */
export interface ClusterOptions {
  readonly nodes: NodeList;
  readonly call: PeerCall;
  /** Where the internal listener is; asked for when the worker starts. */
  readonly address: () => string;
  readonly build: string;
  /** Another process runs under this node's id: this one has to end. */
  readonly onReplaced: () => void;
}

export interface ClusterMemberOptions {
  readonly cluster: ClusterOptions;
  readonly directory: Directory;
  readonly identity: NodeIdentity;
  readonly leaseMs: number;
  readonly instancesMax: number;
  readonly sessions: SessionRegistry;
  readonly instances: () => Instances;
  readonly release: (session: Session, owner: Ownership | undefined) => Promise<void>;
  readonly onLost: (session: Session, owner: Ownership | undefined) => Promise<void>;
  readonly draining: () => boolean;
  readonly metrics: ClusterMetrics;
  readonly logger: Logger;
  readonly now: () => number;
}

const PERCENT_OF_TIME = 100;

/** A worker as one of several: its lease, what it writes down for a successor, what it hands over and takes over. */
export class ClusterMember {
  readonly membership: Membership;
  readonly flush: PositionFlush;
  readonly #options: ClusterMemberOptions;
  readonly #handOver: HandOver;
  readonly #eager: EagerTakeover;
  readonly #unwatch: () => void;
  #usage = performance.eventLoopUtilization();
  #utilization = 0;

  constructor(options: ClusterMemberOptions) {
    this.#options = options;
    const { directory, identity, cluster, metrics, logger, release, sessions } = options;
    const onError = (error: unknown): void => logger.warn({ error }, 'The cluster: something failed.');
    this.flush = new PositionFlush({ directory, onError });
    this.membership = new Membership({
      directory,
      leaseMs: options.leaseMs,
      describe: () => this.#describe(),
      sessions,
      onLost: options.onLost,
      assertEnded: () => options.instances().assertEnded(),
      onRenewal: (outcome, tookMs) => metrics.renewal(outcome, tookMs),
      onFenced: () => {
        metrics.fenced();
        logger.warn({}, 'The lease of this node could not be prolonged in time: others may take its instances over.');
      },
      onReplaced: () => {
        logger.error({ id: identity.id }, 'Another process has the id of this node: this one ends.');
        cluster.onReplaced();
      },
      onError,
    });
    this.#handOver = new HandOver({
      identity,
      nodes: () => cluster.nodes.nodes,
      call: cluster.call,
      flush: () => this.flush.flush(),
      find: (name) => directory.find(name),
      release,
      onHandOver: (outcome, seconds) => metrics.handOver(outcome, seconds),
      onError,
      now: options.now,
    });
    // Faster than its own next word to the directory, which would tell it the same.
    this.#unwatch = directory.watch((event) => {
      if (event.type === 'owner' && event.owner !== undefined) this.#hear(event.name, event.owner);
    });
    this.#eager = new EagerTakeover({
      directory,
      identity,
      mayTakeOver: () => this.membership.mayTakeOver,
      takeOver: (name, from) => this.#takeOver(name, from),
      random: Math.random,
      wallClock: Date.now,
      onError,
    });
  }

  async start(): Promise<void> {
    this.flush.start();
    await this.membership.start();
  }

  /** The nodes whose leases run, each time that they were asked for. */
  see(nodes: readonly NodeRecord[]): void {
    if (!this.#options.draining()) this.#eager.see(nodes);
  }

  /** Gives away what it can within the time. */
  async handOverAll(deadlineMs: number): Promise<void> {
    await this.membership.announce();
    await this.#handOver.all(this.#options.sessions, deadlineMs);
  }

  /** Everything has ended that used it. */
  async end(): Promise<void> {
    this.#unwatch();
    this.#eager.stop();
    await this.flush.stop();
    await this.membership.end();
  }

  observe(metrics: Metrics): void {
    metrics.observedGauge('cluster_lease_age_seconds', 'Since when the lease of this node was not prolonged.', () => {
      return Math.min(this.membership.lease.ageMs / 1000, Number.MAX_SAFE_INTEGER);
    });
    metrics.observedGauge('cluster_lease_held', 'Whether no other node can have taken over from this one.', () =>
      this.membership.lease.held ? 1 : 0,
    );
    metrics.observedGauge('cluster_nodes', 'Nodes whose leases run.', () => this.#options.cluster.nodes.nodes.length);
  }

  #hear(name: InstanceName, owner: Ownership): void {
    const session = this.#options.sessions.get(name);
    if (session !== undefined && owner.epoch > session.store.epoch) void this.#options.release(session, owner);
  }

  async #takeOver(name: InstanceName, from: Ownership): Promise<void> {
    const session = await this.#options.instances().claim(name, from, 'expired');
    if (session?.reading.hasSource === true) await session.connected();
  }

  #describe(): NodeRecord {
    const { identity, cluster, sessions, instancesMax, draining } = this.#options;
    const usage = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(usage, this.#usage);
    this.#usage = usage;
    if (Number.isFinite(utilization)) this.#utilization = Math.round(utilization * PERCENT_OF_TIME) / PERCENT_OF_TIME;
    return {
      id: identity.id,
      boot: identity.boot,
      address: cluster.address(),
      state: draining() ? 'draining' : 'up',
      recordVersion: RECORD_VERSION,
      build: cluster.build,
      load: { instances: sessions.size + sessions.closing, instancesMax, utilization: this.#utilization },
    };
  }
}
