import rdkafka from 'node-rdkafka';
import { beforeAll, describe, expect, it } from 'vitest';
import { dialectOf } from '../../packages/protocol/src/index.ts';
import { eventually } from '../harness/conditions.ts';
import { useProxy } from '../harness/proxy.ts';
import { RestConsumer } from '../harness/rest-consumer.ts';
import { createTopic, uniqueName } from '../harness/topics.ts';
import {
  type Answer,
  BINARY,
  expectAnswer,
  failure,
  JSON_V2,
  noContent,
  notFound,
  ok,
  PLAIN_JSON,
  type Row,
  type Sent,
  send,
  transmit,
  unsupportedMediaType,
  V1,
  V2,
} from './exchanges.ts';

/** `sluice.dialect=strimzi`: what clients of Strimzi's Kafka Bridge find. Codes of errors are those of HTTP. */

const TEXT = 'application/vnd.kafka.text.v2+json';
const strimzi = useProxy({ 'sluice.dialect': 'strimzi' });
const confluent = useProxy();
const dialect = dialectOf({ name: 'strimzi', lenientTypes: false, headers: false, timestamps: false });

const say = (...sent: Parameters<typeof send>): Sent => ({ ...send(...sent), dialect });
const produce = (records: string, query = '', type: string = JSON_V2): Sent =>
  say(`POST /topics/{topic}${query}`, { type, body: `{"records":[${records}]}` });

let topic: string;

beforeAll(async () => {
  topic = await createTopic(strimzi.bootstrap);
});

async function instance(body: Readonly<Record<string, unknown>> = {}): Promise<RestConsumer> {
  return await RestConsumer.create(strimzi.http, uniqueName('group'), body);
}

