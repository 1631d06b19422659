import { describe, expect, it } from 'vitest';
import { clusterGoals } from './cluster-goals.ts';
import { judge, SLUICE } from './goals.ts';
import type { Figures, Outcome } from './measurement.ts';

function outcome(measurement: string, contenders: Readonly<Record<string, Figures>>): Outcome {
  return {
    measurement,
    contenders: Object.entries(contenders).map(([contender, figures]) => ({ contender, runs: [figures] })),
  };
}

const verdicts = (leaseMs: number, ...outcomes: readonly Outcome[]) =>
  judge(outcomes, clusterGoals(leaseMs)).map(({ met }) => met);

describe('the goals of a cluster', () => {
  it('give a killed owner of an assignment its lease and a second', () => {
    const late = outcome('kill-assigned', { [SLUICE]: { longestMs: 4000 } });
    expect(verdicts(3000, late)).toEqual([true]);
    expect(verdicts(2999, late)).toEqual([false]);
  });

  it('give a subscription two seconds whatever the lease is', () => {
    expect(verdicts(10_000, outcome('kill-subscribed', { [SLUICE]: { p95Ms: 2001 } }))).toEqual([false]);
  });

  it('allow round trips to grow by a tenth and one, and a read to wait for none', () => {
    const redis = (roundTripsPerSecond: number, awaitedPerRead: number) =>
      outcome('redis', {
        [SLUICE]: { roundTripsPerSecond, awaitedPerRead },
        '10 instances': { roundTripsPerSecond: 10 },
      });
    expect(verdicts(1000, redis(12, 0))).toEqual([true, true]);
    expect(verdicts(1000, redis(12.1, 0.001))).toEqual([false, false]);
  });
});
