/** Clients of which something is remembered; the one that came longest ago is forgotten first. */
const CLIENTS_MAX = 10_000;
/** A second is counted in so many parts. */
const PARTS = 10;
const PART_MS = 1000 / PARTS;

/** The parts of the last second, in a ring, and the number of the one that is counted now. */
interface Count {
  readonly parts: Uint32Array;
  at: number;
}

/** How many requests came within the last second: from each client, and from all. */
export class RequestRates {
  readonly #clients = new Map<string, Count>();
  readonly #all: Count = newCount(0);

  /** Counts a request. @param now in ms. @returns the requests of the last second, this one among them */
  count(client: string, now: number): { readonly ofClient: number; readonly ofAll: number } {
    const at = Math.floor(now / PART_MS);
    return { ofClient: add(this.#of(client, at), at), ofAll: add(this.#all, at) };
  }

  get size(): number {
    return this.#clients.size;
  }

  #of(client: string, at: number): Count {
    const count = this.#clients.get(client) ?? newCount(at);
    this.#clients.delete(client);
    this.#clients.set(client, count);
    if (this.#clients.size > CLIENTS_MAX) this.#forgetOldest();
    return count;
  }

  #forgetOldest(): void {
    for (const client of this.#clients.keys()) {
      this.#clients.delete(client);
      return;
    }
  }
}

function newCount(at: number): Count {
  return { parts: new Uint32Array(PARTS), at };
}

/** @returns the requests of the last second */
function add(count: Count, at: number): number {
  const { parts } = count;
  for (let over = Math.max(count.at + 1, at - PARTS + 1); over <= at; over += 1) parts[over % PARTS] = 0;
  count.at = at;
  parts[at % PARTS] = (parts[at % PARTS] ?? 0) + 1;
  return parts.reduce((sum, part) => sum + part, 0);
}
