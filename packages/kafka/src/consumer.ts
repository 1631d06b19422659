import type { TopicPartition, TopicPartitionOffset } from '@sluice/protocol';
import rdkafka from 'node-rdkafka';
import { Assignment } from './assignment.ts';
import type { BlockingCalls } from './blocking-calls.ts';
import { CommitQueue } from './commit-queue.ts';
import { connectClient } from './connect-client.ts';
import { type ConsumerConfOptions, consumerConf } from './consumer-settings.ts';
import { askCoordinator } from './coordinator-retry.ts';
import { type ErrorContext, kafkaErrorFromClient, kafkaErrorFromCode, timeoutError } from './error-mapping.ts';
import type { KafkaError } from './kafka-error.ts';
import { followTokens, type TokenSource } from './oauth-token.ts';
import { type ConsumedRecord, RecordBuffer } from './record-buffer.ts';
import { settledWithin } from './settled-within.ts';

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
  /** Longest wait for the first broker. */
  readonly connectTimeoutMs: number;
  /** Longest wait for a commit, a look-up of committed offsets, or the close. */
  readonly requestTimeoutMs: number;
  readonly blockingCalls: BlockingCalls;
  /** For SASL OAUTHBEARER: the token for the connect, and its successors. */
  readonly tokens?: TokenSource | undefined;
  readonly hooks: ConsumerHooks;
}

interface CommittedEntry {
  readonly topic?: string;
  readonly partition?: number;
  readonly offset?: number;
}

/** node-rdkafka's types ask for offsets where its code does without. */
type Assignments = Parameters<rdkafka.KafkaConsumer['assign']>[0];

interface RebalanceEvent {
  readonly code: number;
}

const ERR_ASSIGN_PARTITIONS = -175;
const ERR_FATAL = -150;
const ERR_DESTROY = -197;
const GROUP_AUTHORIZATION_FAILED = 30;
const COMMIT_POLL_INTERVAL_MS = 1;
/** A look-up that takes longer than this is watched for a refusal. */
const REFUSAL_POLL_INTERVAL_MS = 20;
const FLUSHED_RECORDS_MAX = 1000;
/** An idle instance takes one record a second from the client; past this it is paused instead. */
const IDLE_BUFFER_RECORDS_MAX = 256;
const IDLE_BUFFER_BYTES_MAX = 1_048_576;

/**
 * One node-rdkafka consumer behind promises.
 *
 * Everything that takes time on the native handle goes through one queue (`#exclusive`): a `consume` that overlaps
 * with an `assign` or a `disconnect` returns records of the assignment before, and nobody could tell them apart.
 * Records are taken by polling (`fill`), which also serves rebalances and commit answers; a consumer that nobody
 * reads must be polled all the same (`service`), or its whole group waits for it.
 */
