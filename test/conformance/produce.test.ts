import { beforeAll, describe, expect, it } from 'vitest';
import { useProxy } from '../harness/proxy.ts';
import { createTopic } from '../harness/topics.ts';
import {
  type Answer,
  AVRO,
  BINARY,
  expectAnswer,
  failure,
  JSON_SCHEMA,
  JSON_V2,
  ok,
  PROTOBUF,
  type Row,
  send,
  transmit,
  V2,
} from './exchanges.ts';

/** Contract A.6; observed (b). What needs a registry is in schema-formats.test.ts. */

const proxy = useProxy();
let topic: string;

beforeAll(async () => {
  topic = await createTopic(proxy.bootstrap, { partitions: 3 });
});

const post = (body?: string | Buffer, type = JSON_V2) =>
  send('POST /topics/{topic}', { type, ...(body === undefined ? {} : { body }) });

const postTo = (partition: string, body: string) =>
  send(`POST /topics/{topic}/partitions/${partition}`, { type: JSON_V2, body });

const written = (partition: string | number) =>
  `{"partition":${partition},"offset":\\d+,"error_code":null,"error":null}`;
const producedTo = (partition: string | number): Answer =>
  ok(new RegExp(`^{"offsets":\\[${written(partition)}\\],"key_schema_id":null,"value_schema_id":null}$`));
const anywhere = producedTo('[0-2]');

const refused = (code: number, text: string, status = 200): Answer => ({
  ...ok(
    `{"offsets":[{"partition":null,"offset":null,"error_code":${code},"error":${JSON.stringify(text)}}],"key_schema_id":null,"value_schema_id":null}`,
  ),
  status,
});

const badRequest = (message: string | RegExp) => failure(400, 400, message);
const unprocessable = (message: string) => failure(422, 422, message);

const bodies: readonly Row[] = [
  ['a record', post('{"records":[{"value":1}]}'), anywhere],
  ['a record with key and value', post('{"records":[{"key":"k","value":{"a":1}}]}'), anywhere],
  ['a record with nothing in it', post('{"records":[{}]}'), anywhere],
  [
    'schema fields mean nothing to json',
    post('{"value_schema":"x","value_schema_id":1,"records":[{"value":1}]}'),
    anywhere,
  ],
  ['a query means nothing', { ...post('{"records":[{"value":1}]}'), path: '/topics/{topic}?acks=-1' }, anywhere],
  [
    'text that ends too soon',
    post('{"records":['),
    badRequest(
      'Unexpected end-of-input: expected close marker for Array (start marker at [Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: 1, column: 12])',
    ),
  ],
  [
    'text that is no JSON',
    post('hello'),
    badRequest(
      "Unrecognized token 'hello': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')",
    ),
  ],
  ['an empty body', post(''), unprocessable('produceJson.request must not be null (was null)')],
  ['no body', post(), unprocessable('produceJson.request must not be null (was null)')],
  ['null', post('null'), unprocessable('produceJson.request must not be null (was null)')],
  ['no body for binary', post(undefined, BINARY), unprocessable('produceBinary.request must not be null (was null)')],
  ['no body for avro', post(undefined, AVRO), unprocessable('produceAvro.request must not be null (was null)')],
  [
    'no body for jsonschema',
    post(undefined, JSON_SCHEMA),
    unprocessable('produceJsonSchema.request must not be null (was null)'),
  ],
  [
    'no body for protobuf',
    post(undefined, PROTOBUF),
    unprocessable('produceProtobuf.request must not be null (was null)'),
  ],
  [
    'an array',
    post('[]'),
    badRequest('Cannot deserialize value of type `ProduceRequest` from Array value (token `JsonToken.START_ARRAY`)'),
  ],
  ['a string', post('"x"'), badRequest(/^Cannot construct instance of `ProduceRequest` /)],
  ['no records', post('{"records":[]}'), unprocessable('produceJson.request.records must not be empty (was [])')],
  ['an empty object', post('{}'), unprocessable('produceJson.request.records must not be empty (was [])')],
  [
    'null for records',
    post('{"records":null}'),
    unprocessable('produceJson.request.records must not be empty (was [])'),
  ],
  [
    'records that are no list',
    post('{"records":{}}'),
    badRequest(/^Cannot deserialize value of type `List` from Object value/),
  ],
  [
    'null for a record',
    post('{"records":[null]}'),
    badRequest('Cannot construct instance of `ProduceRequest`, problem: at index 0'),
  ],
  ['an unknown field', post('{"records":[{"value":1}],"foo":1}'), unprocessable('Unrecognized field: foo')],
  ['an unknown field of a record', post('{"records":[{"value":1,"foo":1}]}'), unprocessable('Unrecognized field: foo')],
  ['headers', post('{"records":[{"value":1,"headers":[]}]}'), unprocessable('Unrecognized field: headers')],
  ['a timestamp', post('{"records":[{"value":1,"timestamp":1}]}'), unprocessable('Unrecognized field: timestamp')],
  ['text after the object', post('{"records":[{"value":1}]} x'), badRequest(/./)],
  ['white space around everything', post(' { "records" : [ { "value" : 1 } ] } \n'), anywhere],
  [
    'a compressed body is not unpacked',
    post(Buffer.from([0x1f, 0x8b, 0x08, 0x00])),
    badRequest(/^Illegal character \(\(CTRL-CHAR, code 31\)\)/),
  ],
];

