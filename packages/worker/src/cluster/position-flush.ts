import { type Directory, DirectoryUnavailable, type HoldOutcome, type StateWrite } from '@sluice/directory';
import type { Journal } from '../sessions/journal.ts';
import type { HeldStore } from './held-store.ts';

export interface PositionFlushOptions {
  readonly directory: Pick<Directory, 'write'>;
  readonly onError: (error: unknown) => void;
}

/** How old a position may be that a successor starts from. */
const INTERVAL_MS = 200;

/**
 * Writes the positions of all instances that were used, in one go: the number of round trips does not grow with the number
 * of instances, and no read waits for one.
 */
export class PositionFlush {
  readonly #options: PositionFlushOptions;
  #touched = new Map<HeldStore, Journal>();
  #running: Promise<void> = Promise.resolve();
  #busy = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: PositionFlushOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer = setInterval(() => {
      // A slow directory gets one write at a time.
      if (!this.#busy) void this.flush();
    }, INTERVAL_MS);
  }

  touch(store: HeldStore, journal: Journal): void {
    this.#touched.set(store, journal);
  }

  /** The instance is another's, or gone. */
  forget(store: HeldStore): void {
    this.#touched.delete(store);
  }

  /** Writes what is to be written now, behind what is being written. Never rejects. */
  flush(): Promise<void> {
    this.#busy = true;
    this.#running = this.#running
      .then(() => this.#write())
      .finally(() => {
        this.#busy = false;
      });
    return this.#running;
  }

  /** Writes a last time. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.flush();
  }

  async #write(): Promise<void> {
    const touched = this.#touched;
    if (touched.size === 0) return;
    this.#touched = new Map();
    const stores: HeldStore[] = [];
    const writes: StateWrite[] = [];
    for (const [store, journal] of touched) {
      const change = store.takeChange(journal);
      if (change === undefined) continue;
      stores.push(store);
      writes.push({ held: store.held, change });
    }
    if (writes.length === 0) return;
    const settle = async (store: HeldStore | undefined, outcome: HoldOutcome): Promise<void> => {
      const journal = store === undefined ? undefined : touched.get(store);
      if (journal !== undefined) await store?.settle(outcome, journal);
    };
    try {
      const outcomes = await this.#options.directory.write(writes).finally(() => {
        for (const store of stores) store.answered();
      });
      await Promise.all(outcomes.map((outcome, i) => settle(stores[i], outcome)));
    } catch (error) {
      for (const store of stores) store.forgetWritten();
      for (const [store, journal] of touched) if (!this.#touched.has(store)) this.#touched.set(store, journal);
      if (!(error instanceof DirectoryUnavailable)) this.#options.onError(error);
    }
  }
}
