import { beforeAll, describe, expect, it } from 'vitest';
import { allow } from '../harness/acls.ts';
import { sharedSecureBroker } from '../harness/broker.ts';
import { eventually } from '../harness/conditions.ts';
import { freePorts } from '../harness/free-ports.ts';
import type { HttpClient } from '../harness/http.ts';
import { useProxy } from '../harness/proxy.ts';
import { openRaw } from '../harness/raw-http.ts';
import { RestConsumer } from '../harness/rest-consumer.ts';
import type { SecureKafkaDescription } from '../harness/secure-kafka.ts';
import { type SluiceProcess, startSluice } from '../harness/sluice.ts';
import { createTopic, uniqueName } from '../harness/topics.ts';
import {
  expectAnswer,
  failure,
  JSON_V2,
  notAcceptable,
  ok,
  send,
  transmit,
  unsupportedMediaType,
  V1,
  V1_JSON,
  V2,
} from './exchanges.ts';
import { instanceIn } from './instances.ts';

/**
 * The codes of contract B.2 and B.3 that need a broker, credentials or limits of their own. README.md names the test of
 * every code.
 */

const SECURE_START_MS = 150_000;
const RECORD = '{"records":[{"value":1}]}';
const produce = send('POST /topics/{topic}', { type: JSON_V2, body: RECORD });

describe('a broker that does not answer', () => {
  let sluice: SluiceProcess;
  let consumer: RestConsumer;

  beforeAll(async () => {
    const [port] = await freePorts(1);
    const timeout = { 'sluice.kafka.admin.timeout.ms': '1000', 'sluice.kafka.connect.timeout.ms': '1000' };
    sluice = await startSluice({ properties: { 'bootstrap.servers': `127.0.0.1:${port}`, ...timeout } });
    consumer = await RestConsumer.create(sluice.http, uniqueName('group'));
    return async () => {
      await sluice.stop();
    };
  }, SECURE_START_MS);

  it.each(['GET /brokers', 'GET /topics', 'GET /topics/t', 'GET /topics/t/partitions/0/offsets'])(
    'is 500/50003 for %s',
    async (line) => {
      await expectAnswer(sluice.http, send(line), failure(500, 50003, 'Cannot connect to any broker.'));
    },
  );

  it('is 50003 for each record', async () => {
    const answer = await transmit(sluice.http, produce, { topic: 't' });
    expect(answer.status).toBe(200);
    const error = 'Topic t not present in metadata after 1000 ms.';
    expect(answer.json()).toMatchObject({ offsets: [{ partition: null, offset: null, error_code: 50003, error }] });
  });

  it('is 500/50003 for a subscription', async () => {
    const sent = send('POST {consumer}/subscription', { type: V2, body: '{"topics":["t"]}' });
    const answer = failure(500, 50003, 'Broker transport failure.');
    await expectAnswer(sluice.http, sent, answer, { consumer: consumer.path });
  });

  it('does not keep an instance from being made and deleted', async () => {
    const other = await RestConsumer.create(sluice.http, uniqueName('group'));
    await other.delete();
  });
});

/** `shutdown.graceful.ms` is 5 s; the rest is for a machine that is slow. */
const STOP_MAX_MS = 15_000;

