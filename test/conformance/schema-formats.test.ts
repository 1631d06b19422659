import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sharedBroker } from '../harness/broker.ts';
import { RestConsumer } from '../harness/rest-consumer.ts';
import { sharedRegistry } from '../harness/shared-registry.ts';
import { type SluiceProcess, startSluice } from '../harness/sluice.ts';
import { createTopic } from '../harness/topics.ts';
import {
  type Answer,
  AVRO,
  expectAnswer,
  failure,
  JSON_SCHEMA,
  PROTOBUF,
  type Row,
  type Sent,
  send,
  transmit,
} from './exchanges.ts';

/** Contract A.6 and part E; observed (b), (h) and (l). */

const START_MS = 240_000;
const PROTO = 'syntax = "proto3"; message M { int64 big = 1; string snake_case = 2; bytes raw = 3; double real = 4; }';
/** The registry of the tests takes no JSON Schema that does not say which it is. */
const DRAFT = '"$schema":"http://json-schema.org/draft-07/schema#"';
const OPEN_SCHEMA = `{${DRAFT},"type":"object","properties":{"a":{"type":"integer"}}}`;

let proxy: SluiceProcess;
let bootstrap: string;

beforeAll(async () => {
  const [broker, registry] = await Promise.all([sharedBroker(), sharedRegistry()]);
  ({ bootstrap } = broker);
  proxy = await startSluice({
    properties: { 'bootstrap.servers': bootstrap, 'schema.registry.url': registry.url },
  });
}, START_MS);
afterAll(async () => {
  await proxy?.stop();
});

const formats = { avro: AVRO, jsonschema: JSON_SCHEMA, protobuf: PROTOBUF } as const;
type Format = keyof typeof formats;

interface Produced {
  readonly key_schema_id: number | null;
  readonly value_schema_id: number | null;
}

const post = (format: Format, body: string): Sent => send('POST /topics/{topic}', { type: formats[format], body });
const quoted = (schema: unknown): string =>
  JSON.stringify(typeof schema === 'string' ? schema : JSON.stringify(schema));
/** A request that brings its schema along. */
const withSchema = (format: Format, schema: unknown, ...values: readonly string[]): Sent =>
  post(format, `{"value_schema":${quoted(schema)},"records":[${values.map((text) => `{"value":${text}}`).join()}]}`);

const badRequest = (message: string | RegExp): Answer => failure(400, 400, message);
const refused = (code: number, message: string | RegExp): Answer => failure(422, code, message);

/** Produces, and answers the ids of its schemas. */
async function produce(topic: string, sent: Sent): Promise<Produced> {
  const answer = await transmit(proxy.http, sent, { topic });
  expect({ status: answer.status, text: answer.text }).toEqual({ status: 200, text: answer.text });
  return answer.json() as Produced;
}

/** The `value` of each record as text, for JSON.parse would hide what the numbers look like. */
async function valuesOf(format: Format, topic: string, count: number): Promise<string[]> {
  const consumer = await RestConsumer.create(proxy.http, `group-${topic}`, { format });
  await consumer.assign(topic, 0);
  const texts: string[] = [];
  while (texts.length < count) {
    const { status, text } = await consumer.readAnswer({ timeout: 10_000 });
    expect({ status, text }).toEqual({ status: 200, text });
    if (text === '[]') break;
    texts.push(
      ...text
        .split('"value":')
        .slice(1)
        .map((rest) => rest.slice(0, rest.lastIndexOf(',"partition":'))),
    );
  }
  await consumer.delete();
  return texts;
}

const recordSchema = {
  type: 'record',
  name: 'R',
  namespace: 'x.y',
  fields: [
    { name: 'u', type: ['null', 'string'] },
    { name: 'n', type: { type: 'fixed', name: 'Fx', size: 2 } },
    { name: 'l', type: 'long' },
    { name: 'd', type: 'double' },
    { name: 'b', type: { type: 'bytes', logicalType: 'decimal', precision: 9, scale: 2 } },
    { name: 't', type: { type: 'long', logicalType: 'timestamp-millis' } },
  ],
};

/** What is written, and what comes back: the same, but where a third text stands. */
const readBack: readonly (readonly [string, Format, unknown, string, string?])[] = [
  ['an int', 'avro', '"int"', '7'],
  ['a long beyond 2^53', 'avro', '"long"', '9007199254740993'],
  ['an integer for a double', 'avro', '"double"', '5', '5.0'],
  ['bytes', 'avro', '"bytes"', '"\\u00ff\\u0001a"', '"\u00ff\\u0001a"'],
  ['text', 'avro', '"string"', '"a\\"\\u00e9\ud83d\ude00"', '"a\\"\u00e9\ud83d\ude00"'],
  [
    'a record with unions, fixed, decimals and times',
    'avro',
    recordSchema,
    '{"u":{"string":"x"},"n":"ab","l":-9223372036854775808,"d":1.5,"b":"\\u0001","t":1700000000000}',
  ],
  ['a union in a record that is null', 'avro', recordSchema, '{"u":null,"n":"ab","l":1,"d":1.5,"b":"a","t":0}'],
  ['an array and a map', 'avro', { type: 'array', items: { type: 'map', values: 'int' } }, '[{"a":1},{}]'],
  ['an object, as it was written', 'jsonschema', OPEN_SCHEMA, '{"zz":null,"a":12345678901234567890,"d":19.90}'],
  ['a JSON boolean', 'jsonschema', `{${DRAFT},"type":"boolean"}`, 'true'],
  [
    'a message',
    'protobuf',
    PROTO,
    '{"big":"9007199254740993","snake_case":"s","raw":"AQ=="}',
    '{"big":"9007199254740993","snakeCase":"s","raw":"AQ==","real":0.0}',
  ],
];