const partitions: readonly Row[] = [
  ['the last of two equal fields counts', post('{"records":[{"value":1,"partition":0,"partition":2}]}'), producedTo(2)],
  ['a partition as text', post('{"records":[{"value":1,"partition":"1"}]}'), producedTo(1)],
  ['a partition with a fraction is cut', post('{"records":[{"value":1,"partition":1.5}]}'), producedTo(1)],
  ['null for a partition is none', post('{"records":[{"value":1,"partition":null}]}'), anywhere],
  [
    'a partition that is no number',
    post('{"records":[{"value":1,"partition":"x"}]}'),
    badRequest('Cannot deserialize value of type `Integer` from String "x": not a valid `java.lang.Integer` value'),
  ],
  ['a partition in the path', postTo('1', '{"records":[{"value":1}]}'), producedTo(1)],
  [
    'the record’s own partition wins over the path',
    postTo('1', '{"records":[{"value":1,"partition":0}]}'),
    producedTo(0),
  ],
  [
    'a partition in the path that is no number',
    postTo('abc', '{"records":[{"value":1}]}'),
    failure(404, 404, 'HTTP 404 Not Found'),
  ],
  [
    'a negative partition is a bad request',
    post('{"records":[{"value":1,"partition":-1}]}'),
    badRequest('Bad Request: the partition of record 0 is -1; allowed is 0 to 2147483647, or none'),
  ],
  [
    'a negative partition in the path is a bad request',
    postTo('-1', '{"records":[{"value":1}]}'),
    badRequest('Partition -1 is negative; partitions count from 0.'),
  ],
];

const refusals: readonly Row[] = [
  [
    'a topic name that Kafka forbids',
    { ...post('{"records":[{"value":1}]}'), path: '/topics/a%20b' },
    refused(50002, 'Invalid topics: [a b]'),
  ],
  [
    'a record over 1 MiB',
    post(`{"records":[{"value":"${'x'.repeat(1_200_000)}"}]}`),
    refused(
      50002,
      'The message is 1200090 bytes when serialized which is larger than 1048576, which is the value of the max.request.size configuration.',
    ),
  ],
];

const SCHEMA = '"value_schema":"\\"int\\""';
const noRegistry = failure(422, 42206, 'Payload error. Schema Registry must be configured when using schemas.');

