import type { Consumer } from '@sluice/kafka';
import { ConsumerSlot } from './consumer-slot.ts';
import type { Batch } from './delivery-tracker.ts';
import { OffsetCommits } from './offset-commits.ts';
import type { Pollable } from './read-scheduler.ts';
import { Reading } from './reading.ts';
import type { SessionDependencies, SessionSettings } from './session-settings.ts';

const POLL_RECORDS_MAX = 500;
const WARNING = 4;

/**
 * One consumer instance, from its creation to its end: what it reads, what it commits, and the Kafka consumer that does
 * it. The consumer is made when it is first needed and made anew after a fatal error; the rest outlives it.
 */
export class Session implements Pollable {
  readonly settings: SessionSettings;
  readonly reading: Reading;
  readonly offsets: OffsetCommits;
  readonly #dependencies: SessionDependencies;
  readonly #slot: ConsumerSlot;
  #leaving: Promise<void> | undefined;
  #left: Consumer | undefined;
  /** Grows with everything that a waiting read has to look at again. */
  changes = 0;
  touchedAt: number;
  /** Requests that use the instance now: it does not expire under them. */
  activeRequests = 0;

  constructor(settings: SessionSettings, dependencies: SessionDependencies) {
    this.settings = settings;
    this.#dependencies = dependencies;
    this.touchedAt = dependencies.now();
    this.#slot = new ConsumerSlot({
      create: (hooks) => dependencies.createConsumer(settings, hooks),
      prepare: (consumer) => this.reading.prepare(consumer),
      resolveStart: (consumer, partitions) => this.reading.resolveStart(consumer, partitions),
      onAssigned: () => this.reading.noteAssigned(),
      onRevoked: (consumer, partitions) => this.reading.noteRevoked(consumer, partitions),
      onError: (error) => this.reading.noteError(error),
      onChange: (present) => this.#onConsumer(present),
      onLog: dependencies.onLog,
      now: dependencies.now,
    });
    this.offsets = new OffsetCommits(settings, this.#slot, dependencies);
    this.reading = new Reading({
      settings,
      slot: this.#slot,
      offsets: this.offsets,
      admin: () => dependencies.admins.of(settings.principal),
      onChange: () => this.#changed(),
    });
  }

  /** Deleted, expired, or ended with the process. */
  get closed(): boolean {
    return this.#slot.closed;
  }

  get joining(): boolean {
    return this.reading.joining;
  }

  /** @throws as `ConsumerSlot.connected` */
  connected(): Promise<Consumer> {
    return this.#slot.connected();
  }

  /** The answer that holds the batch has left this process, or was cut off: a waiting read may have it then. */
  settle(batch: Batch, complete: boolean): void {
    batch.state = complete ? 'answered' : 'aborted';
    if (!complete) this.#changed();
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

  async #leave(delivered: boolean): Promise<void> {
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
