import { type Directory, DirectoryUnavailable, type InstanceName, type Ownership } from '@sluice/directory';
import { instanceKey } from './instance-key.ts';
import type { OwnerCache } from './owner-cache.ts';

export type Lookup =
  | { readonly type: 'owner'; readonly owner: Ownership }
  /** There is no such instance. */
  | { readonly type: 'unknown' }
  /** Nobody can be asked, and nothing is remembered. */
  | { readonly type: 'unavailable' }
  /** Too many look-ups are under way, or too many found nothing of late. */
  | { readonly type: 'overloaded' };

/** `directory`: a request waited for its answer. `renewal`: nobody did. `stale`, `none`: it did not answer, or could not be asked. */
export type LookupSource = 'cache' | 'directory' | 'renewal' | 'stale' | 'none';

export interface OwnerLookupOptions {
  readonly directory: Pick<Directory, 'find'>;
  readonly cache: OwnerCache;
  /** Look-ups under way at once; each further one is answered with what was known last, or else refused. */
  readonly pendingMax: number;
  /**
   * Look-ups within a second that find nothing. Beyond it only what is remembered is answered: whoever asks for made-up
   * names would have the directory asked for each of them.
   */
  readonly unknownMax: number;
  /** A monotonic clock in ms. */
  readonly now: () => number;
  /** Owners that age while they are used are looked up again together, after so long. */
  readonly renewAfterMs: number;
  /** For the metrics: where an answer came from. */
  readonly onLookup?: (source: LookupSource) => void;
}

const UNKNOWN_WITHIN_MS = 1000;

/**
 * Finds who owns an instance: in the cache, else in the directory, which is asked once however many want to know. An
 * instance in use is looked up again before it is forgotten, so that no request waits for that. While the directory is
 * away what was known last goes on being used.
 */
export class OwnerLookup {
  readonly #options: OwnerLookupOptions;
  readonly #pending = new Map<string, Promise<Lookup>>();
  readonly #ageing = new Map<string, InstanceName>();
  #unknown = { since: Number.NEGATIVE_INFINITY, count: 0 };
  #renewal: NodeJS.Timeout | undefined;

  constructor(options: OwnerLookupOptions) {
    this.#options = options;
  }

  /** What is remembered, unless it is doubtful: what most requests need, without a turn of the event loop. */
  remembered(name: InstanceName): Lookup | undefined {
    const cached = this.#options.cache.get(name);
    if (cached === undefined || cached.state === 'doubtful') return undefined;
    if (cached.state === 'ageing') this.#renewSoon(name);
    this.#options.onLookup?.('cache');
    return lookupOf(cached.owner);
  }

  find(name: InstanceName): Promise<Lookup> {
    return this.#lookUp(name, 'directory');
  }

  #lookUp(name: InstanceName, source: 'directory' | 'renewal'): Promise<Lookup> {
    const key = instanceKey(name);
    const pending = this.#pending.get(key);
    if (pending !== undefined) return pending;
    const isFull = this.#pending.size >= this.#options.pendingMax;
    if (isFull || this.#isLikelyUnknown(name)) return Promise.resolve(this.#unasked(name));
    const lookup = this.#ask(name, source).finally(() => this.#pending.delete(key));
    this.#pending.set(key, lookup);
    return lookup;
  }

  /** So many were of late, that what is not remembered is not asked for. */
  #isLikelyUnknown(name: InstanceName): boolean {
    const { now, unknownMax, cache } = this.#options;
    if (this.#unknown.count < unknownMax || now() - this.#unknown.since >= UNKNOWN_WITHIN_MS) return false;
    return cache.get(name)?.owner === undefined;
  }

  #foundNothing(): void {
    const now = this.#options.now();
    if (now - this.#unknown.since >= UNKNOWN_WITHIN_MS) this.#unknown = { since: now, count: 0 };
    this.#unknown.count += 1;
  }

  /** Too many look-ups are under way, or in vain. */
  #unasked(name: InstanceName): Lookup {
    const owner = this.#options.cache.get(name)?.owner;
    if (owner === undefined) return { type: 'overloaded' };
    this.#options.onLookup?.('stale');
    return lookupOf(owner);
  }

  /** Looks nothing up any more that nobody waits for. */
  stop(): void {
    clearTimeout(this.#renewal);
    this.#ageing.clear();
  }

  /** Together with others: the directory is asked once a while, and not once for each instance. */
  #renewSoon(name: InstanceName): void {
    const { pendingMax, renewAfterMs } = this.#options;
    // Those beyond it are looked up when the next request comes, or the one after that.
    if (this.#ageing.size >= pendingMax) return;
    this.#ageing.set(instanceKey(name), name);
    if (this.#ageing.size > 1) return;
    this.#renewal = setTimeout(() => {
      // What goes wrong is told to the next one who has to wait for an answer.
      for (const ageing of this.#ageing.values()) this.#lookUp(ageing, 'renewal').catch(() => undefined);
      this.#ageing.clear();
    }, renewAfterMs);
  }

  async #ask(name: InstanceName, source: 'directory' | 'renewal'): Promise<Lookup> {
    const { directory, cache, onLookup } = this.#options;
    try {
      const owner = await directory.find(name);
      cache.set(name, owner);
      if (owner === undefined) this.#foundNothing();
      onLookup?.(source);
      return lookupOf(owner);
    } catch (error) {
      if (!(error instanceof DirectoryUnavailable)) throw error;
      const owner = cache.get(name)?.owner;
      onLookup?.(owner === undefined ? 'none' : 'stale');
      return owner === undefined ? { type: 'unavailable' } : { type: 'owner', owner };
    }
  }
}

function lookupOf(owner: Ownership | undefined): Lookup {
  return owner === undefined ? { type: 'unknown' } : { type: 'owner', owner };
}
