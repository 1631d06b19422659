import type { InstanceName } from '@sluice/directory';
import type { Peers } from './edge-options.ts';
import { instanceKey } from './instance-key.ts';
import type { NodeLink } from './known-nodes.ts';

/** A read of records that waits at a node. */
export interface WaitingPoll {
  readonly link: NodeLink;
  readonly name: InstanceName;
}

export interface EarlyAnswersOptions {
  readonly peers: Peers | undefined;
  /** Those whose answers have not begun. */
  readonly waiting: () => Iterable<WaitingPoll>;
}

/** A poll may have overtaken what was said about it, and others come as long as there are connections. */
const INTERVAL_MS = 250;
const TIMEOUT_MS = 1000;
/** In one call: names of the longest kind still fit into its body. */
const NAMES_MAX = 100;

/**
 * Tells nodes to answer the polls that were sent there with what they have. They may wait for longer than this edge has to
 * live, and its clients would lose their connections in place of getting an empty answer.
 */
export class EarlyAnswers {
  readonly #options: EarlyAnswersOptions;
  /** One call at a time for each. */
  readonly #told = new Set<NodeLink>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: EarlyAnswersOptions) {
    this.#options = options;
  }

  /** From now on, until `end`. */
  begin(): void {
    if (this.#timer !== undefined) return;
    this.#timer = setInterval(() => this.#tellAll(), INTERVAL_MS).unref();
    this.#tellAll();
  }

  end(): void {
    clearInterval(this.#timer);
  }

  #tellAll(): void {
    const waiting = new Map<NodeLink, Map<string, InstanceName>>();
    for (const { link, name } of this.#options.waiting()) {
      const names = waiting.get(link) ?? new Map<string, InstanceName>();
      waiting.set(link, names.set(instanceKey(name), name));
    }
    for (const [link, names] of waiting) if (!this.#told.has(link)) void this.#tell(link, [...names.values()]);
  }

  /** Never rejects: who is not told now is told at the next turn. */
  async #tell(link: NodeLink, names: InstanceName[]): Promise<void> {
    this.#told.add(link);
    try {
      while (names.length > 0) {
        const instances = names.splice(0, NAMES_MAX);
        await this.#options.peers?.call(link.record, 'answer', { instances }, { timeoutMs: TIMEOUT_MS });
      }
    } catch {
      // Its answers come by themselves, or its connections break.
    } finally {
      this.#told.delete(link);
    }
  }
}
