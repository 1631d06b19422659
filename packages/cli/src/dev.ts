import { servicePrincipal } from '@sluice/kafka';
import { PARTITION_UNSET } from '@sluice/protocol';
import { ConfigError, formatListenAddress } from '@sluice/runtime';
import { loadConfiguration } from './configuration.ts';
import { type MockBroker, startMockBroker } from './mock-broker.ts';
import { type RunningServer, runServer } from './run-server.ts';

export interface DevOptions {
  readonly port: number;
  /** A Kafka to use in place of one in memory. */
  readonly bootstrap?: string | undefined;
  readonly set: readonly string[];
}

const TOPIC = 'demo';
const GREETINGS = ['Hello', 'from', 'Sluice'];

/**
 * Serves the API on the loopback interface for somebody who wants to see it work, and prints what to try.
 *
 * @throws ConfigError when a key cannot be used.
 */
export async function runDev(options: DevOptions): Promise<void> {
  const broker = options.bootstrap === undefined ? await startMockBroker() : undefined;
  try {
    const server = await runServer(loadConfiguration(devConfiguration(options, broker)));
    if (broker !== undefined) {
      server.lifecycle.onDrain('broker', async () => {
        await broker.stop();
      });
    }
    await seed(server);
    process.stdout.write(introduction(server, broker !== undefined));
  } catch (error) {
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
    },
    // Settings of another server that this shell happens to carry would make a demonstration fail in odd ways.
    environment: {},
  };
}

async function seed({ producers }: RunningServer): Promise<void> {
  const result = await producers.produce(servicePrincipal, TOPIC, {
    count: GREETINGS.length,
    keys: GREETINGS.map(() => null),
    values: GREETINGS.map((text) => Buffer.from(JSON.stringify({ text }))),
    partitions: GREETINGS.map(() => PARTITION_UNSET),
  });
  const [error] = result.errors?.values() ?? [];
  if (error !== undefined) throw new ConfigError([`the topic '${TOPIC}' cannot be written to: ${error.message}`]);
}

/** What to try, in commands that work when they are pasted, each into a terminal of its own or one after another. */
function introduction({ addresses, management }: RunningServer, inMemory: boolean): string {
  const [address] = addresses;
  const url = address === undefined ? '' : formatListenAddress(address);
  const v2 = 'application/vnd.kafka.v2+json';
  const json = 'application/vnd.kafka.json.v2+json';
  const instance = `${url}/consumers/demo-group/instances/me`;
  const metrics =
    management === undefined ? '' : `Metrics and readiness: ${formatListenAddress(management)}/metrics, /readyz\n`;
  return `
Sluice serves the REST API on ${url}${inMemory ? ', over a Kafka in memory' : ''}.
The topic '${TOPIC}' holds ${GREETINGS.length} records. ${metrics}
Write a record:
  curl -X POST -H 'Content-Type: ${json}' --data '{"records":[{"value":{"text":"and from me"}}]}' ${url}/topics/${TOPIC}

Make a consumer:
  curl -X POST -H 'Content-Type: ${v2}' --data '{"name":"me","format":"json","auto.offset.reset":"earliest"}' ${url}/consumers/demo-group

Subscribe it:
  curl -X POST -H 'Content-Type: ${v2}' --data '{"topics":["${TOPIC}"]}' ${instance}/subscription

Read (the first read waits until the group has its partitions, about 3 seconds):
  curl -H 'Accept: ${json}' ${instance}/records

Ctrl-C ends it.
`;
}
