/** A share of memory that all requests of the process draw from: what does not fit is refused, never queued. */
export class ByteBudget {
  readonly limit: number;
  #used = 0;

  constructor(limitBytes: number) {
    this.limit = limitBytes;
  }

  get used(): number {
    return this.#used;
  }

  /** Answers false, and takes nothing, when the bytes do not fit. */
  reserve(bytes: number): boolean {
    if (this.#used + bytes > this.limit) return false;
    this.#used += bytes;
    return true;
  }

  release(bytes: number): void {
    this.#used -= bytes;
  }
}
