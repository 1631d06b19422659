import rdkafka from 'node-rdkafka';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { allow } from '../harness/acls.ts';
import { sharedSecureBroker } from '../harness/broker.ts';
import { deferred, within } from '../harness/conditions.ts';
import type { SecureKafkaDescription } from '../harness/secure-kafka.ts';
import { createTopic } from '../harness/topics.ts';

const BROKER_START_MS = 120_000;
const DEADLINE_MS = 10_000;
/** A refused client's `disconnect` waits until its `connect` gave up: librdkafka tries again till then. */
const CONNECT_TIMEOUT_MS = 2000;

let broker: SecureKafkaDescription;
let producer: rdkafka.Producer | undefined;

beforeAll(async () => {
  broker = await sharedSecureBroker();
}, BROKER_START_MS);

afterEach(async () => {
  if (producer?.isConnected() !== true) return;
  const done = deferred();
  producer.disconnect(() => done.resolve());
  await within(done.promise, DEADLINE_MS, 'the producer to disconnect');
});

/** Resolves with null when the record is written, else with the broker's or the client's reason. */
async function produceAs(settings: rdkafka.ProducerGlobalConfig, topic: string): Promise<string | null> {
  const client = new rdkafka.Producer({ ...settings, dr_cb: true, 'topic.metadata.propagation.max.ms': 0 });
  producer = client;
  const outcome = deferred<string | null>();
  client.on('event.log', (line: { message: string }) => {
    if (/authentication error|SSL handshake failed/i.test(line.message)) outcome.resolve(line.message);
  });
  client.on('delivery-report', (error) => outcome.resolve(error ? error.message : null));
  client.connect({ timeout: CONNECT_TIMEOUT_MS }, (error) => {
    if (error) return;
    client.setPollInterval(10);
    client.produce(topic, null, Buffer.from('value'));
  });
  return await within(outcome.promise, DEADLINE_MS, 'the broker to accept or refuse');
}

function sasl(mechanism: string, user: { name: string; password: string }): rdkafka.ProducerGlobalConfig {
  return {
    'bootstrap.servers': broker.saslBootstrap,
    'security.protocol': 'sasl_ssl',
    'ssl.ca.location': broker.authorityFile,
    'sasl.mechanisms': mechanism,
    'sasl.username': user.name,
    'sasl.password': user.password,
  };
}

describe('a broker that demands credentials', () => {
  it.each(['SCRAM-SHA-256', 'SCRAM-SHA-512', 'PLAIN'])('lets the super user write by %s', async (mechanism) => {
    const topic = await createTopic(broker.bootstrap);
    expect(await produceAs(sasl(mechanism, broker.admin), topic)).toBeNull();
  });

  it('lets the super user write by an unsecured OAUTHBEARER token', async () => {
    const topic = await createTopic(broker.bootstrap);
    const { 'sasl.username': _user, 'sasl.password': _password, ...settings } = sasl('OAUTHBEARER', broker.admin);
    const token = {
      'enable.sasl.oauthbearer.unsecure.jwt': true,
      'sasl.oauthbearer.config': `principal=${broker.admin.name}`,
    };
    expect(await produceAs({ ...settings, ...token }, topic)).toBeNull();
  });

  it('refuses a wrong password', async () => {
    const topic = await createTopic(broker.bootstrap);
    const refusal = await produceAs(sasl('SCRAM-SHA-256', { ...broker.user, password: 'wrong' }), topic);
    expect(refusal).toMatch(/authentication error/i);
  });

  it('lets a user write only after an ACL allows it', async () => {
    const topic = await createTopic(broker.bootstrap);
    const settings = sasl('SCRAM-SHA-512', broker.user);
    expect(await produceAs(settings, topic)).toMatch(/authorization failed/i);

    await allow(broker.bootstrap, { user: broker.user.name, resource: 'TOPIC', name: topic, operation: 'WRITE' });

    expect(await produceAs(settings, topic)).toBeNull();
  });

  it('takes the common name of a client certificate for the user', async () => {
    const topic = await createTopic(broker.bootstrap);
    await allow(broker.bootstrap, { user: 'certified', resource: 'TOPIC', name: topic, operation: 'WRITE' });
    const settings: rdkafka.ProducerGlobalConfig = {
      'bootstrap.servers': broker.mutualTlsBootstrap,
      'security.protocol': 'ssl',
      'ssl.ca.location': broker.authorityFile,
      'ssl.keystore.location': broker.clientCertificate.pkcs12File,
      'ssl.keystore.password': broker.storePassword,
    };
    expect(await produceAs(settings, topic)).toBeNull();
  });
});
