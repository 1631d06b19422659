import rdkafka from 'node-rdkafka';
import { beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../harness/conditions.ts';
import { useProxy } from '../harness/proxy.ts';
import { produceJson } from '../harness/rest-consumer.ts';
import { createTopic, uniqueName } from '../harness/topics.ts';
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
  V1_BINARY,
  V1_JSON,
} from './exchanges.ts';

/** v1's simple consumer, `GET /topics/{topic}/partitions/{partition}/messages`: contract C.5, observed (m). */

const proxy = useProxy();
const small = useProxy({ 'simpleconsumer.pool.size.max': '1', 'simpleconsumer.pool.timeout.ms': '50' });
let topic: string;

beforeAll(async () => {
  topic = await createTopic(proxy.bootstrap, { partitions: 2 });
  await produceJson(proxy.http, topic, [{ n: 0 }, { n: 1 }, { n: 2 }]);
});

const read = (query: string, accept?: string): Sent =>
  send(`GET /topics/{topic}/partitions/0/messages${query}`, accept === undefined ? {} : { accept });
const record = (offset: number) =>
  `{"topic":"{topic}","key":null,"value":{"n":${offset}},"partition":0,"offset":${offset}}`;
const records = (...offsets: readonly number[]): Answer => ok(`[${offsets.map(record).join()}]`, V1_JSON);
const badRequest = (message: string): Answer => failure(400, 400, message, V1_JSON);
const whole = (name: string, max: string, was: string): Answer =>
  badRequest(`The query parameter \`${name}\` must be a whole number from 0 to ${max} (was ${was}).`);
const badTime = (was: string): Answer =>
  badRequest(
    `The query parameter \`timestamp\` must be an ISO-8601 instant such as 2020-01-01T00:00:00Z (was ${was}).`,
  );

const OFFSET_MAX = '9007199254740991';
const COUNT_MAX = '100000';
const NEITHER = 'Either `offset` or `timestamp` query parameters must be set.';
const OUT_OF_RANGE = failure(500, 50_002, 'Kafka error: Fetch response contains an error code: 1', V1_JSON);

