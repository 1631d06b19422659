import { once } from 'node:events';
import { type Cluster, startCluster } from './cluster.ts';
import { startKafka } from './kafka.ts';
import { startRedis } from './redis.ts';
import { createTopic } from './topics.ts';

const PORTS = [8082, 8083];
const WORKERS = 3;
/** The default of `sluice.lease.ms`. */
const LEASE_MS = 10_000;
const PARTITIONS = 3;

const say = (text: string): void => {
  process.stderr.write(`dev-cluster: ${text}\n`);
};

function table(rows: readonly (readonly string[])[]): string {
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map(([a = '', b = '', c = '']) => `  ${a.padEnd(widths[0] ?? 0)}  ${b.padEnd(widths[1] ?? 0)}  ${c}\n`)
    .join('');
}

function whatRuns(cluster: Cluster, servers: readonly (readonly string[])[]): string {
  const members = [...cluster.edges, ...cluster.workers].map(({ id, url, pid }) => [id, url ?? '-', `pid ${pid}`]);
  return table([...servers, ...members]);
}

/** Commands that show what a cluster is for; the topic exists. */
function whatToTry({ urls: [first = '', second = ''], members }: Cluster, topic: string): string {
  const type = "-H 'Content-Type: application/vnd.kafka.json.v2+json'";
  const settings = `'{"name": "c1", "format": "json", "auto.offset.reset": "earliest"}'`;
  const instance = '/consumers/g1/instances/c1';
  return `Make a consumer through one edge, and read with it through the other:

  curl -X POST ${type} ${first}/topics/${topic} -d '{"records": [{"value": "one"}, {"value": "two"}]}'
  curl -X POST ${type} ${first}/consumers/g1 -d ${settings}
  curl -X POST ${type} ${first}${instance}/subscription -d '{"topics": ["${topic}"]}'
  curl ${second}${instance}/records?timeout=10000

See which worker holds it:

  packages/cli/bin/sluice owner g1 c1 --config ${members[0]?.configFile ?? ''}

Then kill that one (kill -9 and its pid from above), produce again and read again: the consumer goes on, at another
worker. nodes, instances and drain are further commands of sluice.

Ctrl-C ends everything.
`;
}

async function run(): Promise<void> {
  say('starting Kafka and Redis');
  const broker = await startKafka({ autoCreateTopics: true, initialRebalanceDelayMs: 0 });
  const redis = await startRedis();
  const topic = await createTopic(broker.bootstrap, { prefix: 'demo', partitions: PARTITIONS });
  say('starting two edges and three workers; a directory that begins empty gives its first name after a lease, 10 s');
  const cluster = await startCluster({
    bootstrap: broker.bootstrap,
    redisUrl: redis.url,
    leaseMs: LEASE_MS,
    edges: PORTS.length,
    workers: WORKERS,
    ports: PORTS,
  });
  const servers = [
    ['Kafka', broker.bootstrap, `pid ${broker.pid}`],
    ['Redis', redis.url, ''],
  ];
  process.stdout.write(`\n${whatRuns(cluster, servers)}\n${whatToTry(cluster, topic)}`);
  process.off('SIGINT', leave);
  process.off('SIGTERM', leave);
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  process.once('SIGINT', leave);
  say('ending everything');
  await cluster.stop();
  await redis.stop();
  await broker.stop();
}

// Each process has a guard that ends it when this one is gone, so that going is all there is to do.
const leave = (): void => process.exit(130);

process.once('SIGINT', leave);
process.once('SIGTERM', leave);
try {
  await run();
  process.exit(0);
} catch (error) {
  say((error as Error).stack ?? String(error));
  process.exit(1);
}
