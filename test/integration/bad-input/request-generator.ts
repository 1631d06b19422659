import * as fc from 'fast-check';
import { mediaTypes, type Route, routes, v1MediaTypes } from '../../../packages/protocol/src/index.ts';

/** One request, up to the byte. */
export interface GeneratedRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer | undefined;
}

/** Names that exist, so that generated requests get past the first check. */
export interface KnownNames {
  readonly topics: readonly string[];
  readonly group: string;
  readonly instances: readonly string[];
}

const oddNames = [
  '',
  '.',
  '..',
  ' ',
  'a b/c',
  '\0',
  'a\0b',
  '\u0007',
  '\u007f',
  'é',
  '😀',
  '\u2028',
  '%',
  '%2e',
  '__proto__',
  'constructor',
  '-1',
  '0',
  '1e3',
  '2147483648',
  '99999999999999999999',
  '__consumer_offsets',
  'x'.repeat(249),
  'x'.repeat(250),
];

const oddNumbers = [
  -1,
  -2,
  1.5,
  1e308,
  -0,
  2 ** 31,
  2 ** 31 - 1,
  2 ** 53,
  Number.MAX_SAFE_INTEGER,
  Number.MIN_SAFE_INTEGER,
];

const oddText = fc.oneof(fc.constantFrom(...oddNames), fc.string({ unit: 'binary', maxLength: 30 }));
const oddValue: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(null, true, [], {}, [null], [[]], { a: { b: [] } }, ...oddNumbers) },
  { weight: 2, arbitrary: oddText },
  { weight: 1, arbitrary: fc.jsonValue() },
);

/** A value of the right kind, most of the time. */
function mostly<Value>(right: fc.Arbitrary<Value>): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 11, arbitrary: right }, { weight: 1, arbitrary: oddValue });
}

/** Each property right, odd or left out, and now and then one too many. */
function object(shape: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<unknown> {
  const right = fc.record(shape, { requiredKeys: [] });
  const extra = fc.tuple(right, oddText, oddValue).map(([fields, name, value]) => ({ ...fields, [name]: value }));
  return mostly(fc.oneof({ weight: 6, arbitrary: right }, { weight: 1, arbitrary: extra }));
}

function listOf(element: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return mostly(fc.array(element, { maxLength: 4 }));
}

/** Of both versions: each may come with a request for the other. */
const types = [...Object.values(mediaTypes), ...Object.values(v1MediaTypes)];

/** Some that fit some of the values, some that are none, some that lead round in circles. */
const schema = fc.constantFrom(
  '"int"',
  '"bytes"',
  '["null","string"]',
  '{"type":"record","name":"R","fields":[{"name":"a","type":"int"}]}',
  '{"type":"record","name":"R","fields":[{"name":"r","type":["null","R"]}]}',
  '{"type":"record","name":"__proto__","fields":[{"name":"constructor","type":"R"}]}',
  '{"$schema":"http://json-schema.org/draft-07/schema#","type":"object"}',
  '{"$schema":"http://json-schema.org/draft-07/schema#","$ref":"#"}',
  '{"$schema":"http://json-schema.org/draft-04/schema#","type":"string","pattern":"(a+)+$"}',
  'syntax = "proto3"; message M { int32 a = 1; M m = 2; map<string, M> all = 3; }',
  'syntax = "proto3"; import "nowhere.proto"; message M {}',
  '{',
);

function entities(known: KnownNames): Record<string, fc.Arbitrary<unknown>> {
  const topic = mostly(fc.constantFrom(...known.topics));
  const partition = mostly(fc.constantFrom(0, 0, 1, 7, '0'));
  const offset = mostly(fc.constantFrom(0, 1, 5, 1000, '2'));
  const data = mostly(fc.constantFrom('AAEC', { a: 1 }, null, 'x', 12));
  const place = { topic, partition };
  const schemas = {
    key_schema: fc.oneof(schema, oddText),
    value_schema: mostly(schema),
    value_schema_id: fc.oneof(fc.constantFrom(1, 2, '3', 99_999), oddValue),
  };
  return {
    RootRequest: object({ a: oddText }),
    ProduceRequest: object({
      records: listOf(object({ key: data, value: data, partition })),
      ...schemas,
    }),
    V1PartitionProduceRequest: object({ records: listOf(object({ key: data, value: data })), ...schemas }),
    V1CommitRequest: object({}),
    CreateConsumerRequest: object({
      name: mostly(fc.constantFrom(...known.instances, 'fresh')),
      format: mostly(fc.constantFrom('json', 'binary', 'JSON', 'avro', 'jsonschema', 'protobuf')),
      'auto.offset.reset': mostly(fc.constantFrom('earliest', 'latest', 'none', 'smallest', 'largest')),
      'auto.commit.enable': mostly(fc.constantFrom('true', 'false', true)),
      'fetch.min.bytes': mostly(fc.constantFrom(-1, 1, '5', 100_000_000)),
      'consumer.request.timeout.ms': mostly(fc.constantFrom(1, 50)),
    }),
    SubscriptionRequest: object({
      topics: listOf(topic),
      topic_pattern: mostly(fc.constantFrom('a.*', '(', '(a+)+$')),
    }),
    AssignmentRequest: object({ partitions: listOf(object(place)) }),
    SeekToOffsetRequest: object({
      offsets: listOf(object({ ...place, offset, metadata: oddText })),
      timestamps: listOf(object({ ...place, timestamp: mostly(fc.constantFrom('2020-01-01T00:00:00Z', 'now')) })),
    }),
    SeekToEdgeRequest: object({ partitions: listOf(object(place)) }),
    CommitOffsetsRequest: object({ offsets: listOf(object({ ...place, offset, metadata: oddText })) }),
    CommittedOffsetsRequest: object({ partitions: listOf(object(place)) }),
  };
}

/** Cuts, doubles or overwrites some of the bytes. */
const damage: fc.Arbitrary<(bytes: Buffer) => Buffer> = fc
  .tuple(fc.constantFrom('cut', 'overwrite', 'insert'), fc.nat(), fc.uint8Array({ minLength: 1, maxLength: 4 }))
  .map(([kind, position, bytes]) => (text: Buffer) => {
    const at = text.length === 0 ? 0 : position % text.length;
    if (kind === 'cut') return text.subarray(0, at);
    return Buffer.concat([text.subarray(0, at), bytes, text.subarray(kind === 'insert' ? at : at + bytes.length)]);
  });

function bodyFor(route: Route, known: KnownNames): fc.Arbitrary<Buffer | undefined> {
  const all = entities(known);
  const right = all[route.request?.schema ?? 'RootRequest'] as fc.Arbitrary<unknown>;
  const json = right.map((value) => Buffer.from(JSON.stringify(value) ?? ''));
  return fc.oneof(
    { weight: 12, arbitrary: json },
    { weight: 3, arbitrary: fc.tuple(json, damage).map(([bytes, damaged]) => damaged(bytes)) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)) },
    { weight: 1, arbitrary: fc.constant(Buffer.from(`${'['.repeat(3000)}${']'.repeat(3000)}`)) },
    { weight: 2, arbitrary: fc.constant(undefined) },
  );
}

