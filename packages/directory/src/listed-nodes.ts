import type { NodeIdentity, NodeRecord } from './directory.ts';

export interface ListedNodesOptions {
  readonly leaseMs: number;
  /** Whether the directory may have forgotten nodes that live. Asked only when one is missing. */
  readonly mayHaveForgotten: () => Promise<boolean>;
  /** A monotonic clock in ms. */
  readonly now?: () => number;
}

/** Of a lease: a gap in which leases may have run out unheard, and the time in which they are renewed after it. */
const GAP_SHARE = 0.5;

/**
 * The nodes that were listed last. While the directory may have forgotten some of them, those that are missing are listed
 * still: the first to renew its lease would else be the only one, and all others be given up as dead.
 */
export class ListedNodes {
  readonly #options: ListedNodesOptions;
  readonly #now: () => number;
  #listed: ReadonlyMap<string, NodeRecord> = new Map();
  #answeredAt = Number.POSITIVE_INFINITY;
  #patientUntil = Number.NEGATIVE_INFINITY;

  constructor(options: ListedNodesOptions) {
    this.#options = options;
    this.#now = options.now ?? ((): number => performance.now());
  }

  /** What the directory answered, completed. Rejects as `mayHaveForgotten`. */
  async complete(nodes: readonly NodeRecord[]): Promise<readonly NodeRecord[]> {
    const { leaseMs, mayHaveForgotten } = this.#options;
    const now = this.#now();
    // It was away for so long that leases ran out; whoever lives renews its own now.
    if (now - this.#answeredAt >= leaseMs * GAP_SHARE) this.#patientUntil = now + leaseMs * GAP_SHARE;
    const present = new Map(nodes.map((node) => [node.id, node]));
    const isShort = [...this.#listed.keys()].some((id) => !present.has(id));
    const isDoubtful = isShort && (now < this.#patientUntil || (await mayHaveForgotten()));
    // Those that left meanwhile are out of the list by now.
    this.#listed = isDoubtful ? new Map([...this.#listed, ...present]) : present;
    this.#answeredAt = now;
    return [...this.#listed.values()];
  }

  /** It has ended its lease itself. */
  left({ id, boot }: NodeIdentity): void {
    if (this.#listed.get(id)?.boot !== boot) return;
    this.#listed = new Map([...this.#listed].filter(([listed]) => listed !== id));
  }
}
