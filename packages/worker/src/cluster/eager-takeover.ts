import {
  type Directory,
  DirectoryUnavailable,
  type InstanceName,
  type NodeIdentity,
  type NodeRecord,
  sameNode,
  takeoverOrder,
} from '@sluice/directory';
import { NotHeld } from '../sessions/not-held.ts';
import { lastActiveAt } from './held-store.ts';

export interface EagerTakeoverOptions {
  readonly directory: Pick<Directory, 'heldBy' | 'read'>;
  readonly identity: NodeIdentity;
  /** Whether a lease that is over may be believed to be. */
  readonly mayTakeOver: () => boolean;
  readonly takeOver: (name: InstanceName, from: { node: NodeIdentity; epoch: number }) => Promise<void>;
  /** From 0 to 1, as `Math.random`. */
  readonly random: () => number;
  readonly wallClock: () => number;
  readonly onError: (error: unknown) => void;
}

/** Instances that were used less long ago hold partitions that somebody waits for. */
const RECENT_MS = 30_000;
const PARALLEL_MAX = 10;
/** Spreads the joins of many instances: the group's coordinator has to take them all. */
const JITTER_MS = 200;
/** What could not be taken over is tried again so soon, and so often: by then it is no more recent. */
const RETRY_MS = 1000;
const TRIES_MAX = 30;

function keyOf({ id, boot }: NodeIdentity): string {
  return JSON.stringify([id, boot]);
}

/**
 * Takes over what was in use on a node that died, before anybody asks for it. Every node comes to the same answer about
 * who takes what; what was idle is taken over when it is asked for.
 */
export class EagerTakeover {
  readonly #options: EagerTakeoverOptions;
  readonly #timers = new Set<NodeJS.Timeout>();
  #nodes: readonly NodeRecord[] = [];
  #known = new Map<string, NodeIdentity>();
  #running: Promise<void> = Promise.resolve();

  constructor(options: EagerTakeoverOptions) {
    this.#options = options;
  }

  /** The nodes whose leases run, whenever they were asked for. */
  see(nodes: readonly NodeRecord[]): void {
    this.#nodes = nodes;
    const alive = new Map(nodes.map(({ id, boot }) => [keyOf({ id, boot }), { id, boot }]));
    const gone = [...this.#known].filter(([key]) => !alive.has(key));
    this.#known = alive;
    for (const [, node] of gone) this.#begin(node, 1);
  }

  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  #begin(node: NodeIdentity, count: number): void {
    this.#running = this.#running
      .then(async () => {
        // It lives after all: its lease was only renewed late.
        if (this.#known.has(keyOf(node)) || (await this.#succeed(node)) || count === TRIES_MAX) return;
        const timer = setTimeout(() => {
          this.#timers.delete(timer);
          this.#begin(node, count + 1);
        }, RETRY_MS);
        this.#timers.add(timer);
      })
      .catch(this.#options.onError);
  }

  /** @returns whether there is nothing left to do */
  async #succeed(node: NodeIdentity): Promise<boolean> {
    const { directory, identity, mayTakeOver } = this.#options;
    if (!mayTakeOver()) return false;
    const names = await directory.heldBy(node).catch(notNow);
    if (names === undefined) return false;
    const mine = names.filter((name) => takeoverOrder(this.#nodes, name)[0]?.id === identity.id);
    let isDone = true;
    const work = async (): Promise<void> => {
      for (let name = mine.shift(); name !== undefined; name = mine.shift()) {
        if (!(await this.#isSettled(name, node))) isDone = false;
      }
    };
    await Promise.all(Array.from({ length: PARALLEL_MAX }, work));
    return isDone;
  }

  async #isSettled(name: InstanceName, node: NodeIdentity): Promise<boolean> {
    try {
      await this.#one(name, node);
      return true;
    } catch (error) {
      const isEarly = error instanceof DirectoryUnavailable || (error instanceof NotHeld && error.moving);
      if (!isEarly) this.#options.onError(error);
      return !isEarly;
    }
  }

  async #one(name: InstanceName, node: NodeIdentity): Promise<void> {
    const { directory, takeOver, random, wallClock } = this.#options;
    await new Promise((resolve) => setTimeout(resolve, random() * JITTER_MS));
    const record = await directory.read(name);
    if (record === undefined || !sameNode(record.node, node)) return;
    if (wallClock() - lastActiveAt(record.state) > RECENT_MS) return;
    await takeOver(name, { node: record.node, epoch: record.epoch });
  }
}

function notNow(error: unknown): undefined {
  if (!(error instanceof DirectoryUnavailable)) throw error;
}
