import { TurnQueue, type TurnQueueStats } from './turn-queue.ts';

export interface BlockingCallsOptions {
  /** How many calls may hold a libuv thread at once; default: half of UV_THREADPOOL_SIZE, at least 2. */
  readonly limit?: number;
  /** How many calls may wait for their turn; one more is refused at once. Default 1000. */
  readonly maxWaiting?: number;
}

/** libuv's own default when UV_THREADPOOL_SIZE is not in the environment. */
const LIBUV_DEFAULT_THREADS = 4;
const DEFAULT_MAX_WAITING = 1000;
/** A client that is to be closed waits for its turn as long as it takes: giving up would leak its handle. */
const CLOSE_WAIT_MS = 2_147_483_647;

function halfOfThreadPool(): number {
  const size = Number.parseInt(process.env['UV_THREADPOOL_SIZE'] ?? '', 10);
  return Math.max(2, Math.floor((size > 0 ? size : LIBUV_DEFAULT_THREADS) / 2));
}

/**
 * Bounds how many calls that block a libuv thread (connect, metadata, disconnect, flush, seek, committed) run
 * at once: a dead broker makes each of them last its whole timeout, and without the bound they would take every
 * thread, and with it reads, DNS and files.
 *
 * Closing has turns of its own, half of them: a member that leaves a group which is rebalancing takes seconds, and a
 * few of those kept everybody else from connecting.
 */
export class BlockingCalls {
  readonly #calls: TurnQueue;
  readonly #closes: TurnQueue;

  constructor(options: BlockingCallsOptions = {}) {
    const limit = options.limit ?? halfOfThreadPool();
    const maxWaiting = options.maxWaiting ?? DEFAULT_MAX_WAITING;
    const closes = Math.max(1, Math.floor(limit / 2));
    this.#calls = new TurnQueue({ limit: Math.max(1, limit - closes), maxWaiting, resource: 'a free thread' });
    // Not bounded here: there are no more clients to close than there were to open.
    this.#closes = new TurnQueue({ limit: closes, maxWaiting: Number.POSITIVE_INFINITY, resource: 'a free thread' });
  }

  /** @throws as `TurnQueue.run` */
  run<T>(what: string, waitMs: number, call: () => Promise<T>): Promise<T> {
    return this.#calls.run(what, waitMs, call);
  }

  /** Runs the disconnect of a client when it is its turn, however long that takes. */
  close<T>(call: () => Promise<T>): Promise<T> {
    return this.#closes.run('disconnect', CLOSE_WAIT_MS, call);
  }

  /** Both kinds together. */
  stats(): TurnQueueStats {
    const [calls, closes] = [this.#calls.stats(), this.#closes.stats()];
    return {
      limit: calls.limit + closes.limit,
      inUse: calls.inUse + closes.inUse,
      waiting: calls.waiting + closes.waiting,
    };
  }
}
