import { compared, type Figure, medianOf, type Outcome } from './measurement.ts';

export const SLUICE = 'sluice';
/** What Avro is held against: the same proxy with the same document as JSON. */
export const SLUICE_JSON = 'sluice-json';
/** What v1 is held against: an instance of v2 of the same proxy. */
export const SLUICE_V2 = 'sluice-v2';

/** How our figure is held against that of another contender. */
const COMPARISONS = {
  /** Share of what the other gets out of a CPU-second, from what each unit of work costs. */
  efficiency: (ours: number, theirs: number) => theirs / ours,
  ratio: (ours: number, theirs: number) => ours / theirs,
  difference: (ours: number, theirs: number) => ours - theirs,
  /** What is more than a tenth above theirs. */
  growth: (ours: number, theirs: number) => ours - 1.1 * theirs,
};

export type Against =
  | { readonly kind: 'absolute' }
  | { readonly kind: keyof typeof COMPARISONS; readonly contender: string };

export interface Goal {
  readonly measurement: string;
  readonly what: string;
  readonly figure: Figure;
  readonly against: Against;
  readonly limit: { readonly atLeast: number } | { readonly atMost: number };
  /** Decimals and unit of the value as it is shown. */
  readonly show: (value: number) => string;
}

export interface Verdict {
  readonly measurement: string;
  readonly what: string;
  readonly value: number;
  readonly shown: string;
  readonly met: boolean;
}

const seconds = (value: number): string => `${value.toFixed(3)} s`;
const percent = (value: number): string => `${(value * 100).toFixed(0)} %`;
export const milliseconds = (value: number): string => `${value.toFixed(1)} ms`;
const mebibytes = (value: number): string => `${value.toFixed(1)} MiB`;
const perSecond = (value: number): string => `${value.toFixed(0)}/s`;
export const times = (value: number): string => `${value.toFixed(2)} times`;

export const absolute: Against = { kind: 'absolute' };

function cpuGoals(): Goal[] {
  const rows: [string, Figure, number, string, number][] = [
    ['produce-single', 'cpuPerThousandRequests', 0.15, 'bare-http', 0.6],
    ['produce-batch-binary', 'cpuPer100kRecords', 1.2, 'raw-produce', 0.45],
    ['produce-batch-json', 'cpuPer100kRecords', 1.3, 'raw-produce', 0.45],
    ['consume-binary', 'cpuPer100kRecords', 0.9, 'raw-consume', 0.75],
    ['consume-json', 'cpuPer100kRecords', 0.9, 'raw-consume', 0.75],
  ];
  return rows.flatMap(([measurement, figure, atMost, contender, atLeast]): Goal[] => {
    const unit = figure === 'cpuPer100kRecords' ? '100,000 records' : '1,000 requests';
    return [
      { measurement, figure, what: `CPU per ${unit}`, against: absolute, limit: { atMost }, show: seconds },
      {
        measurement,
        figure,
        what: `work per CPU-second, of ${contender}'s`,
        against: { kind: 'efficiency', contender },
        limit: { atLeast },
        show: percent,
      },
    ];
  });
}

/** What a schema may cost: half of what the same document as JSON does, once more. */
function schemaGoals(): Goal[] {
  return ['produce-batch-avro', 'consume-avro'].map(
    (measurement): Goal => ({
      measurement,
      what: 'records per CPU-second, of those as JSON',
      figure: 'cpuPer100kRecords',
      against: { kind: 'efficiency', contender: SLUICE_JSON },
      limit: { atLeast: 0.5 },
      show: percent,
    }),
  );
}

/** v1 reads as v2 does, and the simple consumer has no group to pay for: 1,000 records in 5 ms. */
function v1Goals(): Goal[] {
  const againstV2 = ['consume-v1', 'simple-consume'].map(
    (measurement): Goal => ({
      measurement,
      what: "records per CPU-second, of v2's",
      figure: 'cpuPer100kRecords',
      against: { kind: 'efficiency', contender: SLUICE_V2 },
      limit: { atLeast: 0.9 },
      show: percent,
    }),
  );
  return [
    ...againstV2,
    {
      measurement: 'simple-consume-1000',
      what: 'CPU per 100,000 records',
      figure: 'cpuPer100kRecords',
      against: absolute,
      limit: { atMost: 0.5 },
      show: seconds,
    },
  ];
}

