import type { TopicPartition, TopicPartitionOffset } from '@sluice/protocol';
import { Assignment } from './assignment.ts';
import type { PendingCommit } from './commit-queue.ts';
import { ConsumerHandle } from './consumer-handle.ts';
import type { ConsumerOptions } from './consumer-options.ts';
import { kafkaErrorFromCode, timeoutError } from './error-mapping.ts';
import { GroupOffsets } from './group-offsets.ts';
import { KafkaError } from './kafka-error.ts';
import { OFFSET_NONE, OFFSET_STORED } from './logical-offsets.ts';
import { RecordBuffer } from './record-buffer.ts';

const ERR_DESTROY = -197;
const GROUP_AUTHORIZATION_FAILED = 30;
const FLUSHED_RECORDS_MAX = 1000;
/** How long a member that leaves waits for its partitions to be given back, and how often it looks. */
const GIVE_BACK_MS = 2000;
const GIVE_BACK_POLL_MS = 2;
/** A consumer that is only serviced takes one record a second from the client; with this much it is parked. */
const IDLE_BUFFER_RECORDS_MAX = 256;
const IDLE_BUFFER_BYTES_MAX = 1_048_576;
/** More than a read ever takes at once: what lies beyond came along with the polls of commits. */
const BUFFER_RECORDS_MAX = 5000;
const BUFFER_BYTES_MAX = 16_777_216;

/**
 * What a consumer is assigned, where it stands, and what it has read ahead.
 *
 * Records are taken by polling (`fill`), which also serves rebalances and commit answers; a consumer that nobody
 * reads must be polled all the same (`service`), or its whole group waits for it.
 *
 * After a while without a read it is parked: it keeps its place in the group and its positions, and fetches nothing.
 * A thousand instances that nobody reads would otherwise ask the brokers two thousand times a second for nothing. The
 * next read has it fetching again within milliseconds; a paused partition would take up to a second.
 */
export class Consumer {
  readonly buffer: RecordBuffer = new RecordBuffer();
  readonly #handle: ConsumerHandle;
  readonly #options: ConsumerOptions;
  readonly #assignment = new Assignment();
  readonly #offsets: GroupOffsets;
  #generation = 0;
  /** Counts what the group says and what ends it: partitions of an older word are not assigned any more. */
  #grant = 0;
  /** Subscribed anew, and the group has not answered yet: the client still hands out records of what it had before. */
  #resubscribed = false;
  #parked = false;
  /** When a read last asked for records. */
  #readAt = performance.now();
  #leaving: Promise<void> | undefined;

