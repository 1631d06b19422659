import { beforeAll, describe, expect, it } from 'vitest';
import { dialectOf } from '../../packages/protocol/src/index.ts';
import { useProxy } from '../harness/proxy.ts';
import { produceJson, RestConsumer } from '../harness/rest-consumer.ts';
import { createTopic, uniqueName } from '../harness/topics.ts';
import {
  expectAnswer,
  failure,
  JSON_V2,
  KAFKA_JSON,
  noContent,
  notFound,
  OCTETS,
  ok,
  PLAIN_JSON,
  type Row,
  type Sent,
  send,
  transmit,
  V1,
  V1_JSON,
  V2,
} from './exchanges.ts';

/** `sluice.dialect=karapace`: what clients of Karapace's REST proxy find. */

const karapace = useProxy({ 'sluice.dialect': 'karapace' });
const confluent = useProxy();
const dialect = dialectOf({ name: 'karapace', lenientTypes: false, headers: false, timestamps: false });

const say = (...sent: Parameters<typeof send>): Sent => ({ ...send(...sent), dialect });
let topic: string;

beforeAll(async () => {
  topic = await createTopic(karapace.bootstrap);
});

describe('a produce', () => {
  const produce = (records: string, type?: string): Sent =>
    say('POST /topics/{topic}', { body: `{"records":[${records}]}`, ...(type === undefined ? {} : { type }) });
  const written = ok('{"key_schema_id":null,"value_schema_id":null,"offsets":[{"offset":0,"partition":0}]}');
  const rows: readonly Row[] = [
    ['without a type is JSON', produce('{"value":{"a":1}}'), written],
    ['of v1’s type for JSON is the same', produce('{"value":{"a":1}}', V1_JSON), written],
    ['of plain JSON is base64', produce('{"value":"AQ=="}', PLAIN_JSON), written],
    ['of octets is base64', produce('{"value":"AQ=="}', OCTETS), written],
    ['takes headers, as its newest does', produce('{"value":1,"headers":[{"key":"a","value":null}]}'), written],
  ];
  it.each(rows)('%s', async (_title, sent, answer) => {
    await expectAnswer(karapace.http, sent, answer, { topic: await createTopic(karapace.bootstrap) });
  });

  it('of which one record is not written is 422', async () => {
    const message = 'Partition 7 of topic {topic} with partition count 1 is not present in metadata after 2000 ms.';
    const body = `{"key_schema_id":null,"value_schema_id":null,"offsets":[{"offset":0,"partition":0},{"error_code":2,"error":"${message}"}]}`;
    const sent = produce('{"value":1,"partition":0},{"value":1,"partition":7}', JSON_V2);
    const names = { topic: await createTopic(karapace.bootstrap) };
    await expectAnswer(karapace.http, sent, { status: 422, type: V2, body }, names);
  });
});

describe('topics', () => {
  it('that are not there are 40401', async () => {
    const sent = say('GET /topics/{topic}', { accept: V2 });
    await expectAnswer(karapace.http, sent, failure(404, 40_401, /^This server does not host/), {
      topic: uniqueName('none'),
    });
  });

  it.each([PLAIN_JSON, KAFKA_JSON, V1, JSON_V2, V2])(
    'are answered to who accepts %s, with that type',
    async (accept) => {
      await expectAnswer(karapace.http, say('GET /topics', { accept }), ok(/^\[.*\]$/, accept));
    },
  );
});

describe('an instance', () => {
  it('begins at the first record, is committed with 204, and has the times of its records', async () => {
    await produceJson(confluent.http, topic, [1, 2]);
    const path = `/consumers/${uniqueName('group')}`;
    const created = await transmit(
      karapace.http,
      say(`POST ${path}`, { type: PLAIN_JSON, body: '{"name":"c","format":"json"}' }),
    );
    expect(created.status).toBe(200);
    const consumer = new RestConsumer(karapace.http, `${path}/instances/c`, 'json');
    await consumer.subscribe(topic);
    const records = JSON.parse((await consumer.readAnswer({ timeout: 20_000 })).text) as { timestamp: number }[];
    expect(records).toHaveLength(2);
    expect(records[0]?.timestamp).toBeGreaterThan(1_700_000_000_000);
    const commit = await consumer.call('POST', '/offsets', { offsets: [{ topic, partition: 0, offset: 1 }] });
    expect([commit.status, commit.text]).toEqual([204, '']);
    expect(await consumer.committed(topic)).toBe(2);
    await consumer.delete();
  });

  it('of v1’s types is one of v2', async () => {
    const path = `/consumers/${uniqueName('group')}`;
    await transmit(karapace.http, say(`POST ${path}`, { type: V1, body: '{"name":"c","format":"json"}' }));
    const sent = say(`GET ${path}/instances/c/subscription`, { accept: V1 });
    await expectAnswer(karapace.http, sent, ok('{"topics":[]}', V1));
    await expectAnswer(karapace.http, say(`DELETE ${path}/instances/c`), noContent);
  });
});

describe('/_health', () => {
  it('tells how long the process has been running', async () => {
    const body = /^\{"process_uptime_sec":\d+,"karapace_version":"\d+\.\d+\.\d+[^"]*"\}$/;
    const answer = await transmit(karapace.http, say('GET /_health'));
    expect(answer.headers['content-type']).toBe(PLAIN_JSON);
    expect(answer.text).toMatch(body);
  });

  it('is not there without the switch', async () => {
    await expectAnswer(confluent.http, send('GET /_health'), notFound);
  });
});
