import type { Directory, NodeIdentity, NodeRecord } from './directory.ts';

export interface NodeListOptions {
  readonly directory: Pick<Directory, 'nodes' | 'watch'>;
  /** How often the directory is asked, in ms. */
  readonly refreshMs: number;
  readonly onChange?: (nodes: readonly NodeRecord[]) => void;
  /** The directory did not answer: what was known last stays. */
  readonly onError?: (error: unknown) => void;
}

/** The nodes whose leases run, as they were told last: asked for now and then, and when one comes, drains or goes. */
export class NodeList {
  readonly #options: NodeListOptions;
  #nodes: ReadonlyMap<string, NodeRecord> = new Map();
  #timer: NodeJS.Timeout | undefined;
  #unwatch: (() => void) | undefined;
  #refreshing: Promise<void> | undefined;
  /** News came while the directory was being asked: its answer may be older. */
  #again = false;

  constructor(options: NodeListOptions) {
    this.#options = options;
  }

  /** Resolves when the directory was asked for the first time, whether it answered or not. */
  async start(): Promise<void> {
    this.#unwatch = this.#options.directory.watch(({ type }) => {
      if (type !== 'owner') void this.refresh();
    });
    this.#timer = setInterval(() => void this.refresh(), this.#options.refreshMs);
    await this.refresh();
  }

  get nodes(): readonly NodeRecord[] {
    return [...this.#nodes.values()];
  }

  /** The record of a node in this very life; undefined when it is not known to live. */
  find({ id, boot }: NodeIdentity): NodeRecord | undefined {
    const node = this.#nodes.get(id);
    return node?.boot === boot ? node : undefined;
  }

  /** Asks now. Those who want it while it is under way share its answer, or the one to the question after it. */
  refresh(): Promise<void> {
    if (this.#refreshing !== undefined) this.#again = true;
    this.#refreshing ??= this.#ask();
    return this.#refreshing;
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#unwatch?.();
  }

  async #ask(): Promise<void> {
    const { directory, onChange, onError } = this.#options;
    try {
      do {
        this.#again = false;
        const nodes = await directory.nodes();
        this.#nodes = new Map(nodes.map((node) => [node.id, node]));
        onChange?.(nodes);
      } while (this.#again);
    } catch (error) {
      onError?.(error);
    } finally {
      this.#refreshing = undefined;
    }
  }
}
