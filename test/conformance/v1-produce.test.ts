import { beforeAll, describe, expect, it } from 'vitest';
import { useProxy } from '../harness/proxy.ts';
import { sharedRegistry } from '../harness/shared-registry.ts';
import { createTopic } from '../harness/topics.ts';
import {
  type Answer,
  expectAnswer,
  failure,
  ok,
  PLAIN_JSON,
  type Row,
  type Sent,
  send,
  transmit,
  V1,
  V1_AVRO,
  V1_BINARY,
  V1_JSON,
} from './exchanges.ts';

/** Contract C.3 and F.3; observed (h), (l) and (m). What is the same as in v2 is told by produce.test.ts. */

const proxy = useProxy(async () => ({ 'schema.registry.url': (await sharedRegistry()).url }));
const withoutRegistry = useProxy({ 'schema.registry.url': '' });
let topic: string;
let other: string;

beforeAll(async () => {
  topic = await createTopic(proxy.bootstrap, { partitions: 2 });
  other = await createTopic(proxy.bootstrap);
});

const post = (body: string, type = V1_BINARY): Sent => send('POST /topics/{topic}', { type, body });
const postTo = (partition: string, body: string, type = V1_BINARY): Sent =>
  send(`POST /topics/{topic}/partitions/${partition}`, { type, body });

const producedTo = (partition: string | number, ids = '"key_schema_id":null,"value_schema_id":null'): Answer =>
  ok(
    new RegExp(
      `^\\{"offsets":\\[\\{"partition":${partition},"offset":\\d+,"error_code":null,"error":null\\}\\],${ids}\\}$`,
    ),
    V1,
  );
const anywhere = producedTo('[01]');
const refusedRecord = (text: string): Answer =>
  ok(
    `{"offsets":[{"partition":null,"offset":null,"error_code":50003,"error":${JSON.stringify(text)}}],"key_schema_id":null,"value_schema_id":null}`,
    V1,
  );
const unprocessable = (message: string, code = 422): Answer => failure(422, code, message, V1);

