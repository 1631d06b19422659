import type { InstanceName } from '@sluice/directory';
import type { Peers } from './edge-options.ts';
import { instanceKey } from './instance-key.ts';
import type { NodeLink } from './known-nodes.ts';

/**
 * Most clients ask again at once, and by way of the same edge: then their next request takes the word along, which costs
 * nothing. One that asks by way of another edge before that waits as long.
 */
const WAIT_MS = 8;
/** How often is looked whether somebody has waited for so long. */
const LOOK_MS = 2;
const TIMEOUT_MS = 1000;
/** A node that is out of reach for a moment is told again: so often in all, so far apart. */
const TRIES_MAX = 5;
const RETRY_AFTER_MS = 250;
/** Reads in one call: its body has a limit. */
const READS_MAX = 1000;
/** Ids in the header of one request, which has a limit as well. More go out in a call. */
const TAKEN_MAX = 50;
/** Instances at one node whose word waits. Beyond it their records are read again, and nothing is lost. */
const INSTANCES_MAX = 10_000;

interface Told extends InstanceName {
  readonly request: string;
  /** This one included. */
  readonly tries: number;
}

/** What is to be said of one instance. It is used again while the instance is read from. */
interface Unsaid {
  readonly name: InstanceName;
  /** Empty once a request has taken them along. */
  requestIds: string[];
  /** On the clock that never goes back. */
  dueAt: number;
  /** Calls that failed. */
  tries: number;
}

/**
 * Tells nodes which of their answers have left for the client. Until then a node must take them for lost with this
 * process, should the next request of the client come by another edge.
 */
export class DeliveredAnswers {
  readonly #peers: Peers | undefined;
  readonly #unsaid = new Map<NodeLink, Map<string, Unsaid>>();
  readonly #telling = new Set<Promise<unknown>>();

  constructor(peers: Peers | undefined) {
    this.#peers = peers;
  }

  /** Returns at once; the node hears of it in a moment. */
  tell(link: NodeLink, name: InstanceName, requestIds: readonly string[], tries = 0): void {
    if (this.#peers === undefined) return;
    let unsaid = this.#unsaid.get(link);
    if (unsaid === undefined) {
      unsaid = new Map();
      this.#unsaid.set(link, unsaid);
      this.#lookSoon(link, unsaid);
    }
    const key = instanceKey(name);
    const dueAt = performance.now() + (tries === 0 ? WAIT_MS : RETRY_AFTER_MS);
    const known = unsaid.get(key);
    if (known === undefined) {
      if (unsaid.size < INSTANCES_MAX) unsaid.set(key, { name, requestIds: [...requestIds], dueAt, tries });
    } else if (known.requestIds.length > 0) known.requestIds.push(...requestIds);
    else Object.assign(known, { requestIds: [...requestIds], dueAt, tries });
  }

  /** What a request for the instance takes along to that node; it is told no more. */
  take(link: NodeLink, name: InstanceName): readonly string[] | undefined {
    const unsaid = this.#unsaid.get(link)?.get(instanceKey(name));
    if (unsaid === undefined) return undefined;
    const { requestIds } = unsaid;
    if (requestIds.length === 0 || requestIds.length > TAKEN_MAX) return undefined;
    // It stays in its map: one that loses and gets an entry with each request makes a new table every few requests.
    unsaid.requestIds = [];
    return requestIds;
  }

  /** All is told, or cannot be. */
  async settled(): Promise<void> {
    for (const [link, unsaid] of this.#unsaid) {
      this.#tellNow(link, [...unsaid.values()], TRIES_MAX);
      unsaid.clear();
    }
    await Promise.all(this.#telling);
  }

  #lookSoon(link: NodeLink, unsaid: Map<string, Unsaid>): void {
    setTimeout(() => {
      const now = performance.now();
      const due: Unsaid[] = [];
      for (const [key, entry] of unsaid) {
        if (entry.dueAt > now) continue;
        unsaid.delete(key);
        due.push(entry);
      }
      this.#tellNow(link, due);
      if (unsaid.size === 0) this.#unsaid.delete(link);
      else this.#lookSoon(link, unsaid);
    }, LOOK_MS);
  }

  #tellNow(link: NodeLink, due: readonly Unsaid[], tries?: number): void {
    const reads = due.flatMap(({ name: { group, instance }, requestIds, tries: failed }) =>
      requestIds.map((request) => ({ group, instance, request, tries: (tries ?? failed) + 1 })),
    );
    for (let first = 0; first < reads.length; first += READS_MAX) {
      const call = this.#call(link, reads.slice(first, first + READS_MAX)).finally(() => this.#telling.delete(call));
      this.#telling.add(call);
    }
  }

  /** Never rejects. A node that does not hear it has the records read again. */
  async #call(link: NodeLink, told: readonly Told[]): Promise<void> {
    const reads = told.map(({ group, instance, request }) => ({ group, instance, request }));
    try {
      await this.#peers?.call(link.record, 'delivered', { reads }, { timeoutMs: TIMEOUT_MS });
    } catch {
      for (const { group, instance, request, tries } of told) {
        if (tries < TRIES_MAX) this.tell(link, { group, instance }, [request], tries);
      }
    }
  }
}