const rows: readonly Row[] = [
  ['one record, where nobody says how many', read('?offset=1', V1_JSON), records(1)],
  ['as many as asked for', read('?offset=0&count=2', V1_JSON), records(0, 1)],
  ['fewer, where there are no more', read('?offset=1&count=10', V1_JSON), records(1, 2)],
  ['none', read('?offset=0&count=0', V1_JSON), ok('[]', V1_JSON)],
  ['none at the end', read('?offset=3', V1_JSON), ok('[]', V1_JSON)],
  [
    'none of an empty partition',
    send('GET /topics/{topic}/partitions/1/messages?offset=0', { accept: V1_JSON }),
    ok('[]', V1_JSON),
  ],
  ['all since a time', read('?timestamp=2020-01-01T00:00:00Z&count=10', V1_JSON), records(0, 1, 2)],
  ['all since a time before there were times', read('?timestamp=1900-01-01T00:00:00Z', V1_JSON), records(0)],
  ['none since a time that is to come', read('?timestamp=2999-01-01T00:00:00Z', V1_JSON), ok('[]', V1_JSON)],
  [
    'base64, where no format is named',
    read('?offset=0'),
    ok('[{"topic":"{topic}","key":null,"value":"eyJuIjowfQ==","partition":0,"offset":0}]', V1_BINARY),
  ],
  [
    'base64 as plain JSON',
    read('?offset=0', PLAIN_JSON),
    ok('[{"topic":"{topic}","key":null,"value":"eyJuIjowfQ==","partition":0,"offset":0}]', PLAIN_JSON),
  ],
  ['an offset behind the end', read('?offset=4', V1_JSON), OUT_OF_RANGE],
  ['the largest offset', read(`?offset=${OFFSET_MAX}`, V1_JSON), OUT_OF_RANGE],
  ['neither offset nor time', read('', V1_JSON), badRequest(NEITHER)],
  ['both, and both empty', read('?offset=&timestamp=', V1_JSON), badRequest(NEITHER)],
  [
    'both offset and time',
    read('?offset=0&timestamp=2020-01-01T00:00:00Z', V1_JSON),
    badRequest('Either `offset` or `timestamp` query parameters must be set, and not both of them.'),
  ],
  [
    'an offset beyond 64 bits',
    read('?offset=9223372036854775808', V1_JSON),
    whole('offset', OFFSET_MAX, '9223372036854775808'),
  ],
  [
    'an offset beyond 2^53 - 1',
    read('?offset=9007199254740992', V1_JSON),
    whole('offset', OFFSET_MAX, '9007199254740992'),
  ],
  ['a negative offset', read('?offset=-1', V1_JSON), whole('offset', OFFSET_MAX, '-1')],
  ['an offset that is no number', read('?offset=x', V1_JSON), whole('offset', OFFSET_MAX, 'x')],
  ['a negative count', read('?offset=0&count=-1', V1_JSON), whole('count', COUNT_MAX, '-1')],
  ['a count beyond all bounds', read('?offset=0&count=100001', V1_JSON), whole('count', COUNT_MAX, '100001')],
  ['a count that is no number', read('?offset=0&count=%20', V1_JSON), whole('count', COUNT_MAX, ' ')],
  ['an empty count', read('?offset=0&count=', V1_JSON), records(0)],
  ['a time that is none', read('?timestamp=yesterday', V1_JSON), badTime('yesterday')],
  ['a time in milliseconds', read('?timestamp=1577836800000', V1_JSON), badTime('1577836800000')],
  [
    'a missing topic is 404/40401',
    send('GET /topics/{topic}-x/partitions/0/messages?offset=0', { accept: V1_JSON }),
    failure(404, 40_401, 'Topic not found.', V1_JSON),
  ],
  [
    'a missing partition is 404/40402',
    send('GET /topics/{topic}/partitions/7/messages?offset=0&count=0', { accept: V1_JSON }),
    failure(404, 40_402, 'Partition not found.', V1_JSON),
  ],
  [
    'a negative partition is 404/40402',
    send('GET /topics/{topic}/partitions/-1/messages?offset=0', { accept: V1_JSON }),
    failure(404, 40_402, 'Partition not found.', V1_JSON),
  ],
  [
    'a partition that is no number is 404',
    send('GET /topics/{topic}/partitions/x/messages?offset=0', { accept: V1_JSON }),
    failure(404, 404, 'HTTP 404 Not Found', V1_JSON),
  ],
];

async function offsetsOf(own: string, query: string): Promise<number[]> {
  const answer = await transmit(proxy.http, read(query, V1_BINARY), { topic: own });
  expect(answer.status, answer.text).toBe(200);
  return (answer.json() as { offset: number }[]).map(({ offset }) => offset);
}

/** Three transactions of three records: the end of each has an offset of its own, and is no record. */
async function transactions(own: string): Promise<void> {
  const producer = new rdkafka.Producer(
    { 'bootstrap.servers': proxy.bootstrap, 'transactional.id': uniqueName('tx') },
    {},
  );
  const call = async (run: (done: (error: unknown) => void) => void): Promise<void> =>
    await new Promise((resolve, reject) => {
      run((error) => (error ? reject(new Error('a transaction failed', { cause: error })) : resolve()));
    });
  await call((done) => producer.connect({}, done));
  await call((done) => producer.initTransactions(10_000, done));
  for (const isKept of [true, false, true]) {
    await call((done) => producer.beginTransaction(done));
    for (let i = 0; i < 3; i += 1) producer.produce(own, 0, Buffer.from(String(i)));
    await call((done) => producer.flush(10_000, done));
    await call((done) => (isKept ? producer.commitTransaction(10_000, done) : producer.abortTransaction(10_000, done)));
  }
  await call((done) => producer.disconnect(done));
}