describe('what is written with a schema is read back', () => {
  it.each(readBack.map((row) => [row[0], row] as const))(
    '%s',
    async (_title, [, format, schema, value, read = value]) => {
      const topic = await createTopic(bootstrap);
      const { value_schema_id: id } = await produce(topic, withSchema(format, schema, value));
      expect(id).toBeGreaterThan(0);
      // By its id, as a number and as text.
      await produce(topic, post(format, `{"value_schema_id":${id},"records":[{"value":${value}},{"value":null}]}`));
      await produce(topic, post(format, `{"value_schema_id":"${id}","records":[{"value":${value}}]}`));
      expect(await valuesOf(format, topic, 4)).toEqual([read, read, 'null', read]);
    },
  );

  it('keys and values each have their own', async () => {
    const topic = await createTopic(bootstrap);
    const body = `{"key_schema":"\\"string\\"","value_schema":"\\"int\\"","records":[{"key":"k","value":1},{"value":2}]}`;
    const ids = await produce(topic, post('avro', body));
    expect(ids.key_schema_id).not.toBe(ids.value_schema_id);
    const consumer = await RestConsumer.create(proxy.http, `group-${topic}`, { format: 'avro' });
    await consumer.assign(topic, 0);
    expect((await consumer.readAll(2)).map(({ key, value }) => [key, value])).toEqual([
      ['k', 1],
      [null, 2],
    ]);
  });

  it('several schemas in one topic', async () => {
    const topic = await createTopic(bootstrap);
    const fields = [{ name: 'a', type: 'int' }];
    const added = [...fields, { name: 'b', type: 'string', default: '' }];
    await produce(topic, withSchema('avro', { type: 'record', name: 'R', fields }, '{"a":1}'));
    await produce(topic, withSchema('avro', { type: 'record', name: 'R', fields: added }, '{"a":2,"b":"x"}'));
    expect(await valuesOf('avro', topic, 2)).toEqual(['{"a":1}', '{"a":2,"b":"x"}']);
  });

  it('nulls need no schema', async () => {
    const topic = await createTopic(bootstrap);
    const answer = await transmit(proxy.http, post('avro', '{"records":[{"value":null},{}]}'), { topic });
    expect(answer.status).toBe(200);
    expect(answer.json()).toMatchObject({ key_schema_id: null, value_schema_id: null });
  });
});