  constructor(options: ConsumerOptions) {
    this.#options = options;
    const failed = (error: unknown): void => options.hooks.onLog(4, 'REBALANCE', String(error));
    this.#handle = new ConsumerHandle(options, {
      onGranted: (partitions) => void this.#assignFromGroup(partitions).catch(failed),
      onRevoked: (partitions) => this.#revoke(partitions),
      onCommitted: (error, offsets) => this.#offsets.answer(error, offsets),
      onError: (error, fatal) => this.#onError(error, fatal),
    });
    this.#offsets = new GroupOffsets({
      client: this.#handle.client,
      timeoutMs: options.requestTimeoutMs,
      poll: () => this.#poll(),
    });
  }

  get assigned(): readonly TopicPartition[] {
    return this.#assignment.list();
  }

  /** Nobody has read for a while, and nothing is fetched. */
  get parked(): boolean {
    return this.#parked;
  }

  /** Whether the group gives and takes partitions one by one. */
  get cooperative(): boolean {
    return this.#handle.cooperative;
  }

  /** Assigned partitions that are not read until a seek says from where. */
  get unpositioned(): readonly TopicPartition[] {
    return this.#assignment.unpositioned();
  }

  isAssigned(partition: TopicPartition): boolean {
    return this.#assignment.has(partition);
  }

  /** @throws KafkaError: family authentication when the broker refused the credentials, else retriable. */
  connect(): Promise<void> {
    return this.#handle.connect();
  }

  /**
   * Joins the group; the assignment arrives while the consumer is polled. Until then nothing is read of what was
   * assigned before, except in a cooperative group, which leaves partitions of the same topics where they are.
   */
  subscribe(topics: readonly string[]): Promise<void> {
    return this.#change(() => {
      this.#grant += 1;
      if (this.#handle.cooperative) this.#keepOnly(new Set(topics));
      else this.#forget();
      this.#resubscribed = true;
      this.#handle.client.subscribe([...topics]);
    });
  }

  /** Leaves the group or drops the assignment; buffered records are gone with it. */
  unsubscribe(): Promise<void> {
    return this.#change(() => {
      this.#grant += 1;
      this.#forget();
      this.#handle.client.unsubscribe();
      this.#handle.client.unassign();
    });
  }

  /** Reads exactly these partitions from these offsets; what was buffered is dropped. */
  assign(starts: readonly TopicPartitionOffset[]): Promise<void> {
    return this.#change(() => {
      this.#grant += 1;
      this.#forget();
      this.#begin(starts);
    });
  }

  /**
   * Goes on reading the assigned partitions elsewhere; what was buffered is dropped. An assignment with offsets does
   * it, not the client's own seek: that one fails right after an assignment, and reading would go on where it was.
   * @param choose gets where each partition stands (its first buffered record, else the next one to be fetched)
   */
  reposition(choose: (current: TopicPartitionOffset[]) => TopicPartitionOffset[]): Promise<void> {
    return this.#change(async () => {
      // Takes along what is still queued about the old positions: an error of theirs would be taken for a new one.
      await this.#handle.consume(FLUSHED_RECORDS_MAX, 0);
      this.#restart(choose(this.#assignment.positions(this.buffer)));
    });
  }

  /**
   * Moves up to `recordsMax` records from the client into the buffer. Answers how many came.
   * @param waitMs longest wait for each record; it holds a thread of the pool, so 0 unless records are known to come
   */
  fill(recordsMax: number, waitMs: number): Promise<number> {
    return this.#handle.exclusive(() => {
      this.#readAt = performance.now();
      if (this.#parked) this.#unpark();
      return this.#take(recordsMax, waitMs);
    });
  }

  /** The poll that keeps an idle consumer in its group. */
  service(): Promise<void> {
    return this.#handle.exclusive(async () => {
      await this.#take(1, 0);
      if (this.#isIdle()) this.#park();
    });
  }

  /** Records that the broker is known to have beyond those taken, counted up to `enough`. */
  knownBacklog(enough: number): number {
    return this.#assignment.backlog(enough, (partition) => this.#handle.highOffset(partition));
  }

  /** @throws as `GroupOffsets.commit` */
  commit(offsets: readonly TopicPartitionOffset[]): Promise<void> {
    return this.#offsets.commit(offsets);
  }

  /** As `GroupOffsets.commitWithoutWaiting`. @throws KafkaError when the client refuses at once */
  commitWithoutWaiting(
    offsets: readonly TopicPartitionOffset[],
    urgency: 'regular' | 'last',
  ): PendingCommit | undefined {
    return this.#offsets.commitWithoutWaiting(offsets, urgency);
  }

  /** The committed offsets of the group; partitions without one are left out. @throws as `Admin.committedOffsets`, and `settle` */
  async committed(partitions: readonly TopicPartition[]): Promise<TopicPartitionOffset[]> {
    await this.#offsets.settle();
    try {
      return await this.#options.committedOffsets(partitions);
    } catch (error) {
      // The client finds out only when it is polled, and until then takes commits that keep its end waiting.
      if (error instanceof KafkaError && error.code === GROUP_AUTHORIZATION_FAILED) this.#offsets.refuse(error);
      throw error;
    }
  }

  /**
   * Leaves the group, so that its other members get the partitions at once. All that is left to do is `close`.
   * @throws KafkaError when a static member could not give its partitions back in time: it may still be in the group
   */
  leave(): Promise<void> {
    return this.#end(async () => {
      if (!this.#handle.connected) return;
      const { client } = this.#handle;
      const assignedByItself = client.subscription().length === 0;
      client.unsubscribe();
      // No group will ask for these back.
      if (assignedByItself) client.unassign();
      // A static member leaves only before it disconnects, and it leaves when its partitions are given back.
      if (this.#options.groupInstanceId !== undefined) await this.#giveBack();
    });
  }

  /**
   * Frees the handle of a static member, and leaves its place in the group to the one who joins under the same id.
   * @throws as `close`
   */
  async detach(): Promise<void> {
    await this.#end(() => Promise.resolve());
    await this.#handle.disconnect();
  }

  /**
   * Leaves and frees the handle, which takes seconds while the group is rebalancing.
   * @throws KafkaError after the deadline; the handle is still freed whenever the client is done
   */
  async close(): Promise<void> {
    try {
      await this.leave();
    } finally {
      await this.#handle.disconnect();
    }
  }

  #end(leaveGroup: () => Promise<void>): Promise<void> {
    this.#leaving ??= this.#handle.exclusive(async () => {
      this.#handle.stopTokens();
      this.#forget();
      this.#offsets.refuse(kafkaErrorFromCode(ERR_DESTROY, { detail: 'The consumer was closed.' }));
      await leaveGroup();
    });
    return this.#leaving;
  }

  /** Serves the revocation that an unsubscription brings about. */
  async #giveBack(): Promise<void> {
    const end = performance.now() + GIVE_BACK_MS;
    while (!this.#handle.hasGivenBack && performance.now() < end) {
      await this.#handle.consume(1, 0);
      await new Promise((resolve) => setTimeout(resolve, GIVE_BACK_POLL_MS));
    }
    if (!this.#handle.hasGivenBack) throw timeoutError('leaving the group', GIVE_BACK_MS);
  }

  /** A task that changes what is read; once the consumer leaves there is nothing to change. */
  #change(task: () => void | Promise<void>): Promise<void> {
    return this.#handle.exclusive(() => {
      if (this.#leaving !== undefined) throw kafkaErrorFromCode(ERR_DESTROY, { detail: 'The consumer was closed.' });
      return task();
    });
  }

  /** Reads the assigned partitions from these positions; what was read ahead is dropped. */
  #restart(positions: readonly TopicPartitionOffset[]): void {
    const parked = this.#parked;
    if (this.#handle.cooperative && positions.length > 0)
      this.#handle.unassign(this.#assignment.fetchedAmong(this.#assignment.list()));
    this.#forget();
    this.#parked = parked;
    if (parked) this.#assignment.add(positions);
    // Between two assignments of the group there is nothing to go on with, and an empty one would end the wait for it.
    else if (positions.length > 0) this.#begin(positions);
  }

  /** Of what was assigned and read ahead only these topics are still wanted. */
  #keepOnly(topics: ReadonlySet<string>): void {
    this.#generation += 1;
    this.#assignment.remove(this.#assignment.list().filter(({ topic }) => !topics.has(topic)));
    this.buffer.retain(({ topic }) => topics.has(topic));
  }

  /** Nothing of the assignment before is valid any more. */
  #forget(): void {
    this.#generation += 1;
    this.#parked = false;
    this.buffer.clear();
    this.#assignment.clear();
  }

  async #take(recordsMax: number, waitMs: number): Promise<number> {
    if (!this.#handle.connected || this.#leaving !== undefined) return 0;
    const generation = this.#generation;
    const records = await this.#handle.consume(recordsMax, waitMs);
    // A rebalance in the meantime: what belongs to revoked partitions is another member's now.
    const known = generation === this.#generation && !this.#resubscribed;
    const valid = known ? records : records.filter((record) => this.isAssigned(record));
    this.#assignment.noteFetched(valid);
    this.buffer.push(valid);
    return valid.length;
  }

  /** Serves callbacks for those who wait for one; what comes along goes into the buffer. */
  async #poll(): Promise<void> {
    await this.#handle.exclusive(async () => {
      await this.#take(1, 0);
      // Whoever reads one record and commits it, again and again, takes more in this way than it ever reads.
      if (this.buffer.holds(BUFFER_RECORDS_MAX, BUFFER_BYTES_MAX)) this.#dropReadAhead();
    });
  }

  /** Has the client fetch these partitions too. */
  #begin(starts: readonly TopicPartitionOffset[]): void {
    this.#parked = false;
    this.#readAt = performance.now();
    this.#assignment.add(starts);
    this.#handle.assign(starts.filter(({ offset }) => offset !== OFFSET_NONE));
  }

  #isIdle(): boolean {
    // A cooperative group hands partitions out one by one, and expects to find them where it left them.
    if (this.#parked || this.#leaving !== undefined || this.#handle.cooperative) return false;
    const full = this.buffer.holds(IDLE_BUFFER_RECORDS_MAX, IDLE_BUFFER_BYTES_MAX);
    return full || performance.now() - this.#readAt > this.#options.parkAfterMs;
  }

  /** What is buffered is fetched again when it is read. */
  #dropReadAhead(): void {
    if (this.#handle.cooperative) this.#restart(this.#assignment.positions(this.buffer));
    else this.#park();
  }

  #park(): void {
    const positions = this.#assignment.positions(this.buffer);
    // A start that the client is still to find out may be the end of the log, which will be another by then.
    if (positions.length === 0 || positions.some(({ offset }) => offset === OFFSET_STORED)) return;
    this.#forget();
    this.#assignment.add(positions);
    this.#handle.client.assign([]);
    this.#parked = true;
  }

  #unpark(): void {
    const positions = this.#assignment.positions(this.buffer);
    this.#forget();
    this.#begin(positions);
  }

  #revoke(partitions: readonly TopicPartition[]): void {
    if (this.#leaving === undefined) this.#options.hooks.onRevoked(partitions);
    this.#grant += 1;
    this.#generation += 1;
    this.#parked = false;
    const fetched = this.#assignment.fetchedAmong(partitions);
    this.#assignment.remove(partitions);
    this.buffer.retain((record) => this.isAssigned(record));
    // While it disconnects the client waits for this call, too.
    if (!this.#handle.client.isConnected()) return;
    this.#handle.unassign(fetched);
  }

  async #assignFromGroup(partitions: readonly TopicPartition[]): Promise<void> {
    this.#generation += 1;
    this.#grant += 1;
    const grant = this.#grant;
    const starts = await this.#options.hooks.resolveStart(partitions);
    await this.#handle.exclusive(() => {
      // Revoked while the start was looked up: the next assignment is on its way.
      if (grant !== this.#grant || this.#leaving !== undefined) return;
      this.#resubscribed = false;
      this.#begin(starts);
      this.#options.hooks.onAssigned();
    });
  }

  #onError(error: KafkaError, fatal: boolean): void {
    if (error.code === GROUP_AUTHORIZATION_FAILED) this.#offsets.refuse(error);
    this.#options.hooks.onError(error, fatal);
  }
}
