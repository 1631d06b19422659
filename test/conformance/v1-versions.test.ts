import { beforeAll, describe, expect, it } from 'vitest';
import { type Proxy, useProxy } from '../harness/proxy.ts';
import { produceJson, RestConsumer } from '../harness/rest-consumer.ts';
import { createTopic, uniqueName } from '../harness/topics.ts';
import { V1Consumer } from '../harness/v1-consumer.ts';
import {
  BINARY,
  expectAnswer,
  failure,
  instanceNotFound,
  JSON_V2,
  KAFKA_JSON,
  noContent,
  notAcceptable,
  notFound,
  OCTETS,
  ok,
  PLAIN_JSON,
  type Sent,
  send,
  transmit,
  unsupportedMediaType,
  V1,
  V1_BINARY,
  V1_JSON,
  V2,
} from './exchanges.ts';

/** Which version of the API answers a request: contract C.1, and observed (a), (c) and (m). */

const both = useProxy();
const olderFirst = useProxy({ 'sluice.api.default.version': '1' });
const withoutV1 = useProxy({ 'api.v1.enable': 'false' });
const withoutV2 = useProxy({ 'api.v2.enable': 'false' });

let topic: string;

beforeAll(async () => {
  topic = await createTopic(both.bootstrap);
  await produceJson(both.http, topic, [{ a: 1 }]);
});

const AXIOS = 'application/json, text/plain, */*';
const MESSAGES = '/topics/{topic}/partitions/0/messages?offset=0';
const RECORDS = '/topics/{topic}/partitions/0/records?offset=0';

const list = (accept?: string, type?: string): Sent =>
  send('GET /brokers', { ...(accept === undefined ? {} : { accept }), ...(type === undefined ? {} : { type }) });
const produce = (type?: string, accept?: string): Sent =>
  send('POST /topics/{topic}', {
    body: '{"records":[{"value":"MQ=="}]}',
    ...(type === undefined ? {} : { type }),
    ...(accept === undefined ? {} : { accept }),
  });

/** An answer's Content-Type, or the status of an error. */
type Outcome = string | 404 | 406 | 415;

const table: readonly (readonly [string, Sent, Readonly<Record<'both' | 'older' | 'no1' | 'no2', Outcome>>])[] = [
  ['no types', list(), { both: V2, older: V1, no1: V2, no2: V1 }],
  ['Accept anything', list('*/*'), { both: V2, older: V1, no1: V2, no2: V1 }],
  ['Accept of axios', list(AXIOS), { both: V2, older: V1, no1: V2, no2: V1 }],
  ['Accept v2', list(V2), { both: V2, older: V2, no1: V2, no2: 406 }],
  ['Accept v1', list(V1), { both: V1, older: V1, no1: 406, no2: V1 }],
  ['Accept both', list(`${V1}, ${V2}`), { both: V2, older: V1, no1: V2, no2: V1 }],
  ['Accept the older default', list(KAFKA_JSON), { both: KAFKA_JSON, older: KAFKA_JSON, no1: 406, no2: KAFKA_JSON }],
  ['Accept plain JSON', list(PLAIN_JSON), { both: PLAIN_JSON, older: PLAIN_JSON, no1: 406, no2: PLAIN_JSON }],
  ['Accept text', list('text/plain'), { both: 406, older: 406, no1: 406, no2: 406 }],
  ['Content-Type of v1', send('GET /topics', { type: V1 }), { both: V1, older: V1, no1: 415, no2: V1 }],
  ['Content-Type of v2', send('GET /topics', { type: V2 }), { both: V2, older: V2, no1: V2, no2: 415 }],
  ['Content-Type plain JSON', send('GET /topics', { type: PLAIN_JSON }), { both: V1, older: V1, no1: 415, no2: V1 }],
  ['Content-Type text', send('GET /topics', { type: 'text/plain' }), { both: 415, older: 415, no1: 415, no2: 415 }],
  ['records without a type', produce(), { both: V2, older: V1, no1: V2, no2: V1 }],
  ['records of v2', produce(BINARY), { both: V2, older: V2, no1: V2, no2: 415 }],
  ['records of v2, Accept of axios', produce(BINARY, AXIOS), { both: V2, older: V2, no1: V2, no2: 415 }],
  ['records of v2, Accept v1', produce(BINARY, V1), { both: 406, older: 415, no1: 406, no2: 415 }],
  ['records of v1', produce(V1_BINARY), { both: V1, older: V1, no1: 415, no2: V1 }],
  ['records of v1, Accept v2', produce(V1_BINARY, `${V2};q=1`), { both: 415, older: 406, no1: 415, no2: 406 }],
  ['records in octets', produce(OCTETS), { both: V1, older: V1, no1: 415, no2: V1 }],
  ['records in plain JSON', produce(PLAIN_JSON), { both: V1, older: V1, no1: 415, no2: V1 }],
  ['records in plain JSON for axios', produce(PLAIN_JSON, AXIOS), { both: V1, older: V1, no1: 415, no2: V1 }],
  ['a path of v1', send(`GET ${MESSAGES}`), { both: V1_BINARY, older: V1_BINARY, no1: 404, no2: V1_BINARY }],
  ['a path of v2', send(`GET ${RECORDS}`), { both: BINARY, older: BINARY, no1: BINARY, no2: 404 }],
  [
    'a path of v2, Accept plain JSON',
    send(`GET ${RECORDS}`, { accept: PLAIN_JSON }),
    { both: 406, older: 406, no1: 406, no2: 404 },
  ],
];

