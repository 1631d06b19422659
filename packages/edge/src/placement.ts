import type { NodeRecord } from '@sluice/directory';

/** How much a busy event loop counts against room for instances. */
const UTILIZATION_WEIGHT = 0.5;

/** How full a node is: 0 is empty, and above 1 it can take no more. */
function scoreOf({ load }: NodeRecord, placedSince: number): number {
  const instances = (load.instances + placedSince) / Math.max(1, load.instancesMax);
  return instances + UTILIZATION_WEIGHT * load.utilization;
}

export interface PlacementOptions {
  /** From 0 to 1, as `Math.random`. */
  readonly random: () => number;
  /** A monotonic clock in ms. */
  readonly now: () => number;
  /**
   * What was placed counts for so long at most, in ms: a node that loses as many instances as it gets tells the same
   * load for ever.
   */
  readonly forgetAfterMs: number;
}

interface Placed {
  readonly report: NodeRecord;
  readonly since: number;
  readonly count: number;
}

/**
 * Chooses nodes for new instances: the less loaded of two at random. Nearly as good as the least loaded of all, and many
 * edges that look at the same old figures do not all choose the same node.
 */
export class Placement {
  readonly #options: PlacementOptions;
  /** Instances placed here since the node last told another load; by id. */
  readonly #placed = new Map<string, Placed>();

  constructor(options: PlacementOptions) {
    this.#options = options;
  }

  /**
   * The nodes to try, the best first; those that are draining or full are left out.
   * @param nodes whose leases run
   */
  order(nodes: readonly NodeRecord[]): readonly NodeRecord[] {
    const open = nodes.filter((node) => {
      return node.state === 'up' && node.load.instances + this.#placedOn(node) < node.load.instancesMax;
    });
    const left = [...open];
    const order: NodeRecord[] = [];
    while (left.length > 0) {
      const first = this.#draw(left);
      const second = left.length > 0 ? this.#draw(left) : undefined;
      if (second === undefined) {
        order.push(first);
        break;
      }
      const firstIsBetter = this.#score(first) <= this.#score(second);
      order.push(firstIsBetter ? first : second);
      left.push(firstIsBetter ? second : first);
    }
    return order;
  }

  /** An instance went to the node: it counts until the node tells another load. */
  placed(node: NodeRecord): void {
    const before = this.#placedSince(node);
    const since = before?.since ?? this.#options.now();
    this.#placed.set(node.id, { report: node, since, count: (before?.count ?? 0) + 1 });
  }

  /** Forgets nodes that are gone. */
  keepOnly(nodes: readonly NodeRecord[]): void {
    const ids = new Set(nodes.map(({ id }) => id));
    for (const id of this.#placed.keys()) if (!ids.has(id)) this.#placed.delete(id);
  }

  #score(node: NodeRecord): number {
    return scoreOf(node, this.#placedOn(node));
  }

  #placedOn(node: NodeRecord): number {
    return this.#placedSince(node)?.count ?? 0;
  }

  /** Not by the identity of the report: the directory is read often, and most of what it says was said before. */
  #placedSince(node: NodeRecord): Placed | undefined {
    const placed = this.#placed.get(node.id);
    if (placed === undefined) return undefined;
    const { report, since } = placed;
    const isSameReport = report.boot === node.boot && report.load.instances === node.load.instances;
    return isSameReport && this.#options.now() - since < this.#options.forgetAfterMs ? placed : undefined;
  }

  #draw(nodes: NodeRecord[]): NodeRecord {
    const index = Math.min(nodes.length - 1, Math.floor(this.#options.random() * nodes.length));
    return nodes.splice(index, 1)[0] as NodeRecord;
  }
}
