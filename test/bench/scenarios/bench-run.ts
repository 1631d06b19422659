import type { Measurement } from '../measurement.ts';

/** A server that a scenario sends its requests to. */
export interface Target {
  readonly name: string;
  readonly url: string;
  /** Without it nothing is said about CPU and memory. */
  readonly pid: number | undefined;
}

/** How much is measured. */
export interface Effort {
  readonly rounds: number;
  readonly seconds: number;
  readonly wakeUpSamples: number;
  readonly idleSeconds: number;
}

/** What a scenario gets. */
export interface BenchRun {
  readonly bootstrap: string;
  readonly effort: Effort;
  /** Our proxy, started anew for each stage. */
  readonly sluice: Target & { readonly pid: number };
  readonly rivals: readonly Target[];
  /** Of a stage that needs a schema registry. */
  readonly registry?: { readonly url: string } | undefined;
  /** What the proxy's metrics say, as text. */
  readonly metrics: () => Promise<string>;
}

/** Measures something, and gives back what it took from the broker; `measure` runs the rounds. */
export type Scenario = (run: BenchRun, measure: (measurement: Measurement) => Promise<void>) => Promise<void>;
