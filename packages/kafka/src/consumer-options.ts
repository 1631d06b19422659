import type { TopicPartition, TopicPartitionOffset } from '@sluice/protocol';
import type { BlockingCalls } from './blocking-calls.ts';
import type { ConsumerConfOptions } from './consumer-settings.ts';
import type { KafkaError } from './kafka-error.ts';
import type { TokenSource } from './oauth-token.ts';

/** What the owner of a consumer is told, and asked. */
export interface ConsumerHooks {
  /**
   * The group gave these partitions: where does each begin? Called before the first fetch, so that the start is
   * known instead of being decided later by the client. Partitions left out of the answer are not read.
   */
  readonly resolveStart: (partitions: readonly TopicPartition[]) => Promise<readonly TopicPartitionOffset[]>;
  /** The partitions are assigned (maybe none) and will be fetched from now on. */
  readonly onAssigned: () => void;
  /** Before the partitions are given back: the last moment at which their offsets can be committed. */
  readonly onRevoked: (partitions: readonly TopicPartition[]) => void;
  /** An error for the next read; `fatal`: this client will never work again. */
  readonly onError: (error: KafkaError, fatal: boolean) => void;
  /** Syslog severity (0 to 7), librdkafka's facility and its text. */
  readonly onLog: (severity: number, facility: string, message: string) => void;
}

export interface ConsumerOptions extends ConsumerConfOptions {
  /** After so long without a read the consumer stops fetching until the next one. */
  readonly parkAfterMs: number;
  /** Longest wait for the first broker. */
  readonly connectTimeoutMs: number;
  /** Longest wait for a commit, or the close. */
  readonly requestTimeoutMs: number;
  readonly blockingCalls: BlockingCalls;
  /** For SASL OAUTHBEARER: the token for the connect, and its successors. */
  readonly tokens?: TokenSource | undefined;
  /** Looks up what the group has committed (`Admin.committedOffsets`, as the same principal). */
  readonly committedOffsets: (partitions: readonly TopicPartition[]) => Promise<TopicPartitionOffset[]>;
  readonly hooks: ConsumerHooks;
}
