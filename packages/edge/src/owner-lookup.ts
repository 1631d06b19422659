import { type Directory, DirectoryUnavailable, type InstanceName, type Ownership } from '@sluice/directory';
import { instanceKey } from './instance-key.ts';
import type { OwnerCache } from './owner-cache.ts';

export type Lookup =
  | { readonly type: 'owner'; readonly owner: Ownership }
  /** There is no such instance. */
  | { readonly type: 'unknown' }
  /** Nobody can be asked, and nothing is remembered. */
  | { readonly type: 'unavailable' }
  /** Too many look-ups are under way. */
  | { readonly type: 'overloaded' };

export interface OwnerLookupOptions {
  readonly directory: Pick<Directory, 'find'>;
  readonly cache: OwnerCache;
  /** Look-ups under way at once; each further one is refused. */
  readonly pendingMax: number;
  /** For the metrics: where an answer came from. */
  readonly onLookup?: (source: 'cache' | 'directory' | 'stale' | 'none') => void;
}

/**
 * Finds who owns an instance: in the cache, else in the directory, which is asked once however many want to know. While
 * the directory is away what was known last goes on being used.
 */
export class OwnerLookup {
  readonly #options: OwnerLookupOptions;
  readonly #pending = new Map<string, Promise<Lookup>>();

  constructor(options: OwnerLookupOptions) {
    this.#options = options;
  }

  /** An owner that is remembered and fresh: what most requests need, without a turn of the event loop. */
  remembered(name: InstanceName): Lookup | undefined {
    const cached = this.#options.cache.get(name);
    if (cached?.fresh !== true) return undefined;
    this.#options.onLookup?.('cache');
    return lookupOf(cached.owner);
  }

  find(name: InstanceName): Promise<Lookup> {
    const key = instanceKey(name);
    const pending = this.#pending.get(key);
    if (pending !== undefined) return pending;
    if (this.#pending.size >= this.#options.pendingMax) return Promise.resolve({ type: 'overloaded' });
    const lookup = this.#ask(name).finally(() => this.#pending.delete(key));
    this.#pending.set(key, lookup);
    return lookup;
  }

  async #ask(name: InstanceName): Promise<Lookup> {
    const { directory, cache, onLookup } = this.#options;
    try {
      const owner = await directory.find(name);
      cache.set(name, owner);
      onLookup?.('directory');
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
