import { beforeAll, describe, expect, it } from 'vitest';
import { dialectOf } from '../../packages/protocol/src/index.ts';
import { useProxy } from '../harness/proxy.ts';
import { produceJson, RestConsumer } from '../harness/rest-consumer.ts';
import { createTopic, uniqueName } from '../harness/topics.ts';
import {
  BINARY,
  expectAnswer,
  JSON_V2,
  KAFKA_JSON,
  notAcceptable,
  OCTETS,
  ok,
  PLAIN_JSON,
  type Sent,
  send,
  transmit,
  unsupportedMediaType,
  V1,
  V2,
} from './exchanges.ts';

/**
 * `sluice.media.types.lenient`: v2 takes plain JSON, and its own types wherever they stand, as Karapace and Pandaproxy do.
 * What names no format means base64 where records are written, and the format of the instance where they are read.
 */

const switches = { name: 'confluent', lenientTypes: true, headers: false, timestamps: false } as const;
const lenient = useProxy({ 'sluice.media.types.lenient': 'true' });
const withoutV1 = useProxy({ 'sluice.media.types.lenient': 'true', 'api.v1.enable': 'false' });
const olderFirst = useProxy({ 'sluice.media.types.lenient': 'true', 'sluice.api.default.version': '1' });
const strict = useProxy({ 'api.v1.enable': 'false' });
const plain = useProxy();
const dialect = dialectOf(switches);

const say = (...sent: Parameters<typeof send>): Sent => ({ ...send(...sent), dialect });
let topic: string;

beforeAll(async () => {
  topic = await createTopic(lenient.bootstrap);
  await produceJson(lenient.http, topic, [{ a: 1 }]);
});

describe('metadata', () => {
  it.each([PLAIN_JSON, KAFKA_JSON, OCTETS, JSON_V2, BINARY])(
    'of v2 has the type that was asked for: %s',
    async (accept) => {
      const sent = say('GET /topics/{topic}/partitions/0/offsets', { accept, type: accept });
      await expectAnswer(lenient.http, sent, ok('{"beginning_offset":0,"end_offset":1}', accept), { topic });
      await expectAnswer(withoutV1.http, sent, ok('{"beginning_offset":0,"end_offset":1}', accept), { topic });
    },
  );

  it('is of v1 for its own types, and refused where there is no v1', async () => {
    await expectAnswer(lenient.http, say('GET /brokers', { accept: V1 }), ok('{"brokers":[1]}', V1));
    await expectAnswer(withoutV1.http, say('GET /brokers', { accept: V1 }), notAcceptable);
  });

  it('has its own type for who has no wish', async () => {
    await expectAnswer(lenient.http, say('GET /brokers'), ok('{"brokers":[1]}', V2));
  });

  it('is not answered to plain JSON by v2 without the switch', async () => {
    const sent = send('GET /topics/{topic}/partitions/0/offsets', { accept: PLAIN_JSON });
    await expectAnswer(plain.http, sent, notAcceptable, { topic });
    await expectAnswer(strict.http, send('GET /brokers', { accept: PLAIN_JSON }), notAcceptable);
    await expectAnswer(
      strict.http,
      send('POST /topics/{topic}', { type: PLAIN_JSON, body: '{}' }),
      unsupportedMediaType,
      { topic },
    );
  });
});

describe('a produce of plain JSON', () => {
  it('has base64, and is v2’s', async () => {
    const created = await createTopic(lenient.bootstrap);
    const sent = say('POST /topics/{topic}/partitions/0', {
      type: PLAIN_JSON,
      body: '{"records":[{"value":"eyJhIjoxfQ==","partition":0}]}',
    });
    // v1 has no partition in records of this route.
    expect((await transmit(lenient.http, sent, { topic: created })).status).toBe(200);
    expect((await transmit(olderFirst.http, sent, { topic: created })).status).toBe(422);
    expect((await transmit(plain.http, sent, { topic: created })).status).toBe(422);
    const line = 'GET /topics/{topic}/partitions/0/records?offset=0';
    const records = '[{"topic":"{topic}","key":null,"value":{"a":1},"partition":0,"offset":0}]';
    await expectAnswer(lenient.http, say(line, { accept: JSON_V2 }), ok(records, JSON_V2), { topic: created });
  });
});

describe('an instance', () => {
  it('is made, read and committed with plain JSON', async () => {
    const group = uniqueName('group');
    const types = { type: PLAIN_JSON, accept: PLAIN_JSON };
    const body = '{"name":"c","format":"json","auto.offset.reset":"earliest"}';
    const created = await transmit(lenient.http, say(`POST /consumers/${group}`, { ...types, body }));
    expect(created.headers['content-type']).toBe(PLAIN_JSON);
    const consumer = new RestConsumer(lenient.http, `/consumers/${group}/instances/c`, 'json');
    const subscribed = say(`POST ${consumer.path}/subscription`, { ...types, body: `{"topics":["${topic}"]}` });
    expect((await transmit(lenient.http, subscribed)).status).toBe(204);
    const records = `[{"topic":"${topic}","key":null,"value":{"a":1},"partition":0,"offset":0}]`;
    // In its own format and type, as for who has no wish.
    await expectAnswer(lenient.http, say(`GET ${consumer.path}/records?timeout=20000`, types), ok(records, JSON_V2));
    await expectAnswer(lenient.http, say(`POST ${consumer.path}/offsets`, types), ok('[]', PLAIN_JSON));
    await consumer.delete();
  });
});
