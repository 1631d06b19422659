import type { Ownership } from '@sluice/directory';
import type { Consumer } from '@sluice/kafka';
import { ApiError } from '@sluice/protocol';
import { ConsumerSlot } from './consumer-slot.ts';
import { type Batch, DeliveryTracker } from './delivery-tracker.ts';
import { Journal, sourceOf } from './journal.ts';
import { OffsetCommits } from './offset-commits.ts';
import { OnlyTopic } from './only-topic.ts';
import type { Pollable } from './read-scheduler.ts';
import { Reading } from './reading.ts';
import { SentReads } from './sent-reads.ts';
import type { SessionDependencies, SessionSettings } from './session-settings.ts';
import type { SessionStore } from './session-store.ts';
import { parseSource } from './source.ts';

const POLL_RECORDS_MAX = 500;
const WARNING = 4;
const JOIN_POLL_MS = 10;

/**
 * One consumer instance, from its creation to its end: what it reads, what it commits, and the Kafka consumer that does
 * it. The consumer is made when it is first needed and made anew after a fatal error; the rest outlives it.
 */
export class Session implements Pollable {
  readonly settings: SessionSettings;
  readonly journal: Journal;
  readonly store: SessionStore;
  readonly reading: Reading;
  readonly offsets: OffsetCommits;
  /** What it reads if it is of v1. */
  readonly onlyTopic: OnlyTopic;
  readonly #dependencies: SessionDependencies;
  readonly #slot: ConsumerSlot;
  #leaving: Promise<void> | undefined;
  #left: Consumer | undefined;
  #isSuccessor = false;
  #leftUnjoined = false;
  /** Grows with everything that a waiting read has to look at again. */
  changes = 0;
  touchedAt: number;
  /** Requests that use the instance now: it does not expire under them. */
  activeRequests = 0;
  /** Reads that came by way of other nodes. */
  readonly sentReads: SentReads = new SentReads((batch, complete) => this.settle(batch, complete));
  /** The request that it was made by. */
  createdBy: string | undefined;
  /** Its requests are to be answered soon: another node is about to take it over. */
  yielding = false;
  /** Another node holds it now; whose, when that is known. */
  movedTo: { readonly owner: Ownership | undefined } | undefined;

