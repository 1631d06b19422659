import type { Delivery } from './delivery.ts';

/**
 * Small numbers that stand for (request, index of the record) while a record is with librdkafka. The number
 * travels as the record's opaque, so that a delivery report finds its place without an object per record.
 * A slot is taken again only after its report came in, however long ago its request was answered.
 */
export class DeliverySlots {
  readonly #deliveries: (Delivery | undefined)[];
  readonly #indexes: Int32Array;
  readonly #free: Int32Array;
  #freeCount: number;

  constructor(capacity: number) {
    this.#deliveries = Array<Delivery | undefined>(capacity).fill(undefined);
    this.#indexes = new Int32Array(capacity);
    this.#free = Int32Array.from({ length: capacity }, (_, i) => capacity - 1 - i);
    this.#freeCount = capacity;
  }

  get inUse(): number {
    return this.#free.length - this.#freeCount;
  }

  /** @throws {RangeError} if all are taken; the caller reserves records in the queue before it sends them */
  take(delivery: Delivery, index: number): number {
    if (this.#freeCount === 0) {
      throw new RangeError('No delivery slot left.');
    }
    this.#freeCount -= 1;
    const slot = this.#free[this.#freeCount] as number;
    this.#deliveries[slot] = delivery;
    this.#indexes[slot] = index;
    return slot;
  }

  deliveryOf(slot: number): Delivery | undefined {
    return this.#deliveries[slot];
  }

  indexOf(slot: number): number {
    return this.#indexes[slot] as number;
  }

  release(slot: number): void {
    this.#deliveries[slot] = undefined;
    this.#free[this.#freeCount] = slot;
    this.#freeCount += 1;
  }
}
