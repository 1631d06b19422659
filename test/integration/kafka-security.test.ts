import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { allow, withdraw } from '../harness/acls.ts';
import { sharedSecureBroker } from '../harness/broker.ts';
import { eventually } from '../harness/conditions.ts';
import type { HttpAnswer } from '../harness/http.ts';
import { produceJson, RestConsumer } from '../harness/rest-consumer.ts';
import type { SecureKafkaDescription } from '../harness/secure-kafka.ts';
import { type SluiceProcess, startSluice } from '../harness/sluice.ts';
import { createTopic, uniqueName } from '../harness/topics.ts';
import { V1Consumer } from '../harness/v1-consumer.ts';

const BROKER_START_MS = 120_000;
const JSON_TYPE = 'application/vnd.kafka.json.v2+json';
/** Nobody waits for a time-out to learn that he may not. */
const AT_ONCE_MS = 3000;
const MODULES = 'org.apache.kafka.common.security';

type Settings = Readonly<Record<string, string>>;
type User = SecureKafkaDescription['user'];

let broker: SecureKafkaDescription;
const running: SluiceProcess[] = [];

beforeAll(async () => {
  broker = await sharedSecureBroker();
}, BROKER_START_MS);

afterEach(async () => {
  await Promise.all(running.splice(0).map(async (sluice) => await sluice.stop()));
});

function sasl(mechanism: string, jaas: string): Settings {
  return {
    'bootstrap.servers': broker.saslBootstrap,
    'client.security.protocol': 'SASL_SSL',
    'client.sasl.mechanism': mechanism,
    'client.sasl.jaas.config': `${MODULES}.${jaas};`,
    'client.ssl.truststore.location': broker.trustStoreFile,
    'client.ssl.truststore.password': broker.storePassword,
    'client.ssl.truststore.type': 'PKCS12',
  };
}

function login(module: string, { name, password }: User): string {
  return `${module} required username="${name}" password="${password}"`;
}

function scram(user: User): Settings {
  return sasl('SCRAM-SHA-512', login('scram.ScramLoginModule', user));
}

function mutualTls(): Settings {
  return {
    'bootstrap.servers': broker.mutualTlsBootstrap,
    'client.security.protocol': 'SSL',
    'client.ssl.truststore.location': broker.trustStoreFile,
    'client.ssl.truststore.password': broker.storePassword,
    'client.ssl.truststore.type': 'PKCS12',
    'client.ssl.keystore.location': broker.clientCertificate.pkcs12File,
    'client.ssl.keystore.password': broker.storePassword,
    'client.ssl.keystore.type': 'PKCS12',
  };
}

async function proxyAs(identity: Settings): Promise<SluiceProcess> {
  const sluice = await startSluice({ properties: identity });
  running.push(sluice);
  return sluice;
}

async function produce(sluice: SluiceProcess, topic: string): Promise<HttpAnswer> {
  return await sluice.http.call('POST', `/topics/${topic}`, {
    headers: { 'content-type': JSON_TYPE },
    body: '{"records":[{"value":1},{"value":2}]}',
  });
}

async function atOnce(call: Promise<HttpAnswer>): Promise<HttpAnswer> {
  const startedAt = performance.now();
  const answer = await call;
  expect(performance.now() - startedAt).toBeLessThan(AT_ONCE_MS);
  return answer;
}

async function expectRefused(call: Promise<HttpAnswer>, message: string): Promise<void> {
  const answer = await atOnce(call);
  expect([answer.status, answer.json()]).toEqual([403, { error_code: 40301, message }]);
}

