import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Proxy, useProxy } from '../harness/proxy.ts';
import { produceJson, RestConsumer } from '../harness/rest-consumer.ts';
import { sharedRegistry } from '../harness/shared-registry.ts';
import { createTopic, uniqueName } from '../harness/topics.ts';
import {
  AVRO,
  BINARY,
  expectAnswer,
  failure,
  JSON_V2,
  ok,
  type Row,
  type Sent,
  send,
  transmit,
  V1_JSON,
} from './exchanges.ts';

/** `sluice.records.headers` and `sluice.records.timestamps`: as Strimzi and Karapace have them. */

const registry = async () => ({ 'schema.registry.url': (await sharedRegistry()).url });
const on = useProxy(async () => ({
  ...(await registry()),
  'sluice.records.headers': 'true',
  'sluice.records.timestamps': 'true',
  'sluice.records.headers.max': '5',
  'sluice.records.headers.max.bytes': '100',
  'sluice.records.headers.total.max': '60',
}));
const off = useProxy();

const HEADERS = '[{"key":"a","value":"eA=="},{"key":"b","value":""},{"key":"a","value":"/wD+"}]';

function produce(record: string, type: string = JSON_V2): Sent {
  return send('POST /topics/{topic}', { type, body: `{"records":[${record}]}` });
}

async function read(proxy: Proxy, topic: string, accept: string = JSON_V2, waitMs = 5000): Promise<string> {
  const line = `GET /topics/${topic}/partitions/0/records?offset=0&timeout=${waitMs}`;
  const { status, text } = await transmit(proxy.http, send(line, { accept }));
  expect(status).toBe(200);
  return text;
}

describe('a record with headers and a timestamp', () => {
  it.each([
    [JSON_V2, '"k"', '{"n":1.10}'],
    [BINARY, '"aw=="', '"/w=="'],
  ])('is read as it was written, in %s', async (type, key, value) => {
    const topic = await createTopic(on.bootstrap);
    const fields = `"key":${key},"value":${value},"timestamp":1700000000123,"headers":${HEADERS}`;
    const { text } = await transmit(on.http, produce(`{${fields}}`, type), { topic });
    expect(text).toBe(
      '{"offsets":[{"partition":0,"offset":0,"error_code":null,"error":null}],"key_schema_id":null,"value_schema_id":null}',
    );
    const record = `{"topic":"${topic}","key":${key},"value":${value},"partition":0,"offset":0,"timestamp":1700000000123,"headers":${HEADERS}}`;
    expect(await read(on, topic, type)).toBe(`[${record}]`);
    const format = type === JSON_V2 ? 'json' : 'binary';
    const consumer = await RestConsumer.create(on.http, uniqueName('group'), { format });
    await consumer.assign(topic, 0);
    expect((await consumer.readAnswer({ timeout: 10_000 })).text).toBe(`[${record}]`);
    await consumer.delete();
  });

  it('has them beside a schema, too, and in the route that names a partition', async () => {
    const topic = await createTopic(on.bootstrap);
    const body = `{"value_schema":"\\"int\\"","records":[{"value":1,"timestamp":5,"headers":${HEADERS}}]}`;
    const sent = send('POST /topics/{topic}/partitions/0', { type: AVRO, body });
    expect((await transmit(on.http, sent, { topic })).status).toBe(200);
    expect(await read(on, topic, AVRO)).toBe(
      `[{"topic":"${topic}","key":null,"value":1,"partition":0,"offset":0,"timestamp":5,"headers":${HEADERS}}]`,
    );
  });

  it('has null for a value of a header, which is read as empty', async () => {
    const topic = await createTopic(on.bootstrap);
    const headers = '[{"key":"a","value":null},{"key":"b"}]';
    await transmit(on.http, produce(`{"value":1,"timestamp":0,"headers":${headers}}`), { topic });
    expect(await read(on, topic)).toContain('"timestamp":0,"headers":[{"key":"a","value":""},{"key":"b","value":""}]}');
  });

  it('without them has the time of its writing, and no headers', async () => {
    const topic = await createTopic(on.bootstrap);
    const before = Date.now();
    await transmit(on.http, produce('{"value":1,"headers":null,"timestamp":null}'), { topic });
    const [record] = JSON.parse(await read(on, topic)) as { timestamp: number }[];
    expect(record).not.toHaveProperty('headers');
    expect(record?.timestamp).toBeGreaterThanOrEqual(before);
    expect(record?.timestamp).toBeLessThanOrEqual(Date.now());
  });

  it('keeps whatever they are', { timeout: 60_000 }, async () => {
    const header = fc.record({
      key: fc.oneof(fc.string({ maxLength: 5 }), fc.constant('__proto__')),
      value: fc.uint8Array({ maxLength: 10 }).map((bytes) => Buffer.from(bytes).toString('base64')),
    });
    const one = fc.record({
      timestamp: fc.nat(1_700_000_000_000),
      headers: fc.array(header, { minLength: 1, maxLength: 5 }),
    });
    const topic = await createTopic(on.bootstrap);
    const sent = fc.sample(fc.array(one, { minLength: 1, maxLength: 10 }), 20);
    for (const records of sent) {
      const body = JSON.stringify({ records: records.map((record) => ({ value: 1, ...record })) });
      const { text } = await transmit(on.http, send('POST /topics/{topic}', { type: JSON_V2, body }), { topic });
      expect(text).not.toContain('"error":"');
    }
    const stored = JSON.parse(await read(on, topic)) as { timestamp: number; headers: unknown }[];
    expect(stored.map(({ timestamp, headers }) => ({ timestamp, headers }))).toEqual(sent.flat());
  });

  it('has neither in v1', async () => {
    const topic = await createTopic(on.bootstrap);
    await transmit(on.http, produce(`{"value":1,"headers":${HEADERS}}`), { topic });
    const line = `GET /topics/${topic}/partitions/0/messages?offset=0`;
    expect((await transmit(on.http, send(line, { accept: V1_JSON }))).text).toBe(
      '[{"topic":"{topic}","key":null,"value":1,"partition":0,"offset":0}]'.replace('{topic}', topic),
    );
    await expectAnswer(
      on.http,
      produce('{"value":1,"headers":[]}', V1_JSON),
      failure(422, 422, 'Unrecognized field: headers', 'application/vnd.kafka.v1+json'),
      { topic },
    );
  });
});