const bodies: readonly Row[] = [
  ['base64', post('{"records":[{"key":"aw==","value":"dg=="}]}'), anywhere],
  ['base64 in folded lines', post('{"records":[{"value":"AQ\\r\\nID"}]}'), anywhere],
  ['base64 for URLs', post('{"records":[{"value":"-_-_"}]}'), anywhere],
  ['base64 without its padding', post('{"records":[{"value":"AQ"}]}'), anywhere],
  ['nulls', post('{"records":[{"key":null,"value":null}]}'), anywhere],
  [
    'a value that is no base64',
    post('{"records":[{"value":"!!!"}]}'),
    unprocessable('Record value contains invalid base64 encoding'),
  ],
  [
    'a key that is no base64',
    post('{"records":[{"key":"!","value":"AQ=="}]}'),
    unprocessable('Record key contains invalid base64 encoding'),
  ],
  [
    'an object in place of base64',
    post('{"records":[{"value":{}}]}', PLAIN_JSON),
    failure(400, 400, /^Cannot deserialize value of type `String` from Object value/, V1),
  ],
  ['JSON', post('{"records":[{"key":1.10,"value":{"b":1,"a":null}}]}', V1_JSON), anywhere],
  ['a partition in a record', post('{"records":[{"value":"AQ==","partition":1}]}'), producedTo(1)],
  ['a partition in the path', postTo('1', '{"records":[{"value":"AQ=="}]}'), producedTo(1)],
  [
    'a partition in the path and in a record',
    postTo('1', '{"records":[{"value":"AQ==","partition":0}]}'),
    unprocessable('Unrecognized field: partition'),
  ],
  [
    'an unknown field',
    post('{"records":[{"value":"AQ==","headers":[]}]}'),
    unprocessable('Unrecognized field: headers'),
  ],
  ['no body', post(''), unprocessable('produceBinary.request must not be null (was null)')],
  [
    'no records',
    post('{"records":[]}', V1_JSON),
    unprocessable('produceJson.request.records must not be empty (was [])'),
  ],
  [
    'a negative partition',
    postTo('-1', '{"records":[{"value":"AQ=="}]}'),
    failure(400, 400, 'Partition -1 is negative; partitions count from 0.', V1),
  ],
  [
    'a negative partition in a record',
    post('{"records":[{"value":"AQ==","partition":-1}]}'),
    failure(400, 400, 'Bad Request: the partition of record 0 is -1; allowed is 0 to 2147483647, or none', V1),
  ],
  ['no body for one partition', postTo('0', ''), unprocessable('produceBinary.request must not be null (was null)')],
  [
    'text after the object',
    post('{"records":[{"value":"AQ=="}]} x'),
    failure(400, 400, /^Unexpected character \('x'/, V1),
  ],
  [
    'null for a record',
    post('{"records":[null]}'),
    failure(400, 400, 'Cannot construct instance of `ProduceRequest`, problem: at index 0', V1),
  ],
  ['no JSON', post('hello', V1_JSON), failure(400, 400, /^Unrecognized token 'hello'/, V1)],
  [
    'a missing partition',
    postTo('99', '{"records":[{"value":"AQ=="}]}'),
    refusedRecord('Partition 99 of topic {topic} with partition count 2 is not present in metadata after 2000 ms.'),
  ],
  [
    'a missing topic',
    send('POST /topics/{topic}-x', { type: V1_BINARY, body: '{"records":[{"value":"AQ=="}]}' }),
    refusedRecord('Topic {topic}-x not present in metadata after 2000 ms.'),
  ],
];

describe('a produce request of v1', () => {
  it.each(bodies)('%s', async (_title, sent, answer) => {
    const { body } = answer;
    const filled = typeof body === 'string' ? { ...answer, body: body.replaceAll('{topic}', topic) } : answer;
    await expectAnswer(proxy.http, sent, filled, { topic });
  });

  it('writes what was meant', async () => {
    const own = await createTopic(proxy.bootstrap);
    const records = ['AQ\\nID', '-_-_', 'AQ', ''].map((text) => `{"value":"${text}"}`);
    await transmit(proxy.http, post(`{"records":[${records.join()}]}`), { topic: own });
    const read = send('GET /topics/{topic}/partitions/0/messages?offset=0&count=9', { accept: V1_BINARY });
    const values = (await transmit(proxy.http, read, { topic: own })).json() as { value: string }[];
    expect(values.map(({ value }) => value)).toEqual(['AQID', '+/+/', 'AQ==', '']);
  });
});

const LONG = '"value_schema":"\\"long\\""';
const RECORD = JSON.stringify(JSON.stringify({ type: 'record', name: 'R', fields: [{ name: 'a', type: 'int' }] }));
const avro = (fields: string): Sent => post(`{${fields}}`, V1_AVRO);

const schemas: readonly Row[] = [
  [
    'a value with its schema',
    avro(`${LONG},"records":[{"value":7}]`),
    producedTo('[01]', '"key_schema_id":null,"value_schema_id":\\d+'),
  ],
  [
    'a key with its schema',
    avro(`"key_schema":"\\"int\\"",${LONG},"records":[{"key":1,"value":7}]`),
    producedTo('[01]', '"key_schema_id":\\d+,"value_schema_id":\\d+'),
  ],
  [
    'a null with a schema is null',
    avro(`${LONG},"records":[{"value":null}]`),
    producedTo('[01]', '"key_schema_id":null,"value_schema_id":\\d+'),
  ],
  ['nulls need no schema', avro('"records":[{"value":null}]'), anywhere],
  [
    'a key without a schema',
    avro(`${LONG},"records":[{"key":1,"value":7}]`),
    unprocessable('Request includes keys but does not include key schema', 42_201),
  ],
  [
    'a value without a schema',
    avro('"records":[{"value":7}]'),
    unprocessable('Request includes values but does not include value schema', 42_202),
  ],
  [
    'a value that does not fit its schema is 422/42203',
    send('POST /topics/{other}', {
      type: V1_AVRO,
      body: `{"value_schema":${RECORD},"records":[{"value":{"a":1}},{"value":{"a":"x"}}]}`,
    }),
    failure(
      422,
      42_203,
      /^Conversion of JSON to Object failed: Failed to convert JSON to Avro: .*value of record 1, at .*a/,
      V1,
    ),
  ],
  [
    'a text that is no schema',
    avro('"value_schema":"{\\"type\\":\\"nope\\"}","records":[{"value":7}]'),
    failure(422, 42_205, /^Invalid schema: .*"type":"nope"/, V1),
  ],
  [
    'an id that leads nowhere is 408/40801',
    avro('"value_schema_id":2000000000,"records":[{"value":7}]'),
    failure(408, 40_801, /^Schema registration or lookup failed/, V1),
  ],
];

describe('avro of v1', () => {
  it.each(schemas)('%s', async (_title, sent, answer) => {
    await expectAnswer(proxy.http, sent, answer, { topic, other });
  });

  it('takes an id with any topic, and prefers it to a text', async () => {
    const answer = await transmit(proxy.http, avro(`${LONG},"records":[{"value":7}]`), { topic });
    const { value_schema_id: id } = answer.json() as { value_schema_id: number };
    const elsewhere = await createTopic(proxy.bootstrap);
    const fields = `"value_schema":"no schema at all","value_schema_id":${id},"records":[{"value":8}]`;
    await expectAnswer(proxy.http, avro(fields), producedTo(0, `"key_schema_id":null,"value_schema_id":${id}`), {
      topic: elsewhere,
    });
    const read = send('GET /topics/{topic}/partitions/0/messages?offset=0', { accept: V1_AVRO });
    expect((await transmit(proxy.http, read, { topic: elsewhere })).json()).toMatchObject([{ value: 8 }]);
  });

  it.each([
    ['a record', avro(`${LONG},"records":[{"value":7}]`)],
    ['a new instance', send('POST /consumers/{topic}', { type: V1, body: '{"format":"avro"}' })],
    ['messages', send('GET /topics/{topic}/partitions/0/messages?offset=0', { accept: V1_AVRO })],
  ])('without a registry is 422/42206: %s', async (_title, sent) => {
    const type = sent.path.endsWith('messages?offset=0') ? V1_AVRO : V1;
    const text = 'Payload error. Schema Registry must be configured when using schemas.';
    await expectAnswer(withoutRegistry.http, sent, failure(422, 42_206, text, type), { topic });
  });

  it('needs a registry for JSON no more than for base64', async () => {
    await expectAnswer(withoutRegistry.http, post('{"records":[{"value":1}]}', V1_JSON), anywhere, { topic });
  });
});
