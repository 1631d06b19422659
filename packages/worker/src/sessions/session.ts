import type { Consumer, KafkaError } from '@sluice/kafka';
import { ApiError, type TopicPartition, type TopicPartitionOffset } from '@sluice/protocol';
import { ConsumerSlot } from './consumer-slot.ts';
import { type Batch, DeliveryTracker, partitionKey } from './delivery-tracker.ts';
import { isRefusal, refusalToRead } from './read-rights.ts';
import type { Pollable } from './read-scheduler.ts';
import type { SessionDependencies, SessionSettings } from './session-settings.ts';
import {
  assertReplaceable,
  assignmentOf,
  isSameSubscription,
  isSubscription,
  noSource,
  refreshed,
  type Source,
  subscriptionTo,
  topicsOf,
} from './source.ts';
import { resolveStart } from './start-offsets.ts';
import type { TopicPattern } from './topic-pattern.ts';

const POLL_RECORDS_MAX = 500;
const TOPIC_AUTHORIZATION_FAILED = 29;

/**
 * One consumer instance: what its client asked for, the Kafka consumer that does it, and the account of what was
 * delivered. The consumer is made when it is first needed and made anew after a fatal error; source, account and name
 * outlive it.
 */
export class Session implements Pollable {
  readonly settings: SessionSettings;
  readonly deliveries: DeliveryTracker = new DeliveryTracker();
  readonly #dependencies: SessionDependencies;
  #source: Source = noSource;
  readonly #slot: ConsumerSlot;
  #assignmentKnown = false;
  #error: KafkaError | undefined;
  #leaving: Promise<void> | undefined;
  #left: Consumer | undefined;
  #lastAutoCommitAt: number;
  /** Grows with everything that a waiting read has to look at again. */
  changes = 0;
  touchedAt: number;
  /** Requests that use the instance now: it does not expire under them. */
  activeRequests = 0;

