import type { KafkaError } from './kafka-error.ts';

const FIRST_MS = 100;
const LONGEST_MS = 2000;

/**
 * After a failed connect the next one waits, 100 ms at first and up to 2 s: each attempt holds a thread for its
 * whole timeout when the broker is dead, and tells a refused client's credentials to the broker again.
 */
export class ReconnectDelay {
  #waitMs = FIRST_MS;
  #failure: { readonly error: KafkaError; readonly until: number } | undefined;

  /** @throws {KafkaError} the last failure, while it is too early for another attempt */
  check(): void {
    if (this.#failure !== undefined && performance.now() < this.#failure.until) {
      throw this.#failure.error;
    }
  }

  failed(error: KafkaError): void {
    this.#failure = { error, until: performance.now() + this.#waitMs };
    this.#waitMs = Math.min(this.#waitMs * 2, LONGEST_MS);
  }

  succeeded(): void {
    this.#failure = undefined;
    this.#waitMs = FIRST_MS;
  }
}
