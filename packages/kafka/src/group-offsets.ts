import type { TopicPartition, TopicPartitionOffset } from '@sluice/protocol';
import type rdkafka from 'node-rdkafka';
import type { BlockingCalls } from './blocking-calls.ts';
import { CommitQueue } from './commit-queue.ts';
import { type ErrorContext, kafkaErrorFromClient } from './error-mapping.ts';
import type { KafkaError } from './kafka-error.ts';
import { retryWhileMoving } from './retry-while-moving.ts';
import { settledWithin } from './settled-within.ts';

export interface GroupOffsetsOptions {
  readonly client: rdkafka.KafkaConsumer;
  readonly blockingCalls: BlockingCalls;
  /** Longest wait for a commit, or for a look-up. */
  readonly timeoutMs: number;
  /** Serves the client's callbacks: commit answers and refusals come to light only while it is polled. */
  readonly poll: () => Promise<void>;
}

interface CommittedEntry {
  readonly topic?: string;
  readonly partition?: number;
  readonly offset?: number;
}

const COMMIT_POLL_INTERVAL_MS = 1;
/** A look-up that takes longer than this is watched for a refusal. */
const REFUSAL_POLL_INTERVAL_MS = 20;

/** One answer for all offsets of a commit: only where they are of one topic is it clear which one an error means. */
function contextOf([first, ...others]: readonly TopicPartitionOffset[]): ErrorContext {
  return first === undefined || others.some(({ topic }) => topic !== first.topic) ? {} : { topic: first.topic };
}

/** The offsets that a consumer's group has committed, and commits. */
export class GroupOffsets {
  readonly #options: GroupOffsetsOptions;
  readonly #commits = new CommitQueue();
  /**
   * The group may not be read. The client says so once, keeps on looking for the group's coordinator, and lets
   * everything that needs it run out its time; a commit in its queue keeps even a disconnect waiting for 40 s.
   */
  #refusal: KafkaError | undefined;

  constructor(options: GroupOffsetsOptions) {
    this.#options = options;
  }

  /**
   * Commits and waits for the broker's word. Offsets are the next ones to read.
   * @throws KafkaError; after the deadline a retriable one that says that the commit may still happen
   */
  async commit(offsets: readonly TopicPartitionOffset[]): Promise<void> {
    if (offsets.length === 0) return;
    if (this.#refusal !== undefined) throw this.#refusal;
    const { poll, timeoutMs } = this.#options;
    const commit = this.#commits.add(offsets, timeoutMs);
    this.commitWithoutWaiting(offsets);
    while (!commit.settled) {
      await poll();
      if (!commit.settled) await new Promise((resolve) => setTimeout(resolve, COMMIT_POLL_INTERVAL_MS));
    }
    await commit.answer;
  }

  /** For the moments in which nothing may wait: a revocation, or the automatic commit beside a read. */
  commitWithoutWaiting(offsets: readonly TopicPartitionOffset[]): void {
    if (offsets.length === 0 || this.#refusal !== undefined) return;
    try {
      this.#options.client.commit(offsets.map(({ topic, partition, offset }) => ({ topic, partition, offset })));
    } catch (error) {
      throw kafkaErrorFromClient(error);
    }
  }

  /** The committed offsets of the group; partitions without one are left out. @throws KafkaError */
  async committed(partitions: readonly TopicPartition[]): Promise<TopicPartitionOffset[]> {
    const { blockingCalls, timeoutMs } = this.#options;
    const ask = (): Promise<CommittedEntry[]> =>
      // The turn lasts until the native call has ended, also when its caller has had the refusal by then.
      this.#unlessRefused(
        blockingCalls.run('look up committed offsets', timeoutMs, () => this.#lookUpCommitted(partitions)),
      );
    const entries = await retryWhileMoving('coordinator', ask, timeoutMs);
    // Taken for "no commit", a partition that failed would begin by the reset policy, and `latest` skips records.
    const failed = entries.find((entry) => entry instanceof Error);
    if (failed !== undefined) throw kafkaErrorFromClient(failed);
    // A partition without a commit has no offset.
    return entries.flatMap(({ topic, partition, offset }) =>
      topic !== undefined && partition !== undefined && offset !== undefined && offset >= 0
        ? [{ topic, partition, offset }]
        : [],
    );
  }

  /** The client's commit callback. */
  answer(error: unknown, offsets: readonly TopicPartitionOffset[]): void {
    this.#commits.answer(offsets, error ? kafkaErrorFromClient(error, contextOf(offsets)) : undefined);
  }

  /** From now on nobody waits for the group: it refuses this client, or the client is leaving it. */
  refuse(error: KafkaError): void {
    this.#refusal = error;
    this.#commits.abandon(error);
  }

  #lookUpCommitted(partitions: readonly TopicPartition[]): Promise<CommittedEntry[]> {
    const wanted = partitions.map(({ topic, partition }) => ({ topic, partition }));
    return new Promise((resolve, reject) => {
      this.#options.client.committed(wanted as never, this.#options.timeoutMs, (error, answer) => {
        if (error) reject(kafkaErrorFromClient(error));
        else resolve(answer);
      });
    });
  }

  /** What the call brings, or the refusal of the group, which only a poll brings to light. */
  async #unlessRefused<T>(call: Promise<T>): Promise<T> {
    const ended = call.then(() => true);
    ended.catch(() => undefined);
    while ((await settledWithin(ended, REFUSAL_POLL_INTERVAL_MS)) === undefined) {
      if (this.#refusal !== undefined) throw this.#refusal;
      await this.#options.poll();
    }
    return await call;
  }
}
