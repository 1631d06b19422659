import {
  type Directory,
  type DirectoryEvent,
  DirectoryUnavailable,
  MemoryDirectory,
  type NodeIdentity,
  type NodeRecord,
} from '@sluice/directory';
import { servicePrincipal } from '@sluice/kafka';
import { RECORD_VERSION, staticMemberId } from '../../src/cluster/instance-record.ts';
import { Instances } from '../../src/cluster/instances.ts';
import { PositionFlush } from '../../src/cluster/position-flush.ts';
import { SharedSessions } from '../../src/cluster/session-factory.ts';
import { jsonFormat } from '../../src/formats/json-format.ts';
import { recordFormats } from '../../src/formats/record-formats.ts';
import { ReadScheduler } from '../../src/sessions/read-scheduler.ts';
import type { Session } from '../../src/sessions/session.ts';
import { SessionRegistry } from '../../src/sessions/session-registry.ts';
import type { SessionDependencies, SessionSettings } from '../../src/sessions/session-settings.ts';
import type { TopicNames } from '../../src/sessions/topic-names.ts';

export const LEASE_MS = 10_000;
export const INSTANCE_TIMEOUT_MS = 300_000;

/** A directory and its clock; while it is away every call is refused. */
export class TestDirectory {
  now = 1_000_000;
  away = false;
  readonly #watchers = new Set<(event: DirectoryEvent) => void>();
  memory: MemoryDirectory = this.#empty();
  readonly directory: Directory = new Proxy(this.memory, {
    get: (_target, property) => {
      if (property === 'watch') return (listener: (event: DirectoryEvent) => void) => this.#watch(listener);
      const value: unknown = Reflect.get(this.memory, property, this.memory);
      if (typeof value !== 'function') return value;
      return (...parameters: unknown[]): unknown => {
        if (this.away) return Promise.reject(new DirectoryUnavailable('away'));
        return Reflect.apply(value, this.memory, parameters);
      };
    },
  });

  /** As a Redis whose replica takes over. */
  lapse(): void {
    for (const watcher of this.#watchers) watcher({ type: 'lapse' });
  }

  #watch(listener: (event: DirectoryEvent) => void): () => void {
    this.#watchers.add(listener);
    return () => this.#watchers.delete(listener);
  }

  /** As a Redis that comes back empty. */
  forget(): void {
    this.memory = this.#empty();
  }

  #empty(): MemoryDirectory {
    return new MemoryDirectory({ leaseMs: LEASE_MS, retentionMs: 3_600_000, now: () => this.now });
  }
}

export interface TestNode {
  readonly identity: NodeIdentity;
  readonly record: NodeRecord;
  readonly sessions: SessionRegistry;
  readonly instances: Instances;
  readonly flush: PositionFlush;
  readonly lease: { held: boolean; term: number };
  /** Groups that were told of a member that is gone. */
  readonly removed: string[];
  draining: boolean;
  mayTakeOver: boolean;
  /** Arrivals during which a term began. */
  lateArrivals: number;
}

/** A worker's part in a cluster, without Kafka: its sessions are never connected. */
export async function nodeOf(id: string, at: TestDirectory): Promise<TestNode> {
  const identity = { id, boot: `${id}-boot` };
  const load = { instances: 0, instancesMax: 10, utilization: 0 };
  const record: NodeRecord = {
    ...identity,
    address: `http://${id}`,
    state: 'up',
    recordVersion: RECORD_VERSION,
    build: '0',
    load,
  };
  await at.memory.register(record);
  const removed: string[] = [];
  const lease = { held: true, term: 1 };
  const sessions = new SessionRegistry({
    instancesMax: 10,
    instanceTimeoutMs: INSTANCE_TIMEOUT_MS,
    now: () => at.now,
    outlived: true,
    onLeft: (session) => node.instances.bury(session),
    onClosed: () => undefined,
  });
  const flush = new PositionFlush({
    directory: at.directory,
    onError: (error) => {
      throw error;
    },
  });
  const dependencies = {
    admins: { of: () => ({ assertReadable: async () => undefined, subscriptionOf: async () => undefined }) },
    scheduler: new ReadScheduler(),
    createConsumer: () => {
      throw new Error('nobody reads in this test');
    },
    now: () => at.now,
    onLog: () => undefined,
  } as unknown as SessionDependencies;
  const instances: Instances = new Instances({
    directory: at.directory,
    identity,
    sessions,
    factory: new SharedSessions({
      dependencies,
      directory: at.directory,
      lease,
      flush,
      topicNames: { list: async () => [] } as unknown as TopicNames,
      cluster: 'test',
      principalOf: () => servicePrincipal,
      formats: recordFormats(undefined),
      onLost: (session: Session, owner) => void instances.lose(session, owner),
      joinMs: INSTANCE_TIMEOUT_MS,
      wallClock: () => at.now,
      onError: () => undefined,
    }),
    instanceTimeoutMs: INSTANCE_TIMEOUT_MS,
    isShared: true,
    draining: () => node.draining,
    mayTakeOver: () => node.mayTakeOver,
    now: () => at.now,
    wallClock: () => at.now,
    onLateArrival: () => {
      node.lateArrivals += 1;
    },
    onEnded: ({ group }) => removed.push(group),
    onTakeover: () => undefined,
  });
  const node: TestNode = {
    identity,
    record,
    sessions,
    instances,
    flush,
    lease,
    removed,
    draining: false,
    mayTakeOver: true,
    lateArrivals: 0,
  };
  return node;
}

export function settingsOf(instance: string): SessionSettings {
  return {
    group: 'g',
    instance,
    principal: servicePrincipal,
    groupInstanceId: staticMemberId('test', instance),
    format: jsonFormat,
    autoOffsetReset: 'earliest',
    autoCommit: true,
    api: 'v2',
    autoCommitIntervalMs: 5000,
    fetchMinBytes: -1,
    requestTimeoutMs: 1000,
  };
}
