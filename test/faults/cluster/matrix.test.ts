import { afterAll, beforeAll, describe, expect, it, onTestFailed } from 'vitest';
import { type Cluster, startCluster } from '../../harness/cluster.ts';
import { type KafkaBroker, startKafka } from '../../harness/kafka.ts';
import { type RedisServer, startRedis } from '../../harness/redis.ts';
import { type RedisSentinel, startRedisSentinel } from '../../harness/redis-topologies.ts';
import { describeViolations, keepEvidence, runExperiment } from './experiment.ts';
import {
  cutNetwork,
  emptyRedis,
  type Fault,
  failOverRedis,
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
import { seededRandom } from './seeded-random.ts';

const START_MS = 120_000;
const TEST_MS = 90_000;
/** Short, so that what waits for it fits into the test command. */
const LEASE_MS = 2000;
const COMMIT_INTERVAL_MS = 500;
const DEFAULT_SEED = 4;
/** `SLUICE_MATRIX_SEED`: other choices of loads and faults than those of each run of the test command. */
const SEED = Number(process.env['SLUICE_MATRIX_SEED'] ?? DEFAULT_SEED);
/** Characters of each log that are shown when a test fails. */
const LAST_WORDS = 3000;

let broker: KafkaBroker;

beforeAll(async () => {
  if (!Number.isInteger(SEED)) throw new Error(`SLUICE_MATRIX_SEED: an integer is needed`);
  process.stderr.write(`fault matrix: seed ${SEED} (SLUICE_MATRIX_SEED)\n`);
  broker = await startKafka({ initialRebalanceDelayMs: 0 });
}, START_MS);

afterAll(async () => {
  await broker.stop();
}, START_MS);

async function start(redisUrl: string, members: Partial<Parameters<typeof startCluster>[0]>): Promise<Cluster> {
  const properties = {
    'consumer.auto.commit.interval.ms': String(COMMIT_INTERVAL_MS),
    'sluice.cluster.show.node': 'true',
  };
  return await startCluster({ bootstrap: broker.bootstrap, redisUrl, leaseMs: LEASE_MS, properties, ...members });
}

async function keepsItsPromises(
  fault: Fault,
  parts: Omit<Surroundings, 'broker' | 'leaseMs' | 'random'>,
): Promise<void> {
  const { cluster } = parts;
  onTestFailed(async () => {
    for (const { id, logs } of cluster.members) {
      process.stderr.write(`--- ${id}\n${(await logs()).slice(-LAST_WORDS)}\n`);
    }
  });
  const random = seededRandom(SEED);
  const surroundings = { ...parts, broker, leaseMs: LEASE_MS, random };
  const verdict = await runExperiment({
    surroundings,
    faults: [fault],
    seed: SEED,
    commitIntervalMs: COMMIT_INTERVAL_MS,
  });
  const kept = verdict.violations.length === 0 ? '' : `history and logs are in ${await keepEvidence(verdict, cluster)}`;
  expect(describeViolations(verdict.violations), kept).toEqual([]);
}

describe('two edges before three workers', { timeout: TEST_MS }, () => {
  let redis: RedisServer;
  let cluster: Cluster;

  beforeAll(async () => {
    redis = await startRedis();
    cluster = await start(redis.url, { edges: 2, workers: 3, relays: 2 });
  }, START_MS);

  afterAll(async () => {
    await cluster.stop();
    await redis.stop();
  }, START_MS);

  it.each([
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
  ])('keep their promises through: $name', async (fault) => {
    await keepsItsPromises(fault, { cluster, redis });
  });
});

describe('three nodes that are edge and worker at once', { timeout: TEST_MS }, () => {
  let redis: RedisSentinel;
  let cluster: Cluster;

  beforeAll(async () => {
    redis = await startRedisSentinel();
    cluster = await start(redis.url, { nodes: 3 });
  }, START_MS);

  afterAll(async () => {
    await cluster.stop();
    await redis.stop();
  }, START_MS);

  it.each([killHolder, freezeHolder, failOverRedis])('keep their promises through: $name', async (fault) => {
    const [primary] = redis.servers;
    if (primary === undefined) throw new Error('a Sentinel watches at least one server');
    await keepsItsPromises(fault, { cluster, redis: primary, failOver: redis.failOver });
  });
});
