import { type Directory, type NodeIdentity, NodeList, type NodeRecord } from '@sluice/directory';
import { formatPeerNode } from '@sluice/protocol';
import { type PeerTls, transportFault } from '@sluice/runtime';

/** Two refusals within so many ms: nobody listens there any more. */
const REFUSED_TWICE_WITHIN_MS = 500;
/** How old the directory's answer may be where a node is missing in it. */
const STALE_AFTER_MS = 250;
/** A node that is missing in the directory is remembered for so long, should the directory have lost its memory. */
const REMEMBERED_MS = 60_000;

/** What this edge has to do with one life of a node. */
export class NodeLink {
  record: NodeRecord;
  readonly host: string;
  readonly port: number;
  /** For `x-sluice-target`. */
  readonly target: string;
  /** Requests under way there from here. */
  calls = 0;
  polls = 0;
  /** Undefined: its lease runs. */
  missingSince: number | undefined;
  #refusedAt = Number.NEGATIVE_INFINITY;

  constructor(record: NodeRecord) {
    this.record = record;
    const { hostname, port, protocol } = new URL(record.address);
    // An IPv6 address has brackets in a URL, and none elsewhere.
    this.host = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
    this.port = Number(port || (protocol === 'https:' ? 443 : 80));
    this.target = formatPeerNode(record);
  }

  /** Its port refused. @returns whether it did so before, a moment ago */
  refused(now: number): boolean {
    const twice = now - this.#refusedAt <= REFUSED_TWICE_WITHIN_MS;
    this.#refusedAt = now;
    return twice;
  }
}

export interface KnownNodesOptions {
  readonly directory: Pick<Directory, 'nodes' | 'watch'>;
  /** How often the directory is asked: what died without a word is noticed that late. */
  readonly refreshMs: number;
  /** This node, which needs no link to itself. */
  readonly self: NodeIdentity | undefined;
  /** How this node connects to others: it has nothing to do with those that are reached in another way. */
  readonly tls?: PeerTls | undefined;
  readonly onChange: (nodes: readonly NodeRecord[]) => void;
  /** Its lease is over: whoever waits for an answer of it may wait for ever. May be told more than once. */
  readonly onGone: (link: NodeLink) => void;
  readonly onError: ((error: unknown) => void) | undefined;
  /** A monotonic clock in ms. */
  readonly now: () => number;
}

/** The nodes of the cluster as this edge sees them. */
export class KnownNodes {
  readonly #options: KnownNodesOptions;
  readonly #list: NodeList;
  readonly #links = new Map<string, NodeLink>();
  #nodes: readonly NodeRecord[] = [];
  #open: readonly NodeLink[] = [];
  #askedAt = Number.NEGATIVE_INFINITY;

  constructor(options: KnownNodesOptions) {
    this.#options = options;
    this.#list = new NodeList({
      directory: options.directory,
      refreshMs: options.refreshMs,
      onChange: (nodes) => this.#take(nodes),
      ...(options.onError === undefined ? {} : { onError: options.onError }),
    });
  }

  start(): Promise<void> {
    return this.#list.start();
  }

  stop(): void {
    this.#list.stop();
  }

  /** Those whose leases run. */
  get nodes(): readonly NodeRecord[] {
    return this.#nodes;
  }

  /** Other nodes that take anything, or drain if there are no others; while none is known to live, those that did last. */
  get open(): readonly NodeLink[] {
    return this.#open;
  }

  /** All other nodes that are known, whether their leases run or not. */
  get links(): Iterable<NodeLink> {
    return this.#links.values();
  }

  isSelf({ id, boot }: NodeIdentity): boolean {
    const { self } = this.#options;
    return self !== undefined && self.id === id && self.boot === boot;
  }

  /** Undefined: its lease is over. */
  find(node: NodeIdentity): NodeLink | undefined {
    const link = this.#links.get(node.id);
    if (link === undefined || link.record.boot !== node.boot) return undefined;
    // Not a single node: rather the directory has lost its memory than all nodes their lives.
    return link.missingSince === undefined || this.#nodes.length === 0 ? link : undefined;
  }

  /** As `find`, but believes that a node is missing only when the directory said so just now. */
  async findNow(node: NodeIdentity): Promise<NodeLink | undefined> {
    const link = this.find(node);
    if (link !== undefined) return link;
    await this.recheck();
    return this.find(node);
  }

  /**
   * Has the directory asked anew, unless it was just now: who waits for the end of a lease should not wait for the next
   * regular question as well. Never rejects.
   */
  async recheck(): Promise<void> {
    if (this.#options.now() - this.#askedAt < STALE_AFTER_MS) return;
    this.#askedAt = this.#options.now();
    await this.#list.refresh();
  }

  #take(nodes: readonly NodeRecord[]): void {
    const now = this.#options.now();
    this.#askedAt = now;
    this.#nodes = nodes;
    const present = new Set<NodeLink>();
    for (const record of nodes) {
      // What others say of themselves is not checked by the directory: nobody can be sent to what is no address of a node.
      const isUsable = transportFault(record.address, this.#options.tls) === undefined;
      if (!this.isSelf(record) && isUsable) present.add(this.#link(record));
    }
    for (const [id, link] of this.#links) {
      if (present.has(link)) link.missingSince = undefined;
      else this.#miss(id, link, now);
    }
    const listed = [...present];
    const remembered = nodes.length === 0 ? [...this.#links.values()] : listed;
    const up = remembered.filter(({ record }) => record.state === 'up');
    // One that drains still serves what makes no instance.
    this.#open = up.length > 0 ? up : remembered;
    this.#options.onChange(nodes);
  }

  #link(record: NodeRecord): NodeLink {
    const known = this.#links.get(record.id);
    if (known?.record.boot === record.boot && known.record.address === record.address) {
      known.record = record;
      return known;
    }
    if (known !== undefined) this.#options.onGone(known);
    const link = new NodeLink(record);
    this.#links.set(record.id, link);
    return link;
  }

  #miss(id: string, link: NodeLink, now: number): void {
    link.missingSince ??= now;
    if (this.#nodes.length > 0) this.#options.onGone(link);
    if (now - link.missingSince > REMEMBERED_MS) this.#links.delete(id);
  }
}
