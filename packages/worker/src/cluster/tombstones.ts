import {
  type Directory,
  DirectoryUnavailable,
  type HeldInstance,
  type InstanceName,
  type NodeIdentity,
  type Ownership,
} from '@sluice/directory';

export interface TombstonesOptions {
  readonly directory: Directory;
  readonly identity: NodeIdentity;
  /** Milliseconds on a clock that never goes back. */
  readonly now: () => number;
  /** Does something about an instance while nobody else at this node makes it or takes it over. */
  readonly alone: (name: InstanceName, work: () => Promise<void>) => Promise<void>;
}

const RETRY_MS = 1000;
/** Beyond it the oldest are left to the directory's own garbage collection. */
const UNHEARD_MAX = 10_000;
const REQUESTS_MAX = 10_000;
/** What was said less long ago is said again to a directory that may have lost it. */
const RECENT_MS = 300_000;
/** Said again at once. */
const REPEAT_CHUNK = 100;

function keyOf({ group, instance }: InstanceName): string {
  return JSON.stringify([group, instance]);
}

interface Heard {
  readonly held: HeldInstance;
  readonly at: number;
}

/**
 * What was deleted stays deleted, and what was not made stays unmade: says so to the directory, and again for as long as it
 * does not hear.
 */
export class Tombstones {
  readonly #options: TombstonesOptions;
  readonly #unheard = new Map<string, HeldInstance>();
  /** Creates without an answer, by their requests: the directory may hold what no session stands for. */
  readonly #suspects = new Map<string, InstanceName>();
  /** What the directory has heard; a failover may lose it, and the instance would be back without a session. */
  readonly #recent = new Map<string, Heard>();
  /** Deletes done or under way, by their requests. */
  readonly #deletions = new Map<string, Promise<void>>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: TombstonesOptions) {
    this.#options = options;
  }

  /** Never rejects. @returns who holds it, if that is another node: then it lives on */
  async bury(held: HeldInstance): Promise<Ownership | undefined> {
    try {
      const outcome = await this.#options.directory.remove(held);
      this.#unheard.delete(keyOf(held.name));
      if (outcome.outcome !== 'lost') this.#noteHeard(held);
      return outcome.outcome === 'lost' ? outcome.owner : undefined;
    } catch (error) {
      if (!(error instanceof DirectoryUnavailable)) throw error;
      remember(this.#unheard, keyOf(held.name), held);
      this.#retryLater();
      return undefined;
    }
  }

  /** A create was not answered. Should it have happened, it is undone: its client was told that it had not. */
  suspect(name: InstanceName, requestId: string): void {
    remember(this.#suspects, requestId, name);
    this.#retryLater();
  }

  /** It is sent once more, and its outcome will be known. */
  trust(requestId: string): void {
    this.#suspects.delete(requestId);
  }

  /**
   * Whether the directory held an instance that this node has ended, or was not to make: it is undone now.
   * @throws DirectoryUnavailable
   */
  async settle(name: InstanceName): Promise<boolean> {
    let isUndone = false;
    await this.#options.alone(name, async () => {
      isUndone = await this.clear(name);
    });
    return isUndone;
  }

  /** The same for whoever has the name to itself: nobody else at this node makes it, or takes it over. */
  async clear(name: InstanceName): Promise<boolean> {
    const key = keyOf(name);
    // What was heard may have been lost since.
    const held = this.#unheard.get(key) ?? this.#recent.get(key)?.held;
    let isUndone = held !== undefined && (await this.bury(held)) === undefined;
    for (const [requestId, suspect] of this.#suspects) {
      if (keyOf(suspect) === key && (await this.#undo(name, requestId))) isUndone = true;
    }
    return isUndone;
  }

  /** Says all of it again that may have been lost since it was heard. Never rejects: what is not heard is said later. */
  async repeat(): Promise<void> {
    const since = this.#options.now() - RECENT_MS;
    for (const [key, { at }] of this.#recent) if (at < since) this.#recent.delete(key);
    const recent = [...this.#recent.values()];
    for (let first = 0; first < recent.length; first += REPEAT_CHUNK) {
      const chunk = recent.slice(first, first + REPEAT_CHUNK);
      await Promise.all(chunk.map(async ({ held }) => await this.bury(held)));
    }
  }

  /** What becomes of the delete that a request has asked for; undefined when it asked for none, or in vain. */
  deletion(requestId: string): Promise<void> | undefined {
    return this.#deletions.get(requestId);
  }

  /** @throws as `work`: then the request may ask once more */
  async delete(requestId: string, work: () => Promise<void>): Promise<void> {
    const deletion = work();
    this.#deletions.set(requestId, deletion);
    const [oldest] = this.#deletions.keys();
    if (this.#deletions.size > REQUESTS_MAX && oldest !== undefined) this.#deletions.delete(oldest);
    try {
      await deletion;
    } catch (error) {
      this.#deletions.delete(requestId);
      throw error;
    }
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #retryLater(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.#retry();
    }, RETRY_MS);
  }

  async #retry(): Promise<void> {
    try {
      const unheard = [...this.#unheard.values()].map(({ name }) => name);
      for (const name of [...unheard, ...this.#suspects.values()]) await this.settle(name);
    } catch (error) {
      if (!(error instanceof DirectoryUnavailable)) throw error;
    }
    if (this.#unheard.size + this.#suspects.size > 0) this.#retryLater();
  }

  #noteHeard(held: HeldInstance): void {
    remember(this.#recent, keyOf(held.name), { held, at: this.#options.now() });
  }

  async #undo(name: InstanceName, requestId: string): Promise<boolean> {
    const held = await this.#options.directory.undo({ name, node: this.#options.identity, requestId });
    this.#suspects.delete(requestId);
    if (held !== undefined) this.#noteHeard(held);
    return held !== undefined;
  }
}

function remember<Value>(map: Map<string, Value>, key: string, value: Value): void {
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > UNHEARD_MAX && oldest !== undefined) map.delete(oldest);
}
