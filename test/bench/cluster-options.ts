import { parseArgs } from 'node:util';
import { positiveInteger, scenarioNames, UsageError } from './options.ts';
import type { ClusterEffort } from './scenarios/cluster-run.ts';

export interface ClusterBenchOptions {
  /** Undefined for all. */
  readonly scenarios: readonly string[] | undefined;
  readonly effort: ClusterEffort;
  readonly jsonFile: string | undefined;
}

export const clusterUsage = `usage: scripts/bench cluster [--scenario NAME,...] [--repeat N] [--seconds S] [--quick] [--json FILE]

  --scenario   hop, latency, redis, drain, failover; default: all
  --repeat     rounds (3): of hop, latency and redis the median counts, of drain and failover all rounds together
  --seconds    of load in each run of hop and latency (5)
  --quick      one round, little of everything, a lease of 2 s in place of 10: for a first look
  --json       where all figures go
`;

const FULL: ClusterEffort = {
  rounds: 3,
  seconds: 5,
  leaseMs: 10_000,
  instancesPerMode: 18,
  killsPerRound: 2,
  // Longer than an edge remembers an owner.
  observeSeconds: 25,
};
const QUICK: ClusterEffort = { ...FULL, rounds: 1, seconds: 2, leaseMs: 2000, observeSeconds: 12 };

function parse(commandLine: readonly string[]) {
  try {
    return parseArgs({
      args: [...commandLine],
      options: {
        scenario: { type: 'string', multiple: true },
        repeat: { type: 'string' },
        seconds: { type: 'string' },
        quick: { type: 'boolean', default: false },
        json: { type: 'string' },
      },
    }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

/** @throws UsageError for an argument that means nothing */
export function parseClusterOptions(commandLine: readonly string[], known: readonly string[]): ClusterBenchOptions {
  const values = parse(commandLine);
  const effort = values.quick ? QUICK : FULL;
  return {
    scenarios: scenarioNames(values.scenario, known),
    effort: {
      ...effort,
      rounds: positiveInteger('repeat', values.repeat, effort.rounds),
      seconds: positiveInteger('seconds', values.seconds, effort.seconds),
    },
    jsonFile: values.json,
  };
}