/** What a proxy without a registry says (contract A.6 and E.4). */
const schemas: readonly Row[] = [
  ['a schema, but no registry', post(`{${SCHEMA},"records":[{"value":1}]}`, AVRO), noRegistry],
  ['a schema id, but no registry', post('{"value_schema_id":1,"records":[{"value":1}]}', JSON_SCHEMA), noRegistry],
  ['a key schema, but no registry', post('{"key_schema":"x","records":[{"key":1}]}', PROTOBUF), noRegistry],
  [
    'keys without a schema',
    post('{"records":[{"key":1,"value":1}]}', AVRO),
    failure(422, 42201, 'Request includes keys but does not include key schema'),
  ],
  [
    'values without a schema',
    post('{"records":[{"value":1}]}', AVRO),
    failure(422, 42202, 'Request includes values but does not include value schema'),
  ],
  [
    'nulls of a schema format, but no registry',
    post('{"records":[{"value":null}]}', AVRO),
    failure(
      422,
      42207,
      'Error serializing message. Schema Registry not defined, no Schema Registry client available to serialize message.',
    ),
  ],
];

describe('the body of a produce request', () => {
  it.each(bodies)('%s', async (_title, sent, answer) => {
    await expectAnswer(proxy.http, sent, answer, { topic });
  });
});

describe('partitions of a produce request', () => {
  it.each(partitions)('%s', async (_title, sent, answer) => {
    await expectAnswer(proxy.http, sent, answer, { topic });
  });
});

describe('records that are refused, each for itself', () => {
  it.each(refusals)('%s', async (_title, sent, answer) => {
    await expectAnswer(proxy.http, sent, answer, { topic });
  });

  it.each([
    [
      'a missing topic answers 50003 after two seconds',
      '/topics/{topic}-missing',
      '{"records":[{"value":1}]}',
      'Topic {topic}-missing not present in metadata after 2000 ms.',
    ],
    [
      'a missing partition answers 50003 after two seconds',
      '/topics/{topic}',
      '{"records":[{"value":1,"partition":99}]}',
      'Partition 99 of topic {topic} with partition count 3 is not present in metadata after 2000 ms.',
    ],
    [
      'a missing partition in the path answers 50003 after two seconds',
      '/topics/{topic}/partitions/99',
      '{"records":[{"value":1}]}',
      'Partition 99 of topic {topic} with partition count 3 is not present in metadata after 2000 ms.',
    ],
  ])('%s', async (_title, path, body, message) => {
    const startedAt = performance.now();
    await expectAnswer(proxy.http, { ...post(body), path }, refused(50003, message), { topic });
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  });

  it('the other records of the request are written, and all answers stand in its order', async () => {
    const body = '{"records":[{"value":1,"partition":0},{"value":2,"partition":99},{"value":3,"partition":1}]}';
    const answer = (await transmit(proxy.http, post(body), { topic })).json() as {
      offsets: { partition: number | null; error_code: number | null }[];
    };
    expect(answer.offsets.map((entry) => [entry.partition, entry.error_code])).toEqual([
      [0, null],
      [null, 50003],
      [1, null],
    ]);
  });
});

describe('schema formats without a registry', () => {
  const alone = useProxy({ 'schema.registry.url': '' });

  it.each(schemas)('%s', async (_title, sent, answer) => {
    await expectAnswer(alone.http, sent, answer, { topic });
  });

  it('a consumer of a schema format', async () => {
    const sent = send('POST /consumers/{topic}', { type: V2, body: '{"format":"avro"}' });
    await expectAnswer(alone.http, sent, noRegistry, { topic });
  });
});

describe('one bad value fails the whole request before anything is written', () => {
  it('and nothing of the request is in the topic', async () => {
    const untouched = await createTopic(proxy.bootstrap);
    const body = '{"records":[{"value":"AQ=="},{"value":"!!!"}]}';
    await expectAnswer(
      proxy.http,
      post(body, BINARY),
      badRequest('Bad Request: data="!!!" is not a valid base64 string.'),
      { topic: untouched },
    );
    const offsets = await transmit(proxy.http, send('GET /topics/{untouched}/partitions/0/offsets'), { untouched });
    expect(offsets.text).toBe('{"beginning_offset":0,"end_offset":0}');
  });
});
