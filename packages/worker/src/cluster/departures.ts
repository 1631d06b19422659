import { type Directory, type InstanceName, type NodeIdentity, sameNode } from '@sluice/directory';
import type { SessionRegistry } from '../sessions/session-registry.ts';

export interface DeparturesOptions {
  /**
   * Takes the member out of its group, as an administrator, if it is gone still; asks that once it knows which member it
   * is. Rejects when Kafka does not do it.
   */
  readonly remove: (name: InstanceName, isGone: () => Promise<boolean>) => Promise<void>;
  readonly sessions: Pick<SessionRegistry, 'get'>;
  readonly directory: Pick<Directory, 'find'>;
  readonly identity: NodeIdentity;
  readonly onError: (error: unknown, name: InstanceName) => void;
}

const INTERVAL_MS = 1000;
/** A member that has said that it leaves is out of its group by then. */
const VERIFY_AFTER_MS = 2000;
/** By then the session of the member is over anyway. */
const TRIES_MAX = 60;
/** Beyond it members are left to their sessions' time-out. */
const UNDER_WAY_MAX = 1000;

/**
 * Instances that ended and could not leave their groups, or may not have: the broker was away, or their node has died.
 * Until they are out of it their groups wait for them, for the whole of a session's time-out.
 */
export class Departures {
  readonly #options: DeparturesOptions;
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(options: DeparturesOptions) {
    this.#options = options;
  }

  /** Sees to it in the background. */
  begin(name: InstanceName): void {
    if (this.#timers.size < UNDER_WAY_MAX) void this.#try(name, 1);
  }

  /**
   * Looks, a moment later, whether one that has left is gone. Nobody answers it: what a coordinator did not take, because it
   * had just begun or was about to end, the client does not send again.
   */
  verify(name: InstanceName): void {
    if (this.#timers.size < UNDER_WAY_MAX) this.#later(name, 1, VERIFY_AFTER_MS);
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  async #try(name: InstanceName, count: number): Promise<void> {
    const { remove, onError } = this.#options;
    try {
      await remove(name, () => this.#isGone(name));
    } catch (error) {
      if (count === TRIES_MAX) onError(error, name);
      else this.#later(name, count + 1);
    }
  }

  /**
   * Not so when there is an instance of that name again, here or at another node: the membership is its own then.
   * @throws DirectoryUnavailable
   */
  async #isGone(name: InstanceName): Promise<boolean> {
    const { sessions, directory, identity } = this.#options;
    if (sessions.get(name) !== undefined) return false;
    const owner = await directory.find(name);
    const isElsewhere = owner !== undefined && !sameNode(owner.node, identity);
    return !isElsewhere && sessions.get(name) === undefined;
  }

  #later(name: InstanceName, count: number, afterMs = INTERVAL_MS): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      void this.#try(name, count);
    }, afterMs);
    this.#timers.add(timer);
  }
}
