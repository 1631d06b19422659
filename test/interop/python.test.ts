import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sharedBroker } from '../harness/broker.ts';
import { PythonSerdes } from '../harness/python-serdes.ts';
import { RestConsumer } from '../harness/rest-consumer.ts';
import { sharedRegistry } from '../harness/shared-registry.ts';
import { type SluiceProcess, startSluice } from '../harness/sluice.ts';
import { createTopic } from '../harness/topics.ts';

/** Confluent's Python client and Sluice, with fastavro, Google's protobuf and each other's bytes. */

/** Said by the test command where there is none; it says so aloud. */
const WITHOUT_PYTHON = process.env['SLUICE_TEST_WITHOUT_PYTHON'] === '1';
const START_MS = 300_000;
const TEST_MS = 120_000;

let proxy: SluiceProcess;
let python: PythonSerdes;
let place: { readonly bootstrap: string; readonly registry: string };

beforeAll(async () => {
  if (WITHOUT_PYTHON) return;
  const [broker, registry, serdes] = await Promise.all([sharedBroker(), sharedRegistry(), PythonSerdes.start()]);
  python = serdes;
  place = { bootstrap: broker.bootstrap, registry: registry.url };
  proxy = await startSluice({
    properties: { 'bootstrap.servers': broker.bootstrap, 'schema.registry.url': registry.url },
  });
}, START_MS);
afterAll(async () => {
  await Promise.all([proxy?.stop(), python?.stop()]);
});

interface Case {
  readonly title: string;
  readonly format: 'avro' | 'jsonschema' | 'protobuf';
  readonly schema: string;
  readonly message?: string;
  /** As Sluice's clients write and read it, and as Python does where that differs. */
  readonly rest: readonly unknown[];
  readonly python?: readonly unknown[];
}

const avroOf = (name: string, type: unknown, ...more: readonly unknown[]): string =>
  JSON.stringify({ type: 'record', name, namespace: 'interop', fields: [{ name: 'f', type }, ...more] });

const TREE = JSON.stringify({
  type: 'record',
  name: 'Tree',
  fields: [
    { name: 'leaf', type: 'int' },
    { name: 'left', type: ['null', 'Tree'] },
  ],
});

const PROTO = `syntax = "proto3";
import "google/protobuf/timestamp.proto";
import "google/protobuf/wrappers.proto";
package interop;
message Order {
  enum Kind { UNKNOWN = 0; NEW = 1; }
  message Line { string sku = 1; sint32 count = 2; }
  int64 id = 1;
  repeated Line lines = 2;
  map<string, double> prices = 3;
  oneof payment { string card = 4; bool cash = 5; }
  Kind kind = 6;
  google.protobuf.Timestamp placed_at = 7;
  google.protobuf.StringValue note = 8;
  optional uint32 priority = 9;
  bytes raw = 10;
  repeated fixed64 marks = 11;
  float ratio = 12;
}
`;