  constructor(settings: SessionSettings, dependencies: SessionDependencies) {
    this.settings = settings;
    this.#dependencies = dependencies;
    this.touchedAt = dependencies.now();
    this.#lastAutoCommitAt = this.touchedAt;
    this.#slot = new ConsumerSlot({
      create: (hooks) => dependencies.createConsumer(settings, hooks),
      prepare: (consumer) => this.#prepare(consumer),
      resolveStart: (consumer, partitions) => this.#resolveStart(consumer, partitions),
      onAssigned: () => this.#onAssigned(),
      onRevoked: (consumer, partitions) => this.#onRevoked(consumer, partitions),
      onError: (error) => this.#onError(error),
      onChange: (present) => this.#onConsumer(present),
      onLog: dependencies.onLog,
      now: dependencies.now,
    });
  }

  /** Deleted, expired, or ended with the process. */
  get closed(): boolean {
    return this.#slot.closed;
  }

  /** True once the client has said what to read. */
  get hasSource(): boolean {
    return this.#source.kind !== 'none';
  }

  /** Subscribed, and the group has not said yet which partitions this member reads (maybe none). */
  get joining(): boolean {
    return isSubscription(this.#source) && !this.#assignmentKnown;
  }

  /** The consumer with what it holds, if there is one. */
  get consumer(): Consumer | undefined {
    return this.#slot.consumer;
  }

  get followsPattern(): boolean {
    return this.#source.kind === 'pattern';
  }

  get topics(): readonly string[] {
    return topicsOf(this.#source);
  }

  get assignments(): readonly TopicPartition[] {
    return this.#source.kind === 'assignment' ? this.#source.partitions : (this.#slot.consumer?.assigned ?? []);
  }

  /** @throws ApiError 409 when the instance reads by another kind of source; KafkaError when Kafka is out of reach */
  async subscribe(topics: readonly string[]): Promise<void> {
    await this.#follow(subscriptionTo(topics));
  }

  /**
   * @param topics those that match now; `refreshPattern` keeps them up to date
   * @throws as `subscribe`
   */
  async subscribePattern(pattern: TopicPattern, topics: readonly string[]): Promise<void> {
    await this.#follow({ kind: 'pattern', pattern, topics });
  }

  /** The topics that exist may have changed. The group commits what was delivered when it takes partitions away. */
  async refreshPattern(existing: readonly string[]): Promise<void> {
    const before = this.#source;
    const source = await refreshed(before, existing);
    if (source === undefined || this.#source !== before || this.#slot.consumer === undefined) return;
    if (topicsOf(source).length > 0) await this.#slot.consumer.subscribe(topicsOf(source));
    // Unsubscribed meanwhile: the pattern must not come back.
    if (this.#source === before) this.#source = source;
  }

  /** @throws as `subscribe` */
  async assign(partitions: readonly TopicPartition[]): Promise<void> {
    const source = assignmentOf(partitions);
    assertReplaceable(this.#source, source);
    if (partitions.length === 0) await this.unsubscribe();
    else await this.#follow(source);
  }

  /** Drops the subscription or assignment, and what was read ahead for it. */
  async unsubscribe(): Promise<void> {
    if (!this.hasSource) return;
    this.#source = noSource;
    this.#leaveAssignment();
    await this.#slot.consumer?.unsubscribe();
  }

  /**
   * Sets positions; the next record read from each partition is the one at its offset.
   * @throws ApiError 409 for a partition that this instance is not reading
   */
  async seek(positions: readonly TopicPartitionOffset[]): Promise<void> {
    const consumer = await this.connected();
    this.requireAssigned(positions);
    await this.#moveTo(consumer, (assigned) => {
      // A partition may have been taken away while this waited for its turn: its offsets are another member's then.
      const mine = positions.filter((position) => assigned.has(partitionKey(position)));
      for (const position of mine) this.deliveries.seek(position);
      return mine;
    });
    this.#changed();
    if (!isRefusal(this.#error)) this.#error = undefined;
  }

  /** @throws ApiError 409 that names the first partition which is not assigned */
  requireAssigned(partitions: readonly TopicPartition[]): void {
    for (const { topic, partition } of partitions) {
      if (this.#slot.consumer?.isAssigned({ topic, partition })) continue;
      throw new ApiError('illegalState', { detail: `No current assignment for partition ${topic}-${partition}` });
    }
  }

  /** Commits what was delivered and waits until the broker has it. */
  async commitDelivered(): Promise<void> {
    this.deliveries.confirm();
    const offsets = this.deliveries.committable();
    if (offsets.length > 0) await (await this.connected()).commit(offsets);
  }

  /** @param offsets the next offsets to read */
  async commit(offsets: readonly TopicPartitionOffset[]): Promise<void> {
    this.deliveries.confirm();
    await (await this.connected()).commit(offsets);
  }

  async committed(partitions: readonly TopicPartition[]): Promise<TopicPartitionOffset[]> {
    return partitions.length === 0 ? [] : await (await this.connected()).committed(partitions);
  }

  /** What each new read begins with: the answers before it are proven, and the automatic commit is due or not. */
  beginRead(): void {
    this.deliveries.confirm();
    this.#autoCommit();
  }

  /** The answer that holds the batch has left this process, or was cut off: a waiting read may have it then. */
  settle(batch: Batch, complete: boolean): void {
    batch.state = complete ? 'answered' : 'aborted';
    if (!complete) this.#changed();
  }

  /** Goes back to the first record that an answer took along which did not reach its client. */
  async reclaimAborted(consumer: Consumer): Promise<void> {
    if (this.deliveries.hasAborted) await this.#moveTo(consumer, () => this.deliveries.takeAborted());
  }

  /** What reads have to report, once there is no record left before it; a new subscription or a seek ends it. */
  get error(): KafkaError | undefined {
    return this.#error;
  }

  /** @throws as `ConsumerSlot.connected` */
  connected(): Promise<Consumer> {
    return this.#slot.connected();
  }

  async poll(): Promise<boolean> {
    const { consumer } = this.#slot;
    if (consumer === undefined) return false;
    await consumer.fill(POLL_RECORDS_MAX, 0);
    // Not only what this call took: a commit or a service poll may have taken the record that a read waits for.
    return consumer.buffer.count > 0;
  }

  async service(): Promise<void> {
    try {
      await this.#slot.consumer?.service();
    } catch (error) {
      this.#dependencies.onLog(4, 'SERVICE', String(error));
    }
  }

  /**
   * Ends the instance: commits what was delivered, and leaves the group. What is left to do then is `free`.
   * @param delivered whether the end proves that the last answer was received (DELETE does, expiry does not)
   */
  leave(delivered: boolean): Promise<void> {
    this.#leaving ??= this.#leave(delivered);
    return this.#leaving;
  }

  async #leave(delivered: boolean): Promise<void> {
    const consumer = await this.#slot.take();
    if (consumer === undefined) return;
    this.#left = consumer;
    if (delivered) this.deliveries.confirm();
    try {
      if (this.settings.autoCommit) await consumer.commit(this.deliveries.committable());
    } finally {
      await consumer.leave();
    }
  }

  /** Frees the Kafka handle of an instance that has left. No client waits for that: it takes its time. */
  async free(): Promise<void> {
    await this.#left?.close();
  }

  /** Replaces what the instance reads. The source stands before Kafka is asked, so that a failure can be repeated. */
  async #follow(source: Source): Promise<void> {
    assertReplaceable(this.#source, source);
    if (this.#error === undefined && isSameSubscription(this.#source, source)) return;
    this.#source = source;
    // A client tells of a missing right once: whether it is still missing only a new one says.
    if (isRefusal(this.#error) && this.#slot.consumer !== undefined) this.#slot.drop(this.#slot.consumer);
    this.#leaveAssignment();
    const before = this.#slot.consumer;
    const consumer = await this.connected();
    // A consumer made just now has followed the source already.
    if (consumer !== before) return;
    try {
      await this.#fulfil(consumer);
    } catch (error) {
      this.#slot.drop(consumer);
      throw error;
    }
  }

  /** Until a new consumer is ready nobody else sees it: what the client asks for meanwhile is done here, too. */
  async #prepare(consumer: Consumer): Promise<void> {
    let done: Source;
    do {
      done = this.#source;
      await this.#fulfil(consumer);
    } while (done !== this.#source);
  }

  async #fulfil(consumer: Consumer): Promise<void> {
    const source = this.#source;
    void this.#checkRights();
    if (source.kind === 'assignment') {
      const starts = await this.#resolveStart(consumer, source.partitions);
      // The client wanted something else meanwhile, and its later request must not be undone by this one.
      if (source !== this.#source) return;
      await consumer.assign(starts);
      this.#onAssigned();
    } else if (topicsOf(source).length > 0) {
      await consumer.subscribe(topicsOf(source));
    } else {
      await consumer.unsubscribe();
      this.#onAssigned();
    }
  }

  #resolveStart(consumer: Consumer, partitions: readonly TopicPartition[]): Promise<TopicPartitionOffset[]> {
    return resolveStart(partitions, {
      consumer,
      admin: this.#dependencies.admins.of(this.settings.principal),
      reset: this.settings.autoOffsetReset,
      onError: (error) => this.#onError(error),
    });
  }

  /**
   * Goes on elsewhere, and in all other partitions where it was.
   * @param choose called in the turn in which what was read ahead is dropped, so that the account changes with the
   * position: a read in between would take records of the old one for records of the new
   */
  async #moveTo(
    consumer: Consumer,
    choose: (assigned: ReadonlySet<string>) => readonly TopicPartitionOffset[],
  ): Promise<void> {
    await consumer.reposition((current) => {
      const chosen = choose(new Set(current.map(partitionKey)));
      const wanted = new Map(chosen.map((position) => [partitionKey(position), position]));
      return current.map((position) => wanted.get(partitionKey(position)) ?? position);
    });
  }

  #autoCommit(): void {
    const { now } = this.#dependencies;
    if (!this.settings.autoCommit || now() - this.#lastAutoCommitAt < this.settings.autoCommitIntervalMs) return;
    this.#lastAutoCommitAt = now();
    if (this.#slot.consumer !== undefined)
      this.#slot.commitInBackground(this.#slot.consumer, this.deliveries.committable());
  }

  /** The client reads something else from now on; its request proves that it has what it was sent before. */
  #leaveAssignment(): void {
    this.deliveries.confirm();
    if (this.settings.autoCommit && this.#slot.consumer !== undefined) {
      this.#slot.commitInBackground(this.#slot.consumer, this.deliveries.committable());
    }
    this.#assignmentKnown = false;
    this.#error = undefined;
    this.deliveries.reset();
  }

  #onAssigned(): void {
    this.#assignmentKnown = true;
    this.#changed();
  }

  #changed(): void {
    this.changes += 1;
    this.#dependencies.scheduler.wake(this);
  }

  #onRevoked(consumer: Consumer, partitions: readonly TopicPartition[]): void {
    const revoked = new Set(partitions.map(partitionKey));
    if (this.settings.autoCommit) {
      const offsets = this.deliveries.committable().filter((offset) => revoked.has(partitionKey(offset)));
      this.#slot.commitInBackground(consumer, offsets);
    }
    this.deliveries.forget(partitions);
    this.#assignmentKnown = false;
  }

  #onConsumer(present: boolean): void {
    const { scheduler } = this.#dependencies;
    if (present) {
      scheduler.add(this);
    } else {
      this.#assignmentKnown = false;
      // The group has given the partitions to others: a commit of ours would throw back the one who reads them now.
      if (!this.closed && isSubscription(this.#source)) this.deliveries.reset();
      scheduler.remove(this);
      this.#changed();
    }
  }

  #onError(error: KafkaError): void {
    if (error.family === 'unknownTopicOrPartition') {
      // A topic that does not exist (yet): the group has nothing to give, and says so by no other sign.
      this.#onAssigned();
    } else if (error.code === TOPIC_AUTHORIZATION_FAILED) {
      void this.#checkRights(error);
    } else if (!error.retriable) {
      this.#fail(error);
    }
  }

  #fail(error: KafkaError): void {
    this.#error ??= error;
    this.#changed();
  }

  async #checkRights(told?: KafkaError): Promise<void> {
    const source = this.#source;
    const topics = source.kind === 'assignment' ? source.partitions.map(({ topic }) => topic) : topicsOf(source);
    const refused = await refusalToRead(this.#dependencies.admins.of(this.settings.principal), topics, told);
    if (refused !== undefined && source === this.#source) this.#fail(refused);
  }
}
