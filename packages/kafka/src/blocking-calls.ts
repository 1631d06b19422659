import { timeoutError } from './error-mapping.ts';
import { KafkaError } from './kafka-error.ts';

export interface BlockingCallsOptions {
  /** How many calls may hold a libuv thread at once; default: half of UV_THREADPOOL_SIZE, at least 1. */
  readonly limit?: number;
  /** How many calls may wait for their turn; one more is refused at once. Default 1000. */
  readonly maxWaiting?: number;
}

export interface BlockingCallsStats {
  readonly limit: number;
  readonly inUse: number;
  readonly waiting: number;
}

/** libuv's own default when UV_THREADPOOL_SIZE is not in the environment. */
const LIBUV_DEFAULT_THREADS = 4;

function halfOfThreadPool(): number {
  const size = Number.parseInt(process.env['UV_THREADPOOL_SIZE'] ?? '', 10);
  return Math.max(1, Math.floor((size > 0 ? size : LIBUV_DEFAULT_THREADS) / 2));
}

/**
 * Bounds how many calls that block a libuv thread (connect, metadata, disconnect, flush, seek, committed) run
 * at once, first come first served: a dead broker makes each of them last its whole timeout, and without the
 * bound they would take every thread, and with it reads, DNS and files.
 */
export class BlockingCalls {
  readonly #limit: number;
  readonly #maxWaiting: number;
  /** In order of arrival; a Set because a waiter that gives up leaves from the middle. */
  readonly #waiting = new Set<() => void>();
  #inUse = 0;

  constructor(options: BlockingCallsOptions = {}) {
    this.#limit = options.limit ?? halfOfThreadPool();
    this.#maxWaiting = options.maxWaiting ?? 1000;
  }

  /**
   * Runs `call` when it is its turn. The turn ends when the promise of `call` settles and not when its caller
   * loses patience, since the thread is held until then: `call` must have a timeout of its own.
   * @param waitMs how long the turn may be waited for
   * @throws {KafkaError} retriable, if the turn did not come in time or too many wait already
   */
  async run<T>(what: string, waitMs: number, call: () => Promise<T>): Promise<T> {
    if (this.#inUse < this.#limit) {
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

  stats(): BlockingCallsStats {
    return { limit: this.#limit, inUse: this.#inUse, waiting: this.#waiting.size };
  }

  #turn(what: string, waitMs: number): Promise<void> {
    if (this.#waiting.size >= this.#maxWaiting) {
      return Promise.reject(
        new KafkaError(-184, 'retriable', `Too many Kafka calls wait for a free thread: ${what}.`, { retriable: true }),
      );
    }
    return new Promise((resolve, reject) => {
      const take = (): void => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(() => {
        this.#waiting.delete(take);
        reject(timeoutError(`${what}, waiting for a free thread`, waitMs));
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
