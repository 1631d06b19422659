import { beforeAll, describe, expect, it } from 'vitest';
import { sharedSecureBroker } from '../../../test/harness/broker.ts';
import type { SecureKafkaDescription } from '../../../test/harness/secure-kafka.ts';
import { createTopic } from '../../../test/harness/topics.ts';
import { Admin } from '../src/admin.ts';
import { BlockingCalls } from '../src/blocking-calls.ts';
import { translateClientSettings } from '../src/client-settings.ts';
import type { KafkaError } from '../src/kafka-error.ts';
import { Producer } from '../src/producer.ts';
import { batchOf, failures } from './producing.ts';

const START_TIMEOUT_MS = 120_000;
let broker: SecureKafkaDescription;

beforeAll(async () => {
  broker = await sharedSecureBroker();
}, START_TIMEOUT_MS);

function settingsOf(user: string, password: string) {
  return translateClientSettings({
    bootstrapServers: broker.saslBootstrap,
    keys: {
      client: {
        'security.protocol': 'SASL_SSL',
        'sasl.mechanism': 'SCRAM-SHA-256',
        'sasl.jaas.config': `org.apache.kafka.common.security.scram.ScramLoginModule required username="${user}" password="${password}";`,
        'ssl.truststore.location': broker.trustStoreFile,
        'ssl.truststore.password': broker.storePassword,
        'ssl.truststore.type': 'PKCS12',
      },
      producer: {},
      consumer: {},
      admin: {},
    },
    oauthbearerToken: '',
    tokenTimeoutMs: 1000,
  });
}

function producerOf(user: string, password: string, onError?: (error: KafkaError, records: number) => void): Producer {
  const settings = settingsOf(user, password).producer;
  return new Producer({
    settings,
    exact: settings.exact,
    deliveryTimeoutMs: 5000,
    metadataTimeoutMs: 1000,
    connectTimeoutMs: 10_000,
    blockingCalls: new BlockingCalls(),
    hooks: onError === undefined ? {} : { onError },
  });
}

describe('a producer with a wrong password', () => {
  it('is told so as soon as the broker refuses it, and asks again only after a pause', async () => {
    const failed: number[] = [];
    const producer = producerOf(broker.user.name, 'wrong', (_error, records) => {
      if (records === 0) {
        failed.push(performance.now());
      }
    });
    const startedAt = performance.now();
    const result = await producer.produce('any', batchOf([{ value: 'x' }, { value: 'y' }]));
    expect(performance.now() - startedAt).toBeLessThan(5000);
    expect(failures(result)).toMatchObject([
      [0, 58, 'authentication', false, expect.stringContaining('Authentication failed')],
      [1, 58, 'authentication', false, expect.stringContaining('Authentication failed')],
    ]);
    await producer.produce('any', batchOf([{ value: 'x' }]));
    expect(failed).toHaveLength(1);
    await producer.close(2000);
  });
});

describe('an admin client with a wrong password', () => {
  it('is told so', async () => {
    const admin = new Admin({ settings: settingsOf(broker.user.name, 'wrong').admin, timeoutMs: 5000 });
    await expect(admin.topics()).rejects.toMatchObject({ code: 58, family: 'authentication', retriable: false });
    await admin.close();
  });
});

describe('a principal without rights', () => {
  it('is refused each record, and each question about the topic', async () => {
    const topic = await createTopic(broker.bootstrap);
    const message = `Not authorized to access topics: [${topic}]`;
    const producer = producerOf(broker.user.name, broker.user.password);
    for (let i = 0; i < 4; i += 1) {
      // Whether the topic or the producer id is refused first is a race between two of librdkafka's requests.
      const [[, code, family, retriable, text] = []] = failures(
        await producer.produce(topic, batchOf([{ value: 'x' }])),
      );
      expect([family, retriable]).toEqual(['authorization', false]);
      expect(text).toBe(code === 29 ? message : 'Cluster authorization failed.');
    }
    await producer.close(2000);
    const admin = new Admin({ settings: settingsOf(broker.user.name, broker.user.password).admin, timeoutMs: 5000 });
    await expect(admin.describeTopic(topic)).rejects.toMatchObject({ family: 'authorization', message });
    await expect(admin.topicConfigs(topic)).rejects.toMatchObject({ family: 'authorization' });
    expect(await admin.topics()).not.toContain(topic);
    await admin.close();
  });

  it('is refused records with headers that are no text, too, which go another way', async () => {
    const topic = await createTopic(broker.bootstrap);
    const batch = { ...batchOf([{ value: 'x' }]), headers: [[{ key: 'h', value: Buffer.from([0xff]) }]] };
    const outcomes = [broker.user, broker.admin].map(async ({ name, password }) => {
      const producer = producerOf(name, password);
      const result = await producer.produce(topic, batch);
      await producer.close(2000);
      return failures(result).map(([, , family, retriable]) => [family, retriable]);
    });
    expect(await Promise.all(outcomes)).toEqual([[['authorization', false]], []]);
    const stranger = producerOf(broker.user.name, 'wrong');
    expect(failures(await stranger.produce(topic, batch))[0]?.[2]).toBe('authentication');
    await stranger.close(2000);
  });

  it('writes with the rights of another user', async () => {
    const topic = await createTopic(broker.bootstrap);
    const producer = producerOf(broker.admin.name, broker.admin.password);
    expect((await producer.produce(topic, batchOf([{ value: 'x' }]))).errors).toBeUndefined();
    await producer.close(2000);
  });
});
