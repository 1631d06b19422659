/** Those who want to hear of something. */
export class Listeners<T> {
  readonly #listeners = new Set<(event: T) => void>();

  /** @returns a function that takes the listener away again */
  add(listener: (event: T) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  emit(event: T): void {
    for (const listener of this.#listeners) listener(event);
  }

  clear(): void {
    this.#listeners.clear();
  }
}
