import { TurnQueue } from './turn-queue.ts';

export interface BlockingCallsOptions {
  /** How many calls may hold a libuv thread at once; default: half of UV_THREADPOOL_SIZE, at least 1. */
  readonly limit?: number;
  /** How many calls may wait for their turn; one more is refused at once. Default 1000. */
  readonly maxWaiting?: number;
}

/** libuv's own default when UV_THREADPOOL_SIZE is not in the environment. */
const LIBUV_DEFAULT_THREADS = 4;
const DEFAULT_MAX_WAITING = 1000;

function halfOfThreadPool(): number {
  const size = Number.parseInt(process.env['UV_THREADPOOL_SIZE'] ?? '', 10);
  return Math.max(1, Math.floor((size > 0 ? size : LIBUV_DEFAULT_THREADS) / 2));
}

/**
 * Bounds how many calls that block a libuv thread (connect, metadata, disconnect, flush, seek, committed) run
 * at once: a dead broker makes each of them last its whole timeout, and without the bound they would take every
 * thread, and with it reads, DNS and files.
 */
export class BlockingCalls extends TurnQueue {
  constructor(options: BlockingCallsOptions = {}) {
    super({
      limit: options.limit ?? halfOfThreadPool(),
      maxWaiting: options.maxWaiting ?? DEFAULT_MAX_WAITING,
      resource: 'a free thread',
    });
  }
}