export class Consumer {
  readonly buffer: RecordBuffer = new RecordBuffer();
  readonly #client: rdkafka.KafkaConsumer;
  readonly #options: ConsumerOptions;
  readonly #assignment = new Assignment();
  readonly #commits = new CommitQueue();
  #tail: Promise<unknown> = Promise.resolve();
  #generation = 0;
  #stopTokens: (() => void) | undefined;
  #paused = false;
  #connected = false;
  /**
   * The group may not be read. The client says so once, keeps on looking for the group's coordinator, and lets
   * everything that needs it run out its time; a commit in its queue keeps even a disconnect waiting for 40 s.
   */
  #refusal: KafkaError | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: ConsumerOptions) {
    this.#options = options;
    const conf = consumerConf(options);
    const callbacks = {
      rebalance_cb: (event: RebalanceEvent, partitions: TopicPartition[]): void => this.#onRebalance(event, partitions),
      offset_commit_cb: (error: unknown, offsets: TopicPartitionOffset[]): void =>
        this.#commits.answer(offsets, error ? kafkaErrorFromClient(error, contextOf(offsets)) : undefined),
    };
    this.#client = new rdkafka.KafkaConsumer({ ...conf.global, ...callbacks }, conf.topic);
    this.#client.on('event.log', (event: { severity: number; fac: string; message: string }) => this.#onLog(event));
    // Transport trouble (a broker coming or going) is nobody's answer: the client reconnects by itself.
    this.#client.on('event.error', (error) => options.hooks.onLog(6, 'ERROR', error.message));
  }

  get assigned(): readonly TopicPartition[] {
    return this.#assignment.list();
  }

  isAssigned(partition: TopicPartition): boolean {
    return this.#assignment.has(partition);
  }

  /** @throws KafkaError: family authentication when the broker refused the credentials, else retriable. */
  async connect(): Promise<void> {
    const { tokens, hooks } = this.#options;
    if (tokens !== undefined) {
      // Safe at any time: no `consume` here ever holds the handle's lock for long.
      const apply = (token: string): void => void this.#client.setOauthBearerToken(token);
      this.#stopTokens = await followTokens(tokens, apply, (error) => {
        hooks.onLog(4, 'OAUTHBEARER', `No new token: ${kafkaErrorFromClient(error).message}`);
      });
    }
    try {
      await connectClient(this.#client, this.#options);
      this.#connected = true;
    } catch (error) {
      this.#stopTokens?.();
      throw error;
    }
  }

  /** Joins the group; the assignment arrives while the consumer is polled. */
  subscribe(topics: readonly string[]): Promise<void> {
    return this.#exclusive(() => {
      this.#client.subscribe([...topics]);
    });
  }

  /** Leaves the group or drops the assignment; buffered records are gone with it. */
  unsubscribe(): Promise<void> {
    return this.#exclusive(() => {
      this.#forget();
      this.#client.unsubscribe();
      this.#client.unassign();
    });
  }

  /** Reads exactly these partitions from these offsets; what was buffered is dropped. */
  assign(starts: readonly TopicPartitionOffset[]): Promise<void> {
    return this.#exclusive(() => {
      this.#forget();
      this.#assignment.add(starts);
      this.#client.assign(starts.map(plain));
    });
  }

  /**
   * Goes on reading the assigned partitions elsewhere; what was buffered is dropped. An assignment with offsets does
   * it, not the client's own seek: that one fails right after an assignment, and reading would go on where it was.
   * @param choose gets where each partition stands (its first buffered record, else the next one to be fetched)
   */
  reposition(choose: (current: TopicPartitionOffset[]) => TopicPartitionOffset[]): Promise<void> {
    return this.#exclusive(async () => {
      // Takes along what is still queued about the old positions: an error of theirs would be taken for a new one.
      await this.#consume(FLUSHED_RECORDS_MAX, 0);
      const positions = choose(this.#assignment.positions(this.buffer));
      const cooperative = this.#isCooperative();
      if (cooperative) this.#client.incrementalUnassign(this.#assignment.list());
      this.#forget();
      this.#assignment.add(positions);
      if (cooperative) this.#client.incrementalAssign(positions.map(plain));
      else this.#client.assign(positions.map(plain));
    });
  }

  /**
   * Moves up to `recordsMax` records from the client into the buffer. Answers how many came.
   * @param waitMs longest wait for each record; it holds a thread of the pool, so 0 unless records are known to come
   */
  fill(recordsMax: number, waitMs: number): Promise<number> {
    return this.#exclusive(async () => {
      if (!this.#connected || this.#closing !== undefined) return 0;
      if (this.#paused && this.buffer.count === 0) this.#pause(false);
      const generation = this.#generation;
      const records = await this.#consume(recordsMax, waitMs);
      // A rebalance in the meantime: what belongs to revoked partitions is another member's now.
      const valid = generation === this.#generation ? records : records.filter((record) => this.isAssigned(record));
      this.#assignment.noteFetched(valid);
      this.buffer.push(valid);
      return valid.length;
    });
  }

  /** The poll that keeps an idle consumer in its group. */
  async service(): Promise<void> {
    const full = this.buffer.count >= IDLE_BUFFER_RECORDS_MAX || this.buffer.bytes >= IDLE_BUFFER_BYTES_MAX;
    if (full && !this.#paused) this.#pause(true);
    await this.fill(1, 0);
  }

  /** Records that the broker is known to have beyond those taken, counted up to `enough`. */
  knownBacklog(enough: number): number {
    return this.#assignment.backlog(enough, ({ topic, partition }) => {
      return this.#client.getWatermarkOffsets(topic, partition).highOffset;
    });
  }

  /**
   * Commits and waits for the broker's word. Offsets are the next ones to read.
   * @throws KafkaError; after the deadline a retriable one that says that the commit may still happen
   */
  async commit(offsets: readonly TopicPartitionOffset[]): Promise<void> {
    if (offsets.length === 0) return;
    if (this.#refusal !== undefined) throw this.#refusal;
    const commit = this.#commits.add(offsets, this.#options.requestTimeoutMs);
    this.commitWithoutWaiting(offsets);
    // The client hands the answer out only while it is polled.
    while (!commit.settled) {
      await this.fill(1, 0);
      if (!commit.settled) await new Promise((resolve) => setTimeout(resolve, COMMIT_POLL_INTERVAL_MS));
    }
    await commit.answer;
  }

  /** For the moments in which nothing may wait: a revocation, or the automatic commit beside a read. */
  commitWithoutWaiting(offsets: readonly TopicPartitionOffset[]): void {
    if (offsets.length === 0 || this.#refusal !== undefined) return;
    try {
      this.#client.commit(offsets.map(plain));
    } catch (error) {
      throw kafkaErrorFromClient(error);
    }
  }

  /** The committed offsets of the group; partitions without one are left out. @throws KafkaError */
  async committed(partitions: readonly TopicPartition[]): Promise<TopicPartitionOffset[]> {
    const { requestTimeoutMs, blockingCalls } = this.#options;
    const lookUp = (): Promise<CommittedEntry[]> =>
      // The turn lasts until the native call has ended, also when its caller has had the refusal by then.
      this.#unlessRefused(
        blockingCalls.run('look up committed offsets', requestTimeoutMs, () => this.#lookUpCommitted(partitions)),
      );
    // A partition without a commit has no offset; one that failed is an error object among the others.
    return (await askCoordinator(lookUp, requestTimeoutMs)).flatMap(({ topic, partition, offset }) =>
      topic !== undefined && partition !== undefined && offset !== undefined && offset >= 0
        ? [{ topic, partition, offset }]
        : [],
    );
  }

  #lookUpCommitted(partitions: readonly TopicPartition[]): Promise<CommittedEntry[]> {
    const wanted = partitions.map(({ topic, partition }) => ({ topic, partition }));
    return new Promise((resolve, reject) => {
      this.#client.committed(wanted as never, this.#options.requestTimeoutMs, (error, answer) => {
        if (error) reject(kafkaErrorFromClient(error));
        else resolve(answer);
      });
    });
  }

  /** Leaves the group, so that its other members get the partitions at once, and frees the handle. */
  close(): Promise<void> {
    this.#closing ??= this.#exclusive(() => this.#disconnect());
    return this.#closing;
  }

  async #disconnect(): Promise<void> {
    const { requestTimeoutMs, blockingCalls } = this.#options;
    this.#stopTokens?.();
    this.#forget();
    this.#commits.abandon(kafkaErrorFromCode(ERR_DESTROY, { detail: 'The consumer was closed.' }));
    if (!this.#connected) return;
    // A static member leaves its group only if it unsubscribes before it disconnects.
    this.#client.unsubscribe();
    const disconnected = blockingCalls.run('disconnect', requestTimeoutMs, () => {
      return new Promise<true>((resolve) => this.#client.disconnect(() => resolve(true)));
    });
    if ((await settledWithin(disconnected, requestTimeoutMs)) === undefined) {
      throw timeoutError('disconnect', requestTimeoutMs);
    }
  }

  /** What the call brings, or the refusal of the group, which only a poll brings to light. */
  async #unlessRefused<T>(call: Promise<T>): Promise<T> {
    const ended = call.then(() => true);
    ended.catch(() => undefined);
    while ((await settledWithin(ended, REFUSAL_POLL_INTERVAL_MS)) === undefined) {
      if (this.#refusal !== undefined) throw this.#refusal;
      await this.fill(1, 0);
    }
    return await call;
  }

  /** One task at a time on the handle; a failed one does not stop those behind it. */
  #exclusive<T>(task: () => T | Promise<T>): Promise<T> {
    const run = this.#tail.then(task);
    this.#tail = run.catch(() => undefined);
    return run;
  }

  /** Nothing of the assignment before is valid any more. */
  #forget(): void {
    this.#generation += 1;
    this.#paused = false;
    this.buffer.clear();
    this.#assignment.clear();
  }

  #consume(recordsMax: number, waitMs: number): Promise<ConsumedRecord[]> {
    return new Promise((resolve) => {
      this.#client.setDefaultConsumeTimeout(waitMs);
      this.#client.consume(recordsMax, (error, records) => {
        if (error) this.#onConsumeError(kafkaErrorFromClient(error, { group: this.#options.groupId }));
        resolve(error ? [] : (records as ConsumedRecord[]));
      });
    });
  }

  #pause(paused: boolean): void {
    const partitions = this.#assignment.list();
    if (paused) this.#client.pause(partitions);
    else this.#client.resume(partitions);
    this.#paused = paused;
  }

  /** Whether partitions come and go one by one (cooperative-sticky) or all at once. */
  #isCooperative(): boolean {
    return this.#client.rebalanceProtocol() === 'COOPERATIVE';
  }

  #onRebalance(event: RebalanceEvent, partitions: readonly TopicPartition[]): void {
    if (event.code === ERR_ASSIGN_PARTITIONS) {
      this.#assignFromGroup(partitions).catch((error: unknown) => this.#onConsumeError(kafkaErrorFromClient(error)));
    } else {
      this.#revoke(partitions);
    }
  }

  #revoke(partitions: readonly TopicPartition[]): void {
    if (this.#closing === undefined) this.#options.hooks.onRevoked(partitions);
    this.#generation += 1;
    this.#assignment.remove(partitions);
    this.buffer.retain((record) => this.isAssigned(record));
    // While it disconnects the client waits for this call, too.
    if (!this.#client.isConnected()) return;
    if (this.#isCooperative()) this.#client.incrementalUnassign([...partitions] as Assignments);
    else this.#client.unassign();
  }

  async #assignFromGroup(partitions: readonly TopicPartition[]): Promise<void> {
    this.#generation += 1;
    const generation = this.#generation;
    const starts = await this.#options.hooks.resolveStart(partitions);
    await this.#exclusive(() => {
      // Revoked while the start was looked up: the next assignment is on its way.
      if (generation !== this.#generation || this.#closing !== undefined) return;
      this.#assignment.add(starts);
      if (this.#isCooperative()) this.#client.incrementalAssign(starts.map(plain));
      else this.#client.assign(starts.map(plain));
      this.#options.hooks.onAssigned();
    });
  }

  #onConsumeError(error: KafkaError): void {
    if (error.code === GROUP_AUTHORIZATION_FAILED) {
      this.#refusal = error;
      this.#commits.abandon(error);
    }
    this.#options.hooks.onError(error, error.code === ERR_FATAL);
  }

  #onLog(event: { severity: number; fac: string; message: string }): void {
    this.#options.hooks.onLog(event.severity, event.fac, event.message);
    // A fenced client goes on handing out records, and `consume` may swallow the error: this log line is the signal.
    if (event.fac === 'FATAL') {
      this.#options.hooks.onError(kafkaErrorFromCode(ERR_FATAL, { detail: event.message }), true);
    }
  }
}

/** Just the fields that the client knows: what else an object carries must not reach it. */
function plain({ topic, partition, offset }: TopicPartitionOffset): TopicPartitionOffset {
  return { topic, partition, offset };
}

/** One answer for all offsets of a commit: only where they are of one topic is it clear which one an error means. */
function contextOf([first, ...others]: readonly TopicPartitionOffset[]): ErrorContext {
  return first === undefined || others.some(({ topic }) => topic !== first.topic) ? {} : { topic: first.topic };
}
