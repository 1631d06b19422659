import type { ServerResponse } from 'node:http';
import { onceOver } from './once-over.ts';

/** Requests that wait before they are served; one more is refused. */
const WAITING_MAX = 1000;

/** Requests that are held back for a while. Who leaves meanwhile is forgotten. */
export class Waits {
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get isFull(): boolean {
    return this.#size >= WAITING_MAX;
  }

  /** @returns what ends the wait without calling back; undefined when there is no room for one more */
  begin(res: ServerResponse, waitMs: number, then: () => void): (() => void) | undefined {
    if (this.isFull) return undefined;
    this.#size += 1;
    const left = (): void => {
      clearTimeout(timer);
      this.#size -= 1;
    };
    const unwatch = onceOver(res, left);
    const stop = (): void => {
      unwatch();
      left();
    };
    const timer = setTimeout(() => {
      stop();
      then();
    }, waitMs);
    return stop;
  }
}
