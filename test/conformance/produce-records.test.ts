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
} from './exchanges.ts';
import { instanceIn } from './instances.ts';

/** Contract A.6 and F.1: what of a request is the same on both produce routes, and where its records go. */

const proxy = useProxy();
let topic: string;

beforeAll(async () => {
  topic = await createTopic(proxy.bootstrap, { partitions: 3 });
});

const TO_TOPIC = 'POST /topics/{topic}';
const TO_PARTITION = 'POST /topics/{topic}/partitions/0';
const ROUTES = [TO_TOPIC, TO_PARTITION] as const;

const unprocessable = (message: string): Answer => failure(422, 422, message);

const methods = [
  [BINARY, 'produceBinary'],
  [JSON_V2, 'produceJson'],
  [AVRO, 'produceAvro'],
  [JSON_SCHEMA, 'produceJsonSchema'],
  [PROTOBUF, 'produceProtobuf'],
] as const;

describe.each(ROUTES)('%s', (line) => {
  it.each(methods)('names its method where there is no body or there are no records: %s', async (type, method) => {
    for (const body of ['', 'null']) {
      const answer = unprocessable(`${method}.request must not be null (was null)`);
      await expectAnswer(proxy.http, send(line, { type, body }), answer, { topic });
      // Also where no topic can have the name.
      await expectAnswer(proxy.http, send(line, { type, body }), answer, { topic: 'a%20b' });
    }
    const none = unprocessable(`${method}.request.records must not be empty (was [])`);
    await expectAnswer(proxy.http, send(line, { type, body: '{}' }), none, { topic });
  });

  const rows: readonly Row[] = [
    [
      'a body that ends too soon',
      send(line, { type: JSON_V2, body: '{"records":[' }),
      failure(400, 400, /^Unexpected end-of-input/),
    ],
    [
      'an unknown field',
      send(line, { type: JSON_V2, body: '{"records":[{}],"acks":1}' }),
      unprocessable('Unrecognized field: acks'),
    ],
    [
      'the topic in a record',
      send(line, { type: JSON_V2, body: '{"records":[{"topic":"t"}]}' }),
      unprocessable('Unrecognized field: topic'),
    ],
    [
      'the offset of a record',
      send(line, { type: JSON_V2, body: '{"records":[{"offset":1}]}' }),
      unprocessable('Unrecognized field: offset'),
    ],
    [
      'a key that is no base64',
      send(line, { type: BINARY, body: '{"records":[{"key":"!"}]}' }),
      failure(400, 400, 'Bad Request: data="!" is not a valid base64 string.'),
    ],
    [
      'a key that is no string',
      send(line, { type: BINARY, body: '{"records":[{"key":true}]}' }),
      failure(400, 400, 'Bad Request: data=true is not a base64 string.'),
    ],
  ];

  it.each(rows)('refuses %s', async (_title, sent, answer) => {
    await expectAnswer(proxy.http, sent, answer, { topic });
  });

  it('writes JSON of each kind, with keys and without, and nulls', async () => {
    const own = await createTopic(proxy.bootstrap);
    const values = ['text', null, 53.4, 45, { a: null, b: { c: [1] } }, [['x'], [null]], true];
    const records = values.flatMap((value) => [
      { key: value, value, partition: 0 },
      { value, partition: 0 },
    ]);
    const answer = await transmit(proxy.http, send(line, { type: JSON_V2, body: JSON.stringify({ records }) }), {
      topic: own,
    });
    expect(answer.json()).toEqual({
      offsets: records.map((_, offset) => ({ partition: 0, offset, error_code: null, error: null })),
      key_schema_id: null,
      value_schema_id: null,
    });
    const consumer = await instanceIn('assigned', proxy, own);
    expect((await consumer.readAll(records.length)).map(({ key, value }) => [key, value])).toEqual(
      records.map(({ key = null, value }) => [key, value]),
    );
  });

  it('passes over the schema fields where the format has no schemas', async () => {
    const body =
      '{"key_schema":"x","key_schema_id":1,"value_schema":"y","value_schema_id":2,"records":[{"value":"AQ==","partition":0}]}';
    const answer = ok(/"error_code":null,"error":null\}\],"key_schema_id":null,"value_schema_id":null\}$/);
    await expectAnswer(proxy.http, send(line, { type: BINARY, body }), answer, { topic });
  });
});

interface Produced {
  readonly offsets: readonly { readonly partition: number | null; readonly error_code: number | null }[];
}

async function produce(records: readonly object[], type = BINARY): Promise<Produced['offsets']> {
  const answer = await transmit(proxy.http, send(TO_TOPIC, { type, body: JSON.stringify({ records }) }), { topic });
  expect(answer.status, answer.text).toBe(200);
  return (answer.json() as Produced).offsets;
}

describe('where records go', () => {
  it('those of one key into one partition', async () => {
    const keyed = Array.from({ length: 10 }, () => ({ key: Buffer.from('same').toString('base64') }));
    expect(new Set((await produce(keyed)).map(({ partition }) => partition)).size).toBe(1);
  });

  it('there where each says, in the order of the request', async () => {
    const answers = await produce([0, 1, 1, 2].map((partition) => ({ value: 'AQ==', partition })));
    expect(answers.map(({ partition }) => partition)).toEqual([0, 1, 1, 2]);
  });

  /** What Kafka's own tests say that its hash makes of these keys; the clients of one topic have to agree. */
  it.each([
    ['21', -973_932_308],
    ['foobar', -790_332_482],
    ['a-little-bit-long-string', -985_981_536],
    ['a-little-bit-longer-string', -1_486_304_829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58_897_971],
  ])('by the hash of Kafka’s producer for a key: %s', async (key, hash) => {
    const [answer] = await produce([{ key: Buffer.from(key).toString('base64') }]);
    expect(answer?.partition).toBe((hash & 0x7f_ff_ff_ff) % 3);
  });

  it('with a partition of its own whatever its key', async () => {
    const answers = await produce([0, 1, 2].map((partition) => ({ key: 'AQ==', partition })));
    expect(answers.map(({ partition }) => partition)).toEqual([0, 1, 2]);
  });
});

describe('a record that the broker refuses', () => {
  const refused = (error: string): Answer =>
    ok(
      `{"offsets":[{"partition":null,"offset":null,"error_code":50002,"error":${JSON.stringify(error)}}],"key_schema_id":null,"value_schema_id":null}`,
    );

  it.each([
    [
      'without a key, of a compacted topic',
      { 'cleanup.policy': 'compact' },
      '{"value":1}',
      'This record has failed the validation on broker and hence will be rejected.',
    ],
    [
      'that is larger than its topic takes',
      { 'max.message.bytes': '1000' },
      `{"value":"${'x'.repeat(2000)}"}`,
      'The request included a message larger than the max message size the server will accept.',
    ],
  ])('%s, is 50002 in its place', async (_title, settings, record, error) => {
    const own = await createTopic(proxy.bootstrap, { settings });
    const sent = send(TO_TOPIC, { type: JSON_V2, body: `{"records":[${record}]}` });
    await expectAnswer(proxy.http, sent, refused(error), { topic: own });
  });
});
