import { type Against, absolute, type Goal, milliseconds, times } from './goals.ts';

/** What comes on top of a lease: somebody must notice that it is over, and the successor must start. */
const BEYOND_LEASE_MS = 1000;

const count = (value: number): string => value.toFixed(0);
const perRead = (value: number): string => value.toFixed(3);
const roundTrips = (value: number): string => `${value.toFixed(1)}/s`;

function failoverGoals(leaseMs: number): Goal[] {
  const limit = { atMost: leaseMs + BEYOND_LEASE_MS };
  const shared = { against: absolute, show: milliseconds } as const;
  return [
    {
      ...shared,
      measurement: 'kill-subscribed',
      what: 'killed owner to next read, p95',
      figure: 'p95Ms',
      limit: { atMost: 2000 },
    },
    { ...shared, measurement: 'kill-assigned', what: 'killed owner to next read, longest', figure: 'longestMs', limit },
    ...['freeze-subscribed', 'freeze-assigned'].map(
      (measurement): Goal => ({
        ...shared,
        measurement,
        what: 'frozen owner to next read, longest',
        figure: 'longestMs',
        limit,
      }),
    ),
  ];
}

function drainGoals(): Goal[] {
  const shared = { measurement: 'drain-100', against: absolute } as const;
  return [
    { ...shared, what: 'failed requests', figure: 'failedRequests', limit: { atMost: 0 }, show: count },
    { ...shared, what: 'gap per instance, p95', figure: 'p95Ms', limit: { atMost: 500 }, show: milliseconds },
    { ...shared, what: 'gap per instance, longest', figure: 'longestMs', limit: { atMost: 2000 }, show: milliseconds },
  ];
}

function hopGoals(): Goal[] {
  const relay: Against = { kind: 'ratio', contender: 'bare-relay' };
  const direct: Against = { kind: 'difference', contender: 'direct' };
  return [
    ...['hop-produce', 'hop-read'].map(
      (measurement): Goal => ({
        measurement,
        what: "CPU per request, of bare-relay's",
        figure: 'cpuPerThousandRequests',
        against: relay,
        limit: { atMost: 1.2 },
        show: times,
      }),
    ),
    ...['latency-produce', 'latency-read'].map(
      (measurement): Goal => ({
        measurement,
        what: 'p50 beyond direct',
        figure: 'p50Ms',
        against: direct,
        limit: { atMost: 1 },
        show: (value) => `${value.toFixed(2)} ms`,
      }),
    ),
  ];
}

function redisGoals(): Goal[] {
  return [
    {
      measurement: 'redis',
      what: 'commands that a read waits for',
      figure: 'awaitedPerRead',
      against: absolute,
      limit: { atMost: 0 },
      show: perRead,
    },
    {
      measurement: 'redis',
      what: 'round trips of a node with 200 instances beyond 1.1 x those with 10',
      figure: 'roundTripsPerSecond',
      against: { kind: 'growth', contender: '10 instances' },
      limit: { atMost: 1 },
      show: roundTrips,
    },
  ];
}

/** What a cluster is to reach; how long it may be without an owner depends on the lease. */
export function clusterGoals(leaseMs: number): readonly Goal[] {
  return [...failoverGoals(leaseMs), ...drainGoals(), ...hopGoals(), ...redisGoals()];
}
