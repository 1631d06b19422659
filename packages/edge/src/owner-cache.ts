import type { DirectoryEvent, InstanceName, Ownership } from '@sluice/directory';
import { instanceKey } from './instance-key.ts';

export interface OwnerCacheOptions {
  /** An owner is believed for so long. */
  readonly ttlMs: number;
  /** And then for so long while it is looked up again: whoever asks does not wait for that. */
  readonly ageingMs: number;
  /** That an instance is unknown is believed for so long: guessed names do not reach the directory each time. */
  readonly unknownTtlMs: number;
  /** The least recently used entries beyond this many are forgotten. */
  readonly entriesMax: number;
  /** A monotonic clock in ms. */
  readonly now: () => number;
}

interface Entry {
  /** Undefined: there is no such instance. */
  readonly owner: Ownership | undefined;
  readonly freshUntil: number;
  /** When it was put at the end of the line. */
  readonly placedAt: number;
}

/** An entry in use goes to the end of the line this often, and not each time: moving it costs more than finding it. */
const MOVE_EVERY_MS = 1000;

export interface CachedOwner {
  readonly owner: Ownership | undefined;
  /** `ageing`: it is time to look it up again. `doubtful`: good only while the directory cannot be asked. */
  readonly state: 'fresh' | 'ageing' | 'doubtful';
}

/**
 * What the edge remembers of the directory. Nothing depends on its being right: a node that does not own an instance at
 * the epoch that it is asked for says so, and the edge looks again.
 */
export class OwnerCache {
  readonly #options: OwnerCacheOptions;
  readonly #entries = new Map<string, Entry>();

  constructor(options: OwnerCacheOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(name: InstanceName): CachedOwner | undefined {
    const key = instanceKey(name);
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    const now = this.#options.now();
    if (now - entry.placedAt >= MOVE_EVERY_MS) {
      // The front of the line is what was used longest ago.
      this.#entries.delete(key);
      this.#entries.set(key, { ...entry, placedAt: now });
    }
    return { owner: entry.owner, state: this.#stateOf(entry, now) };
  }

  set(name: InstanceName, owner: Ownership | undefined): void {
    const { now, ttlMs, unknownTtlMs, entriesMax } = this.#options;
    const key = instanceKey(name);
    const known = this.#entries.get(key)?.owner;
    // News may overtake each other on their ways; epochs only grow.
    if (owner !== undefined && known !== undefined && known.epoch > owner.epoch) return;
    this.#entries.delete(key);
    const placedAt = now();
    this.#entries.set(key, { owner, freshUntil: placedAt + (owner === undefined ? unknownTtlMs : ttlMs), placedAt });
    if (this.#entries.size <= entriesMax) return;
    const [oldest] = this.#entries.keys();
    if (oldest !== undefined) this.#entries.delete(oldest);
  }

  /** Forgets an owner that turned out to be wrong, unless a later one is known by now. */
  drop(name: InstanceName, wrong: Ownership): void {
    const key = instanceKey(name);
    const known = this.#entries.get(key)?.owner;
    if (known === undefined || known.epoch <= wrong.epoch) this.#entries.delete(key);
  }

  /** The instance was made just now: that it is unknown holds no more. */
  made(name: InstanceName): void {
    const key = instanceKey(name);
    if (this.#entries.get(key)?.owner === undefined) this.#entries.delete(key);
  }

  hear(event: DirectoryEvent): void {
    if (event.type === 'gap') this.#doubt();
    // Only what is asked for here is kept here.
    else if (event.type !== 'owner' || !this.#entries.has(instanceKey(event.name))) return;
    else if (event.owner !== undefined) this.set(event.name, event.owner);
    // Not kept as unknown: the same name may be made again at once, and that news come too late.
    else this.#entries.delete(instanceKey(event.name));
  }

  #stateOf({ owner, freshUntil }: Entry, now: number): CachedOwner['state'] {
    if (now < freshUntil) return 'fresh';
    return owner !== undefined && now < freshUntil + this.#options.ageingMs ? 'ageing' : 'doubtful';
  }

  /** All is to be looked up again, and kept for the case that nobody can be asked. */
  #doubt(): void {
    for (const [key, entry] of this.#entries) {
      this.#entries.set(key, { ...entry, freshUntil: Number.NEGATIVE_INFINITY });
    }
  }
}
