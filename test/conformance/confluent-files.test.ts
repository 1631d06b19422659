import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { sharedBroker } from '../harness/broker.ts';
import { freePorts } from '../harness/free-ports.ts';
import type { GuardedProcess } from '../harness/guarded-process.ts';
import { type HttpClient, httpClient } from '../harness/http.ts';
import { launchSluice, type SluiceFiles, writeSluiceFiles } from '../harness/sluice.ts';
import { uniqueName } from '../harness/topics.ts';
import { type Context, implementedKeys, keysWithoutEffect, refusedKeys } from './configuration-keys.ts';
import { V2 } from './exchanges.ts';
import { declaredDefaults } from './kafka-client-keys.ts';

/** Files and environments that were written for Confluent's proxy start this one as they are, in a process. */

const START_MS = 240_000;
const ours = fileURLToPath(new URL('../../deploy/etc/kafka-rest/kafka-rest.properties', import.meta.url));

const sample = `
bootstrap.servers=PLAINTEXT://localhost:9092
`;
const sampleInFull = `
id=kafka-rest-test-server
schema.registry.url=http://localhost:8081
zookeeper.connect=localhost:2181
bootstrap.servers=PLAINTEXT://localhost:9092
consumer.interceptor.classes=io.confluent.monitoring.clients.interceptor.MonitoringConsumerInterceptor
producer.interceptor.classes=io.confluent.monitoring.clients.interceptor.MonitoringProducerInterceptor
kafka.rest.extension.classes=com.example.Extension
`;
const sampleOfVersion5 = `
#id=kafka-rest-test-server
#schema.registry.url=http://localhost:8081
zookeeper.connect=localhost:2181
`;

function allDefaults(): string {
  const rows = [...implementedKeys, ...refusedKeys, ...keysWithoutEffect].map(([key, theirs]) => [key, theirs]);
  const entries = Object.entries({ ...Object.fromEntries(rows), ...declaredDefaults }) as [string, string][];
  const lines = entries.filter(([key]) => !key.includes('*')).map(([key, value]) => `${key}=${value}\n`);
  return [...lines, 'bootstrap.servers=localhost:9092\n'].join('');
}

interface Started {
  readonly clients: readonly HttpClient[];
  readonly ports: readonly number[];
  readonly logs: () => Promise<string>;
}

let running: { readonly server: GuardedProcess; readonly files: SluiceFiles } | undefined;
afterEach(async () => {
  await running?.server.stop();
  await running?.files.remove();
  running = undefined;
}, 60_000);

/** Starts a proxy on a file as it is. Only where it listens stands in the environment: these ports may be taken. */
async function started(text: string, environment: Context = {}): Promise<Started> {
  const [one = 0, other = 0, managementPort = 0] = await freePorts(3);
  const management = `http://127.0.0.1:${managementPort}`;
  const urls = [`http://127.0.0.1:${one}`, `http://127.0.0.1:${other}`];
  const files = { ...(await writeSluiceFiles({})), management: httpClient(management) };
  writeFileSync(files.configFile, text);
  const server = await launchSluice(files, {
    environment: {
      KAFKA_REST_LISTENERS: urls.join(','),
      KAFKA_REST_SLUICE_MANAGEMENT_LISTENER: management,
      ...environment,
    },
  });
  running = { server, files };
  return { clients: urls.map((url) => httpClient(url)), ports: [one, other], logs: files.logs };
}

describe('a file of Confluent', () => {
  it.each([
    ['the sample', sample, []],
    ['the sample with its comments taken away', sampleInFull, ['zookeeper.connect', 'kafka.rest.extension.classes']],
    ['the sample of version 5, which names ZooKeeper alone', sampleOfVersion5, ['zookeeper.connect']],
    ['each key with its documented default', allDefaults(), ['consumer.threads', 'authentication.method']],
    ['our own sample', readFileSync(ours, 'utf8'), []],
  ])(
    'starts: %s',
    async (_title, text, named) => {
      const { clients, logs } = await started(text);
      for (const client of clients) {
        const answer = await client.call('GET', '/');
        expect([answer.status, answer.json()]).toEqual([200, {}]);
      }
      const log = await logs();
      expect(log).not.toMatch(/unknown (?:client )?keys/);
      expect(named.filter((key) => !log.includes(`"${key} has no effect: `))).toEqual([]);
    },
    START_MS,
  );
});

describe('an environment as that of Confluent’s image', () => {
  it(
    'starts the proxy without a key in its file, which listens at each of its addresses and answers',
    async () => {
      const { bootstrap } = await sharedBroker();
      const { clients, ports, logs } = await started('', {
        KAFKA_REST_BOOTSTRAP_SERVERS: `PLAINTEXT://${bootstrap}`,
        KAFKA_REST_SCHEMA_REGISTRY_URL: 'http://schema-registry:8081',
        KAFKA_REST_ZOOKEEPER_CONNECT: 'zookeeper:2181',
        KAFKA_REST_HOST_NAME: 'rest-proxy',
        KAFKA_REST_ID: 'rest-1',
        KAFKA_REST_CLIENT_SECURITY_PROTOCOL: 'PLAINTEXT',
        KAFKA_REST_CONSUMER_REQUEST_TIMEOUT_MS: '500',
        KAFKA_REST_ACCESS_CONTROL_ALLOW_ORIGIN: '*',
        KAFKA_REST_ACCESS_CONTROL_ALLOW_METHODS: 'GET,POST,PUT,DELETE',
        KAFKA_REST_HEAP_OPTS: '-Xmx512M',
        KAFKA_REST_LOG4J_ROOT_LOGLEVEL: 'INFO',
        KAFKA_REST_CUB_KAFKA_TIMEOUT: '60',
      });
      for (const client of clients) {
        const topics = await client.call('GET', '/topics', { headers: { origin: 'https://shop.example' } });
        expect([topics.status, topics.headers['access-control-allow-origin']]).toEqual([200, '*']);
        const path = `/consumers/${uniqueName('group')}`;
        const made = await client.call('POST', path, { headers: { 'content-type': V2 } });
        const id: string = (made.json() as Record<string, string>)['instance_id'] ?? '';
        expect(id).toMatch(/^rest-consumer-rest-1-/);
        // Of several listeners of a scheme the last one's port.
        expect(made.json()).toMatchObject({ base_uri: `http://rest-proxy:${ports.at(-1)}${path}/instances/${id}` });
      }
      const warnings = (await logs()).split('\n').filter((line) => line.includes(' no effect'));
      expect(warnings).toEqual([expect.stringContaining('zookeeper.connect has no effect: ')]);
    },
    START_MS,
  );

  it(
    'has links with the advertised address of the scheme that the client came with',
    async () => {
      const { clients } = await started(sample, {
        KAFKA_REST_ADVERTISED_LISTENERS: 'https://rest.example.org,http://rest.example.org:8082',
      });
      for (const client of clients) {
        const made = await client.call('POST', '/consumers/g', { headers: { 'content-type': V2 } });
        expect(made.json()).toMatchObject({
          base_uri: expect.stringMatching(/^http:\/\/rest\.example\.org:8082\/consumers\/g\/instances\//),
        });
      }
    },
    START_MS,
  );
});
