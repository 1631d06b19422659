import { beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../harness/conditions.ts';
import { gauge } from '../harness/footprint.ts';
import { useProxy } from '../harness/proxy.ts';
import { produceJson } from '../harness/rest-consumer.ts';
import { readLog } from '../harness/topic-log.ts';
import { createTopic, uniqueName } from '../harness/topics.ts';
import { type Answer, expectAnswer, failure, JSON_V2, noContent, type Row, send, transmit, V2 } from './exchanges.ts';
import { instanceIn } from './instances.ts';

/** What Confluent's proxy takes without a bound. The limits of the HTTP server and of instances are in errors.test.ts. */

/** Records wait this long for others, so that the queue is seen full. */
const LINGER_MS = 3000;

const proxy = useProxy({ 'sluice.consumer.read.target.bytes': '1024' });
let topic: string;

beforeAll(async () => {
  topic = await createTopic(proxy.bootstrap);
});

const records = (count: number) =>
  send('POST /topics/{topic}', { type: JSON_V2, body: `{"records":[${'{},'.repeat(count - 1)}{}]}` });

describe('the queue of the producer', () => {
  const slow = useProxy({
    'producer.linger.ms': String(LINGER_MS),
    'producer.buffer.memory': '4096',
    'sluice.produce.queue.max.records': '3',
  });

  beforeAll(async () => {
    await produceJson(slow.http, topic, [0]);
  });

  it('that is full answers 503/503 with Retry-After, and sends nothing of the request', async () => {
    const before = (await readLog(slow.bootstrap, topic, 1)).length;
    const first = transmit(slow.http, records(2), { topic });
    await eventually(async () => (await gauge(slow, 'sluice_producer_queue_records')) === 2, {
      deadlineMs: LINGER_MS,
      describe: 'the first records to wait',
      intervalMs: 20,
    });
    const full: Answer = {
      ...failure(503, 503, "The producer's queue is full; nothing of this request was sent."),
      headers: { 'retry-after': '1' },
    };
    await expectAnswer(slow.http, records(2), full, { topic });
    expect((await first).json()).toMatchObject({ offsets: [{ error: null }, { error: null }] });
    expect(await readLog(slow.bootstrap, topic, 1)).toHaveLength(before + 2);
  });

  it('that a request can never fit into answers 413/413', async () => {
    const tooMany = failure(413, 413, /^The request holds 4 records .* at most 3 records/);
    await expectAnswer(slow.http, records(4), tooMany, { topic });
  });

  it('holds what producer.buffer.memory says, where that is set', async () => {
    const large = send('POST /topics/{topic}', {
      type: JSON_V2,
      body: `{"records":[{"value":"${'x'.repeat(4000)}"}]}`,
    });
    await expectAnswer(slow.http, large, failure(413, 413, /at most 3 records and 4096 bytes\.$/), { topic });
  });
});

it('a read without max_bytes ends at sluice.consumer.read.target.bytes, one with it goes on', async () => {
  const large = await createTopic(proxy.bootstrap);
  const value = 'x'.repeat(398);
  for (let i = 0; i < 3; i += 1) await produceJson(proxy.http, large, [value, value]);
  const consumer = await instanceIn('assigned', proxy, large);
  // Three of 400 bytes are the first to reach the target.
  expect(await consumer.read({ timeout: 10_000 })).toHaveLength(3);
  await consumer.seek(large, 0, 0);
  expect(await consumer.read({ timeout: 10_000, maxBytes: 10_000 })).toHaveLength(6);
  await consumer.delete();
});

const create = (group: string, body: object = {}) =>
  send(`POST /consumers/${group}`, { type: V2, body: JSON.stringify(body) });
const subscribe = (pattern: string) =>
  send('POST {consumer}/subscription', { type: V2, body: JSON.stringify({ topic_pattern: pattern }) });
const offsets = (path: string, offset: string) =>
  send(`POST {consumer}/${path}`, {
    type: V2,
    body: `{"offsets":[{"topic":"{topic}","partition":0,"offset":${offset}}]}`,
  });
const unprocessable = (message: string | RegExp) => failure(422, 422, message);
/** One more than a double holds exactly; a partition would need three centuries at a million records a second. */
const BEYOND_DOUBLES = '9007199254740992';

const refused: readonly Row[] = [
  [
    'a group of 256 characters is 422',
    create('g'.repeat(256)),
    unprocessable('createGroup.group size must be between 1 and 255 (was 256)'),
  ],
  [
    'an instance name of 256 characters is 422',
    create(uniqueName('group'), { name: 'n'.repeat(256) }),
    unprocessable('createGroup.<return value>.instanceId size must be between 1 and 255 (was 256)'),
  ],
  [
    'a pattern of 1001 characters is 422',
    subscribe('a'.repeat(1001)),
    unprocessable('topic_pattern is longer than 1000 characters.'),
  ],
  [
    'a pattern that repeats too much is 422',
    subscribe('(\\pL?){900}b'),
    unprocessable('topic_pattern takes too long to match; it repeats too much.'),
  ],
  [
    'a commit of an offset above 2^53 - 1 is 422',
    offsets('offsets', BEYOND_DOUBLES),
    unprocessable(/offset must be less than or equal to 9007199254740991/),
  ],
  [
    'a seek to an offset above 2^53 - 1 is 422',
    offsets('positions', BEYOND_DOUBLES),
    unprocessable(/offset must be less than or equal to 9007199254740991/),
  ],
  [
    'an Idempotency-Key of 257 characters is 400',
    send('GET {consumer}/records', { accept: JSON_V2, headers: { 'idempotency-key': 'k'.repeat(257) } }),
    failure(400, 400, 'Idempotency-Key is longer than 256 characters.', JSON_V2),
  ],
];

describe('what is one too many', () => {
  it.each(refused)('%s', async (_title, sent, answer) => {
    const consumer = await instanceIn('new', proxy, topic);
    await expectAnswer(proxy.http, sent, answer, { consumer: consumer.path, topic });
    await consumer.delete();
  });

  it('is taken with one less', async () => {
    const long = 'n'.repeat(255);
    expect((await transmit(proxy.http, create('g'.repeat(255), { name: long }))).status).toBe(200);
    await transmit(proxy.http, send(`DELETE /consumers/${'g'.repeat(255)}/instances/${long}`));
    const consumer = await instanceIn('new', proxy, topic);
    await expectAnswer(proxy.http, subscribe('a'.repeat(1000)), noContent, { consumer: consumer.path });
    await consumer.delete();
  });
});