  constructor(settings: SessionSettings, dependencies: SessionDependencies, store: SessionStore) {
    this.settings = settings;
    this.store = store;
    this.#dependencies = dependencies;
    this.touchedAt = dependencies.now();
    this.#slot = new ConsumerSlot({
      create: (hooks) => dependencies.createConsumer(settings, hooks),
      beforeReplacing: () => store.assertHeld(),
      prepare: (consumer) => this.reading.prepare(consumer),
      resolveStart: (consumer, partitions) => this.reading.resolveStart(consumer, partitions),
      onAssigned: () => this.reading.noteAssigned(),
      onRevoked: (consumer, partitions) => this.reading.noteRevoked(consumer, partitions),
      onError: (error) => this.reading.noteError(error),
      onChange: (present) => this.#onConsumer(present),
      onLog: dependencies.onLog,
      now: dependencies.now,
    });
    const deliveries = new DeliveryTracker();
    this.journal = new Journal(deliveries);
    const parts = { settings, slot: this.#slot, journal: this.journal, store };
    this.offsets = new OffsetCommits({
      ...parts,
      deliveries,
      isFenced: () => this.reading.isSubscribed,
      // A static member that commits before it has joined is taken for a stranger, and fenced.
      beforeCommit: async () => {
        if (settings.groupInstanceId !== undefined && this.joining) await this.untilJoined(dependencies.joinTimeoutMs);
      },
      dependencies,
    });
    this.reading = new Reading({
      ...parts,
      offsets: this.offsets,
      admin: () => dependencies.admins.of(settings.principal),
      onChange: () => this.#changed(),
    });
    this.onlyTopic = new OnlyTopic(this.reading);
  }

  /** Deleted, expired, moved, or ended with the process. */
  get closed(): boolean {
    return this.#slot.closed;
  }

  get joining(): boolean {
    return this.reading.joining;
  }

  get parked(): boolean {
    return this.#slot.consumer?.parked === true;
  }

  /**
   * A predecessor on another node may still be a member of the group in its name: this session has never joined in its
   * place, and so cannot leave for it.
   */
  get hasRelic(): boolean {
    return this.#leftUnjoined || (this.#isSuccessor && !this.#slot.wasConnected);
  }

  /** A predecessor's place in the group that is still to be taken. */
  get isArriving(): boolean {
    return this.#isSuccessor && this.reading.hasSource && (this.joining || !this.#slot.wasConnected);
  }

  /**
   * Waits until the group has said which partitions are read here.
   * @throws ApiError 503 when it has not in time; as `ConsumerSlot.connected`
   */
  async untilJoined(timeoutMs: number): Promise<void> {
    const { now } = this.#dependencies;
    const end = now() + timeoutMs;
    let consumer = await this.connected();
    while (this.joining) {
      if (now() >= end) {
        throw new ApiError('unavailable', {
          message: 'The group is still rebalancing. Try again.',
          retryAfterSeconds: 1,
        });
      }
      await consumer.fill(1, 0);
      if (this.joining) await new Promise((resolve) => setTimeout(resolve, JOIN_POLL_MS));
      consumer = await this.connected();
    }
  }

  /** Goes on where a predecessor on another node was; `fields` are those of its journal. */
  restore(fields: Readonly<Record<string, string>>): void {
    this.#isSuccessor = true;
    const source = parseSource(sourceOf(fields));
    this.journal.restore(source, fields);
    this.reading.restore(source);
  }

  /** @throws as `ConsumerSlot.connected` */
  connected(): Promise<Consumer> {
    return this.#slot.connected();
  }

  /** The answer that holds the batch has left this process, or was cut off: a waiting read may have it then. */
  settle(batch: Batch, complete: boolean): void {
    // What was given up is not delivered after all because some buffer took it.
    if (batch.state !== 'aborted') batch.state = complete ? 'answered' : 'aborted';
    // Who breaks off waiting reads all day long would leave one behind each time.
    if (batch.extents.size === 0) this.offsets.deliveries.discard(batch);
    this.store.touch(this.journal);
    if (!complete) this.#changed();
  }

  /** Answers waiting reads with what they have. */
  yield(): void {
    this.yielding = true;
    this.#changed();
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
      this.#dependencies.onLog(WARNING, 'SERVICE', String(error));
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

  /** Frees the Kafka handle of an instance that has left. No client waits for that: it takes its time. */
  async free(): Promise<void> {
    await this.#left?.close();
  }

  /** Commits what was delivered, for a successor that begins there. */
  async commitForSuccessor(): Promise<void> {
    const { consumer } = this.#slot;
    if (consumer !== undefined) await this.offsets.commitAtEnd(consumer, false);
  }

  /** Ends an instance that was deleted elsewhere. Nothing is committed any more: its group may be further by now. */
  async discard(): Promise<void> {
    this.#leftUnjoined = this.joining;
    const consumer = await this.#slot.take();
    this.#left = consumer;
    await consumer?.leave();
  }

  /** Lets go of an instance that another node holds now, or will: its place in the group is that node's. */
  async detach(owner: Ownership | undefined): Promise<void> {
    this.movedTo = { owner };
    const consumer = await this.#slot.take();
    await consumer?.detach();
  }

  async #leave(delivered: boolean): Promise<void> {
    // A member that is still joining cannot leave: it is one only when the join is over.
    this.#leftUnjoined = this.joining;
    const consumer = await this.#slot.take();
    if (consumer === undefined) return;
    this.#left = consumer;
    try {
      await this.offsets.commitAtEnd(consumer, delivered);
    } finally {
      await consumer.leave();
    }
  }

  #onConsumer(present: boolean): void {
    if (present) {
      this.#dependencies.scheduler.add(this);
    } else {
      this.#dependencies.scheduler.remove(this);
      this.reading.noteConsumerGone();
    }
  }

  #changed(): void {
    this.changes += 1;
    this.#dependencies.scheduler.wake(this);
  }
}