describe('messages', () => {
  it.each(rows)('%s', async (_title, sent, answer) => {
    await expectAnswer(proxy.http, sent, answer, { topic });
  });

  it('are those of a time, and after it', async () => {
    const own = await createTopic(proxy.bootstrap);
    await produceJson(proxy.http, own, [0, 1]);
    // Records have the time of their millisecond.
    await new Promise((resolve) => setTimeout(resolve, 20));
    const between = new Date().toISOString();
    await produceJson(proxy.http, own, [2, 3]);
    expect(await offsetsOf(own, `?timestamp=${between}&count=5`)).toEqual([2, 3]);
    expect(await offsetsOf(own, `?timestamp=${between.replace('Z', '%2B00:00')}`)).toEqual([2]);
  });

  it('come without gaps in their number where the log was compacted', async () => {
    const settings = { 'cleanup.policy': 'compact', 'segment.ms': '50', 'min.cleanable.dirty.ratio': '0' };
    const own = await createTopic(proxy.bootstrap, { settings });
    const body = '{"records":[{"key":"azE=","value":"AQ=="},{"key":"azI=","value":"AQ=="}]}';
    const left = await eventually(
      async () => {
        // Each request may begin a new segment, and those before it are compacted.
        await transmit(proxy.http, send('POST /topics/{topic}', { type: V1_BINARY, body }), { topic: own });
        const offsets = await offsetsOf(own, '?offset=0&count=1000');
        return (offsets[0] ?? 0) > 0 && offsets;
      },
      { deadlineMs: 60_000, intervalMs: 200, describe: 'records to be compacted away' },
    );
    expect(await offsetsOf(own, '?offset=0&count=2')).toEqual(left.slice(0, 2));
    expect(await offsetsOf(own, `?offset=${(left[0] ?? 0) - 1}`)).toEqual(left.slice(0, 1));
  }, 90_000);

  it('come without gaps in their number where transactions ended', async () => {
    const own = await createTopic(proxy.bootstrap);
    await transactions(own);
    // Records that were given up count as well, unless `consumer.isolation.level` says otherwise: as for instances.
    expect(await offsetsOf(own, '?offset=0&count=100')).toEqual([0, 1, 2, 4, 5, 6, 8, 9, 10]);
    expect(await offsetsOf(own, '?offset=2&count=3')).toEqual([2, 4, 5]);
    expect(await offsetsOf(own, '?offset=3')).toEqual([4]);
    expect(await offsetsOf(own, '?offset=7&count=2')).toEqual([8, 9]);
    expect(await offsetsOf(own, '?offset=11&count=2')).toEqual([]);
  });

  it('that are not of the format of the request are 500/50002, after those before them', async () => {
    const own = await createTopic(proxy.bootstrap);
    await produceJson(proxy.http, own, [1]);
    const body = '{"records":[{"value":"AQID"}]}';
    await transmit(proxy.http, send('POST /topics/{topic}', { type: V1_BINARY, body }), { topic: own });
    const good = await transmit(proxy.http, read('?offset=0&count=2', V1_JSON), { topic: own });
    expect(good.json()).toMatchObject([{ value: 1 }]);
    const message = /^Kafka error: Error deserializing VALUE for partition .*-0 at offset 1: .* offset behind it\.$/;
    const answer = failure(500, 50_002, message, V1_JSON);
    await expectAnswer(proxy.http, read('?offset=1', V1_JSON), answer, { topic: own });
  });

  it('for which no client is free in time are 500/50301', async () => {
    // The only client waits for a record that does not come.
    const waiting = transmit(small.http, send('GET /topics/{topic}/partitions/1/records?offset=0&timeout=3000'), {
      topic,
    });
    const answer = failure(
      500,
      50_301,
      'No SimpleConsumer is available at the time in the pool. The request can be retried. ' +
        'You can increase the pool size or the pool timeout to avoid this error in the future.',
      V1_JSON,
    );
    // Before the client is in use there is an answer, and again once its read has given way to one that waits.
    const isRefused = async (): Promise<true> => {
      await expectAnswer(small.http, read('?offset=0', V1_JSON), answer, { topic });
      return true;
    };
    await eventually(isRefused, { deadlineMs: 3000, describe: 'the client to be in use' });
    expect((await waiting).text).toBe('[]');
    await expectAnswer(small.http, read('?offset=0', V1_JSON), records(0), { topic });
  });
});
