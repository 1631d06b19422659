import {
  type Directory,
  DirectoryUnavailable,
  type InstanceName,
  type NodeIdentity,
  type NodeRecord,
  takeoverOrder,
} from '@sluice/directory';
import { lastActiveAt } from './held-store.ts';

export interface EagerTakeoverOptions {
  readonly directory: Pick<Directory, 'heldBy' | 'read'>;
  readonly identity: NodeIdentity;
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

/**
 * Takes over what was in use on a node that died, before anybody asks for it. Every node comes to the same answer about
 * who takes what; what was idle is taken over when it is asked for.
 */
export class EagerTakeover {
  readonly #options: EagerTakeoverOptions;
  #known = new Map<string, NodeIdentity>();
  #running: Promise<void> = Promise.resolve();

  constructor(options: EagerTakeoverOptions) {
    this.#options = options;
  }

  /** The nodes whose leases run, whenever they were asked for. */
  see(nodes: readonly NodeRecord[]): void {
    const alive = new Map(nodes.map(({ id, boot }) => [JSON.stringify([id, boot]), { id, boot }]));
    for (const [key, node] of this.#known) {
      if (alive.has(key)) continue;
      this.#running = this.#running.then(() => this.#succeed(node, nodes)).catch(this.#options.onError);
    }
    this.#known = alive;
  }

  async #succeed(node: NodeIdentity, nodes: readonly NodeRecord[]): Promise<void> {
    const { directory, identity } = this.#options;
    const names = await directory.heldBy(node).catch((error: unknown): InstanceName[] => {
      if (error instanceof DirectoryUnavailable) return [];
      throw error;
    });
    const mine = names.filter((name) => takeoverOrder(nodes, name)[0]?.id === identity.id);
    const work = async (): Promise<void> => {
      for (let name = mine.shift(); name !== undefined; name = mine.shift()) {
        await this.#one(name, node).catch(this.#options.onError);
      }
    };
    await Promise.all(Array.from({ length: PARALLEL_MAX }, work));
  }

  async #one(name: InstanceName, node: NodeIdentity): Promise<void> {
    const { directory, takeOver, random, wallClock } = this.#options;
    await new Promise((resolve) => setTimeout(resolve, random() * JITTER_MS));
    const record = await directory.read(name);
    if (record === undefined || record.node.id !== node.id || record.node.boot !== node.boot) return;
    if (wallClock() - lastActiveAt(record.state) > RECENT_MS) return;
    await takeOver(name, { node: record.node, epoch: record.epoch });
  }
}
