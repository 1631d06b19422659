import { ApiError } from '@sluice/protocol';

/** The reads of the process: beyond the limit one is refused instead of adding to what all wait for. */
export class CountedReads {
  readonly #max: number;
  #active = 0;

  constructor(max: number) {
    this.#max = max;
  }

  /** Reads that wait or run. */
  get active(): number {
    return this.#active;
  }

  /** @throws ApiError tooManyRequests, and as the read does */
  async counted<T>(read: () => Promise<T>): Promise<T> {
    if (this.#active >= this.#max) {
      throw new ApiError('tooManyRequests', {
        message: `${this.#max} reads are under way on this server (sluice.consumer.reads.max). Try again later.`,
        retryAfterSeconds: 1,
      });
    }
    this.#active += 1;
    try {
      return await read();
    } finally {
      this.#active -= 1;
    }
  }
}