describe('the identity of the proxy', () => {
  it.each([
    ['SCRAM-SHA-512 over TLS', () => scram(broker.admin)],
    ['PLAIN over TLS', () => sasl('PLAIN', login('plain.PlainLoginModule', broker.admin))],
    [
      'OAUTHBEARER over TLS',
      () =>
        sasl(
          'OAUTHBEARER',
          `oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="${broker.admin.name}"`,
        ),
    ],
  ])('by %s: what is produced is read', async (_mechanism, identity) => {
    const topic = await createTopic(broker.bootstrap);
    const sluice = await proxyAs(identity());
    expect(await produceJson(sluice.http, topic, ['a', 'b'])).toEqual([0, 1]);
    const consumer = await RestConsumer.create(sluice.http, uniqueName('group'));
    await consumer.subscribe(topic);
    expect((await consumer.readAll(2)).map(({ value }) => value)).toEqual(['a', 'b']);
    await consumer.commit();
    expect(await consumer.committed(topic)).toBe(2);
    expect((await sluice.http.call('GET', '/topics')).json()).toContain(topic);
  });

  it('by a client certificate, with the rights of its common name', async () => {
    const topic = await createTopic(broker.bootstrap);
    const group = uniqueName('group');
    const user = 'certified';
    await allow(broker.bootstrap, { user, resource: 'TOPIC', name: topic, operation: 'WRITE' });
    await allow(broker.bootstrap, { user, resource: 'TOPIC', name: topic, operation: 'READ' });
    await allow(broker.bootstrap, { user, resource: 'GROUP', name: group, operation: 'READ' });
    const sluice = await proxyAs(mutualTls());
    await produceJson(sluice.http, topic, ['a']);
    const consumer = await RestConsumer.create(sluice.http, group);
    await consumer.assign(topic, 0);
    expect((await consumer.readAll(1)).map(({ value }) => value)).toEqual(['a']);
  });

  it('when its password is wrong is refused with 401/40101 at once, by metadata, produce and read', async () => {
    const sluice = await proxyAs(scram({ ...broker.user, password: 'wrong' }));
    const refused = { error_code: 40101, message: expect.stringContaining('Authentication failed') };
    const topics = await atOnce(sluice.http.call('GET', '/topics'));
    expect([topics.status, topics.json()]).toEqual([401, refused]);

    const produced = await atOnce(produce(sluice, 'any'));
    expect(produced.status).toBe(401);
    const entry = { partition: null, offset: null, error_code: 40101, error: refused.message };
    expect(produced.json()).toMatchObject({ offsets: [entry, entry] });

    const consumer = await RestConsumer.create(sluice.http, uniqueName('group'));
    const subscribed = await atOnce(consumer.call('POST', '/subscription', { topics: ['any'] }));
    expect([subscribed.status, subscribed.json()]).toEqual([401, refused]);
    const read = await atOnce(consumer.readAnswer());
    expect([read.status, read.json()]).toEqual([401, refused]);

    const readiness = await sluice.management.call('GET', '/readyz');
    expect(readiness.json()).toMatchObject({ checks: [{ name: 'kafka', ok: false, detail: refused.message }] });
    expect(await sluice.logs()).not.toContain('"wrong"');
  });
});

describe('a principal that may not write', () => {
  it.each([
    ['with idempotence', {}],
    ['without idempotence', { 'producer.enable.idempotence': 'false' }],
  ])('gets 403 with an entry 40301 for each record, %s, every time', async (_name, settings) => {
    const topic = await createTopic(broker.bootstrap);
    const sluice = await proxyAs({ ...scram(broker.user), ...settings });
    for (let i = 0; i < 5; i += 1) {
      const answer = await atOnce(produce(sluice, topic));
      expect(answer.status).toBe(403);
      // Without WRITE on any topic the broker refuses the idempotent producer itself, as it does Java's.
      const error = expect.stringMatching(
        new RegExp(`^(Not authorized to access topics: \\[${topic}\\]|Cluster authorization failed\\.)$`),
      );
      const entry = { partition: null, offset: null, error_code: 40301, error };
      expect(answer.json()).toEqual({ offsets: [entry, entry], key_schema_id: null, value_schema_id: null });
    }
  });

  it('writes where it may, beside a topic where it may not', async () => {
    const [allowed, refused] = [await createTopic(broker.bootstrap), await createTopic(broker.bootstrap)];
    await allow(broker.bootstrap, { user: broker.user.name, resource: 'TOPIC', name: allowed, operation: 'WRITE' });
    const sluice = await proxyAs(scram(broker.user));
    for (let i = 0; i < 3; i += 1) {
      expect((await produce(sluice, allowed)).status).toBe(200);
      const answer = await atOnce(produce(sluice, refused));
      expect(answer.status).toBe(403);
      const error = `Not authorized to access topics: [${refused}]`;
      expect(answer.json()).toMatchObject({
        offsets: [
          { error_code: 40301, error },
          { error_code: 40301, error },
        ],
      });
    }
  });

  it('writes as soon as it may', async () => {
    const topic = await createTopic(broker.bootstrap);
    const sluice = await proxyAs(scram(broker.user));
    expect((await produce(sluice, topic)).status).toBe(403);
    await allow(broker.bootstrap, { user: broker.user.name, resource: 'TOPIC', name: topic, operation: 'WRITE' });
    await eventually(async () => (await produce(sluice, topic)).status === 200, {
      deadlineMs: 10_000,
      describe: 'the right to take effect',
    });
  });
});

