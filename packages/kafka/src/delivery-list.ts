import type { Delivery } from './delivery.ts';

/**
 * Requests in the order in which they were sent; each is in one list at most. Linked through the requests
 * themselves, and unlinked completely on removal: a Set keeps its outgrown tables alive through one another until
 * the next full collection, and with them every request that was in one, which cost as much CPU as sending.
 */
export class DeliveryList {
  #oldest: Delivery | undefined;
  #newest: Delivery | undefined;

  get empty(): boolean {
    return this.#oldest === undefined;
  }

  add(delivery: Delivery): void {
    delivery.listed = true;
    delivery.older = this.#newest;
    if (this.#newest === undefined) {
      this.#oldest = delivery;
    } else {
      this.#newest.newer = delivery;
    }
    this.#newest = delivery;
  }

  /** Whether it was in the list. */
  delete(delivery: Delivery): boolean {
    if (!delivery.listed) {
      return false;
    }
    const { older, newer } = delivery;
    if (older === undefined) {
      this.#oldest = newer;
    } else {
      older.newer = newer;
    }
    if (newer === undefined) {
      this.#newest = older;
    } else {
      newer.older = older;
    }
    delivery.listed = false;
    delivery.older = undefined;
    delivery.newer = undefined;
    return true;
  }

  /** Oldest first. The one that was given last may be deleted meanwhile. */
  *[Symbol.iterator](): Generator<Delivery, void> {
    let next = this.#oldest;
    while (next !== undefined) {
      const delivery: Delivery = next;
      next = delivery.newer;
      yield delivery;
    }
  }
}
