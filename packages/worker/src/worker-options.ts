import type { Directory, NodeIdentity } from '@sluice/directory';
import type { AdminPool, BlockingCalls, LogReaderPool, Principal, ProducerPool } from '@sluice/kafka';
import type { Dialect } from '@sluice/protocol';
import type { Config, Logger, Metrics } from '@sluice/runtime';
import type { SchemaStore } from '@sluice/schema';
import type { ClusterOptions } from './cluster/cluster-member.ts';
import type { ConsumerFactory } from './sessions/session-settings.ts';

/** What a worker is made of; it makes no connection by itself. */
export interface WorkerOptions {
  readonly config: Config;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly admins: AdminPool;
  readonly producers: ProducerPool;
  readonly logReaders: LogReaderPool;
  readonly blockingCalls: BlockingCalls;
  readonly createConsumer: ConsumerFactory;
  readonly principalOf: (headers: NodeJS.Dict<string | string[]>) => Principal;
  /** What is known of the schema registry; undefined without one. */
  readonly schemas: SchemaStore | undefined;
  /** Who holds which instance. */
  readonly directory: Directory;
  /** This node, in this life. */
  readonly identity: NodeIdentity;
  /** Undefined for a proxy that stands alone. */
  readonly cluster: ClusterOptions | undefined;
  /** Shown in the OpenAPI document. */
  readonly version: string;
  readonly dialect: Dialect;
}