describe('a principal that may not read', () => {
  const sources = [
    ['subscribed', async (consumer: RestConsumer, ...topics: string[]) => await consumer.subscribe(...topics)],
    [
      'assigned',
      async (consumer: RestConsumer, ...topics: string[]) => {
        const partitions = topics.map((topic) => ({ topic, partition: 0 }));
        expect((await consumer.call('POST', '/assignments', { partitions })).status).toBe(204);
      },
    ],
  ] as const;

  async function allowUser(resource: 'TOPIC' | 'GROUP', name: string, operation: 'READ' | 'DESCRIBE'): Promise<void> {
    await allow(broker.bootstrap, { user: broker.user.name, resource, name, operation });
  }

  it.each(sources)(
    'a group gets 403/40301 that names it, %s: read, commit, committed offsets',
    async (_name, follow) => {
      const topic = await createTopic(broker.bootstrap);
      const group = uniqueName('group');
      await allowUser('TOPIC', topic, 'READ');
      const sluice = await proxyAs(scram(broker.user));
      const consumer = await RestConsumer.create(sluice.http, group);
      await follow(consumer, topic);
      const message = `Not authorized to access group: ${group}`;
      await expectRefused(consumer.readAnswer(), message);
      await expectRefused(consumer.readAnswer(), message);
      await expectRefused(
        consumer.call('POST', '/offsets', { offsets: [{ topic, partition: 0, offset: 0 }] }),
        message,
      );
      await expectRefused(consumer.call('GET', '/offsets', { partitions: [{ topic, partition: 0 }] }), message);
      expect((await atOnce(consumer.call('DELETE', ''))).status).toBe(204);
    },
  );

  it.each(sources)('a topic gets 403/40301 that names it on every read, %s', async (_name, follow) => {
    const topic = await createTopic(broker.bootstrap);
    const group = uniqueName('group');
    await allowUser('GROUP', group, 'READ');
    const sluice = await proxyAs(scram(broker.user));
    const consumer = await RestConsumer.create(sluice.http, group);
    await follow(consumer, topic);
    const message = `Not authorized to access topics: [${topic}]`;
    for (let i = 0; i < 3; i += 1) await expectRefused(consumer.readAnswer(), message);
    await expectRefused(consumer.call('POST', '/offsets', { offsets: [{ topic, partition: 0, offset: 0 }] }), message);
  });

  it.each(sources)('a topic nor its group ends its instance at once, %s', async (_name, follow) => {
    const topic = await createTopic(broker.bootstrap);
    const sluice = await proxyAs(scram(broker.user));
    const consumer = await RestConsumer.create(sluice.http, uniqueName('group'), { 'auto.commit.enable': true });
    await follow(consumer, topic);
    expect((await consumer.readAnswer()).status).toBe(403);
    expect((await atOnce(consumer.call('DELETE', ''))).status).toBe(204);
  });

  it.each(sources)('one topic of two is told, although the other gives records, %s', async (_name, follow) => {
    const [readable, described] = [await createTopic(broker.bootstrap), await createTopic(broker.bootstrap)];
    const group = uniqueName('group');
    await allowUser('GROUP', group, 'READ');
    await allowUser('TOPIC', readable, 'READ');
    await allowUser('TOPIC', described, 'DESCRIBE');
    await produceJson((await proxyAs(scram(broker.admin))).http, readable, ['a']);
    const sluice = await proxyAs(scram(broker.user));
    const consumer = await RestConsumer.create(sluice.http, group);
    await follow(consumer, readable, described);
    const message = `Not authorized to access topics: [${described}]`;
    const answer = await eventually(
      async () => {
        const read = await consumer.readAnswer();
        return read.status !== 200 && read;
      },
      { deadlineMs: 10_000, describe: 'the refusal' },
    );
    expect([answer.status, answer.json()]).toEqual([403, { error_code: 40301, message }]);
    await expectRefused(consumer.readAnswer(), message);
  });

  it('reads once it may and asks for its source again', async () => {
    const topic = await createTopic(broker.bootstrap);
    const group = uniqueName('group');
    await produceJson((await proxyAs(scram(broker.admin))).http, topic, ['a']);
    const sluice = await proxyAs(scram(broker.user));
    const consumer = await RestConsumer.create(sluice.http, group);
    await consumer.subscribe(topic);
    expect((await consumer.readAnswer()).status).toBe(403);
    await allowUser('GROUP', group, 'READ');
    await allowUser('TOPIC', topic, 'READ');
    await consumer.subscribe(topic);
    expect((await consumer.readAll(1)).map(({ value }) => value)).toEqual(['a']);
  });

  it('loses no record of v1 while its right to read is withdrawn', { timeout: 60_000 }, async () => {
    const topic = await createTopic(broker.bootstrap);
    const group = uniqueName('group');
    const right = { user: broker.user.name, resource: 'TOPIC', name: topic, operation: 'READ' } as const;
    await allowUser('GROUP', group, 'READ');
    await allow(broker.bootstrap, right);
    const admin = await proxyAs(scram(broker.admin));
    const sluice = await proxyAs(scram(broker.user));
    const consumer = await V1Consumer.create(sluice.http, { 'auto.offset.reset': 'largest' }, group);
    expect(await consumer.read(topic)).toEqual([]);
    await produceJson(admin.http, topic, ['a']);
    expect(await consumer.readAll(topic, 1)).toEqual(['a']);

    await withdraw(broker.bootstrap, right);
    const until = async (status: number): Promise<HttpAnswer> =>
      await eventually(
        async () => {
          const answer = await consumer.readAnswer(topic);
          return answer.status === status && answer.text !== '[]' && answer;
        },
        { deadlineMs: 20_000, describe: `an answer of ${status}` },
      );
    await until(403);
    await produceJson(admin.http, topic, ['b']);
    await allow(broker.bootstrap, right);
    // Nothing was committed, and so the first one comes again.
    expect((await until(200)).json()).toMatchObject([{ value: 'a' }, { value: 'b' }]);
  });
});
