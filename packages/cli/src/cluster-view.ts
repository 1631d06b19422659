import type { Directory, InstanceName, NodeLoad, NodeRecord } from '@sluice/directory';

/** A node as operators see it. */
export interface NodeDocument {
  readonly id: string;
  readonly boot: string;
  readonly address: string;
  readonly state: 'up' | 'draining';
  readonly build: string;
  readonly load: NodeLoad;
}

export interface InstanceDocument extends InstanceName {
  /** Id of the node that holds it. */
  readonly node: string;
  readonly epoch: number;
}

export interface OwnerDocument extends InstanceDocument {
  readonly boot: string;
  /** Of the holder's internal listener; null when its lease is over, and the instance waits for another node. */
  readonly address: string | null;
}

/** No node of that id has a lease. */
export class UnknownNode extends Error {
  constructor(id: string, known: readonly string[]) {
    const others = known.length === 0 ? 'no node has registered' : `there is ${known.join(', ')}`;
    super(`no such node: ${id} (${others})`);
    this.name = 'UnknownNode';
  }
}

/** Instances that are asked for at once. */
const CHUNK = 200;

/** What the directory knows, for those who run the cluster. All of it rejects as the directory does. */
export class ClusterView {
  readonly #directory: Pick<Directory, 'nodes' | 'heldBy' | 'find'>;

  constructor(directory: Pick<Directory, 'nodes' | 'heldBy' | 'find'>) {
    this.#directory = directory;
  }

  /** The nodes whose leases run, by id. */
  async nodes(): Promise<readonly NodeDocument[]> {
    const nodes = await this.#directory.nodes();
    return nodes.toSorted((a, b) => compare(a.id, b.id)).map(documentOf);
  }

  /** @throws UnknownNode */
  async node(id: string): Promise<NodeDocument> {
    const nodes = await this.nodes();
    const node = nodes.find((candidate) => candidate.id === id);
    if (node === undefined)
      throw new UnknownNode(
        id,
        nodes.map((other) => other.id),
      );
    return node;
  }

  /**
   * What the nodes hold, by group and name; of one node when its id is given. What a dead node held is not among it
   * until another has taken it over.
   *
   * @throws UnknownNode
   */
  async instances(nodeId?: string): Promise<readonly InstanceDocument[]> {
    const nodes = nodeId === undefined ? await this.nodes() : [await this.node(nodeId)];
    const found: InstanceDocument[] = [];
    for (const node of nodes) found.push(...(await this.#heldBy(node)));
    return found.toSorted((a, b) => compare(a.group, b.group) || compare(a.instance, b.instance));
  }

  /** Who holds an instance; undefined when there is no such instance. */
  async owner(name: InstanceName): Promise<OwnerDocument | undefined> {
    const owner = await this.#directory.find(name);
    if (owner === undefined) return undefined;
    const { node, epoch } = owner;
    const nodes = await this.#directory.nodes();
    const holder = nodes.find(({ id, boot }) => id === node.id && boot === node.boot);
    const { group, instance } = name;
    return { group, instance, node: node.id, boot: node.boot, epoch, address: holder?.address ?? null };
  }

  async #heldBy(node: NodeDocument): Promise<InstanceDocument[]> {
    const names = await this.#directory.heldBy({ id: node.id, boot: node.boot });
    const found: InstanceDocument[] = [];
    for (let first = 0; first < names.length; first += CHUNK) {
      const chunk = names.slice(first, first + CHUNK);
      const owners = await Promise.all(chunk.map((name) => this.#directory.find(name)));
      for (const [i, name] of chunk.entries()) {
        const owner = owners[i];
        // The list may name what has moved or gone since.
        if (owner?.node.id !== node.id || owner.node.boot !== node.boot) continue;
        found.push({ group: name.group, instance: name.instance, node: node.id, epoch: owner.epoch });
      }
    }
    return found;
  }
}

function documentOf({ id, boot, address, state, build, load }: NodeRecord): NodeDocument {
  return { id, boot, address, state, build, load };
}

/** By code units: the same everywhere. */
function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
