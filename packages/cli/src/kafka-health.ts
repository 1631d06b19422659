export interface KafkaHealthOptions {
  /** A question that only a living cluster answers; must have a deadline of its own. */
  readonly ask: () => Promise<readonly number[]>;
  readonly intervalMs: number;
  /** Called when the answer to "is Kafka there?" changes, and with the first. */
  readonly onChange: (ok: boolean, detail: string) => void;
}

const DEPTH_MAX = 8;
const REASONS_MAX = 3;

/** The innermost errors of a tree of causes. */
function reasonsOf(error: unknown, depth = 0): string[] {
  if (!(error instanceof Error) || depth > DEPTH_MAX) return [];
  const inner: unknown[] = error instanceof AggregateError ? error.errors : [];
  const reasons = [...inner, error.cause].flatMap((cause) => reasonsOf(cause, depth + 1));
  return reasons.length > 0 ? reasons : [error.message];
}

/** `Cannot connect to any broker.` alone sends its reader looking; `getaddrinfo ENOTFOUND kafka` leads to the mistake. */
function explain(error: Error): string {
  const reasons = [...new Set(reasonsOf(error))].filter((reason) => reason !== error.message);
  return reasons.length === 0 ? error.message : `${error.message} (${reasons.slice(0, REASONS_MAX).join('; ')})`;
}

/** Asks the cluster now and then, so that readiness can tell about it without waiting for it. */
export class KafkaHealth {
  readonly #options: KafkaHealthOptions;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;
  #known: { readonly ok: boolean; readonly detail: string } | undefined;

  constructor(options: KafkaHealthOptions) {
    this.#options = options;
  }

  start(): void {
    void this.#look();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  /** What was last seen. */
  readonly probe = (): { ok: boolean; detail: string } => this.#known ?? { ok: false, detail: 'not asked yet' };

  async #look(): Promise<void> {
    const seen = await this.#ask();
    if (this.#stopped) return;
    const changed = seen.ok !== this.#known?.ok;
    this.#known = seen;
    if (changed) this.#options.onChange(seen.ok, seen.detail);
    this.#timer = setTimeout(() => void this.#look(), this.#options.intervalMs);
    this.#timer.unref();
  }

  async #ask(): Promise<{ ok: boolean; detail: string }> {
    try {
      const brokers = await this.#options.ask();
      return brokers.length > 0
        ? { ok: true, detail: `${brokers.length} ${brokers.length === 1 ? 'broker' : 'brokers'}` }
        : { ok: false, detail: 'the cluster has no brokers' };
    } catch (error) {
      return { ok: false, detail: explain(error as Error) };
    }
  }
}
