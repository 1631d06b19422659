import type { NodeLink } from './known-nodes.ts';

export interface SilentNodesOptions {
  readonly links: () => Iterable<NodeLink>;
  /** Asks a node on a new connection whether it is there. Never rejects, and takes a second at most. */
  readonly ping: (link: NodeLink) => Promise<boolean>;
  /** It has answered nothing, and no ping either. Told again for as long as that lasts. */
  readonly onSilent: (link: NodeLink, isNew: boolean) => void;
  /** A monotonic clock in ms. */
  readonly now: () => number;
}

/** Nothing came from a node for so long, though requests are under way there. Polls wait for longer, and cost a ping. */
const SILENT_MS = 2000;
/** Between two pings, and for a node whose lease is over. */
const PAUSE_MS = 500;
/** One may be lost, or fall into a moment in which the node does nothing else. */
const FAILURES_MAX = 2;

interface Watch {
  /** It is asked at this time. */
  dueAt: number;
  isAsked: boolean;
  failures: number;
}

/**
 * Finds out which nodes cannot be reached any more over the connections that there are: where packets vanish nobody says
 * that a connection is gone, and a request would wait for the longest that an answer may take. What costs something is done
 * for each node and now and then, and nothing for each request.
 */
export class SilentNodes {
  readonly #options: SilentNodesOptions;
  readonly #watches = new WeakMap<NodeLink, Watch>();

  constructor(options: SilentNodesOptions) {
    this.#options = options;
  }

  /** Whether there is no use in sending it anything. */
  isSilent(link: NodeLink): boolean {
    return (this.#watches.get(link)?.failures ?? 0) >= FAILURES_MAX;
  }

  /** To be called several times a second. @param heard those from which something came since the last time */
  look(heard: ReadonlySet<object>): void {
    const now = this.#options.now();
    for (const link of this.#options.links()) {
      if (heard.has(link) || (link.calls + link.polls === 0 && !this.isSilent(link))) this.#watches.delete(link);
      else this.#watch(link, now);
    }
  }

  #watch(link: NodeLink, now: number): void {
    const watch = this.#watches.get(link) ?? { dueAt: now + SILENT_MS, isAsked: false, failures: 0 };
    this.#watches.set(link, watch);
    // What cannot be repeated is waited for at a node without a lease only if it is there.
    if (link.missingSince !== undefined) watch.dueAt = Math.min(watch.dueAt, now + PAUSE_MS);
    if (!watch.isAsked && now >= watch.dueAt) void this.#ask(link, watch);
  }

  async #ask(link: NodeLink, watch: Watch): Promise<void> {
    const { ping, onSilent, now } = this.#options;
    watch.isAsked = true;
    const isThere = await ping(link);
    watch.isAsked = false;
    if (this.#watches.get(link) !== watch) return;
    watch.failures = isThere ? 0 : watch.failures + 1;
    watch.dueAt = now() + (isThere ? SILENT_MS : PAUSE_MS);
    if (this.isSilent(link)) onSilent(link, watch.failures === FAILURES_MAX);
  }
}
