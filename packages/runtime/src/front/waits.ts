import type { ServerResponse } from 'node:http';

/** Requests that wait before they are served; one more is refused. */
const WAITING_MAX = 1000;

/** Requests that are held back for a while. Who leaves meanwhile is forgotten. */
export class Waits {
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** @returns what ends the wait without calling back; undefined when there is no room for one more */
  begin(res: ServerResponse, waitMs: number, then: () => void): (() => void) | undefined {
    if (this.#size >= WAITING_MAX) return undefined;
    this.#size += 1;
    const stop = (): void => {
      clearTimeout(timer);
      res.off('close', stop);
      this.#size -= 1;
    };
    const timer = setTimeout(() => {
      stop();
      then();
    }, waitMs);
    res.once('close', stop);
    return stop;
  }
}
