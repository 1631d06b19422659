import type { InstanceName } from '@sluice/directory';
import type { Peers } from './edge-options.ts';
import { instanceKey } from './instance-key.ts';
import type { NodeLink } from './known-nodes.ts';

/**
 * Most clients ask again at once, and by way of the same edge: then their next request takes the word along, which costs
 * nothing. One that asks by way of another edge before that waits as long. Who was seen to come back here later than that,
 * since this edge is busy, is given twice the time that it took.
 */
const WAIT_MS = 8;
const WAIT_MAX_MS = 25;
/** How often is looked whether somebody has waited for long enough. */
const LOOK_MS = 2;
/** How long it is remembered of an instance when it came back. */
const REMEMBER_MS = 1000;
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

/** What is to be said of one instance, and what is known of it. */
interface Unsaid {
  readonly name: InstanceName;
  /** Empty once a request has taken them along, or they were told. */
  requestIds: string[];
  /** When the first of them came, and when they are told. On the clock that never goes back. */
  since: number;
  dueAt: number;
  /** From a word to the next request by way of this edge, the last time; 0 before. */
  gapMs: number;
  /** Calls that failed. */
  tries: number;
  /** Among those that wait. */
  isInLine: boolean;
}

/** Of one node. */
class Words {
  /** Of all instances that were read from of late: a map that changes with each request makes a new table every few. */
  readonly known = new Map<string, Unsaid>();
  /** Those with something to be said, and some whose word was taken. */
  waiting: Unsaid[] = [];
  tidiedAt = performance.now();
}

/**
 * Tells nodes which of their answers have left for the client. Until then a node must take them for lost with this
 * process, should the next request of the client come by another edge.
 */
export class DeliveredAnswers {
  readonly #peers: Peers | undefined;
  readonly #words = new Map<NodeLink, Words>();
  readonly #telling = new Set<Promise<unknown>>();

  constructor(peers: Peers | undefined) {
    this.#peers = peers;
  }

  /** Returns at once; the node hears of it in a moment. */
  tell(link: NodeLink, name: InstanceName, requestIds: readonly string[], tries = 0): void {
    if (this.#peers === undefined) return;
    let words = this.#words.get(link);
    if (words === undefined) {
      words = new Words();
      this.#words.set(link, words);
      this.#lookSoon(link, words);
    }
    const key = instanceKey(name);
    let unsaid = words.known.get(key);
    if (unsaid === undefined) {
      if (words.known.size >= INSTANCES_MAX) return;
      unsaid = { name, requestIds: [], since: 0, dueAt: 0, gapMs: 0, tries: 0, isInLine: false };
      words.known.set(key, unsaid);
    }
    if (unsaid.requestIds.length === 0) {
      unsaid.since = performance.now();
      unsaid.dueAt = unsaid.since + (tries === 0 ? waitOf(unsaid.gapMs) : RETRY_AFTER_MS);
      unsaid.tries = tries;
      if (!unsaid.isInLine) words.waiting.push(unsaid);
      unsaid.isInLine = true;
    }
    unsaid.requestIds.push(...requestIds);
  }

  /** What a request for the instance takes along to that node; it is told no more. */
  take(link: NodeLink, name: InstanceName): readonly string[] | undefined {
    const unsaid = this.#words.get(link)?.known.get(instanceKey(name));
    if (unsaid === undefined) return undefined;
    unsaid.gapMs = performance.now() - unsaid.since;
    const { requestIds } = unsaid;
    if (requestIds.length === 0 || requestIds.length > TAKEN_MAX) return undefined;
    unsaid.requestIds = [];
    return requestIds;
  }

  /** All is told, or cannot be. */
  async settled(): Promise<void> {
    for (const [link, { waiting }] of this.#words) this.#tellNow(link, waiting, TRIES_MAX);
    await Promise.all(this.#telling);
  }

  #lookSoon(link: NodeLink, words: Words): void {
    setTimeout(() => {
      const now = performance.now();
      const due: Unsaid[] = [];
      words.waiting = words.waiting.filter((unsaid) => {
        unsaid.isInLine = unsaid.dueAt > now && unsaid.requestIds.length > 0;
        if (!unsaid.isInLine) due.push(unsaid);
        return unsaid.isInLine;
      });
      this.#tellNow(link, due);
      if (now - words.tidiedAt > REMEMBER_MS) {
        tidy(words, now);
        words.tidiedAt = now;
      }
      if (words.known.size === 0) this.#words.delete(link);
      else this.#lookSoon(link, words);
    }, LOOK_MS);
  }

  #tellNow(link: NodeLink, due: readonly Unsaid[], tries?: number): void {
    const reads = due.flatMap((unsaid) => {
      const { name, requestIds, tries: failed } = unsaid;
      unsaid.requestIds = [];
      const { group, instance } = name;
      return requestIds.map((request) => ({ group, instance, request, tries: (tries ?? failed) + 1 }));
    });
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

function waitOf(gapMs: number): number {
  // Who was away for longer may not come back here at all.
  return gapMs > WAIT_MAX_MS ? WAIT_MS : Math.min(Math.max(WAIT_MS, 2 * gapMs), WAIT_MAX_MS);
}

function tidy({ known }: Words, now: number): void {
  for (const [key, { requestIds, since }] of known) {
    if (requestIds.length === 0 && now - since > REMEMBER_MS) known.delete(key);
  }
}
