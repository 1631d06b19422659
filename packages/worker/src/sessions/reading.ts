import type { Admin, Consumer, KafkaError } from '@sluice/kafka';
import { ApiError, type TopicPartition, type TopicPartitionOffset } from '@sluice/protocol';
import type { ConsumerSlot } from './consumer-slot.ts';
import { partitionKey } from './delivery-tracker.ts';
import type { Journal } from './journal.ts';
import type { OffsetCommits } from './offset-commits.ts';
import { isRefusal, refusalToRead } from './read-rights.ts';
import type { SessionSettings } from './session-settings.ts';
import type { SessionStore } from './session-store.ts';
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
import { resolveStart, undefinedOffsets } from './start-offsets.ts';
import type { TopicPattern } from './topic-pattern.ts';

const TOPIC_AUTHORIZATION_FAILED = 29;

export interface ReadingOptions {
  readonly settings: SessionSettings;
  readonly slot: ConsumerSlot;
  readonly offsets: OffsetCommits;
  readonly journal: Journal;
  readonly store: SessionStore;
  readonly admin: () => Admin;
  /** A waiting read has to look again: at its partitions, its positions, or an error. */
  readonly onChange: () => void;
}

/**
 * What an instance reads, and from where: the source that its client named, brought to each consumer that the slot
 * makes, and the positions in it. The source stands before Kafka is asked, so that a failure can be repeated.
 */
export class Reading {
  readonly #settings: SessionSettings;
  readonly #slot: ConsumerSlot;
  readonly #offsets: OffsetCommits;
  readonly #journal: Journal;
  readonly #store: SessionStore;
  readonly #admin: () => Admin;
  readonly #onChange: () => void;
  #source: Source = noSource;
  #assignmentKnown = false;
  #error: KafkaError | undefined;

  constructor({ settings, slot, offsets, journal, store, admin, onChange }: ReadingOptions) {
    this.#settings = settings;
    this.#slot = slot;
    this.#offsets = offsets;
    this.#journal = journal;
    this.#store = store;
    this.#admin = admin;
    this.#onChange = onChange;
  }

  /** True once the client has said what to read. */
  get hasSource(): boolean {
    return this.#source.kind !== 'none';
  }

