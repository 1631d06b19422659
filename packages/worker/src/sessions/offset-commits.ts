import type { Consumer } from '@sluice/kafka';
import { ApiError, type TopicPartition, type TopicPartitionOffset } from '@sluice/protocol';
import type { ConsumerSlot } from './consumer-slot.ts';
import { type DeliveryTracker, type Progress, partitionKey } from './delivery-tracker.ts';
import type { Journal } from './journal.ts';
import type { SessionDependencies, SessionSettings } from './session-settings.ts';
import type { SessionStore } from './session-store.ts';

const WARNING = 4;

export interface OffsetCommitsOptions {
  readonly settings: SessionSettings;
  readonly slot: ConsumerSlot;
  readonly deliveries: DeliveryTracker;
  readonly journal: Journal;
  readonly store: SessionStore;
  /** Whether the broker refuses the commits of whoever reads no longer: then it may be asked at any time. */
  readonly isFenced: () => boolean;
  /** @throws ApiError 503 while a commit would do harm */
  readonly beforeCommit: () => Promise<void>;
  readonly dependencies: SessionDependencies;
}

/** What an instance commits: the account of its deliveries, and when the automatic commit stores what they prove. */
export class OffsetCommits {
  readonly deliveries: DeliveryTracker;
  readonly #options: OffsetCommitsOptions;
  readonly #settings: SessionSettings;
  readonly #slot: ConsumerSlot;
  readonly #dependencies: SessionDependencies;
  #lastAutoCommitAt: number;

  constructor(options: OffsetCommitsOptions) {
    this.#options = options;
    this.deliveries = options.deliveries;
    this.#settings = options.settings;
    this.#slot = options.slot;
    this.#dependencies = options.dependencies;
    this.#lastAutoCommitAt = options.dependencies.now();
  }

  /**
   * Commits what was delivered and waits until the broker has it.
   * @returns how far the partitions were read that are read here
   * @throws as `ConsumerSlot.connected`; KafkaError when the broker refuses the commit or does not answer in time
   */
  async commitDelivered(): Promise<readonly Progress[]> {
    this.deliveries.confirm();
    const offsets = this.deliveries.committable();
    const progress = this.deliveries.progress();
    if (offsets.length > 0) await this.#commit(offsets);
    return progress;
  }

  /**
   * @param offsets the next offsets to read
   * @throws as `commitDelivered`
   */
  async commit(offsets: readonly TopicPartitionOffset[]): Promise<void> {
    this.deliveries.confirm();
    await this.#commit(offsets);
  }

  /** @throws as `commitDelivered` */
  async committed(partitions: readonly TopicPartition[]): Promise<TopicPartitionOffset[]> {
    return partitions.length === 0 ? [] : await (await this.#slot.connected()).committed(partitions);
  }

  /** What each new read begins with: the answers before it are proven, and the automatic commit is due or not. */
  beginRead(): void {
    this.deliveries.confirm();
    this.#options.store.touch(this.#options.journal);
    const now = this.#dependencies.now();
    if (!this.#settings.autoCommit || now - this.#lastAutoCommitAt < this.#settings.autoCommitIntervalMs) return;
    this.#lastAutoCommitAt = now;
    this.#commitInBackground(this.#slot.consumer, this.deliveries.committable(), 'regular');
  }

  /** The client reads something else from now on; its request proves that it has what it was sent before. */
  leaveSource(): void {
    this.deliveries.confirm();
    if (this.#settings.autoCommit) this.#commitInBackground(this.#slot.consumer, this.deliveries.committable(), 'last');
    this.deliveries.reset();
  }

  /** The group takes partitions away: what their next reader starts from is said now or never. */
  leavePartitions(consumer: Consumer, partitions: readonly TopicPartition[]): void {
    const revoked = new Set(partitions.map(partitionKey));
    if (this.#settings.autoCommit) {
      const offsets = this.deliveries.committable().filter((offset) => revoked.has(partitionKey(offset)));
      this.#commitInBackground(consumer, offsets, 'last');
    }
    this.deliveries.forget(partitions);
    this.#options.journal.forget(partitions);
    this.#options.store.touch(this.#options.journal);
  }

  /**
   * The last commit of an instance.
   * @param delivered whether its end proves that the last answer was received
   */
  async commitAtEnd(consumer: Consumer, delivered: boolean): Promise<void> {
    if (delivered) this.deliveries.confirm();
    if (!this.#settings.autoCommit || !this.#mayCommit()) return;
    const offsets = this.deliveries.committable();
    const committed = this.#committing(offsets);
    await consumer.commit(offsets);
    committed();
  }

  async #commit(offsets: readonly TopicPartitionOffset[]): Promise<void> {
    // Before anything is waited for: a seek meanwhile is later than these offsets.
    const committed = this.#committing(offsets);
    if (!this.#mayCommit()) {
      throw new ApiError('unavailable', {
        message: 'Another server may hold this consumer instance by now; its offsets cannot be committed. Try again.',
        retryAfterSeconds: 1,
      });
    }
    await this.#options.beforeCommit();
    await (await this.#slot.connected()).commit(offsets);
    committed();
  }

  /** @returns what to call once the broker has the offsets */
  #committing(offsets: readonly TopicPartitionOffset[]): () => void {
    const { journal, store } = this.#options;
    const committed = journal.committing(offsets);
    return () => {
      committed();
      store.touch(journal);
    };
  }

  #mayCommit(): boolean {
    return this.#options.store.owned || this.#options.isFenced();
  }

  /** Nobody waits for this commit: if it fails, records are read again, and the next commit covers it. */
  #commitInBackground(
    consumer: Consumer | undefined,
    offsets: readonly TopicPartitionOffset[],
    urgency: 'regular' | 'last',
  ): void {
    if (consumer === undefined || !this.#mayCommit()) return;
    const committed = this.#committing(offsets);
    try {
      void consumer.commitWithoutWaiting(offsets, urgency)?.answer.then(committed, () => undefined);
    } catch (error) {
      this.#dependencies.onLog(WARNING, 'COMMIT', String(error));
    }
  }
}
