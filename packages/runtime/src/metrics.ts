import { type EventLoopUtilization, monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

export interface MetricsOptions {
  /** Label sets that a metric may have; what comes beyond shares one set whose labels all say `other`. */
  readonly labelSetsMax?: number;
}

export type Labels<L extends string> = Readonly<Record<L, string>>;

/** A counter bound to its labels: counting costs an addition. */
export interface BoundCounter {
  inc(by?: number): void;
}

export interface BoundGauge {
  set(value: number): void;
  inc(by?: number): void;
  dec(by?: number): void;
}

export interface BoundHistogram {
  observe(value: number): void;
}

/** A metric whose children the caller binds once and keeps. */
export interface MetricHandle<L extends string, B> {
  bind(labels: Labels<L>): B;
}

const LABEL_SETS_MAX = 1000;
const LOOP_DELAY_RESOLUTION_MS = 10;

/** Upper bounds in seconds for the duration of a request: fine where answers come from memory, up to a long poll's 30 s. */
export const DURATION_BUCKETS: readonly number[] = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
];

/**
 * The metrics of the process, in one registry of its own (two servers in one test do not meet). All names begin with
 * `sluice_`, beside the `process_` and `nodejs_` ones that dashboards know.
 */
export class Metrics {
  readonly #registry: Registry = new Registry();
  readonly #labelSetsMax: number;
  readonly #loopDelay: ReturnType<typeof monitorEventLoopDelay> = monitorEventLoopDelay({
    resolution: LOOP_DELAY_RESOLUTION_MS,
  });

  constructor(options: MetricsOptions = {}) {
    this.#labelSetsMax = options.labelSetsMax ?? LABEL_SETS_MAX;
    collectDefaultMetrics({ register: this.#registry });
    // Their names end in `_total` without being counters, which Prometheus' own checker refuses; the same facts
    // stand in nodejs_active_handles and the like.
    for (const kind of ['handles', 'requests', 'resources']) {
      this.#registry.removeSingleMetric(`nodejs_active_${kind}_total`);
    }
    this.#addEventLoopMetrics();
  }

  /** A number that only grows; by Prometheus' rule its name ends in `_total`. */
  counter<L extends string = never>(
    name: string,
    help: string,
    labelNames: readonly L[] = [],
  ): MetricHandle<L, BoundCounter> {
    const children: PendingCounter<L>[] = [];
    const counter = new Counter<L>({
      name: prefixed(name),
      help,
      labelNames,
      registers: [this.#registry],
      // prom-client hashes the labels at every `inc` (200 ns measured). A bound counter adds up by itself and
      // hands over at a scrape.
      collect: () => {
        for (const child of children) child.flush();
      },
    });
    return this.#bounded(labelNames, (labels) => {
      const child = new PendingCounter(counter, labels);
      children.push(child);
      return child;
    });
  }

  /** A number that goes up and down. */
  gauge<L extends string = never>(
    name: string,
    help: string,
    labelNames: readonly L[] = [],
  ): MetricHandle<L, BoundGauge> {
    const gauge = new Gauge<L>({ name: prefixed(name), help, labelNames, registers: [this.#registry] });
    return this.#bounded(labelNames, (labels) => gauge.labels(labels));
  }

  /** A number that somebody else keeps: it is asked for at each scrape. */
  observedGauge(name: string, help: string, read: () => number): void {
    const gauge = new Gauge({
      name: prefixed(name),
      help,
      registers: [],
      collect() {
        this.set(read());
      },
    });
    this.#registry.registerMetric(gauge);
  }

  /** How values are distributed; `buckets` are upper bounds, in the unit that the name says. */
  histogram<L extends string = never>(
    name: string,
    help: string,
    labelNames: readonly L[] = [],
    buckets: readonly number[] = DURATION_BUCKETS,
  ): MetricHandle<L, BoundHistogram> {
    const registers = [this.#registry];
    const histogram = new Histogram<L>({ name: prefixed(name), help, labelNames, buckets: [...buckets], registers });
    return this.#bounded(labelNames, (labels) => histogram.labels(labels));
  }

  /** The Content-Type of what `expose` gives. */
  get contentType(): string {
    return this.#registry.contentType;
  }

  /** All metrics in Prometheus' text format. */
  async expose(): Promise<string> {
    return await this.#registry.metrics();
  }

  /** Stops the timer that watches the event loop. */
  close(): void {
    this.#loopDelay.disable();
  }

  #bounded<L extends string, B>(labelNames: readonly L[], create: (labels: Labels<L>) => B): MetricHandle<L, B> {
    const children = new Map<string, B>();
    const others = Object.fromEntries(labelNames.map((name) => [name, 'other'])) as Labels<L>;
    const keyOf = (labels: Labels<L>) => JSON.stringify(labelNames.map((name) => labels[name]));
    return {
      bind: (labels) => {
        const full = children.size >= this.#labelSetsMax && !children.has(keyOf(labels));
        const kept = full ? others : labels;
        const key = keyOf(kept);
        let child = children.get(key);
        if (child === undefined) {
          child = create(kept);
          children.set(key, child);
        }
        return child;
      },
    };
  }

  #addEventLoopMetrics(): void {
    this.#loopDelay.enable();
    this.observedGauge('event_loop_delay_p99_seconds', 'Event-loop delay since the last scrape, 99th percentile.', () =>
      delaySeconds(this.#loopDelay.percentile(99)),
    );
    this.observedGauge('event_loop_delay_max_seconds', 'Longest event-loop delay since the last scrape.', () => {
      const longest = delaySeconds(this.#loopDelay.max);
      this.#loopDelay.reset();
      return longest;
    });
    let last: EventLoopUtilization = performance.eventLoopUtilization();
    this.observedGauge(
      'event_loop_utilization_ratio',
      'Share of time that the event loop was busy since the last scrape.',
      () => {
        const now = performance.eventLoopUtilization();
        const { utilization } = performance.eventLoopUtilization(now, last);
        last = now;
        return utilization;
      },
    );
  }
}

class PendingCounter<L extends string> implements BoundCounter {
  #pending = 0;
  readonly #counter: Counter<L>;
  readonly #labels: Labels<L>;

  constructor(counter: Counter<L>, labels: Labels<L>) {
    this.#counter = counter;
    this.#labels = labels;
    // Zero is shown from the start: a rate needs a first sample before the first event.
    counter.inc(labels, 0);
  }

  inc(by = 1): void {
    this.#pending += by;
  }

  flush(): void {
    if (this.#pending === 0) return;
    this.#counter.inc(this.#labels, this.#pending);
    this.#pending = 0;
  }
}

/**
 * What Node records is the time from one firing of its timer to the next, so an idle loop would show the timer's own
 * interval. The histogram is empty, and its figures not numbers, until the timer has fired once.
 */
function delaySeconds(recordedNanoseconds: number): number {
  if (!Number.isFinite(recordedNanoseconds)) return 0;
  return Math.max(0, recordedNanoseconds / 1e9 - LOOP_DELAY_RESOLUTION_MS / 1000);
}

function prefixed(name: string): string {
  return name.startsWith('sluice_') ? name : `sluice_${name}`;
}
