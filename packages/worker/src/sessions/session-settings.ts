import type { AdminPool, Consumer, ConsumerHooks, Principal } from '@sluice/kafka';
import type { ApiVersion, IsolationLevel } from '@sluice/protocol';
import type { RecordFormat } from '../formats/record-format.ts';
import type { ReadScheduler } from './read-scheduler.ts';

/** What a create request settled; fixed for the life of the instance. */
export interface SessionSettings {
  /** The version of the API that it was made in, and is handled in. */
  readonly api: ApiVersion;
  readonly group: string;
  readonly instance: string;
  readonly principal: Principal;
  /** In a cluster: the name of its static membership, the same on whichever node it is. */
  readonly groupInstanceId: string | undefined;
  readonly format: RecordFormat;
  readonly autoOffsetReset: 'earliest' | 'latest' | 'none';
  readonly autoCommit: boolean;
  readonly autoCommitIntervalMs: number;
  /** Bytes that a read waits for; 0 or less: any record is enough. */
  readonly fetchMinBytes: number;
  /** How long a read without `timeout` waits. */
  readonly requestTimeoutMs: number;
  /** Absent: as the configuration of consumers says. */
  readonly isolationLevel?: IsolationLevel;
}

/** Makes the Kafka client of a session; the hooks are the session's. */
export type ConsumerFactory = (settings: SessionSettings, hooks: ConsumerHooks) => Consumer;

export interface SessionDependencies {
  readonly admins: AdminPool;
  readonly scheduler: ReadScheduler;
  readonly createConsumer: ConsumerFactory;
  /** How long a commit or a seek waits for its group, in ms. */
  readonly joinTimeoutMs: number;
  /** Milliseconds on a clock that never goes back. */
  readonly now: () => number;
  readonly onLog: (severity: number, facility: string, message: string) => void;
}