describe('a broker that asks who is there', () => {
  let broker: SecureKafkaDescription;
  let topic: string;

  const proxyOf = async (name: string, password: string): Promise<SluiceProcess> => {
    const login = `org.apache.kafka.common.security.scram.ScramLoginModule required username="${name}" password="${password}";`;
    return await startSluice({
      properties: {
        'bootstrap.servers': broker.saslBootstrap,
        'client.security.protocol': 'SASL_SSL',
        'client.sasl.mechanism': 'SCRAM-SHA-512',
        'client.sasl.jaas.config': login,
        'client.ssl.truststore.location': broker.trustStoreFile,
        'client.ssl.truststore.password': broker.storePassword,
      },
    });
  };

  beforeAll(async () => {
    broker = await sharedSecureBroker();
    topic = await createTopic(broker.bootstrap);
  }, SECURE_START_MS);

  describe('and is told a wrong password', () => {
    let http: HttpClient;

    beforeAll(async () => {
      const sluice = await proxyOf(broker.user.name, 'wrong');
      ({ http } = sluice);
      return async () => {
        await sluice.stop();
      };
    });

    it.each(['GET /brokers', 'GET /topics', 'GET /topics/{topic}'])('is 401/40101 for %s', async (line) => {
      await expectAnswer(http, send(line), failure(401, 40101, /authentication/i), { topic });
    });

    it('is 401 for a produce request, and 40101 for each record', async () => {
      const answer = await transmit(http, produce, { topic });
      expect({ status: answer.status, type: answer.headers['content-type'] }).toEqual({ status: 401, type: V2 });
      expect(answer.json()).toMatchObject({ offsets: [{ partition: null, offset: null, error_code: 40101 }] });
    });

    it('is 401/40101 for a subscription', async () => {
      const consumer = await RestConsumer.create(http, uniqueName('group'));
      const sent = send('POST {consumer}/subscription', { type: V2, body: '{"topics":["{topic}"]}' });
      await expectAnswer(http, sent, failure(401, 40101, /authentication/i), { consumer: consumer.path, topic });
    });
  });

  describe('and is told a name without rights', () => {
    let http: HttpClient;

    beforeAll(async () => {
      const sluice = await proxyOf(broker.user.name, broker.user.password);
      ({ http } = sluice);
      return async () => {
        // The client of the instance below does not close before 45 s are over: nobody tells it who its coordinator is.
        const startedAt = performance.now();
        await sluice.stop();
        expect(performance.now() - startedAt).toBeLessThan(STOP_MAX_MS);
      };
    });

    it.each(['', '/partitions', '/partitions/0', '/partitions/0/offsets'])(
      'is 403/40301 for a topic%s',
      async (path) => {
        const answer = failure(403, 40301, 'Not authorized to access topics: [{topic}]');
        await expectAnswer(http, send(`GET /topics/{topic}${path}`), answer, { topic });
      },
    );

    it('leaves such topics out of the list', async () => {
      expect((await transmit(http, send('GET /topics'))).json()).not.toContain(topic);
    });

    it('is 403 for a produce request, and 40301 for each record', async () => {
      const answer = await transmit(http, produce, { topic });
      expect({ status: answer.status, type: answer.headers['content-type'] }).toEqual({ status: 403, type: V2 });
      expect(answer.json()).toMatchObject({ offsets: [{ partition: null, offset: null, error_code: 40301 }] });
    });

    it('is told the same by v1', async () => {
      const missing = failure(403, 40301, 'Not authorized to access topics: [{topic}]', V1);
      await expectAnswer(http, send('GET /topics/{topic}/partitions', { accept: V1 }), missing, { topic });
      const answer = await transmit(http, send('POST /topics/{topic}', { type: V1_JSON, body: RECORD }), { topic });
      expect({ status: answer.status, type: answer.headers['content-type'] }).toEqual({ status: 403, type: V1 });
      expect(answer.json()).toMatchObject({ offsets: [{ partition: null, offset: null, error_code: 40301 }] });
    });

    it('is 403/40301 for a commit', async () => {
      const mine = await createTopic(broker.bootstrap);
      const { name: user } = broker.user;
      await allow(broker.bootstrap, { user, resource: 'TOPIC', name: mine, operation: 'READ' });
      const group = uniqueName('group');
      const consumer = await RestConsumer.create(http, group);
      const body = '{"offsets":[{"topic":"{mine}","partition":0,"offset":0}]}';
      const sent = send('POST {consumer}/offsets', { type: V2, body });
      const answer = failure(403, 40301, `Not authorized to access group: ${group}`);
      await expectAnswer(http, sent, answer, { consumer: consumer.path, mine });
    });
  });
});

