import { beforeAll, describe, expect, it } from 'vitest';
import { useProxy } from '../harness/proxy.ts';
import { RestConsumer } from '../harness/rest-consumer.ts';
import { sharedRegistry } from '../harness/shared-registry.ts';
import { createTopic, uniqueName } from '../harness/topics.ts';
import {
  AVRO,
  BINARY,
  expectAnswer,
  failure,
  JSON_SCHEMA,
  JSON_V2,
  ok,
  PROTOBUF,
  send,
  transmit,
  V2,
} from './exchanges.ts';

/**
 * Contract A.11 (which types a read of a schema format may ask for), E.1 (the bytes in the topic), E.3 (subjects), E.4
 * and E.6 (nulls and unions). What is written with a schema and read back stands in schema-formats.test.ts.
 */

const STRATEGY = 'io.confluent.kafka.serializers.subject';
const registry = async () => ({ 'schema.registry.url': (await sharedRegistry()).url });
const proxy = useProxy(registry);

const types = { avro: AVRO, jsonschema: JSON_SCHEMA, protobuf: PROTOBUF } as const;
type Format = keyof typeof types;

const PROTO = 'syntax = "proto3"; message First { int32 n = 1; } message Second { string s = 1; }';
const DRAFT = '"$schema":"http://json-schema.org/draft-07/schema#"';
const schemas: Readonly<Record<Format, readonly [schema: string, value: string, read: string]>> = {
  avro: ['"int"', '7', '7'],
  jsonschema: [`{${DRAFT},"type":"integer"}`, '7', '7'],
  protobuf: [PROTO, '{"n":7}', '{"n":7}'],
};

interface Produced {
  readonly key_schema_id: number | null;
  readonly value_schema_id: number | null;
}

const bodyOf = (schema: string, ...values: readonly string[]): string =>
  `{"value_schema":${JSON.stringify(schema)},"records":[${values.map((value) => `{"value":${value}}`).join()}]}`;

async function produce(format: Format, topic: string, body: string): Promise<Produced> {
  const answer = await transmit(proxy.http, send(`POST /topics/${topic}`, { type: types[format], body }));
  expect({ status: answer.status, text: answer.text }).toEqual({ status: 200, text: answer.text });
  return answer.json() as Produced;
}

async function readerOf(format: string, topic: string): Promise<RestConsumer> {
  const consumer = await RestConsumer.create(proxy.http, uniqueName('group'), { format });
  await consumer.assign(topic, 0);
  return consumer;
}

describe('a read of a schema format', () => {
  const topics = new Map<Format, string>();

  beforeAll(async () => {
    for (const [format, [schema, value]] of Object.entries(schemas) as [Format, readonly string[]][]) {
      const topic = await createTopic(proxy.bootstrap);
      await produce(format, topic, bodyOf(schema ?? '', value ?? ''));
      topics.set(format, topic);
    }
  });

  const pairs = Object.keys(types).flatMap((own) =>
    Object.keys(types).map((asked) => [own, asked] as [Format, Format]),
  );

  it.each(pairs)('of %s may be asked for as %s, and is told under that type', async (own, asked) => {
    const topic = topics.get(own) ?? '';
    const { path } = await readerOf(own, topic);
    const body = `[{"topic":"${topic}","key":null,"value":${schemas[own][2]},"partition":0,"offset":0}]`;
    const sent = send(`GET ${path}/records?timeout=10000`, { accept: types[asked] });
    await expectAnswer(proxy.http, sent, ok(body, types[asked]));
  });

  const text = 'The requested embedded data format does not match the deserializer for this consumer instance';

  it.each([V2, BINARY, JSON_V2])('may not be asked for as %s', async (accept) => {
    const { path } = await readerOf('avro', topics.get('avro') ?? '');
    await expectAnswer(proxy.http, send(`GET ${path}/records`, { accept }), failure(406, 40601, text, accept));
  });

  it.each([AVRO, JSON_SCHEMA, PROTOBUF])('may not be asked for of a json instance: %s', async (accept) => {
    const { path } = await readerOf('json', topics.get('avro') ?? '');
    await expectAnswer(proxy.http, send(`GET ${path}/records`, { accept }), failure(406, 40601, text, accept));
  });
});

