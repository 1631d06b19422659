import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { leavesNothingBehind } from '../../harness/footprint.ts';
import type { HttpAnswer } from '../../harness/http.ts';
import { useProxy } from '../../harness/proxy.ts';
import { produceJson, RestConsumer } from '../../harness/rest-consumer.ts';
import { createTopic, uniqueName } from '../../harness/topics.ts';

const V2 = 'application/vnd.kafka.v2+json';
const JSON_TYPE = 'application/vnd.kafka.json.v2+json';
const BINARY_TYPE = 'application/vnd.kafka.binary.v2+json';

const proxy = useProxy();
leavesNothingBehind(proxy);
let topic: string;

beforeAll(async () => {
  topic = await createTopic(proxy.bootstrap);
  await produceJson(proxy.http, topic, ['first']);
});

async function post(path: string, body: string | Buffer, type: string = V2): Promise<HttpAnswer> {
  return await proxy.http.call('POST', path, { headers: { 'content-type': type }, body });
}

function expectError(answer: HttpAnswer, status: number, code: number): void {
  expect([answer.status, answer.json()]).toEqual([status, { error_code: code, message: expect.stringMatching(/./s) }]);
}

describe('names with NUL and control characters', () => {
  const names = ['a%00b', '%00', '%07', '%7f', 'a%0d%0ab', '%c2%80'];

  it.each(names)('as a topic in the path: %s', async (name) => {
    expectError(await proxy.http.call('GET', `/topics/${name}`), 400, 40002);
    expectError(await proxy.http.call('GET', `/topics/${name}/partitions/0/offsets`), 400, 40002);
    const produced = await post(`/topics/${name}`, '{"records":[{"value":1}]}', JSON_TYPE);
    const invalid = {
      partition: null,
      offset: null,
      error_code: 50002,
      error: expect.stringMatching(/^Invalid topics: /),
    };
    expect([produced.status, produced.json()]).toMatchObject([200, { offsets: [invalid] }]);
  });

  it.each(names)('as a group in the path, and as an instance: %s', async (name) => {
    // librdkafka would cut the name at NUL and read in the group of somebody else.
    const created = await post(`/consumers/${name}`, '{"format":"json"}');
    expect(created.status).toBe(422);
    const named = await post(`/consumers/${uniqueName('g')}`, JSON.stringify({ name: decodeURIComponent(name) }));
    expect(named.status).toBe(422);
    expectError(await proxy.http.call('DELETE', `/consumers/g/instances/${name}`), 404, 40403);
  });

  it('as a topic in a body', async () => {
    const consumer = await RestConsumer.create(proxy.http, uniqueName('group'));
    const bad = 'a\0b';
    const place = { topic: bad, partition: 0 };
    expectError(await consumer.call('POST', '/subscription', { topics: [bad] }), 400, 40002);
    expectError(await consumer.call('POST', '/assignments', { partitions: [place] }), 400, 40002);
    expectError(await consumer.call('POST', '/offsets', { offsets: [{ ...place, offset: 1 }] }), 400, 40002);
    expectError(await consumer.call('GET', '/offsets', { partitions: [place] }), 400, 40002);
    await consumer.delete();
  });
});

describe('numbers that are too large', () => {
  it.each(['2147483648', '99999999999999999999', '-2147483649', '1e3', '0x1'])(
    'a partition %s in the path is not found',
    async (partition) => {
      expectError(await proxy.http.call('GET', `/topics/${topic}/partitions/${partition}`), 404, 404);
      expectError(
        await post(`/topics/${topic}/partitions/${partition}`, '{"records":[{"value":1}]}', JSON_TYPE),
        404,
        404,
      );
    },
  );

  it.each(['2147483648', '1e400', '99999999999999999999'])(
    'a partition %s in a record is refused',
    async (partition) => {
      const body = `{"records":[{"value":1,"partition":${partition}}]}`;
      expectError(await post(`/topics/${topic}`, body, JSON_TYPE), 400, 400);
    },
  );

  it.each(['9007199254740993', '9223372036854775808', '1e400', '-1'])('an offset %s is refused', async (offset) => {
    const consumer = await RestConsumer.create(proxy.http, uniqueName('group'));
    await consumer.assign(topic, 0);
    const body = `{"offsets":[{"topic":"${topic}","partition":0,"offset":${offset}}]}`;
    for (const path of ['/offsets', '/positions']) {
      const answer = await post(consumer.path + path, body);
      expect([400, 422]).toContain(answer.status);
      expect(answer.json()).toEqual({ error_code: answer.status, message: expect.any(String) });
    }
    await consumer.delete();
  });

  it('a number in a value is taken as it is written, however large', async () => {
    const consumer = await RestConsumer.create(proxy.http, uniqueName('group'), { 'auto.offset.reset': 'latest' });
    await consumer.assign(topic, 0);
    await post(`/topics/${topic}`, '{"records":[{"value":1e400},{"value":12345678901234567890}]}', JSON_TYPE);
    const answer = await consumer.readAnswer({ timeout: 5000, maxBytes: 1000 });
    expect(answer.text).toContain('"value":1e400,');
    expect(answer.text).toContain('"value":12345678901234567890,');
    await consumer.delete();
  });
});

describe('bodies that are no JSON', () => {
  it.each([
    ['cut short', '{"records":['],
    ['garbage', 'hello'],
    ['two documents', '{"records":[{"value":1}]}{}'],
    ['a NUL between tokens', '{"records":\0[{"value":1}]}'],
    ['a control character in a string', '{"records":[{"value":"\u0001"}]}'],
    ['invalid UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])],
    [
      'invalid UTF-8 inside a value',
      Buffer.concat([Buffer.from('{"records":[{"value":"'), Buffer.from([0xc3, 0x28]), Buffer.from('"}]}')]),
    ],
    ['UTF-16', Buffer.from('{"records":[{"value":1}]}', 'utf16le')],
    ['gzip', gzipSync('{"records":[{"value":1}]}')],
    ['nested deeper than allowed', `{"records":[{"value":${'['.repeat(1001)}${']'.repeat(1001)}}]}`],
  ])('%s: 400', async (_name, body) => {
    expectError(await post(`/topics/${topic}`, body, JSON_TYPE), 400, 400);
    expectError(await post(`/consumers/${uniqueName('g')}`, body), 400, 400);
  });

  it.each([
    ['a list in place of the body', '[]'],
    ['a text in place of the body', '"x"'],
    ['a text in place of the records', '{"records":"x"}'],
    ['null in place of a record', '{"records":[null]}'],
    ['base64 that is none', '{"records":[{"value":"!!!"}]}'],
    ['an object where base64 belongs', '{"records":[{"value":{"a":1}}]}'],
  ])('%s: 400, and nothing is produced', async (_name, body) => {
    expectError(await post(`/topics/${topic}`, body, BINARY_TYPE), 400, 400);
  });

  it('a body where none belongs changes nothing', async () => {
    const consumer = await RestConsumer.create(proxy.http, uniqueName('group'));
    const answer = await proxy.http.call('GET', '/brokers', { body: 'x'.repeat(200_000) });
    expect(answer.status).toBe(200);
    const deleted = await proxy.http.call('DELETE', consumer.path, { body: 'not looked at' });
    expect(deleted.status).toBe(204);
  });
});