describe('limits', () => {
  const proxy = useProxy({
    'sluice.http.body.max.bytes': '2000',
    'sluice.http.body.total.max.bytes': '3000',
    'sluice.http.body.timeout.ms': '3000',
    'sluice.produce.records.max': '2',
    'sluice.json.depth.max': '10',
    'sluice.request.partitions.max': '2',
    'sluice.consumer.instances.max': '3',
    'sluice.consumer.reads.max': '1',
  });
  const withBody = (body: string) => send('POST /topics/{topic}', { type: JSON_V2, body });
  let topic: string;

  beforeAll(async () => {
    topic = await createTopic(proxy.bootstrap);
  });

  it.each([
    ['a body that is too large', `{"records":[{"value":"${'x'.repeat(2000)}"}]}`, failure(413, 413, /2000 bytes/)],
    ['too many records', '{"records":[{},{},{}]}', failure(413, 413, /more than 2 records/)],
    [
      'JSON that nests too deep',
      `{"records":[{"value":${'['.repeat(20)}${']'.repeat(20)}}]}`,
      failure(400, 400, /^Document nesting depth \(11\) exceeds the maximum allowed \(10\)/),
    ],
  ])('%s', async (_title, body, answer) => {
    await expectAnswer(proxy.http, withBody(body), answer, { topic });
  });

  it('too many topics or partitions in a list', async () => {
    const consumer = await instanceIn('new', proxy, topic);
    const body = '{"topics":["a","b","c"]}';
    const answer = failure(413, 413, 'subscribe.subscription.topics holds 3 entries; one request may name at most 2.');
    await expectAnswer(proxy.http, send('POST {consumer}/subscription', { type: V2, body }), answer, {
      consumer: consumer.path,
    });
    await consumer.delete();
  });

  it('a body that does not come is 408/408', async () => {
    const connection = await openRaw(proxy.url);
    try {
      connection.send(`POST / HTTP/1.1\r\nHost: x\r\nContent-Type: ${V2}\r\nContent-Length: 10\r\n\r\n{`);
      const [answer] = await connection.answered(1);
      expect(answer?.status).toBe(408);
      expect(answer?.body).toBe('{"error_code":408,"message":"Timeout while reading from inputStream"}');
    } finally {
      connection.vanish();
    }
  });

  it('a body for which there is no memory is 503/503 with Retry-After', async () => {
    const slow = await openRaw(proxy.url);
    try {
      slow.send(`POST / HTTP/1.1\r\nHost: x\r\nContent-Type: ${V2}\r\nContent-Length: 1990\r\n\r\n${' '.repeat(1900)}`);
      const refused = {
        ...failure(503, 503, /sluice\.http\.body\.total\.max\.bytes/),
        headers: { 'retry-after': '1' },
      };
      await eventually(
        async () => {
          await expectAnswer(proxy.http, withBody(`${RECORD}${' '.repeat(1500)}`), refused, { topic });
          return true;
        },
        { deadlineMs: 2500, describe: 'the slow body to take its memory' },
      );
    } finally {
      slow.vanish();
    }
  });

  it('one instance too many is 429/429 with Retry-After', async () => {
    const made = [];
    for (let i = 0; i < 3; i += 1) made.push(await RestConsumer.create(proxy.http, uniqueName('group')));
    const refused = { ...failure(429, 429, /sluice\.consumer\.instances\.max/), headers: { 'retry-after': '10' } };
    await expectAnswer(proxy.http, send(`POST /consumers/${uniqueName('group')}`), refused);
    for (const consumer of made) await consumer.delete();
  });

  it('one read too many is 429/429 with Retry-After', async () => {
    const [first, second] = [await instanceIn('assigned', proxy, topic), await instanceIn('assigned', proxy, topic)];
    const waiting = first.readAnswer({ timeout: 3000 });
    const refused = {
      ...failure(429, 429, /sluice\.consumer\.reads\.max/, JSON_V2),
      headers: { 'retry-after': '1' },
    };
    await eventually(
      async () => {
        await expectAnswer(proxy.http, send(`GET ${second.path}/records?timeout=1`, { accept: JSON_V2 }), refused);
        return true;
      },
      { deadlineMs: 2500, describe: 'the first read to be under way' },
    );
    expect((await waiting).text).toBe('[]');
    for (const consumer of [first, second]) await consumer.delete();
  });

  it('no offset and no reset policy is 500/50002', async () => {
    const consumer = await instanceIn('assigned', proxy, topic, { 'auto.offset.reset': 'none' });
    const answer = failure(500, 50002, 'Undefined offset with no reset policy for partitions: [{topic}-0]', JSON_V2);
    const sent = send('GET {consumer}/records?timeout=5000', { accept: JSON_V2 });
    await expectAnswer(proxy.http, sent, answer, { consumer: consumer.path, topic });
    await consumer.delete();
  });

  it('plain statuses of the framework are their own codes', async () => {
    await expectAnswer(proxy.http, send('GET /topics', { accept: 'text/plain' }), notAcceptable);
    await expectAnswer(proxy.http, send('GET /topics', { type: 'text/plain' }), unsupportedMediaType);
    await expectAnswer(proxy.http, send('GET /'), ok('{}'));
  });
});