describe('records with keys and values of a schema', () => {
  it.each(Object.keys(types) as Format[])('written to a partition reach who has subscribed: %s', async (format) => {
    const topic = await createTopic(proxy.bootstrap, { partitions: 2 });
    const [schema, written, read] = schemas[format];
    const consumer = await RestConsumer.create(proxy.http, uniqueName('group'), { format });
    await consumer.subscribe(topic);
    expect(await consumer.read({ timeout: 100 })).toEqual([]);
    const text = JSON.stringify(schema);
    const records = [0, 1, 2].map(() => `{"key":${written},"value":${written}}`);
    const body = `{"key_schema":${text},"value_schema":${text},"records":[${records.join()}]}`;
    const sent = send(`POST /topics/${topic}/partitions/1`, { type: types[format], body });
    const answer = await transmit(proxy.http, sent);
    expect(answer.json()).toEqual({
      offsets: [0, 1, 2].map((offset) => ({ partition: 1, offset, error_code: null, error: null })),
      key_schema_id: expect.any(Number),
      value_schema_id: expect.any(Number),
    });
    const value: unknown = JSON.parse(read);
    expect(await consumer.readAll(3)).toEqual(
      [0, 1, 2].map((offset) => ({ topic, key: value, value, partition: 1, offset })),
    );
  });

  it('may have a schema on one side alone', async () => {
    const topic = await createTopic(proxy.bootstrap);
    const sent = send(`POST /topics/${topic}/partitions/0`, { type: AVRO, body: bodyOf('"int"', '1') });
    const body = /^\{"offsets":\[\{"partition":0,"offset":0,.*\],"key_schema_id":null,"value_schema_id":\d+\}$/;
    await expectAnswer(proxy.http, sent, ok(body));
  });
});

describe('the bytes in the topic', () => {
  interface Framed {
    readonly title: string;
    readonly format: Format;
    readonly schema: string;
    readonly value: string;
    /** In hexadecimal digits. */
    readonly payload: string;
  }

  const framed: readonly Framed[] = [
    { title: 'Avro', format: 'avro', schema: '"string"', value: '"foo"', payload: '06666f6f' },
    {
      title: 'Avro bytes as a whole, without a length',
      format: 'avro',
      schema: '"bytes"',
      value: '"\\u00ff\\u0001"',
      payload: 'ff01',
    },
    {
      title: 'JSON text',
      format: 'jsonschema',
      schema: `{${DRAFT}}`,
      value: '{ "a" : 1 }',
      payload: Buffer.from('{"a":1}').toString('hex'),
    },
    {
      title: 'Protobuf: the first message, by one byte',
      format: 'protobuf',
      schema: PROTO,
      value: '{"n":7}',
      payload: '000807',
    },
  ];

  it.each(framed)('are a zero, the id and the payload: $title', async ({ format, schema, value, payload }) => {
    const topic = await createTopic(proxy.bootstrap);
    const { value_schema_id: id } = await produce(format, topic, bodyOf(schema, value, 'null'));
    const consumer = await readerOf('binary', topic);
    const [written, none] = await consumer.readAll(2);
    const prefix = Buffer.alloc(5);
    prefix.writeUInt32BE(id ?? 0, 1);
    expect(Buffer.from(String(written?.value), 'base64').toString('hex')).toBe(prefix.toString('hex') + payload);
    expect([written?.key, none?.value]).toEqual([null, null]);
  });
});

describe('a null with a schema', () => {
  const NULLABLE = `{${DRAFT},"type":["null","integer"]}`;

  it.each([
    ['that forbids it', 'avro', '"int"'],
    ['that is a union with null', 'avro', '["null","int"]'],
    ['that is null', 'avro', '"null"'],
    ['that forbids it', 'jsonschema', schemas.jsonschema[0]],
    ['that allows it', 'jsonschema', NULLABLE],
    ['of messages', 'protobuf', PROTO],
  ] as const)('%s is a tombstone: %s %s', async (_title, format, schema) => {
    const topic = await createTopic(proxy.bootstrap);
    const { value_schema_id: id } = await produce(format, topic, bodyOf(schema, 'null'));
    expect(id).toBeGreaterThan(0);
    expect((await (await readerOf('binary', topic)).readAll(1))[0]?.value).toBeNull();
    expect((await (await readerOf(format, topic)).readAll(1))[0]?.value).toBeNull();
  });
});

describe('a union of Avro', () => {
  it.each([
    ['as a whole is written with its branch, and read without it', '["null","string"]', '{"string":"x"}', 'x'],
    [
      'inside of a value is read with its branch, too',
      '{"type":"array","items":["null","string"]}',
      '[{"string":"x"},null]',
      [{ string: 'x' }, null],
    ],
  ])('%s', async (_title, schema, written, read) => {
    const topic = await createTopic(proxy.bootstrap);
    await produce('avro', topic, bodyOf(schema, written));
    expect((await (await readerOf('avro', topic)).readAll(1))[0]?.value).toEqual(read);
  });
});

describe('the subject of a schema', () => {
  const byRecord = useProxy(async () => ({
    ...(await registry()),
    'schema.registry.key.subject.name.strategy': `${STRATEGY}.RecordNameStrategy`,
    'schema.registry.value.subject.name.strategy': `${STRATEGY}.TopicRecordNameStrategy`,
  }));
  const record = (name: string): string =>
    JSON.stringify({ type: 'record', name, namespace: 'set', fields: [{ name: 'a', type: 'int' }] });
  const subjects = async (): Promise<string[]> => {
    const response = await fetch(`${(await sharedRegistry()).url}/subjects`);
    return (await response.json()) as string[];
  };

  it('is the topic and its side', async () => {
    const topic = await createTopic(proxy.bootstrap);
    const body = `{"key_schema":"\\"string\\"","value_schema":"\\"int\\"","records":[{"key":"k","value":1}]}`;
    await produce('avro', topic, body);
    expect(await subjects()).toEqual(expect.arrayContaining([`${topic}-key`, `${topic}-value`]));
  });

  it('is made by the strategies that are set, of each side its own', async () => {
    const topic = await createTopic(byRecord.bootstrap);
    const [key, value] = [uniqueName('K').replaceAll('-', '_'), uniqueName('V').replaceAll('-', '_')];
    const body = `{"key_schema":${JSON.stringify(record(key))},"value_schema":${JSON.stringify(record(value))},"records":[{"key":{"a":1},"value":{"a":1}}]}`;
    const answer = await transmit(byRecord.http, send('POST /topics/{topic}', { type: AVRO, body }), { topic });
    expect(answer.status, answer.text).toBe(200);
    expect(await subjects()).toEqual(expect.arrayContaining([`set.${key}`, `${topic}-set.${value}`]));
  });

  it('cannot be made of a schema without a name by a strategy that needs one: 422/42207', async () => {
    const topic = await createTopic(byRecord.bootstrap);
    const message = `Error serializing message. In configuration value.subject.name.strategy = ${STRATEGY}.TopicRecordNameStrategy, the message value must only be a record schema`;
    const sent = send('POST /topics/{topic}', { type: AVRO, body: bodyOf('"int"', '1') });
    await expectAnswer(byRecord.http, sent, failure(422, 42207, message), { topic });
  });
});