const cases: readonly Case[] = [
  { title: 'primitives of Avro', format: 'avro', schema: '"long"', rest: [0, -1, 9_007_199_254_740_991] },
  { title: 'text of Avro', format: 'avro', schema: '"string"', rest: ['', 'Zoë 😀', '"\\'] },
  { title: 'doubles of Avro', format: 'avro', schema: '"double"', rest: [0.5, -1e300, 0.1234567890123456] },
  {
    title: 'unions of Avro',
    format: 'avro',
    schema: avroOf('U', ['null', 'string', 'long']),
    rest: [{ f: null }, { f: { string: 'x' } }, { f: { long: 7 } }],
    python: [{ f: null }, { f: 'x' }, { f: 7 }],
  },
  {
    title: 'bytes, fixed and enums of Avro',
    format: 'avro',
    schema: avroOf(
      'B',
      'bytes',
      { name: 'x', type: { type: 'fixed', name: 'F', size: 3 } },
      {
        name: 'e',
        type: { type: 'enum', name: 'E', symbols: ['A', 'B'] },
      },
    ),
    rest: [{ f: '\u0000\u00ff', x: 'abc', e: 'B' }],
    python: [{ f: { $bytes: '\u0000\u00ff' }, x: { $bytes: 'abc' }, e: 'B' }],
  },
  {
    title: 'arrays and maps of Avro',
    format: 'avro',
    schema: avroOf('C', { type: 'array', items: { type: 'map', values: ['null', 'int'] } }),
    rest: [{ f: [] }, { f: [{}, { a: { int: 1 }, b: null }] }],
    python: [{ f: [] }, { f: [{}, { a: 1, b: null }] }],
  },
  {
    title: 'recursion in Avro',
    format: 'avro',
    schema: TREE,
    rest: [{ leaf: 1, left: { Tree: { leaf: 2, left: null } } }],
    python: [{ leaf: 1, left: { leaf: 2, left: null } }],
  },
  {
    title: 'JSON Schema',
    format: 'jsonschema',
    schema: '{"title":"T","type":"object","properties":{"a":{"type":"integer"}},"required":["a"]}',
    rest: [{ a: 1 }, { b: [null, 1.5, 'ü'], a: -3 }],
  },
  {
    title: 'Protobuf',
    format: 'protobuf',
    schema: PROTO,
    message: 'Order',
    rest: [
      {
        id: '-9007199254740993',
        lines: [
          { sku: 'a', count: -2 },
          { sku: '', count: 0 },
        ],
        prices: { x: 0.5 },
        cash: false,
        kind: 'NEW',
        placedAt: '2026-11-30T23:59:59.250Z',
        note: 'n',
        priority: 0,
        raw: 'AQI=',
        marks: ['18446744073709551615'],
        ratio: 0.1,
      },
      { id: '0', lines: [], prices: {}, kind: 'UNKNOWN', raw: '', marks: [], ratio: 0 },
    ],
  },
];

const contentType = (format: string): string => `application/vnd.kafka.${format}.v2+json`;

async function produce(topic: string, { format, schema, rest }: Case): Promise<void> {
  const records = rest.map((value) => ({ value, partition: 0 }));
  const answer = await proxy.http.call('POST', `/topics/${topic}`, {
    headers: { 'content-type': contentType(format) },
    body: JSON.stringify({ value_schema: schema, records }),
  });
  expect({ status: answer.status, text: answer.text }).toMatchObject({ status: 200 });
}

async function consume(topic: string, { format, rest }: Case): Promise<unknown[]> {
  const consumer = await RestConsumer.create(proxy.http, `group-${topic}`, { format });
  await consumer.assign(topic, 0);
  const records = await consumer.readAll(rest.length);
  await consumer.delete();
  return records.map(({ value }) => value);
}

describe.skipIf(WITHOUT_PYTHON).each(cases)('$title', (given) => {
  const { format, schema, message, rest, python: pythonic = rest } = given;
  const job = (topic: string) => ({ ...place, topic, format, schema, message });

  it('written by Python is read by Sluice', { timeout: TEST_MS }, async () => {
    const topic = await createTopic(place.bootstrap);
    await python.do({ ...job(topic), op: 'write', values: pythonic });
    expect(await consume(topic, given)).toEqual(rest);
  });

  it('written by Sluice is read by Python, and both wrote the same bytes', { timeout: TEST_MS }, async () => {
    const topic = await createTopic(place.bootstrap);
    await produce(topic, given);
    const read = await python.do({ ...job(topic), op: 'read', count: rest.length });
    expect(read.values).toEqual(pythonic);
    const other = await createTopic(place.bootstrap);
    const written = await python.do({ ...job(other), op: 'write', values: pythonic });
    // The ids are the registry's: two texts of one schema may have two.
    const payload = (text: string): string => Buffer.from(text, 'base64').subarray(5).toString('base64');
    if (format !== 'jsonschema') expect(read.bytes.map(payload)).toEqual(written.bytes.map(payload));
  });
});