const refusals: readonly Row[] = [
  [
    'values without a schema',
    post('avro', '{"records":[{"value":1}]}'),
    refused(42202, 'Request includes values but does not include value schema'),
  ],
  [
    'keys without a schema',
    post('protobuf', `{"value_schema":${quoted(PROTO)},"records":[{"key":{},"value":{}}]}`),
    refused(42201, 'Request includes keys but does not include key schema'),
  ],
  [
    'an Avro schema that is none',
    withSchema('avro', '{"type":"nope"}', '1'),
    refused(42205, /^Invalid schema: Error when parsing raw schema\. format = AVRO, schema = \{"type":"nope"\}/),
  ],
  [
    'a JSON schema that is none',
    withSchema('jsonschema', '{"type":7}', '1'),
    refused(42205, /^Invalid schema: Error when parsing raw schema\. format = JSONSCHEMA, schema = \{"type":7\}/),
  ],
  [
    'a Protobuf schema that is none',
    withSchema('protobuf', 'message {', '{}'),
    refused(42205, /^Invalid schema: Error when parsing raw schema\. format = PROTOBUF, schema = message \{/),
  ],
  [
    'an id that the registry does not know',
    post('avro', '{"value_schema_id":99999,"records":[{"value":1}]}'),
    refused(
      42207,
      /^Error serializing message\. Error when fetching schema by id\. schemaId = 99999\n.*error code: 40403$/,
    ),
  ],
  [
    'a schema and an id',
    post('avro', '{"value_schema":"\\"int\\"","value_schema_id":1,"records":[{"value":1}]}'),
    badRequest("Bad Request: Only one of 'value_schema_id' or 'value_schema' can be used."),
  ],
  [
    'a value of another Avro type, with its record and place',
    withSchema('avro', { type: 'array', items: 'int' }, '[1]', '[1,"x"]'),
    badRequest('Bad Request: Expected int. Got VALUE_STRING (value of record 1, at /1)'),
  ],
  [
    'a bare value for an Avro union in a record',
    withSchema('avro', { type: 'record', name: 'R', fields: [{ name: 'u', type: ['null', 'string'] }] }, '{"u":"x"}'),
    badRequest('Bad Request: Expected start-union. Got VALUE_STRING (value of record 0, at /u)'),
  ],
  [
    'a missing field: defaults are not applied',
    withSchema(
      'avro',
      {
        type: 'record',
        name: 'R',
        fields: [
          { name: 'u', type: 'int', default: 1 },
          { name: 'v', type: 'int' },
        ],
      },
      '{"v":1}',
    ),
    badRequest(/^Bad Request: Expected field name not found: u \(value of record 0/),
  ],
  [
    'a JSON value that is not valid',
    withSchema('jsonschema', OPEN_SCHEMA, '{"a":"x"}'),
    badRequest('Bad Request: #/a: expected type: Integer, found: String (value of record 0, at /a)'),
  ],
  [
    'a field that the message does not have',
    withSchema('protobuf', PROTO, '{"nope":1}'),
    badRequest(/^Bad Request: Cannot find field: nope in message M \(value of record 0/),
  ],
];

describe('what does not fit its schema', () => {
  it.each(refusals)('%s', async (_title, sent, answer) => {
    const topic = await createTopic(bootstrap);
    await expectAnswer(proxy.http, sent, answer, { topic });
    // Nothing is sent when any record of a request fails.
    const offsets = await transmit(proxy.http, send('GET /topics/{topic}/partitions/0/offsets'), { topic });
    expect(offsets.text).toBe('{"beginning_offset":0,"end_offset":0}');
  });

  it('a schema that the subject is not compatible with', async () => {
    const topic = await createTopic(bootstrap);
    await produce(topic, withSchema('avro', '"int"', '1'));
    await expectAnswer(
      proxy.http,
      withSchema('avro', '"string"', '"x"'),
      refused(
        42207,
        /^Error serializing message\. Error when registering schema\. format = AVRO, subject = \S+-value, schema = "string"\n.*error code: 409$/s,
      ),
      { topic },
    );
  });

  it('an id of a schema of another kind', async () => {
    const topic = await createTopic(bootstrap);
    const { value_schema_id: id } = await produce(topic, withSchema('jsonschema', OPEN_SCHEMA, '{}'));
    await expectAnswer(
      proxy.http,
      post('avro', `{"value_schema_id":${id},"records":[{"value":1}]}`),
      refused(42207, /^Error serializing message\. .*JSON/),
      { topic },
    );
  });

  it('an id that is not registered for the subject of the topic', async () => {
    const [topic, other] = [await createTopic(bootstrap), await createTopic(bootstrap)];
    const schema = { type: 'enum', name: 'OfThisTestOnly', symbols: ['A'] };
    const { value_schema_id: id } = await produce(other, withSchema('avro', schema, '"A"'));
    await expectAnswer(
      proxy.http,
      post('avro', `{"value_schema_id":${id},"records":[{"value":"A"}]}`),
      refused(42207, /^Error serializing message\. Error when fetching schema version\. subject = .*-value, schema = /),
      { topic },
    );
  });
});

describe('records that cannot be read', () => {
  const poison: readonly (readonly [string, Format, string, RegExp])[] = [
    ['too short for a schema id', 'avro', 'AAAA', /too few/],
    ['with another magic byte', 'avro', 'AQAAAAEC', /Unknown magic byte/],
    ['of an unknown schema', 'protobuf', 'AAB//wACAg==', /8388354|error code/],
    ['not of any schema at all', 'jsonschema', 'eyJhIjoxfQ==', /Unknown magic byte/],
  ];

  it.each(poison)(
    '%s: good ones before it come, then its error until a seek',
    async (_title, format, bytes, reason) => {
      const topic = await createTopic(bootstrap);
      const good = { avro: ['"int"', '1'], jsonschema: [`{${DRAFT},"type":"integer"}`, '1'], protobuf: [PROTO, '{}'] }[
        format
      ];
      const [schema = '', value = ''] = good;
      await produce(topic, withSchema(format, schema, value));
      await produce(
        topic,
        send('POST /topics/{topic}', {
          type: 'application/vnd.kafka.binary.v2+json',
          body: `{"records":[{"value":"${bytes}"}]}`,
        }),
      );
      await produce(topic, withSchema(format, schema, value));
      const consumer = await RestConsumer.create(proxy.http, `group-${topic}`, { format });
      await consumer.assign(topic, 0);
      expect(await consumer.readAll(1)).toHaveLength(1);
      for (let again = 0; again < 2; again += 1) {
        const { status, text } = await consumer.readAnswer({ timeout: 5000 });
        expect({ status, text }).toEqual({ status: 408, text });
        const { error_code: code, message } = JSON.parse(text) as { error_code: number; message: string };
        expect(code).toBe(40801);
        expect(message).toMatch(new RegExp(`^Error deserializing VALUE for partition ${topic}-0 at offset 1: `));
        expect(message).toMatch(/ If needed, please seek past the record to continue consumption\.$/);
        expect(message).toMatch(reason);
      }
      await consumer.seek(topic, 0, 2);
      expect((await consumer.readAll(1))[0]?.offset).toBe(2);
    },
  );
});
