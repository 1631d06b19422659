/** Clients of which something is remembered; the one that came longest ago is forgotten first. */
const CLIENTS_MAX = 10_000;
/** A second is counted in so many parts. */
const PARTS = 10;
const PART_MS = 1000 / PARTS;
const ALL = '';

/** The parts of the last second, in a ring, and the number of the one that is counted now. */
interface Count {
  readonly parts: Uint32Array;
  at: number;
}

/** How many requests came within the last second: from each client, and from all. */
export class RequestRates {
  readonly #counts = new Map<string, Count>();

  /** Counts a request. @param now in ms. @returns the requests of the last second, this one among them */
  count(client: string, now: number): { readonly ofClient: number; readonly ofAll: number } {
    return { ofClient: this.#add(client, now), ofAll: this.#add(ALL, now) };
  }

  get size(): number {
    return this.#counts.size;
  }

  #add(client: string, now: number): number {
    const at = Math.floor(now / PART_MS);
    const count = this.#counts.get(client) ?? { parts: new Uint32Array(PARTS), at };
    this.#counts.delete(client);
    this.#counts.set(client, count);
    for (let over = Math.max(count.at + 1, at - PARTS + 1); over <= at; over += 1) count.parts[over % PARTS] = 0;
    count.at = at;
    count.parts[at % PARTS] = (count.parts[at % PARTS] ?? 0) + 1;
    if (this.#counts.size > CLIENTS_MAX) this.#forgetOldest();
    return count.parts.reduce((sum, part) => sum + part, 0);
  }

  #forgetOldest(): void {
    for (const client of this.#counts.keys()) {
      this.#counts.delete(client);
      return;
    }
  }
}
