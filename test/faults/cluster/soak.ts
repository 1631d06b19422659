import { type Cluster, startCluster } from '../../harness/cluster.ts';
import { startKafka } from '../../harness/kafka.ts';
import { startRedis } from '../../harness/redis.ts';
import { describeViolations, keepEvidence, runExperiment, type Verdict } from './experiment.ts';
import {
  cutNetwork,
  emptyRedis,
  type Fault,
  freezeHolder,
  killEdge,
  killHolder,
  refusePort,
  replaceWorker,
  restartBroker,
  type Surroundings,
  slowRedis,
  stopRedis,
} from './faults.ts';
import { succeeded } from './history.ts';
import { pick, type Random, seededRandom } from './seeded-random.ts';
import { parseSoakOptions, type SoakOptions, UsageError, usage } from './soak-options.ts';

/** The defaults of a proxy: what runs for long runs as it is deployed. */
const LEASE_MS = 10_000;
const COMMIT_INTERVAL_MS = 5000;

const FAULTS: readonly Fault[] = [
  killHolder,
  replaceWorker,
  freezeHolder,
  killEdge,
  stopRedis,
  emptyRedis,
  slowRedis,
  restartBroker,
  cutNetwork,
  refusePort,
];
/** In one round; all of it then stands in one history. */
const FAULTS_A_ROUND_MAX = 3;

const say = (text: string): void => {
  process.stderr.write(`soak: ${text}\n`);
};

interface Tally {
  rounds: number;
  requests: number;
  failures: number;
  violations: number;
  readonly faults: Map<string, number>;
}

function faultsOfRound(random: Random): Fault[] {
  const count = 1 + Math.floor(random() * FAULTS_A_ROUND_MAX);
  return Array.from({ length: count }, () => pick(random, FAULTS));
}

async function note(verdict: Verdict, tally: Tally, cluster: Cluster): Promise<void> {
  const { evidence, violations } = verdict;
  const calls = evidence.entries.filter(({ operation }) => operation !== 'observe');
  const failures = calls.filter((call) => !succeeded(call)).length;
  tally.rounds += 1;
  tally.requests += calls.length;
  tally.failures += failures;
  tally.violations += violations.length;
  say(`round ${tally.rounds}: ${calls.length} requests, ${failures} failed, ${violations.length} violations`);
  if (violations.length === 0) return;
  for (const line of describeViolations(violations)) say(`  ${line}`);
  say(`  history and logs are in ${await keepEvidence(verdict, cluster)}`);
}

async function runRounds({ minutes, seed }: SoakOptions, parts: Omit<Surroundings, 'random'>): Promise<Tally> {
  const random = seededRandom(seed);
  const tally: Tally = { rounds: 0, requests: 0, failures: 0, violations: 0, faults: new Map() };
  const end = performance.now() + minutes * 60_000;
  while (performance.now() < end) {
    const faults = faultsOfRound(random);
    for (const { name } of faults) tally.faults.set(name, (tally.faults.get(name) ?? 0) + 1);
    say(`round ${tally.rounds + 1}: ${faults.map(({ name }) => name).join('; ')}`);
    const surroundings = { ...parts, random };
    const loadSeed = Math.floor(random() * 2 ** 31);
    const options = { surroundings, faults, seed: loadSeed, commitIntervalMs: COMMIT_INTERVAL_MS };
    await note(await runExperiment(options), tally, parts.cluster);
  }
  return tally;
}

function summary(tally: Tally, { seed }: SoakOptions): string {
  const faults = [...tally.faults].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return [
    `seed ${seed}: ${tally.rounds} rounds, ${tally.requests} requests, ${tally.failures} of them failed`,
    ...faults.map(([name, times]) => `  ${times} x ${name}`),
    `violations: ${tally.violations}`,
    '',
  ].join('\n');
}

async function soak(options: SoakOptions): Promise<boolean> {
  say(`seed ${options.seed}, ${options.minutes} minutes`);
  const broker = await startKafka({ initialRebalanceDelayMs: 0 });
  const redis = await startRedis();
  const cluster = await startCluster({
    bootstrap: broker.bootstrap,
    redisUrl: redis.url,
    leaseMs: LEASE_MS,
    edges: 2,
    workers: 3,
    relays: 2,
  });
  const tally = await runRounds(options, { broker, redis, cluster, leaseMs: LEASE_MS });
  await cluster.stop();
  await redis.stop();
  await broker.stop();
  process.stdout.write(summary(tally, options));
  return tally.violations === 0;
}

// Each process has a guard that ends it when this one is gone, so that going is all there is to do.
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  process.once(signal, () => process.exit(code));
}

try {
  const commandLine = process.argv.slice(2);
  if (commandLine.includes('--help')) {
    process.stdout.write(usage);
    process.exit(0);
  }
  process.exit((await soak(parseSoakOptions(commandLine))) ? 0 : 1);
} catch (error) {
  if (error instanceof UsageError) process.stderr.write(`${error.message}\n\n${usage}`);
  else say((error as Error).stack ?? String(error));
  process.exit(error instanceof UsageError ? 2 : 1);
}
