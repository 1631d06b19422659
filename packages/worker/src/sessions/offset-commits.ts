import type { Consumer } from '@sluice/kafka';
import type { TopicPartition, TopicPartitionOffset } from '@sluice/protocol';
import type { ConsumerSlot } from './consumer-slot.ts';
import { DeliveryTracker, partitionKey } from './delivery-tracker.ts';
import type { SessionDependencies, SessionSettings } from './session-settings.ts';

const WARNING = 4;

/** What an instance commits: the account of its deliveries, and when the automatic commit stores what they prove. */
export class OffsetCommits {
  readonly deliveries: DeliveryTracker = new DeliveryTracker();
  readonly #settings: SessionSettings;
  readonly #slot: ConsumerSlot;
  readonly #dependencies: SessionDependencies;
  #lastAutoCommitAt: number;

  constructor(settings: SessionSettings, slot: ConsumerSlot, dependencies: SessionDependencies) {
    this.#settings = settings;
    this.#slot = slot;
    this.#dependencies = dependencies;
    this.#lastAutoCommitAt = dependencies.now();
  }

  /**
   * Commits what was delivered and waits until the broker has it.
   * @throws as `ConsumerSlot.connected`; KafkaError when the broker refuses the commit or does not answer in time
   */
  async commitDelivered(): Promise<void> {
    this.deliveries.confirm();
    const offsets = this.deliveries.committable();
    if (offsets.length > 0) await (await this.#slot.connected()).commit(offsets);
  }

  /**
   * @param offsets the next offsets to read
   * @throws as `commitDelivered`
   */
  async commit(offsets: readonly TopicPartitionOffset[]): Promise<void> {
    this.deliveries.confirm();
    await (await this.#slot.connected()).commit(offsets);
  }

  /** @throws as `commitDelivered` */
  async committed(partitions: readonly TopicPartition[]): Promise<TopicPartitionOffset[]> {
    return partitions.length === 0 ? [] : await (await this.#slot.connected()).committed(partitions);
  }

  /** What each new read begins with: the answers before it are proven, and the automatic commit is due or not. */
  beginRead(): void {
    this.deliveries.confirm();
    const now = this.#dependencies.now();
    if (!this.#settings.autoCommit || now - this.#lastAutoCommitAt < this.#settings.autoCommitIntervalMs) return;
    this.#lastAutoCommitAt = now;
    this.#commitInBackground(this.#slot.consumer, this.deliveries.committable());
  }

  /** The client reads something else from now on; its request proves that it has what it was sent before. */
  leaveSource(): void {
    this.deliveries.confirm();
    if (this.#settings.autoCommit) this.#commitInBackground(this.#slot.consumer, this.deliveries.committable());
    this.deliveries.reset();
  }

  /** The group takes partitions away: what their next reader starts from is said now or never. */
  leavePartitions(consumer: Consumer, partitions: readonly TopicPartition[]): void {
    const revoked = new Set(partitions.map(partitionKey));
    if (this.#settings.autoCommit) {
      const offsets = this.deliveries.committable().filter((offset) => revoked.has(partitionKey(offset)));
      this.#commitInBackground(consumer, offsets);
    }
    this.deliveries.forget(partitions);
  }

  /**
   * The last commit of an instance.
   * @param delivered whether its end proves that the last answer was received
   */
  async commitAtEnd(consumer: Consumer, delivered: boolean): Promise<void> {
    if (delivered) this.deliveries.confirm();
    if (this.#settings.autoCommit) await consumer.commit(this.deliveries.committable());
  }

  /** Nobody waits for this commit: if it fails, records are read again, and the next commit covers it. */
  #commitInBackground(consumer: Consumer | undefined, offsets: readonly TopicPartitionOffset[]): void {
    try {
      consumer?.commitWithoutWaiting(offsets);
    } catch (error) {
      this.#dependencies.onLog(WARNING, 'COMMIT', String(error));
    }
  }
}
