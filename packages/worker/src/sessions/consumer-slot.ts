import type { Consumer, ConsumerHooks, KafkaError } from '@sluice/kafka';
import { ApiError, type TopicPartition, type TopicPartitionOffset } from '@sluice/protocol';

/** What the owner of the slot is told and asked about the consumer in it. */
export interface ConsumerSlotOptions {
  readonly create: (hooks: ConsumerHooks) => Consumer;
  /** May refuse to make another one after a fatal error. */
  readonly beforeReplacing: () => Promise<void>;
  /** Brings a new consumer to what its instance reads. */
  readonly prepare: (consumer: Consumer) => Promise<void>;
  readonly resolveStart: (
    consumer: Consumer,
    partitions: readonly TopicPartition[],
  ) => Promise<readonly TopicPartitionOffset[]>;
  readonly onAssigned: () => void;
  readonly onRevoked: (consumer: Consumer, partitions: readonly TopicPartition[]) => void;
  /** An error that reads have to report. */
  readonly onError: (error: KafkaError) => void;
  /** A consumer is there now, or is not any more. */
  readonly onChange: (present: boolean) => void;
  readonly onLog: (severity: number, facility: string, message: string) => void;
  /** Milliseconds on a clock that never goes back. */
  readonly now: () => number;
}

/** A consumer that dies of a fatal error sooner than this after the one before is not simply replaced. */
const REPLACE_INTERVAL_MS = 10_000;
const WARNING = 4;

/** Holds the Kafka consumer of an instance: makes it when it is first needed, and anew after a fatal error. */
export class ConsumerSlot {
  readonly #options: ConsumerSlotOptions;
  #consumer: Consumer | undefined;
  #connecting: Promise<Consumer> | undefined;
  #fatalAt = Number.NEGATIVE_INFINITY;
  #wasConnected = false;
  #closed = false;

  constructor(options: ConsumerSlotOptions) {
    this.#options = options;
  }

  get consumer(): Consumer | undefined {
    return this.#consumer;
  }

  /** Whether there ever was one. */
  get wasConnected(): boolean {
    return this.#wasConnected;
  }

  /** Emptied for good. */
  get closed(): boolean {
    return this.#closed;
  }

  /** @throws ApiError 404/40403 once closed; KafkaError when Kafka is out of reach or refuses the credentials */
  async connected(): Promise<Consumer> {
    if (this.#closed) throw new ApiError('consumerInstanceNotFound');
    if (this.#consumer !== undefined) return this.#consumer;
    this.#connecting ??= this.#connect().finally(() => {
      this.#connecting = undefined;
    });
    return await this.#connecting;
  }

  /** The next request that needs a consumer gets a new one. */
  drop(consumer: Consumer): void {
    if (consumer !== this.#consumer) return;
    this.#consumer = undefined;
    this.#options.onChange(false);
    this.#closeInBackground(consumer);
  }

  /** Empties the slot for good. Gives the consumer that was in it, which the caller closes. */
  async take(): Promise<Consumer | undefined> {
    this.#closed = true;
    const consumer = this.#consumer ?? (await this.#connecting?.catch(() => undefined));
    this.#consumer = undefined;
    this.#options.onChange(false);
    return consumer;
  }

  async #connect(): Promise<Consumer> {
    const { create, beforeReplacing, prepare, resolveStart, onAssigned, onRevoked, onLog } = this.#options;
    if (this.#fatalAt > Number.NEGATIVE_INFINITY) await beforeReplacing();
    const consumer = create({
      resolveStart: (partitions) => resolveStart(consumer, partitions),
      onAssigned,
      onRevoked: (partitions) => onRevoked(consumer, partitions),
      onError: (error, fatal) => this.#onError(consumer, error, fatal),
      onLog,
    });
    await consumer.connect();
    try {
      if (this.#closed) throw new ApiError('consumerInstanceNotFound');
      await prepare(consumer);
    } catch (error) {
      this.#closeInBackground(consumer);
      throw error;
    }
    this.#consumer = consumer;
    this.#wasConnected = true;
    this.#options.onChange(true);
    return consumer;
  }

  /** A handle after a fatal error goes on returning records that may be another's by now: it is never asked again. */
  #onError(consumer: Consumer, error: KafkaError, fatal: boolean): void {
    if (!fatal) this.#options.onError(error);
    else if (consumer === this.#consumer) {
      if (this.#options.now() - this.#fatalAt < REPLACE_INTERVAL_MS) this.#options.onError(error);
      this.#fatalAt = this.#options.now();
      this.drop(consumer);
    }
  }

  #closeInBackground(consumer: Consumer): void {
    consumer.close().catch((reason: unknown) => this.#options.onLog(WARNING, 'CLOSE', String(reason)));
  }
}
