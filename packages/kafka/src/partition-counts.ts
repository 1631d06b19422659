interface Entry {
  readonly count: number;
  readonly at: number;
}

export interface PartitionCountsOptions {
  /** Asks the cluster; must end by itself. */
  readonly lookUp: (topic: string) => Promise<number>;
  /** How long an answer is good, in milliseconds; default 5000. */
  readonly maxAgeMs?: number;
  /** How many topics are remembered; default 1000, the one that was asked for the longest ago is forgotten first. */
  readonly maxTopics?: number;
}

const DEFAULT_MAX_AGE_MS = 5000;
const DEFAULT_MAX_TOPICS = 1000;
/** A partition that is not there yet may be there soon; but who asks for it in a loop must not reach the brokers each time. */
const RECHECK_MS = 500;

/** Remembers how many partitions topics have, and asks once however many want to know. */
export class PartitionCounts {
  readonly #options: Required<PartitionCountsOptions>;
  readonly #known = new Map<string, Entry>();
  readonly #asking = new Map<string, Promise<number>>();

  constructor(options: PartitionCountsOptions) {
    this.#options = { maxAgeMs: DEFAULT_MAX_AGE_MS, maxTopics: DEFAULT_MAX_TOPICS, ...options };
  }

  /** The count; a remembered one below `atLeast` is used for half a second only. Rejects as `lookUp` does. */
  async get(topic: string, atLeast = 0): Promise<number> {
    const known = this.#known.get(topic);
    if (known !== undefined) {
      const age = performance.now() - known.at;
      if (age < (known.count >= atLeast ? this.#options.maxAgeMs : RECHECK_MS)) {
        return known.count;
      }
    }
    const asking = this.#asking.get(topic) ?? this.#ask(topic);
    return await asking;
  }

  #ask(topic: string): Promise<number> {
    const asking = this.#options
      .lookUp(topic)
      .then((count) => {
        this.#remember(topic, count);
        return count;
      })
      .finally(() => {
        this.#asking.delete(topic);
      });
    this.#asking.set(topic, asking);
    return asking;
  }

  #remember(topic: string, count: number): void {
    this.#known.delete(topic);
    this.#known.set(topic, { count, at: performance.now() });
    if (this.#known.size > this.#options.maxTopics) {
      const [oldest] = this.#known.keys();
      this.#known.delete(oldest as string);
    }
  }
}