function throughputGoals(): Goal[] {
  const consume = ['consume-binary', 'consume-json'].map(
    (measurement): Goal => ({
      measurement,
      what: 'records per second',
      figure: 'recordsPerSecond',
      against: absolute,
      limit: { atLeast: 75_000 },
      show: perSecond,
    }),
  );
  const peaks = ['produce-single', 'produce-batch-binary', 'produce-batch-json', 'consume-binary', 'consume-json'].map(
    (measurement): Goal => ({
      measurement,
      what: 'peak RSS',
      figure: 'peakRssMib',
      against: absolute,
      limit: { atMost: 180 },
      show: mebibytes,
    }),
  );
  const confluent: Against = { kind: 'ratio', contender: 'confluent' };
  return [
    ...consume,
    ...peaks,
    {
      measurement: 'produce-single',
      what: "requests per second, of confluent's",
      figure: 'requestsPerSecond',
      against: confluent,
      limit: { atLeast: 3 },
      show: times,
    },
    {
      measurement: 'produce-batch-json',
      what: "records per second, of confluent's",
      figure: 'recordsPerSecond',
      against: confluent,
      limit: { atLeast: 1.2 },
      show: times,
    },
  ];
}

function waitingGoals(): Goal[] {
  const against: Against = { kind: 'difference', contender: 'raw-wakeup' };
  const wakeUps = ['wakeup-1', 'wakeup-16'].flatMap((measurement): Goal[] => [
    { measurement, what: 'p50 beyond raw-wakeup', figure: 'p50Ms', against, limit: { atMost: 3 }, show: milliseconds },
    { measurement, what: 'p95 beyond raw-wakeup', figure: 'p95Ms', against, limit: { atMost: 10 }, show: milliseconds },
  ]);
  const polls = { measurement: 'polls-200', figure: 'p95Ms', against: absolute, limit: { atMost: 60 } } as const;
  const idle = { measurement: 'idle-1000', against: absolute } as const;
  return [
    ...wakeUps,
    { ...polls, what: 'p95 of a wake-up', show: milliseconds },
    { ...idle, figure: 'rssPerInstanceMib', what: 'RSS of an instance', limit: { atMost: 2 }, show: mebibytes },
    { ...idle, figure: 'coreShare', what: 'share of a core, all together', limit: { atMost: 0.3 }, show: percent },
  ];
}

/** What Sluice wants to reach, in this order shown. One whose other contender did not take part is left out. */
export const goals: readonly Goal[] = [
  ...cpuGoals(),
  ...schemaGoals(),
  ...v1Goals(),
  ...throughputGoals(),
  ...waitingGoals(),
];

function valueOf(goal: Goal, outcome: Outcome): number | undefined {
  const runsOf = (name: string) => outcome.contenders.find(({ contender }) => contender === name);
  const ours = runsOf(SLUICE);
  if (ours === undefined) return undefined;
  if (goal.against.kind === 'absolute') return medianOf(ours, goal.figure);
  const theirs = runsOf(goal.against.contender);
  if (theirs === undefined) return undefined;
  return compared([ours, theirs], goal.figure, COMPARISONS[goal.against.kind]);
}

/** Holds what was measured against the goals; a goal about something that was not measured has no verdict. */
export function judge(outcomes: readonly Outcome[], all: readonly Goal[]): Verdict[] {
  return all.flatMap((goal) => {
    const outcome = outcomes.find(({ measurement }) => measurement === goal.measurement);
    const value = outcome === undefined ? undefined : valueOf(goal, outcome);
    if (value === undefined) return [];
    const met = 'atLeast' in goal.limit ? value >= goal.limit.atLeast : value <= goal.limit.atMost;
    const limit = 'atLeast' in goal.limit ? `≥ ${goal.show(goal.limit.atLeast)}` : `≤ ${goal.show(goal.limit.atMost)}`;
    return [
      { measurement: goal.measurement, what: goal.what, value, shown: `${goal.show(value)} (goal ${limit})`, met },
    ];
  });
}
