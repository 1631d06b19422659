import type { TopicPartitionOffset } from '@sluice/protocol';
import type rdkafka from 'node-rdkafka';
import { CommitQueue, type PendingCommit } from './commit-queue.ts';
import { type ErrorContext, kafkaErrorFromClient, timeoutError } from './error-mapping.ts';
import type { KafkaError } from './kafka-error.ts';

export interface GroupOffsetsOptions {
  readonly client: rdkafka.KafkaConsumer;
  /** Longest wait for a commit. */
  readonly timeoutMs: number;
  /** Serves the client's callbacks: commit answers and refusals come to light only while it is polled. */
  readonly poll: () => Promise<void>;
}

const COMMIT_POLL_INTERVAL_MS = 1;
const ERR_TIMED_OUT = -185;

/** One answer for all offsets of a commit: only where they are of one topic is it clear which one an error means. */
function contextOf([first, ...others]: readonly TopicPartitionOffset[]): ErrorContext {
  return first === undefined || others.some(({ topic }) => topic !== first.topic) ? {} : { topic: first.topic };
}

/** The commits of a consumer. */
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
   * Commits and waits for the broker's word. Offsets are the next ones to read. One commit at a time: the client sends one
   * again whose broker died, and it would take back those that overtook it.
   * @throws KafkaError; after the deadline a retriable one that says whether the commit may still happen
   */
  async commit(offsets: readonly TopicPartitionOffset[]): Promise<void> {
    if (offsets.length === 0) return;
    await this.#untilQuiet();
    if (this.#refusal !== undefined) throw this.#refusal;
    const commit = this.#send(offsets);
    await this.#pollWhile(() => !commit.settled);
    await commit.answer;
  }

  /**
   * For the moments in which nothing may wait.
   * @param urgency `regular`: the next commit covers it, so nothing is sent behind one that is not answered yet. `last`:
   * now or never, as at a revocation; sent unless the broker has trouble and may answer in any order
   * @returns undefined when nothing was sent
   */
  commitWithoutWaiting(
    offsets: readonly TopicPartitionOffset[],
    urgency: 'regular' | 'last',
  ): PendingCommit | undefined {
    const isHeld = urgency === 'last' ? this.#commits.stuck : this.#commits.busy;
    return offsets.length > 0 && this.#refusal === undefined && !isHeld ? this.#send(offsets) : undefined;
  }

  /**
   * Waits for the answers to the commits sent so far. Who looks up what is committed asks on another connection, and
   * nothing else keeps his question behind a commit: it found none, and `latest` skipped what was still to be read.
   * @throws KafkaError when one was not answered in time: it may still take effect
   */
  async settle(): Promise<void> {
    const sent = this.#commits.pending;
    await this.#pollWhile(() => sent.some(({ settled }) => !settled));
    for (const outcome of await Promise.allSettled(sent.map(({ answer }) => answer))) {
      // Any other error says that nothing was committed.
      if (outcome.status === 'rejected' && (outcome.reason as KafkaError).code === ERR_TIMED_OUT) throw outcome.reason;
    }
  }

  /** The client's commit callback. */
  answer(error: unknown, offsets: readonly TopicPartitionOffset[]): void {
    this.#commits.answer(offsets, error ? kafkaErrorFromClient(error, contextOf(offsets)) : undefined);
  }

  #send(offsets: readonly TopicPartitionOffset[]): PendingCommit {
    try {
      this.#options.client.commit(offsets.map(({ topic, partition, offset }) => ({ topic, partition, offset })));
    } catch (error) {
      throw kafkaErrorFromClient(error);
    }
    // The answer comes while the client is polled, and not before this.
    return this.#commits.add(offsets, this.#options.timeoutMs);
  }

  async #untilQuiet(): Promise<void> {
    const { timeoutMs } = this.#options;
    const end = performance.now() + timeoutMs;
    await this.#pollWhile(() => this.#commits.busy && this.#refusal === undefined && performance.now() < end);
    if (!this.#commits.busy || this.#refusal !== undefined) return;
    throw timeoutError('an earlier commit is not answered yet, and this one was not sent', timeoutMs);
  }

  async #pollWhile(waiting: () => boolean): Promise<void> {
    while (waiting()) {
      await this.#options.poll();
      if (waiting()) await new Promise((resolve) => setTimeout(resolve, COMMIT_POLL_INTERVAL_MS));
    }
  }

  /** From now on nobody waits for the group: it refuses this client, or the client is leaving it. */
  refuse(error: KafkaError): void {
    this.#refusal = error;
    this.#commits.abandon(error);
  }
}
