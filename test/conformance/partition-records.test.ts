import { beforeAll, describe, expect, it } from 'vitest';
import { useProxy } from '../harness/proxy.ts';
import { sharedRegistry } from '../harness/shared-registry.ts';
import { createTopic } from '../harness/topics.ts';
import {
  AVRO,
  BINARY,
  expectAnswer,
  failure,
  JSON_V2,
  ok,
  PROTOBUF,
  type Row,
  type Sent,
  send,
  transmit,
  V2,
} from './exchanges.ts';

/** `GET /topics/{topic}/partitions/{partition}/records`: an addition of ours, which Confluent's v2 does not have. */

const proxy = useProxy(async () => ({
  'schema.registry.url': (await sharedRegistry()).url,
  'sluice.consumer.max.timeout.ms': '5000',
}));
let topic: string;

const read = (query: string, accept?: string): Sent =>
  send(`GET /topics/{topic}/partitions/0/records${query}`, accept === undefined ? {} : { accept });

beforeAll(async () => {
  topic = await createTopic(proxy.bootstrap, { partitions: 2 });
  const values = Array.from({ length: 5 }, (_, i) => `{"key":"k","value":{"n":${i}},"partition":0}`);
  await transmit(proxy.http, send('POST /topics/{topic}', { type: JSON_V2, body: `{"records":[${values.join()}]}` }), {
    topic,
  });
});

const record = (offset: number) =>
  `{"topic":"{topic}","key":"k","value":{"n":${offset}},"partition":0,"offset":${offset}}`;

const rows: readonly Row[] = [
  ['from the beginning', read('?offset=0', JSON_V2), ok(`[${[0, 1, 2, 3, 4].map(record).join()}]`, JSON_V2)],
  ['from an offset', read('?offset=3', JSON_V2), ok(`[${record(3)},${record(4)}]`, JSON_V2)],
  ['up to a size, exclusive', read('?offset=0&max_bytes=21', JSON_V2), ok(`[${record(0)}]`, JSON_V2)],
  ['one that is larger than the size', read('?offset=1&max_bytes=1', JSON_V2), ok(`[${record(1)}]`, JSON_V2)],
  ['at the end, until the time is over', read('?offset=5&timeout=20', JSON_V2), ok('[]', JSON_V2)],
  [
    'without Accept in base64',
    read('?offset=4'),
    ok('[{"topic":"{topic}","key":"Imsi","value":"eyJuIjo0fQ==","partition":0,"offset":4}]', BINARY),
  ],
  [
    'as v2 in base64 too',
    read('?offset=4', V2),
    ok('[{"topic":"{topic}","key":"Imsi","value":"eyJuIjo0fQ==","partition":0,"offset":4}]', V2),
  ],
  [
    'behind the end',
    read('?offset=6', JSON_V2),
    failure(400, 40002, 'Offset 6 is out of range: partition 0 of topic {topic} has those from 0 to 5.', JSON_V2),
  ],
  [
    'without an offset',
    read('', JSON_V2),
    failure(400, 400, 'The query parameter `offset` must be set to 0 or more.', JSON_V2),
  ],
  [
    'from a negative offset',
    read('?offset=-1', JSON_V2),
    failure(400, 400, 'The query parameter `offset` must be set to 0 or more.', JSON_V2),
  ],
  ['from an offset that is no number', read('?offset=x', JSON_V2), failure(404, 404, 'HTTP 404 Not Found', JSON_V2)],
  [
    'of a partition that there is not',
    send('GET /topics/{topic}/partitions/7/records?offset=0', { accept: JSON_V2 }),
    failure(404, 40402, 'Partition not found.', JSON_V2),
  ],
  [
    'of a topic that there is not',
    send('GET /topics/{topic}-x/partitions/0/records?offset=0', { accept: JSON_V2 }),
    failure(404, 40403, 'This server does not host this topic-partition.', JSON_V2),
  ],
];

describe('the records of a partition', () => {
  it.each(rows)('%s', async (_title, sent, answer) => {
    await expectAnswer(proxy.http, sent, answer, { topic });
  });

  it('are waited for at the end of the log', async () => {
    const waiting = transmit(
      proxy.http,
      send('GET /topics/{topic}/partitions/1/records?offset=0&timeout=5000', { accept: JSON_V2 }),
      { topic },
    );
    await transmit(
      proxy.http,
      send('POST /topics/{topic}/partitions/1', { type: JSON_V2, body: '{"records":[{"value":1}]}' }),
      { topic },
    );
    expect((await waiting).json()).toMatchObject([{ value: 1, offset: 0 }]);
  });

  it('of a schema are read with it, and one that cannot be read comes with its error after those before it', async () => {
    const mixed = await createTopic(proxy.bootstrap);
    const post = async (type: string, body: string): Promise<void> => {
      const answer = await transmit(proxy.http, send('POST /topics/{mixed}', { type, body }), { mixed });
      expect({ status: answer.status, text: answer.text }).toMatchObject({ status: 200 });
    };
    await post(AVRO, '{"value_schema":"\\"long\\"","records":[{"value":9007199254740993}]}');
    await post(BINARY, '{"records":[{"value":"AQID"}]}');
    const from = (offset: number) =>
      send(`GET /topics/{mixed}/partitions/0/records?offset=${offset}`, { accept: AVRO });
    expect((await transmit(proxy.http, from(0), { mixed })).text).toContain('"value":9007199254740993,');
    await expectAnswer(
      proxy.http,
      from(1),
      failure(408, 40801, /^Error deserializing VALUE for partition .*-0 at offset 1: /, AVRO),
      { mixed },
    );
  });

  it('of another format are an error', async () => {
    // The format of the request decides, and not what is in the topic.
    const answer = await transmit(proxy.http, read('?offset=0', PROTOBUF), { topic });
    expect(answer.json()).toMatchObject({ error_code: 40801 });
  });
});
