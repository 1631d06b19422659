import type { NodeIdentity } from '@sluice/directory';
import type { AdminPool, LogReaderPool, Principal, ProducerPool } from '@sluice/kafka';
import type { Dialect } from '@sluice/protocol';
import type { Config } from '@sluice/runtime';
import type { SchemaStore } from '@sluice/schema';
import type { Instances } from './cluster/instances.ts';
import type { CountedReads } from './counted-reads.ts';
import type { PiecePool } from './formats/piece-pool.ts';
import type { RecordFormats } from './formats/record-formats.ts';
import type { ByteBudget } from './http/byte-budget.ts';
import type { RecordMetrics } from './record-metrics.ts';
import type { UnawaitedProduces } from './resources/unawaited-produces.ts';
import type { ReadScheduler } from './sessions/read-scheduler.ts';
import type { ReplayStore } from './sessions/replay-store.ts';
import type { SessionRegistry } from './sessions/session-registry.ts';
import type { TopicNames } from './sessions/topic-names.ts';

/** Everything that handlers work with; made once by `createWorker`. */
export interface Api {
  readonly config: Config;
  readonly dialect: Dialect;
  readonly version: string;
  /** The OpenAPI document. */
  readonly openApi: string;
  readonly admins: AdminPool;
  readonly producers: ProducerPool;
  readonly sessions: SessionRegistry;
  readonly instances: Instances;
  /** This node, where answers about instances are to name it. */
  readonly shownNode: NodeIdentity | undefined;
  /** The static membership of an instance; undefined where no other node could go on with it. */
  readonly groupInstanceId: (instance: string) => string | undefined;
  readonly scheduler: ReadScheduler;
  readonly replays: ReplayStore;
  readonly reads: CountedReads;
  /** Reads of partitions, without a group. */
  readonly logReaders: LogReaderPool;
  readonly topicNames: TopicNames;
  readonly bodyBudget: ByteBudget;
  readonly pieces: PiecePool;
  readonly formats: RecordFormats;
  /** Undefined without a registry. */
  readonly schemas: SchemaStore | undefined;
  readonly recordMetrics: RecordMetrics;
  /** Produces that nobody waits for. */
  readonly unawaited: UnawaitedProduces;
  /** Whose rights a request has in Kafka. */
  readonly principalOf: (headers: NodeJS.Dict<string | string[]>) => Principal;
  /** True from the moment the process drains. */
  readonly draining: () => boolean;
  /** Milliseconds on a clock that never goes back. */
  readonly now: () => number;
}