  /** Subscribed, and the group has not said yet which partitions this member reads (maybe none). */
  get joining(): boolean {
    return isSubscription(this.#source) && !this.#assignmentKnown;
  }

  get isSubscribed(): boolean {
    return isSubscription(this.#source);
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

  /** What reads have to report, once there is no record left before it; a new subscription or a seek ends it. */
  get error(): KafkaError | undefined {
    return this.#error;
  }

  /** @throws ApiError 409 when the instance reads by another kind of source; KafkaError when Kafka is out of reach */
  async subscribe(topics: readonly string[]): Promise<void> {
    await this.#follow(subscriptionTo(topics));
  }

  /**
   * Tries anew where reads have an error to tell, which may be over: a right may have been given meanwhile. It is the
   * subscription of before, and not a new one, to which `latest` would mean another moment.
   * @throws KafkaError when Kafka is out of reach
   */
  async renew(): Promise<void> {
    this.#dropRefused();
    this.#error = undefined;
    await this.#bring();
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
    if (source === undefined || this.#source !== before) return;
    if (topicsOf(source).length > 0) await this.#slot.consumer?.subscribe(topicsOf(source));
    // Unsubscribed meanwhile: the pattern must not come back.
    if (this.#source === before) this.#source = source;
  }

  /** @throws as `subscribe` */
  async assign(partitions: readonly TopicPartition[]): Promise<void> {
    if (partitions.length === 0) return await this.unsubscribe();
    const source = assignmentOf(partitions);
    assertReplaceable(this.#source, source);
    await this.#follow(source);
  }

  /** Goes on with what a predecessor read. Nothing is asked of Kafka yet. */
  restore(source: Source): void {
    this.#source = source;
  }

  /**
   * Drops the subscription or assignment, and what was read ahead for it.
   * @throws ApiError 503 when that could not be made safe: nothing has changed then
   */
  async unsubscribe(): Promise<void> {
    if (!this.hasSource) return;
    await this.#keep(noSource);
    this.#source = noSource;
    this.#leaveSource();
    await this.#slot.consumer?.unsubscribe();
  }

  /** @throws ApiError 409 that names the first partition which is not assigned */
  requireAssigned(partitions: readonly TopicPartition[]): void {
    for (const { topic, partition } of partitions) {
      if (this.#slot.consumer?.isAssigned({ topic, partition })) continue;
      throw new ApiError('illegalState', { detail: `No current assignment for partition ${topic}-${partition}` });
    }
  }

  /**
   * Sets positions; the next record read from each partition is the one at its offset.
   * @throws ApiError 409 for a partition that this instance is not reading; 503 when it could not be made safe
   */
  async seek(positions: readonly TopicPartitionOffset[]): Promise<void> {
    const consumer = await this.#slot.connected();
    this.requireAssigned(positions);
    await this.#save(this.#journal.seeking(positions));
    await this.#moveTo(consumer, (assigned) => {
      // A partition may have been taken away while this waited for its turn: its offsets are another member's then.
      const mine = positions.filter((position) => assigned.has(partitionKey(position)));
      for (const position of mine) this.#offsets.deliveries.seek(position);
      this.#journal.sought(mine);
      return mine;
    });
    if (!isRefusal(this.#error)) {
      const { unpositioned } = consumer;
      this.#error = unpositioned.length === 0 ? undefined : undefinedOffsets(unpositioned);
    }
    this.#onChange();
  }

  /** Goes back to the first record that an answer took along which did not reach its client. */
  async reclaimAborted(consumer: Consumer): Promise<void> {
    const { deliveries } = this.#offsets;
    if (deliveries.hasAborted) await this.#moveTo(consumer, () => deliveries.takeAborted());
  }

  /** Until a new consumer is ready nobody else sees it: what the client asks for meanwhile is done here, too. */
  async prepare(consumer: Consumer): Promise<void> {
    let done: Source;
    do {
      done = this.#source;
      await this.#fulfil(consumer);
    } while (done !== this.#source);
  }

  /** Where `consumer` begins with partitions that are new to it. */
  async resolveStart(consumer: Consumer, partitions: readonly TopicPartition[]): Promise<TopicPartitionOffset[]> {
    if (this.isSubscribed && !consumer.cooperative) this.#journal.keepOnly(partitions);
    // What the journal knows before Kafka is asked was left by a predecessor: a commit of what was delivered covers it.
    const left = new Map(
      partitions
        .filter((partition) => this.#journal.knows(partition))
        .map((partition) => [partitionKey(partition), this.#journal.readFrom(partition)]),
    );
    const starts = await resolveStart(partitions, {
      consumer,
      admin: this.#admin(),
      reset: this.#settings.autoOffsetReset,
      journal: this.#journal,
      store: this.#store,
      onError: (error) => this.noteError(error),
    });
    for (const start of starts) {
      const readFrom = left.get(partitionKey(start));
      if (readFrom !== undefined && start.offset >= 0) this.#offsets.deliveries.resume(start, start.offset > readFrom);
    }
    return starts;
  }

  noteAssigned(): void {
    this.#assignmentKnown = true;
    this.#onChange();
  }

  noteRevoked(consumer: Consumer, partitions: readonly TopicPartition[]): void {
    this.#offsets.leavePartitions(consumer, partitions);
    this.#assignmentKnown = false;
  }

  noteError(error: KafkaError): void {
    if (error.family === 'unknownTopicOrPartition') {
      // A topic that does not exist (yet): the group has nothing to give, and says so by no other sign.
      this.noteAssigned();
    } else if (error.code === TOPIC_AUTHORIZATION_FAILED) {
      void this.#checkRights(error);
    } else if (!error.retriable) {
      this.#fail(error);
    }
  }

  /** The consumer is no more; the next one gets the same source. */
  noteConsumerGone(): void {
    this.#assignmentKnown = false;
    // The group has given the partitions to others: a commit of ours would throw back the one who reads them now.
    if (!this.#slot.closed) this.#leavePositions();
    this.#onChange();
  }

  #leavePositions(): void {
    // A static member's place is kept for it: its next consumer goes on where this one was.
    if (this.#settings.groupInstanceId !== undefined) this.#journal.keepPositions();
    if (!this.isSubscribed) return;
    if (this.#settings.groupInstanceId === undefined) this.#journal.forgetPositions();
    this.#offsets.deliveries.reset();
  }

  /** Has a successor know of the source before anybody is told that it is followed. */
  async #keep(source: Source): Promise<void> {
    await this.#save(this.#journal.follow(source));
  }

  async #save(takeBack: () => void): Promise<void> {
    try {
      await this.#store.save(this.#journal);
    } catch (error) {
      takeBack();
      throw error;
    }
  }

  async #follow(source: Source): Promise<void> {
    assertReplaceable(this.#source, source);
    if (this.#error === undefined && isSameSubscription(this.#source, source)) return;
    await this.#keep(source);
    // Another request may have been faster.
    assertReplaceable(this.#source, source);
    this.#source = source;
    this.#dropRefused();
    this.#leaveSource();
    await this.#bring();
  }

  /** A client tells of a missing right once: whether it is still missing only a new one says. */
  #dropRefused(): void {
    if (isRefusal(this.#error) && this.#slot.consumer !== undefined) this.#slot.drop(this.#slot.consumer);
  }

  /** Brings the source to the consumer. */
  async #bring(): Promise<void> {
    const before = this.#slot.consumer;
    const consumer = await this.#slot.connected();
    // A consumer made just now has followed the source already.
    if (consumer !== before) return;
    try {
      await this.#fulfil(consumer);
    } catch (error) {
      this.#slot.drop(consumer);
      throw error;
    }
  }

  async #fulfil(consumer: Consumer): Promise<void> {
    const source = this.#source;
    void this.#checkRights();
    if (source.kind === 'assignment') {
      const starts = await this.resolveStart(consumer, source.partitions);
      // The client wanted something else meanwhile, and its later request must not be undone by this one.
      if (source !== this.#source) return;
      await consumer.assign(starts);
      this.noteAssigned();
    } else if (topicsOf(source).length > 0) {
      await consumer.subscribe(topicsOf(source));
    } else {
      await consumer.unsubscribe();
      this.noteAssigned();
    }
  }

  #leaveSource(): void {
    this.#offsets.leaveSource();
    this.#assignmentKnown = false;
    this.#error = undefined;
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

  #fail(error: KafkaError): void {
    this.#error ??= error;
    this.#onChange();
  }

  async #checkRights(told?: KafkaError): Promise<void> {
    const source = this.#source;
    const topics = source.kind === 'assignment' ? source.partitions.map(({ topic }) => topic) : topicsOf(source);
    const refused = await refusalToRead(this.#admin(), topics, told);
    if (refused !== undefined && source === this.#source) this.#fail(refused);
  }
}
