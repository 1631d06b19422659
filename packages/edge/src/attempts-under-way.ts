/** Something that keeps its own place in the list. */
export interface Placed {
  /** Of the list alone. */
  place: number;
}

/**
 * What is under way, in no order. An array, not a Set: a Set that is added to and deleted from with each request makes a
 * new table every few requests, each table holds on to the next, and once the collector has moved one to the old
 * generation all that they ever held follows it: memory grew by megabytes a second, until a full collection.
 */
export class AttemptsUnderWay<T extends Placed> {
  readonly #items: T[] = [];

  get size(): number {
    return this.#items.length;
  }

  add(item: T): void {
    item.place = this.#items.length;
    this.#items.push(item);
  }

  /** The item must be in the list. */
  remove(item: T): void {
    const last = this.#items.pop() as T;
    if (last === item) return;
    this.#items[item.place] = last;
    last.place = item.place;
  }

  /** A copy: whoever goes through it may remove items. */
  all(): readonly T[] {
    return [...this.#items];
  }
}