const sixty = `"${Buffer.alloc(60).toString('base64')}"`;
const refusals: readonly Row[] = [
  [
    'headers that are no array',
    produce('{"value":1},{"value":1,"headers":{}}'),
    failure(400, 400, 'Bad Request: headers of record 1 is not an array'),
  ],
  [
    'a header that is no object',
    produce('{"value":1,"headers":[1]}'),
    failure(400, 400, 'Bad Request: headers[0] of record 0 is not an object'),
  ],
  [
    'a header without a key',
    produce('{"value":1,"headers":[{"value":""}]}'),
    failure(400, 400, 'Bad Request: headers[0].key of record 0 is missing'),
  ],
  [
    'a key that is no string',
    produce('{"value":1,"headers":[{"key":1}]}'),
    failure(400, 400, 'Bad Request: headers[0].key of record 0 is not a string'),
  ],
  [
    'a key that is no text',
    produce('{"value":1,"headers":[{"key":"\\ud800"}]}'),
    failure(400, 400, 'Bad Request: headers[0].key of record 0 holds half of a surrogate pair'),
  ],
  [
    'a value that is no base64',
    produce('{"value":1,"headers":[{"key":"a","value":""},{"key":"a","value":"!"}]}'),
    failure(400, 400, 'Bad Request: headers[1].value of record 0 is neither a base64 string nor null'),
  ],
  [
    'a field that headers do not have',
    produce('{"value":1,"headers":[{"key":"a","type":"x"}]}'),
    failure(422, 422, 'Unrecognized field: type'),
  ],
  [
    'too many headers',
    produce(`{"value":1,"headers":[${Array(6).fill('{"key":"a"}').join()}]}`),
    failure(413, 413, 'Record 0 has more than 5 headers (sluice.records.headers.max).'),
  ],
  [
    'too many headers together (bug: a request of some millions took all of the process for seconds)',
    produce(
      Array(13)
        .fill(`{"value":1,"headers":[${Array(5).fill('{"key":"a"}').join()}]}`)
        .join(),
    ),
    failure(413, 413, 'The records have more than 60 headers together (sluice.records.headers.total.max).'),
  ],
  [
    'too large headers',
    produce(`{"value":1,"headers":[{"key":"a","value":${sixty}},{"key":"b","value":${sixty}}]}`),
    failure(413, 413, 'Record 0 has more than 100 bytes of headers (sluice.records.headers.max.bytes).'),
  ],
  [
    'a negative timestamp',
    produce('{"value":1,"timestamp":-1}'),
    failure(400, 400, 'Bad Request: the timestamp of record 0 is -1; allowed are milliseconds since 1970, or none'),
  ],
  [
    'a timestamp that is no number',
    produce('{"value":1,"timestamp":"now"}'),
    failure(400, 400, /^Cannot deserialize value of type `Long` from String "now"/),
  ],
];

describe('is refused with its place:', () => {
  let topic: string;
  beforeAll(async () => {
    topic = await createTopic(on.bootstrap);
  });

  it.each(refusals)('%s', async (_title, sent, answer) => {
    await expectAnswer(on.http, sent, answer, { topic });
    expect(await read(on, topic, JSON_V2, 100)).toBe('[]');
  });
});

describe('without the switches', () => {
  it.each(['headers', 'timestamp'])('records have no %s to be written', async (field) => {
    const topic = await createTopic(off.bootstrap);
    const sent = produce(`{"value":1,"${field}":null}`);
    await expectAnswer(off.http, sent, failure(422, 422, `Unrecognized field: ${field}`), { topic });
  });

  it('records are read as Confluent has them', async () => {
    const topic = await createTopic(on.bootstrap);
    await transmit(on.http, produce(`{"value":1,"timestamp":5,"headers":${HEADERS}}`), { topic });
    await produceJson(off.http, topic, [2]);
    const records = ok(
      '[{"topic":"{topic}","key":null,"value":1,"partition":0,"offset":0},{"topic":"{topic}","key":null,"value":2,"partition":0,"offset":1}]',
      JSON_V2,
    );
    const line = 'GET /topics/{topic}/partitions/0/records?offset=0';
    await expectAnswer(off.http, send(line, { accept: JSON_V2 }), records, { topic });
  });
});