const proxies = { both, older: olderFirst, no1: withoutV1, no2: withoutV2 } as const;
const refusals = { 404: notFound, 406: notAcceptable, 415: unsupportedMediaType } as const;

describe.each([
  ['both versions', 'both'],
  ['both, v1 as the default', 'older'],
  ['v2 alone', 'no1'],
  ['v1 alone', 'no2'],
] as const)('%s', (_title, which) => {
  it.each(table)('%s', async (_row, sent, outcomes) => {
    const outcome = outcomes[which];
    const expected = typeof outcome === 'string' ? ok(/^[[{]/, outcome) : refusals[outcome];
    await expectAnswer(proxies[which].http, sent, expected, { topic });
  });
});

const OFFSETS = '/consumers/g/instances/i/offsets';

describe('what only a version has that is off is not there, whichever the method is', () => {
  it.each([
    ['OPTIONS', withoutV1, '/topics/t/partitions/0/messages'],
    ['POST', withoutV1, '/topics/t/partitions/0/messages'],
    ['OPTIONS', withoutV1, '/consumers/g/instances/i/topics/t'],
    ['OPTIONS', withoutV2, '/topics/t/partitions/0/records'],
    ['PUT', withoutV2, '/consumers/g/instances/i/subscription'],
  ] as const)('%s', async (method, proxy, path) => {
    await expectAnswer(proxy.http, send(`${method} ${path}`), notFound);
  });

  it('nor are its methods', async () => {
    expect((await both.http.call('OPTIONS', OFFSETS)).headers.allow).toBe('POST,HEAD,GET,OPTIONS');
    expect((await withoutV2.http.call('OPTIONS', OFFSETS)).headers.allow).toBe('POST,OPTIONS');
  });
});

async function v2Instance(proxy: Proxy): Promise<string> {
  return (await RestConsumer.create(proxy.http, uniqueName('group'))).path;
}

const missingIn = (type: string) => failure(404, 40403, 'Consumer instance not found.', type);

describe('an instance is handled in the version that made it', () => {
  it.each([
    ['subscription', send('POST {i}/subscription', { type: V2, body: '{"topics":["{topic}"]}' }), instanceNotFound],
    ['what it is subscribed to', send('GET {i}/subscription'), instanceNotFound],
    ['end of a subscription', send('DELETE {i}/subscription'), instanceNotFound],
    ['assignments', send('POST {i}/assignments', { type: V2, body: '{"partitions":[]}' }), instanceNotFound],
    ['seeks', send('POST {i}/positions', { type: V2, body: '{"offsets":[]}' }), instanceNotFound],
    ['committed offsets', send('GET {i}/offsets', { type: V2, body: '{"partitions":[]}' }), instanceNotFound],
    ['records', send('GET {i}/records', { accept: JSON_V2 }), missingIn(JSON_V2)],
  ])('one of v1 is not there for %s of v2', async (_title, sent, answer) => {
    const { path } = await V1Consumer.create(both.http);
    await expectAnswer(both.http, sent, answer, { i: path, topic });
  });

  it('one of v2 is not there for the reads of v1', async () => {
    const names = { i: await v2Instance(both), topic };
    await expectAnswer(both.http, send('GET {i}/topics/{topic}', { accept: V1_JSON }), missingIn(V1_JSON), names);
  });

  it.each([
    ['no types', send('POST {i}/offsets'), V1],
    ['the types of v2', send('POST {i}/offsets', { type: V2, accept: V2 }), V1],
    ['Accept plain JSON', send('POST {i}/offsets', { accept: PLAIN_JSON }), PLAIN_JSON],
  ])('a commit of v1 is one whatever its types are: %s', async (_title, sent, type) => {
    const consumer = await V1Consumer.create(both.http);
    expect(await consumer.readAll(topic, 1)).not.toEqual([]);
    const body = /^\[\{"topic":"[^"]+","partition":0,"consumed":\d+,"committed":\d+\}\]$/;
    await expectAnswer(both.http, sent, ok(body, type), { i: consumer.path });
  });

  it.each([
    ['no types', send('POST {i}/offsets')],
    ['Accept plain JSON', send('POST {i}/offsets', { accept: PLAIN_JSON })],
    ['Content-Type plain JSON', send('POST {i}/offsets', { type: PLAIN_JSON, body: '{"offsets":[]}' })],
  ])('a commit of v2 is one whatever its types are: %s', async (_title, sent) => {
    await expectAnswer(both.http, sent, ok('[]', V2), { i: await v2Instance(both) });
    await expectAnswer(olderFirst.http, sent, ok('[]', V2), { i: await v2Instance(olderFirst) });
  });

  it.each([
    ['no types', send('DELETE {i}')],
    ['the types of v2', send('DELETE {i}', { type: V2, accept: V2 })],
    ['the types of v1', send('DELETE {i}', { type: V1, accept: V1 })],
  ])('a DELETE works whatever its types are: %s', async (_title, sent) => {
    for (const proxy of [both, olderFirst]) {
      const { path } = await V1Consumer.create(proxy.http);
      await expectAnswer(proxy.http, sent, noContent, { i: path });
      await expectAnswer(proxy.http, sent, noContent, { i: await v2Instance(proxy) });
    }
  });

  it('has a name of its own in its group, whichever version the other one is of', async () => {
    const group = uniqueName('group');
    const create = (type: string) => send(`POST /consumers/${group}`, { type, body: '{"name":"i"}' });
    expect((await transmit(both.http, create(V1))).status).toBe(200);
    const text = 'Consumer with specified consumer ID already exists in the specified consumer group.';
    await expectAnswer(both.http, create(V2), failure(409, 40902, text));
    await expectAnswer(both.http, create(V1), failure(409, 40902, text, V1));
  });
});

describe('/openapi.json', () => {
  it.each([
    ['both versions', both, true, true],
    ['v2 alone', withoutV1, false, true],
    ['v1 alone', withoutV2, true, false],
  ] as const)('describes what is served: %s', async (_title, proxy, v1, v2) => {
    const { text } = await proxy.http.call('GET', '/openapi.json');
    expect([text.includes(V1), text.includes(V2)]).toEqual([v1, v2]);
  });
});