function targetFor(route: Route, known: KnownNames): fc.Arbitrary<string> {
  const pools: Record<string, readonly string[]> = {
    topic: known.topics,
    partition: ['0', '0', '1', '7', '-1', 'abc'],
    group: [known.group],
    instance: known.instances,
  };
  const segments = route.template
    .split('/')
    .slice(1)
    .map((segment) => {
      const pool = segment.startsWith('{') ? pools[segment.slice(1, -1)] : undefined;
      if (pool === undefined) return fc.constant(segment);
      return fc.oneof(
        { weight: 8, arbitrary: fc.constantFrom(...pool) },
        { weight: 1, arbitrary: fc.constantFrom(...oddNames).map(encodeURIComponent) },
      );
    });
  const query = fc.constantFrom(
    '',
    '',
    '?',
    '?timeout=5',
    '?timeout=abc&max_bytes=-1',
    '?max_bytes=1',
    '?%00=%zz&&=',
    '?offset=0',
    '?offset=1&count=100000',
    '?offset=9223372036854775807&timeout=1',
    '?offset=-1&count=-1',
    '?timestamp=1900-01-01T00:00:00Z&count=2',
    '?timestamp=now',
  );
  return fc.tuple(fc.tuple(...segments), query, fc.constantFrom('', '', '', '/')).map(([path, text, slash]) => {
    return `/${path.join('/')}${slash}${text}`;
  });
}

const headers: fc.Arbitrary<GeneratedRequest['headers']> = fc
  .record(
    {
      'Content-Type': fc.constantFrom(...types, 'text/plain', '/', 'x/y;q', '😀'),
      Accept: fc.constantFrom(...types, '*/*', 'application/json, text/plain, */*', 'a/b;q=2', ',', 'text/*;q=0'),
      'Accept-Encoding': fc.constantFrom('gzip', '*;q=0', 'br, gzip;q=0.1', ';;'),
      'Content-Encoding': fc.constantFrom('gzip', 'identity'),
      'Idempotency-Key': fc.constantFrom('k', '', 'x'.repeat(257)),
      'x-request-id': fc.constantFrom('mine', 'a b', 'x'.repeat(200)),
      'X-Forwarded-Host': fc.constantFrom('proxy', 'a b', 'x, y', ''),
      Forwarded: fc.constantFrom('host=proxy;proto=https', ';;=', 'for="_a'),
      Expect: fc.constant('100-continue'),
    },
    { requiredKeys: [] },
  )
  .map((chosen) => Object.entries(chosen));

/** Requests at every route: right ones, slightly wrong ones, and noise. */
export function requestsTo(known: KnownNames): fc.Arbitrary<GeneratedRequest> {
  const methods = fc.constantFrom('GET', 'POST', 'DELETE', 'HEAD', 'OPTIONS', 'PUT', 'PATCH');
  return fc.constantFrom(...routes).chain((route) =>
    fc.record({
      method: fc.oneof(
        { weight: 8, arbitrary: fc.constant(route.method as string) },
        { weight: 1, arbitrary: methods },
      ),
      target: fc.oneof(
        { weight: 10, arbitrary: targetFor(route, known) },
        {
          weight: 1,
          arbitrary: fc.constantFrom('//', '/%', '/%ff', '/nope', '/topics//partitions', '*', 'http://x/topics'),
        },
      ),
      headers: fc.oneof(
        { weight: 1, arbitrary: headers },
        {
          weight: 2,
          arbitrary: fc
            .constantFrom(...(route.consumes === 'anything' ? [mediaTypes.v2] : route.consumes))
            .map((type) => [['Content-Type', type]] as const),
        },
      ),
      body: bodyFor(route, known),
    }),
  );
}
