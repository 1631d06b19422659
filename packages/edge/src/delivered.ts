import type { InstanceName } from '@sluice/directory';
import type { Peers } from './edge-options.ts';
import { instanceKey } from './instance-key.ts';
import type { NodeLink } from './known-nodes.ts';

/**
 * Most clients ask again at once, and by way of the same edge: then their next request takes the word along, which costs
 * nothing. One that asks by way of another edge before that waits as long.
 */
const WAIT_MS = 10;
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

interface Read extends InstanceName {
  readonly request: string;
}

interface Unsaid {
  readonly name: InstanceName;
  readonly requestIds: string[];
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
      setTimeout(() => this.#tellNow(link, tries), tries === 0 ? WAIT_MS : RETRY_AFTER_MS);
    }
    const key = instanceKey(name);
    const known = unsaid.get(key);
    if (known !== undefined) known.requestIds.push(...requestIds);
    else if (unsaid.size < INSTANCES_MAX) unsaid.set(key, { name, requestIds: [...requestIds] });
  }

  /** What a request for the instance takes along to that node; it is told no more. */
  take(link: NodeLink, name: InstanceName): readonly string[] | undefined {
    const unsaid = this.#unsaid.get(link);
    if (unsaid === undefined) return undefined;
    const key = instanceKey(name);
    const requestIds = unsaid.get(key)?.requestIds;
    if (requestIds === undefined || requestIds.length > TAKEN_MAX) return undefined;
    unsaid.delete(key);
    return requestIds;
  }

  /** All is told, or cannot be. */
  async settled(): Promise<void> {
    for (const link of this.#unsaid.keys()) this.#tellNow(link, TRIES_MAX);
    await Promise.all(this.#telling);
  }

  #tellNow(link: NodeLink, tries: number): void {
    const unsaid = this.#unsaid.get(link);
    this.#unsaid.delete(link);
    const reads = [...(unsaid?.values() ?? [])].flatMap(({ name: { group, instance }, requestIds }) =>
      requestIds.map((request) => ({ group, instance, request })),
    );
    for (let first = 0; first < reads.length; first += READS_MAX) {
      const call = this.#call(link, reads.slice(first, first + READS_MAX), tries + 1).finally(() =>
        this.#telling.delete(call),
      );
      this.#telling.add(call);
    }
  }

  /** Never rejects. A node that does not hear it has the records read again. */
  async #call(link: NodeLink, reads: readonly Read[], tries: number): Promise<void> {
    try {
      await this.#peers?.call(link.record, 'delivered', { reads }, { timeoutMs: TIMEOUT_MS });
    } catch {
      if (tries >= TRIES_MAX) return;
      for (const { group, instance, request } of reads) this.tell(link, { group, instance }, [request], tries);
    }
  }
}
