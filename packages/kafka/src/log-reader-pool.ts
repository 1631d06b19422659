import { LogReader, type LogReaderOptions } from './log-reader.ts';
import type { Principal } from './principal.ts';
import type { TurnQueueStats } from './turn-queue.ts';

export interface LogReaderPoolOptions {
  /** How the reader of a principal is made; called when it is asked for and there is none. */
  readonly readerOptions: (principal: Principal) => LogReaderOptions;
  /** How many principals may have a reader at once (default 16); the one unused for the longest time goes first. */
  readonly maxReaders?: number;
}

const DEFAULT_MAX_READERS = 16;

/** One reader for each principal: its clients read what that one may read. */
export class LogReaderPool {
  readonly #options: LogReaderPoolOptions;
  readonly #readers = new Map<string, LogReader>();

  constructor(options: LogReaderPoolOptions) {
    this.#options = options;
  }

  of(principal: Principal): LogReader {
    const reader = this.#readers.get(principal.id) ?? new LogReader(this.#options.readerOptions(principal));
    // Moves to the end: the first of the map is the one that was used the longest ago.
    this.#readers.delete(principal.id);
    this.#readers.set(principal.id, reader);
    const [oldest] = this.#readers;
    if (oldest !== undefined && this.#readers.size > (this.#options.maxReaders ?? DEFAULT_MAX_READERS)) {
      this.#readers.delete(oldest[0]);
      void oldest[1].close();
    }
    return reader;
  }

  /** Of all readers together. */
  stats(): Pick<TurnQueueStats, 'inUse' | 'waiting'> {
    const stats = [...this.#readers.values()].map((reader) => reader.stats());
    return {
      inUse: stats.reduce((sum, { inUse }) => sum + inUse, 0),
      waiting: stats.reduce((sum, { waiting }) => sum + waiting, 0),
    };
  }

  async close(): Promise<void> {
    await Promise.all([...this.#readers.values()].map((reader) => reader.close()));
    this.#readers.clear();
  }
}
