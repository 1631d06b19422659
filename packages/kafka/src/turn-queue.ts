import rdkafka from 'node-rdkafka';

import { timeoutError } from './error-mapping.ts';
import { KafkaError } from './kafka-error.ts';

export interface TurnQueueOptions {
  /** How many calls may run at once. */
  readonly limit: number;
  /** How many calls may wait for their turn; one more is refused at once. */
  readonly maxWaiting: number;
  /** What they wait for, for the error message. */
  readonly resource: string;
}

export interface TurnQueueStats {
  readonly limit: number;
  readonly inUse: number;
  readonly waiting: number;
}

/** Lets a bounded number of calls run at once, first come first served, and a bounded number wait. */
export class TurnQueue {
  readonly #options: TurnQueueOptions;
  /** In order of arrival; a Set because a waiter that gives up leaves from the middle. */
  readonly #waiting = new Set<() => void>();
  #inUse = 0;

  constructor(options: TurnQueueOptions) {
    this.#options = options;
  }

  /**
   * Runs `call` when it is its turn. The turn ends when the promise of `call` settles and not when its caller
   * loses patience, since the resource is held until then: `call` must have a timeout of its own.
   * @param waitMs how long the turn may be waited for
   * @throws {KafkaError} retriable, if the turn did not come in time or too many wait already
   */
  async run<T>(what: string, waitMs: number, call: () => Promise<T>): Promise<T> {
    if (this.#inUse < this.#options.limit) {
      this.#inUse += 1;
    } else {
      await this.#turn(what, waitMs);
    }
    try {
      return await call();
    } finally {
      this.#release();
    }
  }

  stats(): TurnQueueStats {
    return { limit: this.#options.limit, inUse: this.#inUse, waiting: this.#waiting.size };
  }

  #turn(what: string, waitMs: number): Promise<void> {
    const { maxWaiting, resource } = this.#options;
    if (this.#waiting.size >= maxWaiting) {
      const message = `Too many Kafka calls wait for ${resource}: ${what}.`;
      return Promise.reject(
        new KafkaError(rdkafka.CODES.ERRORS.ERR__QUEUE_FULL, 'retriable', message, { retriable: true }),
      );
    }
    return new Promise((resolve, reject) => {
      const take = (): void => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(() => {
        this.#waiting.delete(take);
        reject(timeoutError(`${what}, waiting for ${resource}`, waitMs));
      }, waitMs);
      this.#waiting.add(take);
    });
  }

  /** Hands the turn over without giving it back first, so that a newcomer cannot overtake who waits. */
  #release(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#inUse -= 1;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}
