import {
  type Directory,
  DirectoryUnavailable,
  type HeldInstance,
  type InstanceName,
  type NodeIdentity,
  type Ownership,
} from '@sluice/directory';
import type { SessionRegistry } from '../sessions/session-registry.ts';

export interface TombstonesOptions {
  readonly directory: Directory;
  readonly identity: NodeIdentity;
  readonly sessions: SessionRegistry;
}

const RETRY_MS = 1000;
/** Beyond it the oldest are left to the directory's own garbage collection. */
const UNHEARD_MAX = 10_000;
const REQUESTS_MAX = 10_000;

function keyOf({ group, instance }: InstanceName): string {
  return JSON.stringify([group, instance]);
}

/** What was deleted stays deleted: says so to the directory, and again for as long as it does not hear. */
export class Tombstones {
  readonly #options: TombstonesOptions;
  readonly #unheard = new Map<string, HeldInstance>();
  /** Creates without an answer: the directory may hold what no session stands for. */
  readonly #suspects = new Map<string, InstanceName>();
  readonly #deletedBy = new Set<string>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: TombstonesOptions) {
    this.#options = options;
  }

  /** Never rejects. @returns who holds it, if that is another node: then it lives on */
  async bury(held: HeldInstance): Promise<Ownership | undefined> {
    try {
      const outcome = await this.#options.directory.remove(held);
      this.#unheard.delete(keyOf(held.name));
      return outcome.outcome === 'lost' ? outcome.owner : undefined;
    } catch (error) {
      if (!(error instanceof DirectoryUnavailable)) throw error;
      remember(this.#unheard, keyOf(held.name), held);
      this.#retryLater();
      return undefined;
    }
  }

  /** Whether the directory holds an instance that this node has ended, or was not to make: then it is undone now. */
  async settle(name: InstanceName): Promise<boolean> {
    const key = keyOf(name);
    const held = this.#unheard.get(key);
    if (held !== undefined) await this.bury(held);
    else if (this.#suspects.has(key)) await this.#clear(name);
    else return false;
    return true;
  }

  /** A create was not answered. Should it have happened, it is undone: its client was told that it had not. */
  suspect(name: InstanceName): void {
    remember(this.#suspects, keyOf(name), name);
    this.#retryLater();
  }

  wasDeletedBy(requestId: string): boolean {
    return this.#deletedBy.has(requestId);
  }

  notDeletedBy(requestId: string): void {
    this.#deletedBy.delete(requestId);
  }

  deletedBy(requestId: string): void {
    this.#deletedBy.add(requestId);
    const [oldest] = this.#deletedBy;
    if (this.#deletedBy.size > REQUESTS_MAX && oldest !== undefined) this.#deletedBy.delete(oldest);
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
    for (const held of this.#unheard.values()) await this.bury(held);
    for (const [key, name] of this.#suspects) {
      if (await this.#clear(name)) this.#suspects.delete(key);
    }
    if (this.#unheard.size + this.#suspects.size > 0) this.#retryLater();
  }

  async #clear(name: InstanceName): Promise<boolean> {
    const { directory, identity, sessions } = this.#options;
    try {
      const owner = await directory.find(name);
      const isMine = owner?.node.id === identity.id && owner.node.boot === identity.boot;
      // The client may have tried again, and with success.
      if (owner !== undefined && isMine && sessions.get(name) === undefined) await directory.remove({ name, ...owner });
      return true;
    } catch (error) {
      if (!(error instanceof DirectoryUnavailable)) throw error;
      return false;
    }
  }
}

function remember<Value>(map: Map<string, Value>, key: string, value: Value): void {
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > UNHEARD_MAX && oldest !== undefined) map.delete(oldest);
}
