import { median } from './statistics.ts';

/** What a run may find out. Which of them apply depends on the scenario. */
export interface Figures {
  readonly requestsPerSecond?: number;
  readonly recordsPerSecond?: number;
  readonly p50Ms?: number;
  readonly p95Ms?: number;
  readonly p99Ms?: number;
  /** CPU-seconds of the process that was measured, all its threads. */
  readonly cpuPerThousandRequests?: number;
  readonly cpuPer100kRecords?: number;
  readonly peakRssMib?: number;
  readonly rssPerInstanceMib?: number;
  /** Part of one core. */
  readonly coreShare?: number;
  /** What percentiles are taken of. */
  readonly samples?: number;
  readonly longestMs?: number;
  /** Of silences as clients see them. */
  readonly gapP95Ms?: number;
  readonly failedRequests?: number;
  readonly commandsPerSecond?: number;
  readonly roundTripsPerSecond?: number;
  /** Commands to Redis whose answers a read waited for. */
  readonly awaitedPerRead?: number;
}

export type Figure = keyof Figures;

/** Somebody who does the work of a scenario: our proxy, a yardstick, a rival. */
export interface Contender {
  readonly name: string;
  readonly run: (round: number) => Promise<Figures>;
}

/** One line of work that all its contenders do; they take turns, so that a drift of the machine meets them all. */
export interface Measurement {
  readonly name: string;
  readonly contenders: readonly Contender[];
  /** In place of the rounds that were asked for. */
  readonly rounds?: number;
}

export interface ContenderRuns {
  readonly contender: string;
  /** One entry a round. */
  readonly runs: readonly Figures[];
}

export interface Outcome {
  readonly measurement: string;
  readonly contenders: readonly ContenderRuns[];
}

/** The figure of each round; empty when the runs do not have it. */
export function series({ runs }: ContenderRuns, figure: Figure): number[] {
  return runs.flatMap((run) => run[figure] ?? []);
}

export function medianOf(runs: ContenderRuns, figure: Figure): number | undefined {
  const values = series(runs, figure);
  return values.length === 0 ? undefined : median(values);
}

/**
 * Compares two contenders round by round and takes the median: what slowed the machine down in one round slowed
 * both down.
 */
export function compared(
  [left, right]: readonly [ContenderRuns, ContenderRuns],
  figure: Figure,
  compare: (left: number, right: number) => number,
): number | undefined {
  const others = series(right, figure);
  const pairs = series(left, figure).flatMap((value, round) => {
    const other = others[round];
    return other === undefined ? [] : [compare(value, other)];
  });
  return pairs.length === 0 ? undefined : median(pairs);
}

/** A B, A B, …: each contender once a round. */
export async function interleave(measurement: Measurement, rounds: number): Promise<Outcome> {
  const runs = measurement.contenders.map(({ name }) => ({ contender: name, runs: [] as Figures[] }));
  for (let round = 0; round < (measurement.rounds ?? rounds); round += 1) {
    for (const [index, contender] of measurement.contenders.entries()) {
      runs[index]?.runs.push(await contender.run(round));
    }
  }
  return { measurement: measurement.name, contenders: runs };
}
