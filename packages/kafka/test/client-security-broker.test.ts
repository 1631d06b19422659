import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { allow } from '../../../test/harness/acls.ts';
import { sharedSecureBroker } from '../../../test/harness/broker.ts';
import type { SecureKafkaDescription } from '../../../test/harness/secure-kafka.ts';
import { createTopic, uniqueName } from '../../../test/harness/topics.ts';
import { Admin } from '../src/admin.ts';
import { BlockingCalls } from '../src/blocking-calls.ts';
import { type ClientSettings, translateClientSettings } from '../src/client-settings.ts';
import { Consumer } from '../src/consumer.ts';
import { Producer } from '../src/producer.ts';
import { batchOf, failures } from './producing.ts';

const START_TIMEOUT_MS = 120_000;
const TIMEOUT_MS = 10_000;
const MODULES = 'org.apache.kafka.common.security';
let broker: SecureKafkaDescription;

beforeAll(async () => {
  broker = await sharedSecureBroker();
}, START_TIMEOUT_MS);

function settingsOf(bootstrapServers: string, client: Record<string, string>): ClientSettings {
  const keys = { client, producer: {}, consumer: {}, admin: {} };
  const settings = translateClientSettings({ bootstrapServers, keys, oauthbearerToken: '', tokenTimeoutMs: 1000 });
  expect([settings.problems, settings.warnings]).toEqual([[], []]);
  return settings;
}

async function produceOne(settings: ClientSettings, topic: string): Promise<ReturnType<typeof failures>> {
  const producer = new Producer({
    settings: settings.producer,
    tokens: settings.producer.tokens,
    deliveryTimeoutMs: TIMEOUT_MS,
    metadataTimeoutMs: 2000,
    connectTimeoutMs: TIMEOUT_MS,
    blockingCalls: new BlockingCalls(),
  });
  onTestFinished(async () => await producer.close(2000));
  return failures(await producer.produce(topic, batchOf([{ value: 'x' }])));
}

async function brokersSeen(settings: ClientSettings): Promise<readonly number[]> {
  const admin = new Admin({ settings: settings.admin, timeoutMs: TIMEOUT_MS });
  onTestFinished(async () => await admin.close());
  return await admin.brokers();
}

/** Rejects unless the broker lets this client in. */
async function connectConsumer(settings: ClientSettings, connectTimeoutMs: number = TIMEOUT_MS): Promise<void> {
  const consumer = new Consumer({
    groupId: uniqueName('group'),
    autoOffsetReset: 'earliest',
    settings: settings.consumer,
    tokens: settings.consumer.tokens,
    instanceTimeoutMs: 60_000,
    readAheadBytes: 1_048_576,
    parkAfterMs: 60_000,
    connectTimeoutMs,
    requestTimeoutMs: TIMEOUT_MS,
    blockingCalls: new BlockingCalls(),
    committedOffsets: async () => [],
    hooks: {
      resolveStart: async () => await Promise.resolve([]),
      onAssigned: () => undefined,
      onRevoked: () => undefined,
      onError: () => undefined,
      onLog: () => undefined,
    },
  });
  await consumer.connect();
  await consumer.close();
}

describe('a broker with SASL over TLS lets all three clients in', () => {
  const login = (module: string, options: string) => `${MODULES}.${module} required ${options};`;

  it.each(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512', 'OAUTHBEARER'])('by %s', async (mechanism) => {
    const { name, password } = broker.admin;
    const credentials = `username="${name}" password="${password}"`;
    const logins: Record<string, string> = {
      PLAIN: login('plain.PlainLoginModule', credentials),
      OAUTHBEARER: login('oauthbearer.OAuthBearerLoginModule', `unsecuredLoginStringClaim_sub="${name}"`),
    };
    const settings = settingsOf(broker.saslBootstrap, {
      'security.protocol': 'SASL_SSL',
      'sasl.mechanism': mechanism,
      'sasl.jaas.config': logins[mechanism] ?? login('scram.ScramLoginModule', credentials),
      'ssl.truststore.location': broker.trustStoreFile,
      'ssl.truststore.password': broker.storePassword,
    });
    const topic = await createTopic(broker.bootstrap);
    expect(await produceOne(settings, topic)).toEqual([]);
    expect((await brokersSeen(settings)).length).toBe(1);
    await connectConsumer(settings);
  });
});

describe('a broker that demands a certificate lets all three clients in', () => {
  it.each<[string, () => Record<string, string>]>([
    [
      'from a PKCS12 store',
      () => ({
        'ssl.keystore.location': broker.clientCertificate.pkcs12File,
        'ssl.keystore.password': broker.storePassword,
      }),
    ],
    ['from a PEM store', () => ({ 'ssl.keystore.location': broker.clientCertificate.pemFile })],
  ])('%s, and knows who it is', async (_name, keys) => {
    const settings = settingsOf(broker.mutualTlsBootstrap, {
      'security.protocol': 'SSL',
      'ssl.truststore.location': broker.authorityFile,
      ...keys(),
    });
    const topic = await createTopic(broker.bootstrap);
    // This user has no rights but this one: the record is taken only if the broker read the name in the certificate.
    await allow(broker.bootstrap, { user: 'certified', resource: 'TOPIC', name: topic, operation: 'WRITE' });
    expect(await produceOne(settings, topic)).toEqual([]);
    expect((await brokersSeen(settings)).length).toBe(1);
    await connectConsumer(settings);
  });
});

describe('a broker whose certificate is not trusted', () => {
  it('is not talked to', async () => {
    const settings = settingsOf(broker.mutualTlsBootstrap, { 'security.protocol': 'SSL' });
    await expect(brokersSeen(settings)).rejects.toThrow();
    await expect(connectConsumer(settings, 2000)).rejects.toThrow();
  });
});
