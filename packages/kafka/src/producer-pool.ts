import type { RecordBatch } from '@sluice/protocol';

import type { BatchResult } from './delivery.ts';
import { kafkaErrorFromCode } from './error-mapping.ts';
import type { Principal } from './principal.ts';
import { Producer, type ProducerOptions, type ProducerStats } from './producer.ts';

export interface ProducerPoolOptions {
  /** How the producer of a principal is made; called once, on its first request. */
  readonly producerOptions: (principal: Principal) => ProducerOptions;
  /** How many principals may have a producer at once (default 16): each holds threads and sockets. */
  readonly maxProducers?: number;
}

/** Nothing is in flight then, so this bounds the disconnect only. */
const IDLE_CLOSE_MS = 2000;
const DEFAULT_MAX_PRODUCERS = 16;

/** One producer for each principal, so that all requests of one share a queue and nobody sends as another. */
export class ProducerPool {
  readonly #options: ProducerPoolOptions;
  readonly #producers = new Map<string, Producer>();
  readonly #closing = new Set<Promise<void>>();

  constructor(options: ProducerPoolOptions) {
    this.#options = options;
  }

  /**
   * Sends a batch as `principal`; see `Producer.produce`.
   * @throws {KafkaError} as `Producer.produce`, and `queueFull` when all producers of the pool are busy with others
   */
  async produce(principal: Principal, topic: string, batch: RecordBatch): Promise<BatchResult> {
    return await this.#producerOf(principal).produce(topic, batch);
  }

  /** The sum over all producers. */
  stats(): ProducerStats {
    const total = { requests: 0, records: 0, bytes: 0 };
    for (const producer of this.#producers.values()) {
      const { requests, records, bytes } = producer.stats();
      total.requests += requests;
      total.records += records;
      total.bytes += bytes;
    }
    return total;
  }

  /** Closes all producers at once; resolves after `deadlineMs` at the latest. See `Producer.close`. */
  async close(deadlineMs: number): Promise<void> {
    await Promise.all([
      ...this.#closing,
      ...[...this.#producers.values()].map((producer) => producer.close(deadlineMs)),
    ]);
  }

  #producerOf(principal: Principal): Producer {
    const known = this.#producers.get(principal.id);
    if (known !== undefined) {
      if (this.#producers.size > 1) {
        // Moves to the end: the first of the map is the one that was used the longest ago.
        this.#producers.delete(principal.id);
        this.#producers.set(principal.id, known);
      }
      return known;
    }
    if (this.#producers.size >= (this.#options.maxProducers ?? DEFAULT_MAX_PRODUCERS)) {
      this.#closeIdle();
    }
    const producer = new Producer(this.#options.producerOptions(principal));
    this.#producers.set(principal.id, producer);
    return producer;
  }

  #closeIdle(): void {
    for (const [id, producer] of this.#producers) {
      if (producer.stats().requests === 0) {
        this.#producers.delete(id);
        const closed = producer.close(IDLE_CLOSE_MS).finally(() => {
          this.#closing.delete(closed);
        });
        this.#closing.add(closed);
        return;
      }
    }
    throw kafkaErrorFromCode(-184, { detail: 'All producers are busy with requests of other principals.' });
  }
}
