import { beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../harness/conditions.ts';
import { useProxy } from '../harness/proxy.ts';
import { produceJson, RestConsumer } from '../harness/rest-consumer.ts';
import { sharedRegistry } from '../harness/shared-registry.ts';
import { createTopic, uniqueName, withAdmin } from '../harness/topics.ts';
import { V1Consumer } from '../harness/v1-consumer.ts';
import {
  type Answer,
  expectAnswer,
  failure,
  KAFKA_JSON,
  ok,
  PLAIN_JSON,
  type Sent,
  send,
  transmit,
  V1,
  V1_AVRO,
  V1_BINARY,
  V1_JSON,
} from './exchanges.ts';

/** Consumer instances of v1: contract C.4 and F.3, observed (m). */

const proxy = useProxy(async () => ({
  'schema.registry.url': (await sharedRegistry()).url,
  'consumer.request.timeout.ms': '500',
}));
let topic: string;

beforeAll(async () => {
  topic = await createTopic(proxy.bootstrap);
  await produceJson(proxy.http, topic, [{ n: 0 }, { n: 1 }, { n: 2 }]);
});

const create = (body?: string): Sent =>
  send('POST /consumers/{group}', { type: V1, ...(body === undefined ? {} : { body }) });
const made = ok(/^\{"instance_id":"[^"]+","base_uri":"http:[^"]+"\}$/, V1);
const invalid = (message: string): Answer => failure(422, 42_204, `Invalid consumer configuration: ${message}`, V1);

const creations: readonly (readonly [string, Sent, Answer])[] = [
  ['no body', create(), made],
  ['an empty object', create('{}'), made],
  [
    'each of its settings',
    create(
      '{"name":"c","format":"JSON","auto.offset.reset":"largest","auto.commit.enable":true,"fetch.min.bytes":-1,"consumer.request.timeout.ms":100}',
    ),
    made,
  ],
  [
    'a name of v2 for where to begin',
    create('{"auto.offset.reset":"earliest"}'),
    invalid('Wrong value earliest of auto.offset.reset in ConsumerConfig; Valid values are smallest and largest'),
  ],
  [
    'nowhere to begin',
    create('{"auto.offset.reset":"none"}'),
    invalid('Wrong value none of auto.offset.reset in ConsumerConfig; Valid values are smallest and largest'),
  ],
  [
    'an automatic commit that is neither',
    create('{"auto.commit.enable":"maybe"}'),
    invalid('Invalid value maybe for configuration enable.auto.commit: Expected value to be either true or false'),
  ],
  [
    'fetch.min.bytes too small',
    create('{"fetch.min.bytes":-2}'),
    failure(
      422,
      40_001,
      'Invalid consumer configuration. It does not abide by the constraints: Invalid value -2 for configuration fetch.min.bytes: Value must be at least -1',
      V1,
    ),
  ],
  ['an id in place of a name', create('{"id":"c","name":"d"}'), ok(/^\{"instance_id":"c",/, V1)],
  ['a format that v2 alone has', create('{"format":"protobuf"}'), failure(422, 422, 'Invalid format type.', V1)],
  ['an unknown field', create('{"isolation.level":"x"}'), failure(422, 422, 'Unrecognized field: isolation.level', V1)],
];

describe('a new instance', () => {
  it.each(creations)('%s', async (_title, sent, answer) => {
    await expectAnswer(proxy.http, sent, answer, { group: uniqueName('group') });
  });
});

describe('a read', () => {
  it('subscribes to its topic, and waits for its records', async () => {
    const consumer = await V1Consumer.create(proxy.http);
    const { status, text, headers } = await consumer.readAnswer(topic, '', { accept: V1_JSON });
    expect({ status, type: headers['content-type'] }).toEqual({ status: 200, type: V1_JSON });
    expect(text).toMatch(
      new RegExp(`^\\[\\{"topic":"${topic}","key":null,"value":\\{"n":0\\},"partition":0,"offset":0\\},`),
    );
  });

  it('goes on behind the last one, within max_bytes, which is exclusive', async () => {
    const consumer = await V1Consumer.create(proxy.http);
    expect(await consumer.read(topic, '?max_bytes=15')).toEqual([{ n: 0 }, { n: 1 }]);
    expect(await consumer.readAll(topic, 1)).toEqual([{ n: 2 }]);
    expect(await consumer.read(topic)).toEqual([]);
  });

  it('begins at the end with `largest`, and there where nobody says otherwise', async () => {
    const own = await createTopic(proxy.bootstrap);
    await produceJson(proxy.http, own, [1]);
    for (const settings of [{ 'auto.offset.reset': 'largest' }, { 'auto.offset.reset': undefined }]) {
      const consumer = await V1Consumer.create(proxy.http, settings);
      expect(await consumer.read(own)).toEqual([]);
      await produceJson(proxy.http, own, [2]);
      expect(await consumer.readAll(own, 1)).toEqual([2]);
    }
  });

  it('of another topic than the first is 409/40901, and the first one is read on', async () => {
    const other = await createTopic(proxy.bootstrap);
    const consumer = await V1Consumer.create(proxy.http);
    expect(await consumer.readAll(topic, 3)).toHaveLength(3);
    const text =
      'Consumer cannot subscribe the the specified target because it has already subscribed to other topics.';
    const sent = send(`GET ${consumer.path}/topics/${other}`, { accept: V1_JSON });
    await expectAnswer(proxy.http, sent, failure(409, 40_901, text, V1_JSON));
    expect(await consumer.read(topic)).toEqual([]);
  });

  it('of two topics at once subscribes to one of them', async () => {
    const other = await createTopic(proxy.bootstrap);
    await produceJson(proxy.http, other, [{ n: 0 }]);
    const consumer = await V1Consumer.create(proxy.http);
    const answers = await Promise.all(
      [topic, other, topic, other].map(async (name) => await consumer.readAnswer(name)),
    );
    const names = [topic, other, topic, other];
    const served = names.filter((_, i) => answers[i]?.status === 200);
    expect(served).toHaveLength(2);
    expect(new Set(served).size).toBe(1);
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(2);
  });

  const missing = failure(404, 40_401, 'Topic not found.', V1_JSON);
  const mismatch = (type: string): Answer =>
    failure(
      406,
      40_601,
      'The requested embedded data format does not match the deserializer for this consumer instance',
      type,
    );

  it.each([
    ['a missing topic is 404/40401', 'json', send('GET {i}/topics/{topic}-x', { accept: V1_JSON }), missing],
    ['a name that no topic can have', 'json', send('GET {i}/topics/a%20b', { accept: V1_JSON }), missing],
    [
      'a size that is no number',
      'json',
      send('GET {i}/topics/{topic}?max_bytes=x', { accept: V1_JSON }),
      failure(404, 404, 'HTTP 404 Not Found', V1_JSON),
    ],
    ['base64 of a json instance', 'json', send('GET {i}/topics/{topic}', { accept: V1_BINARY }), mismatch(V1_BINARY)],
    [
      'plain JSON, which is base64, of a json instance',
      'json',
      send('GET {i}/topics/{topic}', { accept: PLAIN_JSON }),
      mismatch(PLAIN_JSON),
    ],
    ['JSON of a binary instance', 'binary', send('GET {i}/topics/{topic}', { accept: V1_JSON }), mismatch(V1_JSON)],
    [
      'avro of a json instance, before the topic is looked for',
      'json',
      send('GET {i}/topics/{topic}-x', { accept: V1_AVRO }),
      mismatch(V1_AVRO),
    ],
  ])('%s', async (_title, format, sent, answer) => {
    const { path } = await V1Consumer.create(proxy.http, { format });
    await expectAnswer(proxy.http, sent, answer, { topic, i: path });
  });

  it.each([
    [V1_BINARY, V1_BINARY],
    [KAFKA_JSON, KAFKA_JSON],
    ['application/json, text/plain, */*', V1_BINARY],
    [undefined, V1_BINARY],
  ])('of a binary instance, Accept %s, is base64 as %s', async (accept, type) => {
    const { path } = await V1Consumer.create(proxy.http, { format: 'binary' });
    const sent = send(`GET ${path}/topics/${topic}`, accept === undefined ? {} : { accept });
    await expectAnswer(proxy.http, sent, ok(/"value":"eyJuIjowfQ=="/, type));
  });

  it.each([[undefined], ['*/*'], ['application/json, text/plain, */*']])(
    'that names no format, Accept %s, is in that of its instance',
    async (accept) => {
      const { path } = await V1Consumer.create(proxy.http);
      const sent = send(`GET ${path}/topics/${topic}`, accept === undefined ? {} : { accept });
      await expectAnswer(proxy.http, sent, ok(/"value":\{"n":0\}/, V1_JSON));
    },
  );

  it('without records waits as long as its instance was made to, whatever `timeout` says', async () => {
    const consumer = await V1Consumer.create(proxy.http, { 'consumer.request.timeout.ms': 300 });
    expect(await consumer.readAll(topic, 3)).toHaveLength(3);
    const startedAt = performance.now();
    expect(await consumer.read(topic, '?timeout=20000')).toEqual([]);
    expect(performance.now() - startedAt).toBeLessThan(2000);
  });

  it('of a topic that was deleted is 404/40401 once its records are read', async () => {
    const own = await createTopic(proxy.bootstrap);
    await produceJson(proxy.http, own, [1]);
    const consumer = await V1Consumer.create(proxy.http);
    expect(await consumer.readAll(own, 1)).toEqual([1]);
    await withAdmin(proxy.bootstrap, async (admin) => await admin.deleteTopics({ topics: [own] }));
    const sent = send(`GET ${consumer.path}/topics/${own}`, { accept: V1_JSON });
    await eventually(async () => (await transmit(proxy.http, sent)).status !== 200, {
      deadlineMs: 15_000,
      describe: 'the end of the topic to be known',
    });
    await expectAnswer(proxy.http, sent, missing);
  });

  it('of avro is decoded with its schema', async () => {
    const own = await createTopic(proxy.bootstrap);
    const schema = JSON.stringify({ type: 'record', name: 'R', fields: [{ name: 'a', type: ['null', 'string'] }] });
    const body = JSON.stringify({ value_schema: schema, records: [{ value: { a: { string: 'x' } } }] });
    const produced = await transmit(proxy.http, send('POST /topics/{topic}', { type: V1_AVRO, body }), { topic: own });
    expect(produced.status, produced.text).toBe(200);
    const consumer = await V1Consumer.create(proxy.http, { format: 'avro' });
    expect(await consumer.readAll(own, 1)).toEqual([{ a: { string: 'x' } }]);
  });

  it('of what is no JSON is 500/50002, after the records before it', async () => {
    const own = await createTopic(proxy.bootstrap);
    await produceJson(proxy.http, own, [1]);
    const body = '{"records":[{"value":"AQID"}]}';
    await transmit(proxy.http, send('POST /topics/{topic}', { type: V1_BINARY, body }), { topic: own });
    const consumer = await V1Consumer.create(proxy.http);
    expect(await consumer.readAll(own, 1)).toEqual([1]);
    const message =
      /^Kafka error: Error deserializing VALUE for partition .*-0 at offset 1: .* an instance of the group with the format binary /;
    const answer = failure(500, 50_002, message, V1_JSON);
    await expectAnswer(proxy.http, send(`GET ${consumer.path}/topics/${own}`, { accept: V1_JSON }), answer);
    await expectAnswer(proxy.http, send(`GET ${consumer.path}/topics/${own}`, { accept: V1_JSON }), answer);
  });

  it('gives the same batch again for the same Idempotency-Key', async () => {
    const consumer = await V1Consumer.create(proxy.http);
    const key = { 'idempotency-key': 'k1' };
    const first = await consumer.readAnswer(topic, '?max_bytes=8', key);
    expect(first.json()).toHaveLength(1);
    expect((await consumer.readAnswer(topic, '?max_bytes=8', key)).text).toBe(first.text);
    expect(await consumer.readAll(topic, 2)).toEqual([{ n: 1 }, { n: 2 }]);
  });
});

describe('a commit', () => {
  it('tells of each partition that was read the last record, and stores the next one', async () => {
    const own = await createTopic(proxy.bootstrap, { partitions: 3 });
    await produceJson(proxy.http, own, [0, 1, 2], 0);
    await produceJson(proxy.http, own, [10], 2);
    const consumer = await V1Consumer.create(proxy.http);
    await consumer.readAll(own, 4);
    const told = [
      { topic: own, partition: 0, consumed: 2, committed: 2 },
      { topic: own, partition: 2, consumed: 0, committed: 0 },
    ];
    expect(await consumer.commit()).toEqual(expect.arrayContaining(told));
    // Once more, with nothing read meanwhile, it says the same.
    expect(await consumer.commit()).toHaveLength(2);
    const group = consumer.path.split('/')[2] ?? '';
    const newer = await RestConsumer.create(proxy.http, group);
    expect([await newer.committed(own, 0), await newer.committed(own, 1), await newer.committed(own, 2)]).toEqual([
      3,
      undefined,
      1,
    ]);
  });

  it('before a read tells of nothing', async () => {
    expect(await (await V1Consumer.create(proxy.http)).commit()).toEqual([]);
  });

  it.each([
    ['an empty object', '{}', ok('[]', V1)],
    ['null', 'null', ok('[]', V1)],
    ['offsets, as v2 has them', '{"offsets":[]}', failure(422, 422, 'Unrecognized field: offsets', V1)],
  ])('with a body: %s', async (_title, body, answer) => {
    const { path } = await V1Consumer.create(proxy.http);
    await expectAnswer(proxy.http, send(`POST ${path}/offsets`, { type: V1, body }), answer);
  });

  it('is left to the client, unless it asks for the automatic one', async () => {
    for (const [settings, committed] of [
      [{}, undefined],
      [{ 'auto.commit.enable': 'true' }, 3],
    ] as const) {
      const consumer = await V1Consumer.create(proxy.http, settings);
      await consumer.readAll(topic, 3);
      const deleted = await proxy.http.call('DELETE', consumer.path);
      expect(deleted.status).toBe(204);
      const newer = await RestConsumer.create(proxy.http, consumer.path.split('/')[2] ?? '');
      expect(await newer.committed(topic)).toBe(committed);
    }
  });
});

describe('an instance that is not there', () => {
  const missing = (type: string) => failure(404, 40_403, 'Consumer instance not found.', type);

  it.each([
    ['a read', send('GET {i}/topics/{topic}', { accept: V1_JSON }), missing(V1_JSON)],
    ['a commit', send('POST {i}/offsets', { accept: V1 }), missing(V1)],
    ['a DELETE', send('DELETE {i}', { accept: PLAIN_JSON }), missing(PLAIN_JSON)],
  ])('%s', async (_title, sent, answer) => {
    await expectAnswer(proxy.http, sent, answer, { i: '/consumers/g/instances/never', topic });
  });
});
