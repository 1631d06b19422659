import type { Verdict } from './goals.ts';
import { doubts, type MachineFacts } from './machine.ts';
import { type Figure, medianOf, type Outcome } from './measurement.ts';

export interface Column {
  readonly title: string;
  readonly figure: Figure;
  readonly decimals: number;
}

export const proxyColumns: readonly Column[] = [
  { title: 'requests/s', figure: 'requestsPerSecond', decimals: 0 },
  { title: 'records/s', figure: 'recordsPerSecond', decimals: 0 },
  { title: 'p50 ms', figure: 'p50Ms', decimals: 1 },
  { title: 'p95 ms', figure: 'p95Ms', decimals: 1 },
  { title: 'p99 ms', figure: 'p99Ms', decimals: 1 },
  { title: 'CPU-s/1k req', figure: 'cpuPerThousandRequests', decimals: 3 },
  { title: 'CPU-s/100k rec', figure: 'cpuPer100kRecords', decimals: 2 },
  { title: 'core', figure: 'coreShare', decimals: 2 },
  { title: 'MiB/inst', figure: 'rssPerInstanceMib', decimals: 2 },
  { title: 'peak MiB', figure: 'peakRssMib', decimals: 0 },
];

export const clusterColumns: readonly Column[] = [
  { title: 'samples', figure: 'samples', decimals: 0 },
  { title: 'requests/s', figure: 'requestsPerSecond', decimals: 0 },
  { title: 'p50 ms', figure: 'p50Ms', decimals: 2 },
  { title: 'p95 ms', figure: 'p95Ms', decimals: 0 },
  { title: 'p99 ms', figure: 'p99Ms', decimals: 1 },
  { title: 'longest ms', figure: 'longestMs', decimals: 0 },
  { title: 'gap p95 ms', figure: 'gapP95Ms', decimals: 0 },
  { title: 'failed', figure: 'failedRequests', decimals: 0 },
  { title: 'CPU-s/1k req', figure: 'cpuPerThousandRequests', decimals: 4 },
  { title: 'commands/s', figure: 'commandsPerSecond', decimals: 1 },
  { title: 'round trips/s', figure: 'roundTripsPerSecond', decimals: 1 },
  { title: 'awaited/read', figure: 'awaitedPerRead', decimals: 3 },
  { title: 'peak MiB', figure: 'peakRssMib', decimals: 0 },
];

/** Texts in columns: the first ones to the left as names are, the others to the right as numbers are. */
function aligned(rows: readonly (readonly string[])[], names: number): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const cell = (text: string, column: number): string =>
    column < names ? text.padEnd(widths[column] ?? 0) : text.padStart(widths[column] ?? 0);
  return rows.map((row) => `${row.map(cell).join('  ').trimEnd()}\n`).join('');
}

/** The medians of all rounds. */
export function figuresTable(outcomes: readonly Outcome[], columns: readonly Column[]): string {
  const head = ['scenario', 'who', ...columns.map(({ title }) => title)];
  const rows = outcomes.flatMap(({ measurement, contenders }) =>
    contenders.map((runs) => [
      measurement,
      runs.contender,
      ...columns.map(({ figure, decimals }) => medianOf(runs, figure)?.toFixed(decimals) ?? '-'),
    ]),
  );
  return aligned([head, ...rows], 2);
}

export function goalsTable(verdicts: readonly Verdict[]): string {
  const rows = verdicts.map(({ measurement, what, shown, met }) => [measurement, what, met ? 'met' : 'NOT MET', shown]);
  return aligned(rows, 4);
}

export function machineText(facts: MachineFacts): string {
  const { cores, processor, memoryGib, kernel, node, loadBefore, foreignShare } = facts;
  const lines = [
    `machine: ${cores} cores (${processor}), ${memoryGib.toFixed(0)} GiB, Linux ${kernel}, Node ${node}`,
    `load average before: ${loadBefore}; other processes during the run: ${(foreignShare * 100).toFixed(0)} % of all cores`,
    ...doubts(facts).map((doubt) => `WARNING: not an idle machine: ${doubt}`),
  ];
  return lines.map((line) => `${line}\n`).join('');
}