describe('information', () => {
  const version = /^\{"bridge_version":"\d+\.\d+\.\d+[^"]*"\}$/;
  const rows: readonly Row[] = [
    ['GET / tells the version', say('GET /'), ok(version, PLAIN_JSON)],
    ['GET / of a client of v2, too', say('GET /', { accept: V2 }), ok(version, V2)],
    ['GET / of v1 is as it was', say('GET /', { accept: V1 }), ok('{}', V1)],
    ['/openapi describes the API', say('GET /openapi'), ok(/^\{"openapi":"3\.1\.0"/, PLAIN_JSON)],
    ['/openapi/v3 does, too', say('GET /openapi/v3'), ok(/^\{"openapi":"3\.1\.0"/, PLAIN_JSON)],
    ['/healthy is 204, as up to 0.33', say('GET /healthy'), noContent],
    ['/ready is 204, as up to 0.33', say('GET /ready'), noContent],
  ];
  it.each(rows)('%s', async (_title, sent, answer) => {
    await expectAnswer(strimzi.http, sent, answer);
  });

  it.each(['/openapi', '/openapi/v3', '/healthy', '/ready', '/_health'])(
    'is not at %s without the switch',
    async (path) => {
      await expectAnswer(confluent.http, send(`GET ${path}`), notFound);
    },
  );

  it('describes what it adds, and without the switch nothing of it', async () => {
    const added = (await strimzi.http.call('GET', '/openapi.json')).json() as { paths: object; components: object };
    const plain = (await confluent.http.call('GET', '/openapi.json')).json() as { paths: object; components: object };
    expect(Object.keys(added.paths)).toEqual(
      expect.arrayContaining(['/admin/topics', '/healthy', '/ready', '/openapi', '/openapi/v3']),
    );
    expect(JSON.stringify(added)).toContain(TEXT);
    expect(JSON.stringify(added.components)).toContain('"isolation.level"');
    expect(Object.keys(plain.paths)).not.toContain('/admin/topics');
    for (const word of [TEXT, 'isolation.level', 'bridge_version', 'NewTopic', 'timestamp":{"type":"integer']) {
      expect(JSON.stringify(plain)).not.toContain(word);
    }
  });
});

describe('a produce', () => {
  it('is answered with places alone', async () => {
    const created = await createTopic(strimzi.bootstrap);
    const sent = produce('{"value":1,"timestamp":5,"headers":[{"key":"a","value":"eA=="}]},{"key":"k","value":null}');
    const places = ok('{"offsets":[{"partition":0,"offset":0},{"partition":0,"offset":1}]}');
    await expectAnswer(strimzi.http, sent, places, { topic: created });
  });

  it('tells of a record that was not written in its place, by HTTP’s codes', async () => {
    const records = '{"value":1,"partition":0},{"value":1,"partition":7}';
    const message = 'Partition 7 of topic {topic} with partition count 1 is not present in metadata after 2000 ms.';
    const answer = ok(`{"offsets":[{"partition":0,"offset":0},{"error_code":404,"message":"${message}"}]}`);
    await expectAnswer(strimzi.http, produce(records), answer, { topic: await createTopic(strimzi.bootstrap) });
  });

  const text = (value: string): Sent => produce(`{"key":"ä","value":${value}}`, '', TEXT);
  const refused = (message: string): Answer => failure(422, 422, message);
  const rows: readonly Row[] = [
    ['of text takes strings', text('"a\\n\\u00e9"'), ok(/^\{"offsets":\[\{"partition":0,"offset":\d+\}\]\}$/)],
    ['of text refuses what is no string', text('12'), refused('data=12 is not a string; the embedded format is text.')],
    [
      'of text refuses half of a character',
      text('"\\ud800"'),
      refused('data="\\ud800" holds half of a surrogate pair; the embedded format is text.'),
    ],
  ];
  it.each(rows)('%s', async (_title, sent, answer) => {
    await expectAnswer(strimzi.http, sent, answer, { topic });
  });

  it('of text is not known without the switch', async () => {
    await expectAnswer(confluent.http, send('POST /topics/{topic}', { type: TEXT, body: '{}' }), unsupportedMediaType, {
      topic,
    });
  });

  it('with async=true is 204 at once, and written', async () => {
    const created = await createTopic(strimzi.bootstrap);
    await expectAnswer(strimzi.http, produce('{"value":1},{"value":2}', '?async=true'), noContent, { topic: created });
    const path = `/topics/${created}/partitions/0/records?offset=0&timeout=5000`;
    await eventually(async () => (await strimzi.http.call('GET', path)).text.includes('"offset":1'), {
      deadlineMs: 10_000,
      describe: 'the records of an asynchronous produce',
    });
  });

  it('with async=true is counted as every other (bug: its records were not)', async () => {
    const written = async () => {
      const { text: metrics } = await strimzi.management.call('GET', '/metrics');
      return Number(/^sluice_records_total\{direction="produced",format="json"\} (\d+)$/m.exec(metrics)?.[1] ?? 0);
    };
    const before = await written();
    await expectAnswer(strimzi.http, produce('{"value":1},{"value":2}', '?async=true'), noContent, { topic });
    await eventually(async () => (await written()) === before + 2, { deadlineMs: 10_000, describe: 'the count' });
  });

  it('with async=true that fails is told by a metric alone', async () => {
    const failed = async () => {
      const { text: metrics } = await strimzi.management.call('GET', '/metrics');
      return Number(/^sluice_produce_unawaited_failed_total (\d+)$/m.exec(metrics)?.[1] ?? 0);
    };
    const before = await failed();
    await expectAnswer(strimzi.http, produce('{"value":1,"partition":9}', '?async=true'), noContent, { topic });
    await eventually(async () => (await failed()) === before + 1, { deadlineMs: 10_000, describe: 'the failure' });
  });

  it('with async=true is still refused for what is wrong with it', async () => {
    const sent = produce('{"value":1,"nope":1}', '?async=true');
    await expectAnswer(strimzi.http, sent, failure(422, 422, 'Unrecognized field: nope'), { topic });
  });

  it('with async=true is answered as ever without the switch', async () => {
    const created = await createTopic(confluent.bootstrap);
    const sent = send('POST /topics/{topic}?async=true', { type: JSON_V2, body: '{"records":[{"value":1}]}' });
    const answer = ok(
      '{"offsets":[{"partition":0,"offset":0,"error_code":null,"error":null}],"key_schema_id":null,"value_schema_id":null}',
    );
    await expectAnswer(confluent.http, sent, answer, { topic: created });
  });
});

describe('an instance', () => {
  it('of text reads strings, with timestamps and headers', async () => {
    const created = await createTopic(strimzi.bootstrap);
    const record = '{"key":"\\u0001ä","value":"a\\"b","timestamp":7,"headers":[{"key":"h","value":"/w=="}]}';
    await transmit(strimzi.http, produce(record, '', TEXT), { topic: created });
    const consumer = await instance({ format: 'text' });
    await consumer.subscribe(created);
    const answer = await consumer.readAnswer({ timeout: 20_000 });
    expect(answer.headers['content-type']).toBe(TEXT);
    expect(answer.text).toBe(
      `[{"topic":"${created}","key":"\\u0001ä","value":"a\\"b","partition":0,"offset":0,"timestamp":7,"headers":[{"key":"h","value":"/w=="}]}]`,
    );
    const { text } = await consumer.call('GET', '/subscription');
    expect(text).toBe(`{"topics":["${created}"],"partitions":[{"${created}":[0]}]}`);
    const other = say(`GET ${consumer.path}/records`, { accept: JSON_V2 });
    await expectAnswer(strimzi.http, other, failure(406, 406, /does not match the deserializer/, JSON_V2));
    await consumer.delete();
  });

  it('of text refuses bytes that are none, in its place', async () => {
    const created = await createTopic(strimzi.bootstrap);
    await transmit(strimzi.http, produce('{"value":"/w=="}', '', BINARY), { topic: created });
    const consumer = await instance({ format: 'text' });
    await consumer.assign(created, 0);
    const message = `Error deserializing VALUE for partition ${created}-0 at offset 0: Invalid UTF-8. If needed, please seek past the record to continue consumption.`;
    const sent = say(`GET ${consumer.path}/records?timeout=10000`, { accept: TEXT });
    await expectAnswer(strimzi.http, sent, failure(408, 408, message, TEXT));
    await consumer.delete();
  });

  const create = (body: string): Sent => say('POST /consumers/{group}', { type: V2, body });
  const made = ok(/^\{"instance_id":"rest-consumer-/);
  const rows: readonly Row[] = [
    [
      'takes the names of Kafka’s consumer',
      create(
        '{"format":"json","auto.offset.reset":"earliest","enable.auto.commit":false,"fetch.min.bytes":512,"consumer.request.timeout.ms":30000,"isolation.level":"read_committed"}',
      ),
      made,
    ],
    ['takes the same as strings', create('{"enable.auto.commit":"false","isolation.level":"READ_UNCOMMITTED"}'), made],
    [
      'refuses a level that there is none of',
      create('{"isolation.level":"some"}'),
      failure(422, 422, /isolation\.level: String must be one of/),
    ],
    [
      'refuses what is neither true nor false',
      create('{"enable.auto.commit":"no"}'),
      failure(422, 422, /enable\.auto\.commit/),
    ],
  ];
  it.each(rows)('%s', async (_title, sent, answer) => {
    await expectAnswer(strimzi.http, sent, answer, { group: uniqueName('group') });
  });

  it.each(['enable.auto.commit', 'isolation.level'])('has no %s without the switch', async (field) => {
    const sent = send('POST /consumers/g', { type: V2, body: `{"${field}":"false"}` });
    await expectAnswer(confluent.http, sent, failure(422, 422, `Unrecognized field: ${field}`));
  });

  it('has no text without the switch', async () => {
    const sent = send('POST /consumers/g', { type: V2, body: '{"format":"text"}' });
    await expectAnswer(confluent.http, sent, failure(422, 422, 'Invalid format type.'));
  });

  it('that is none is 404 by HTTP’s code', async () => {
    const sent = say('GET /consumers/g/instances/nobody/records');
    await expectAnswer(strimzi.http, sent, failure(404, 404, 'Consumer instance not found.', BINARY));
  });
});

type Step = (done: (error: unknown) => void) => void;

/** A record of a transaction that is aborted. */
async function produceAborted(to: string, value: string): Promise<void> {
  const settings = { 'metadata.broker.list': strimzi.bootstrap, 'transactional.id': uniqueName('transaction') };
  const producer = new rdkafka.Producer(settings);
  const step = async (run: Step): Promise<void> =>
    await new Promise((resolve, reject) =>
      run((error) => (error ? reject(new Error(JSON.stringify(error))) : resolve())),
    );
  await step((done) => producer.connect({}, done));
  await step((done) => producer.initTransactions(10_000, done));
  await step((done) => producer.beginTransaction(done));
  producer.produce(to, 0, Buffer.from(value));
  await step((done) => producer.flush(10_000, done));
  await step((done) => producer.abortTransaction(10_000, done));
  await step((done) => producer.disconnect(done));
}

describe('isolation.level', () => {
  it('read_committed passes over what was aborted; without it that is read', async () => {
    const created = await createTopic(strimzi.bootstrap);
    await produceAborted(created, '"aborted"');
    await transmit(strimzi.http, produce('{"value":"written"}'), { topic: created });
    const valuesOf = async (settings: Readonly<Record<string, unknown>>): Promise<unknown[]> => {
      const consumer = await instance(settings);
      await consumer.assign(created, 0);
      const values = (await consumer.read({ timeout: 10_000 })).map(({ value }) => value);
      await consumer.delete();
      return values;
    };
    expect(await valuesOf({ 'isolation.level': 'read_committed' })).toEqual(['written']);
    expect(await valuesOf({})).toEqual(['aborted', 'written']);
  });
});

describe('a commit', () => {
  const commit = (consumer: RestConsumer, offset: number) =>
    consumer.call('POST', '/offsets', { offsets: [{ topic, partition: 0, offset }] });

  it('names the next record, and is 204', async () => {
    const consumer = await instance({ 'enable.auto.commit': false });
    await consumer.assign(topic, 0);
    const answer = await commit(consumer, 3);
    expect([answer.status, answer.text]).toEqual([204, '']);
    expect(await consumer.committed(topic)).toBe(3);
    expect((await consumer.call('POST', '/offsets')).status).toBe(204);
    await consumer.delete();
  });

  it('names the last record without the switch, and is 200', async () => {
    const consumer = await RestConsumer.create(confluent.http, uniqueName('group'));
    await consumer.assign(topic, 0);
    const answer = await commit(consumer, 3);
    expect([answer.status, answer.text]).toEqual([200, '[]']);
    expect(await consumer.committed(topic)).toBe(4);
    await consumer.delete();
  });
});

describe('POST /admin/topics', () => {
  const make = (body: string, type: string = JSON_V2): Sent => say('POST /admin/topics', { type, body });
  const created: Answer = { status: 201, type: V2, body: '{}' };
  const rows: readonly Row[] = [
    ['creates a topic', make('{"topic_name":"{topic}","partitions_count":3,"replication_factor":1}'), created],
    ['by the defaults of the broker', make('{"topic_name":"{topic}","partitions_count":null}', PLAIN_JSON), created],
    [
      'without a name',
      make('{"partitions_count":3}'),
      failure(422, 422, 'createTopic.request.topic_name must not be null (was null)'),
    ],
    ['without a body', make(''), failure(422, 422, 'createTopic.request must not be null (was null)')],
    [
      'with no partitions',
      make('{"topic_name":"{topic}","partitions_count":0}'),
      failure(422, 422, 'createTopic.request.partitions_count must be from 1 to 10000 (was 0)'),
    ],
    [
      'with more replicas than brokers',
      make('{"topic_name":"{topic}","replication_factor":9}'),
      failure(400, 400, /replication/i),
    ],
    ['with a name that no topic has', make('{"topic_name":"a b"}'), failure(400, 400, /invalid topic/)],
    ['with a field that is none', make('{"topic_name":"a","x":1}'), failure(422, 422, 'Unrecognized field: x')],
  ];
  it.each(rows)('%s', async (_title, sent, answer) => {
    await expectAnswer(strimzi.http, sent, answer, { topic: uniqueName('made') });
  });

  it('of one that is there is 400, where Strimzi says 500', async () => {
    await expectAnswer(strimzi.http, make(`{"topic_name":"${topic}"}`), failure(400, 400, /already exists/));
  });

  it('is not there without the switch', async () => {
    await expectAnswer(confluent.http, send('POST /admin/topics', { type: JSON_V2, body: '{}' }), notFound);
  });

  it('makes as many partitions as were asked for', async () => {
    const name = uniqueName('made');
    await transmit(strimzi.http, make(`{"topic_name":"${name}","partitions_count":3}`));
    await eventually(
      async () => {
        const { status, text } = await transmit(strimzi.http, say(`GET /topics/${name}/partitions`));
        return status === 200 && (JSON.parse(text) as unknown[]).length === 3;
      },
      { deadlineMs: 10_000, describe: 'the topic to be known' },
    );
  });
});

describe('base_uri', () => {
  const uriOf = async (http: typeof strimzi.http, headers: Readonly<Record<string, string>>) => {
    const sent = { ...send('POST /consumers/g', { type: V2, headers, body: '{}' }), dialect };
    return ((await transmit(http, sent)).json() as { base_uri: string }).base_uri;
  };
  const headers = {
    'x-forwarded-host': 'a.example',
    'x-forwarded-proto': 'https',
    'x-forwarded-path': '/my/bridge/consumers/g',
  };

  it('begins with the path that a gateway was asked for', async () => {
    expect(await uriOf(strimzi.http, headers)).toMatch(
      /^https:\/\/a\.example\/my\/bridge\/consumers\/g\/instances\/rest-/,
    );
    expect(await uriOf(strimzi.http, { ...headers, 'x-forwarded-path': 'no path' })).toMatch(
      /^https:\/\/a\.example\/consumers\/g\/instances\/rest-/,
    );
  });

  it('does not without the switch', async () => {
    expect(await uriOf(confluent.http, headers)).toMatch(/^https:\/\/a\.example\/consumers\/g\/instances\/rest-/);
  });
});
