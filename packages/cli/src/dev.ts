import { type Admin, KafkaError, type ProducerPool, servicePrincipal } from '@sluice/kafka';
import { PARTITION_UNSET } from '@sluice/protocol';
import { ConfigError, formatListenAddress, type Logger } from '@sluice/runtime';
import { DEV_PORT } from './command-options.ts';
import { loadConfiguration } from './configuration.ts';
import { type MockBroker, startMockBroker } from './mock-broker.ts';
import { logFailedStart, type RunningServer, runServer } from './run-server.ts';

export interface DevOptions {
  readonly port: number;
  /** A Kafka to use in place of one in memory. */
  readonly bootstrap?: string | undefined;
  readonly set: readonly string[];
}

const GREETINGS = ['Hello', 'from', 'Sluice'];
/** As the JSON format writes it. With one key for all, the records stand in one partition and are read as they were written. */
const KEY = '"greeting"';

/**
 * Serves the API on the loopback interface for somebody who wants to see it work, and prints what to try.
 *
 * @throws ConfigError when a key cannot be used.
 */
export async function runDev(options: DevOptions): Promise<void> {
  const broker = options.bootstrap === undefined ? await startMockBroker() : undefined;
  let server: RunningServer | undefined;
  try {
    server = await runServer(loadConfiguration(devConfiguration(options, broker)), tellFailedStart);
    if (broker !== undefined) {
      server.lifecycle.onDrain('broker', async () => {
        await broker.stop();
      });
    }
    const inMemory = broker !== undefined;
    const topic = inMemory ? 'demo' : 'sluice-demo';
    await seed(server, topic, inMemory);
    process.stdout.write(introduction(server, topic, inMemory));
  } catch (error) {
    await server?.lifecycle.drain('failed start');
    await broker?.stop();
    throw error;
  }
}

function devConfiguration(
  options: DevOptions,
  broker: MockBroker | undefined,
): Parameters<typeof loadConfiguration>[0] {
  return {
    set: options.set,
    defaults: {
      'bootstrap.servers': options.bootstrap ?? broker?.bootstrapServers ?? '',
      listeners: `http://127.0.0.1:${options.port}`,
      'sluice.log.level': 'warn',
      ...(options.port === DEV_PORT ? {} : { 'sluice.management.listener': 'http://127.0.0.1:0' }),
    },
    // Settings of another server that this shell happens to carry would make a demonstration fail in odd ways.
    environment: {},
  };
}

/** The most likely reason in words: who tries something out should not have to read a log entry. */
function tellFailedStart(error: unknown, log: Logger): void {
  const { code, address, port } = error as {
    readonly code?: unknown;
    readonly address?: string;
    readonly port?: number;
  };
  if (code !== 'EADDRINUSE') {
    logFailedStart(error, log);
    return;
  }
  process.stderr.write(
    `Another program listens on ${address}:${port}. End it, or choose another port:\n` +
      `  sluice dev --port PORT (metrics: --set sluice.management.listener=http://127.0.0.1:PORT)\n`,
  );
}

/**
 * Writes a few records into the topic. In somebody's own cluster the topic is made first, and left as it is if it was
 * there: each start would add to it otherwise, or it might not be ours.
 *
 * @throws ConfigError when the cluster does not let us.
 */
async function seed({ kafka }: RunningServer, topic: string, inMemory: boolean): Promise<void> {
  if (kafka === undefined) throw new ConfigError(['sluice.role: an edge knows no Kafka; allowed here is node']);
  try {
    if (inMemory || (await createTopic(kafka.admins.of(servicePrincipal), topic)))
      await writeGreetings(kafka.producers, topic);
  } catch (error) {
    if (!(error instanceof KafkaError)) throw error;
    throw new ConfigError([`bootstrap.servers: the topic '${topic}' cannot be made or written to: ${error.message}`]);
  }
}

/** @returns false when the topic was there. */
async function createTopic(admin: Admin, topic: string): Promise<boolean> {
  if ((await admin.topics()).includes(topic)) return false;
  await admin.createTopic(topic, { partitions: 1 });
  return true;
}

async function writeGreetings(producers: ProducerPool, topic: string): Promise<void> {
  const result = await producers.produce(servicePrincipal, topic, {
    count: GREETINGS.length,
    keys: GREETINGS.map(() => Buffer.from(KEY)),
    values: GREETINGS.map((text) => Buffer.from(JSON.stringify({ text }))),
    partitions: GREETINGS.map(() => PARTITION_UNSET),
  });
  const [error] = result.errors?.values() ?? [];
  if (error !== undefined) throw error;
}

/** What to try, in commands that work when they are pasted one after another. */
function introduction({ addresses, management }: RunningServer, topic: string, inMemory: boolean): string {
  const [address] = addresses;
  const url = address === undefined ? '' : formatListenAddress(address);
  const v2 = 'application/vnd.kafka.v2+json';
  const json = 'application/vnd.kafka.json.v2+json';
  const instance = `${url}/consumers/demo-group/instances/me`;
  const metrics =
    management === undefined ? '' : `\nMetrics and readiness: ${formatListenAddress(management)}/metrics, /readyz`;
  return `
Sluice serves the REST API on ${url}${inMemory ? ', over a Kafka in memory' : ''}.
The topic '${topic}' holds a few records.${metrics}

Write a record:
  curl -X POST -H 'Content-Type: ${json}' --data '{"records":[{"key":${KEY},"value":{"text":"and from me"}}]}' ${url}/topics/${topic}

Make a consumer:
  curl -X POST -H 'Content-Type: ${v2}' --data '{"name":"me","format":"json","auto.offset.reset":"earliest"}' ${url}/consumers/demo-group

Subscribe it:
  curl -X POST -H 'Content-Type: ${v2}' --data '{"topics":["${topic}"]}' ${instance}/subscription

Read (the first read waits until the group has its partitions, about 3 seconds):
  curl -H 'Accept: ${json}' ${instance}/records

Ctrl-C ends it.
`;
}
