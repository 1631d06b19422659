import { beforeAll, describe, expect, it } from 'vitest';
import { routes } from '../../packages/protocol/src/index.ts';
import { useProxy } from '../harness/proxy.ts';
import { produceJson } from '../harness/rest-consumer.ts';
import { createTopic, uniqueName } from '../harness/topics.ts';
import { V1Consumer } from '../harness/v1-consumer.ts';
import {
  expectAnswer,
  failure,
  fill,
  KAFKA_JSON,
  methodNotAllowed,
  type Names,
  noContent,
  notAcceptable,
  OCTETS,
  ok,
  PLAIN_JSON,
  type Row,
  type Sent,
  send,
  transmit,
  unsupportedMediaType,
  V1,
  V1_AVRO,
  V1_BINARY,
  V1_JSON,
} from './exchanges.ts';

/** Each of the 14 routes of v1, with each type that it takes and each that it answers with (contract C.1, C.2, F.3). */

interface RouteRow {
  readonly route: string;
  readonly query?: string;
  readonly body?: string;
  readonly status: 200 | 204;
  /** The Content-Types that it takes. */
  readonly takes: readonly string[];
  /** Those that it answers with, the preferred one first. */
  readonly gives: readonly string[];
  /** What it answers, where that is the same each time. */
  readonly answer?: string | RegExp;
}

const GENERAL = [V1, KAFKA_JSON, PLAIN_JSON];
const TAKEN = [...GENERAL, OCTETS];
const RECORDS = '{"records":[{"value":"MQ=="}]}';
const PRODUCED =
  /^\{"offsets":\[\{"partition":0,"offset":\d+,"error_code":null,"error":null\}\],"key_schema_id":null,"value_schema_id":null\}$/;
const PARTITION = '{"partition":0,"leader":1,"replicas":[{"broker":1,"leader":true,"in_sync":true}]}';
const INSTANCE = '/consumers/{group}/instances/{instance}';

const rows: readonly RouteRow[] = [
  { route: 'GET /', status: 200, takes: TAKEN, gives: GENERAL, answer: '{}' },
  { route: 'POST /', status: 200, takes: TAKEN, gives: GENERAL, answer: '{}' },
  { route: 'GET /brokers', status: 200, takes: TAKEN, gives: GENERAL, answer: '{"brokers":[1]}' },
  { route: 'GET /topics', status: 200, takes: TAKEN, gives: GENERAL, answer: /^\[.*"\{topic\}".*\]$/ },
  {
    route: 'GET /topics/{topic}',
    status: 200,
    takes: TAKEN,
    gives: GENERAL,
    answer: /^\{"name":"\{topic\}","configs":\{.*\},"partitions":\[\{.*\}\]\}$/,
  },
  {
    route: 'POST /topics/{topic}',
    body: RECORDS,
    status: 200,
    takes: [V1_BINARY, ...TAKEN, V1_JSON],
    gives: GENERAL,
    answer: PRODUCED,
  },
  { route: 'GET /topics/{topic}/partitions', status: 200, takes: TAKEN, gives: GENERAL, answer: `[${PARTITION}]` },
  {
    route: 'GET /topics/{topic}/partitions/{partition}',
    status: 200,
    takes: TAKEN,
    gives: GENERAL,
    answer: PARTITION,
  },
  {
    route: 'POST /topics/{topic}/partitions/{partition}',
    body: RECORDS,
    status: 200,
    takes: [V1_BINARY, ...TAKEN, V1_JSON],
    gives: GENERAL,
    answer: PRODUCED,
  },
  {
    route: 'GET /topics/{topic}/partitions/{partition}/messages',
    query: '?offset=0',
    status: 200,
    takes: TAKEN,
    gives: [V1_BINARY, ...GENERAL],
    answer: '[{"topic":"{topic}","key":null,"value":"eyJhIjoxfQ==","partition":0,"offset":0}]',
  },
  {
    route: 'POST /consumers/{group}',
    status: 200,
    takes: [...TAKEN, V1_BINARY, V1_AVRO, V1_JSON],
    gives: [...GENERAL, V1_BINARY, V1_AVRO, V1_JSON],
    answer: /^\{"instance_id":"rest-consumer-.*","base_uri":"http:.*\/consumers\/.*\/instances\/rest-consumer-.*"\}$/,
  },
  {
    route: `POST ${INSTANCE}/offsets`,
    status: 200,
    takes: [...TAKEN, V1_BINARY, V1_AVRO, V1_JSON],
    gives: [...GENERAL, V1_BINARY, V1_AVRO, V1_JSON],
    answer: '[]',
  },
  { route: `DELETE ${INSTANCE}`, status: 204, takes: [...TAKEN, V1_BINARY, V1_AVRO, V1_JSON], gives: [V1, V1_AVRO] },
  {
    route: `GET ${INSTANCE}/topics/{topic}`,
    status: 200,
    takes: [...TAKEN, V1_BINARY, V1_AVRO, V1_JSON],
    gives: [V1_BINARY, ...GENERAL],
    answer: /^\[\{"topic":"\{topic\}","key":null,"value":"eyJhIjoxfQ==","partition":0,"offset":0\}/,
  },
];

const proxy = useProxy({ 'sluice.api.default.version': '1' });
let topic: string;

beforeAll(async () => {
  topic = await createTopic(proxy.bootstrap);
  await produceJson(proxy.http, topic, [{ a: 1 }]);
});

async function namesFor(row: RouteRow): Promise<Names> {
  const names = { topic, partition: '0', group: uniqueName('group') };
  if (!row.route.includes('{instance}')) return names;
  const consumer = await V1Consumer.create(proxy.http, { format: 'binary' });
  const [, , group = '', , instance = ''] = consumer.path.split('/');
  return { ...names, group, instance };
}

function requestOf({ route, query = '', body }: RouteRow, types: { type?: string; accept?: string }): Sent {
  const records = types.type === V1_JSON && body !== undefined ? '{"records":[{"value":1}]}' : body;
  return send(route + query, { ...types, ...(records === undefined ? {} : { body: records }) });
}

async function expectSuccess(row: RouteRow, sent: Sent, type: string): Promise<void> {
  const names = await namesFor(row);
  if (row.status === 204) return await expectAnswer(proxy.http, sent, noContent, names);
  const { answer = '' } = row;
  const body =
    typeof answer === 'string' ? answer : new RegExp(fill(answer.source.replaceAll('\\{topic\\}', '{topic}'), names));
  await expectAnswer(proxy.http, sent, ok(body, type), names);
}

it('the rows below are the 14 routes of the table', () => {
  const table = routes.filter(({ api }) => api === 'v1').map((route) => `${route.method} ${route.template}`);
  expect(rows.map(({ route }) => route).toSorted()).toEqual(table.toSorted());
  expect(rows).toHaveLength(14);
});

describe.each(rows)('$route', (row) => {
  const [preferred = ''] = row.gives;

  it.each([...row.takes, undefined])('takes Content-Type %s', async (type) => {
    await expectSuccess(row, requestOf(row, type === undefined ? {} : { type }), preferred);
  });

  it.each(row.gives)('answers with %s', async (accept) => {
    await expectSuccess(row, requestOf(row, { accept }), accept);
  });

  it('answers anything with the type that it likes best', async () => {
    await expectSuccess(row, requestOf(row, { accept: '*/*' }), preferred);
  });

  it('refuses text, and does not answer with it', async () => {
    const names = await namesFor(row);
    // v2 would take anything for the brokers.
    const text = requestOf(row, { type: 'text/plain', accept: preferred });
    await expectAnswer(proxy.http, text, unsupportedMediaType, names);
    await expectAnswer(proxy.http, requestOf(row, { accept: 'text/plain' }), notAcceptable, names);
  });

  it('ignores one trailing slash, and answers HEAD as GET', async () => {
    const names = await namesFor(row);
    const sent = requestOf(row, { accept: preferred });
    const slash = row.route.endsWith(' /') ? '' : '/';
    const slashed = sent.path.replace(/(\?.*)?$/, (query) => slash + query);
    const answer = await transmit(proxy.http, { ...sent, path: slashed }, names);
    expect(answer.status, answer.text).toBe(row.status);
    if (sent.method !== 'GET') return;
    const head = await transmit(proxy.http, { ...sent, method: 'HEAD' }, names);
    expect([head.status, head.headers['content-type'], head.text]).toEqual([200, preferred, '']);
  });
});

const WEIGHTED = `${V1};q=0.8, ${KAFKA_JSON};q=0.9, ${PLAIN_JSON};q=0.7`;
const MESSAGES = '/topics/{topic}/partitions/0/messages';

const others: readonly Row[] = [
  [
    'the weights of a client decide',
    send('GET /topics/{topic}/partitions', { accept: WEIGHTED }),
    ok(`[${PARTITION}]`, KAFKA_JSON),
  ],
  [
    'plain JSON where that weighs most',
    send('GET /topics/{topic}/partitions', { accept: `${V1};q=0.8, ${KAFKA_JSON};q=0.7, ${PLAIN_JSON};q=0.9` }),
    ok(`[${PARTITION}]`, PLAIN_JSON),
  ],
  ['octets are no type of an answer', send('GET /topics', { accept: OCTETS }), notAcceptable],
  [
    'a missing topic is 404/40401',
    send('GET /topics/{topic}-x', { accept: V1 }),
    failure(404, 40401, 'Topic not found.', V1),
  ],
  [
    'a missing topic has no partitions',
    send('GET /topics/{topic}-x/partitions', { accept: PLAIN_JSON }),
    failure(404, 40401, 'Topic not found.', PLAIN_JSON),
  ],
  [
    'a missing topic has no partition',
    send('GET /topics/{topic}-x/partitions/0', { accept: V1 }),
    failure(404, 40401, 'Topic not found.', V1),
  ],
  [
    'a name that no topic can have is 404/40401',
    send('GET /topics/a%20b', { accept: V1 }),
    failure(404, 40401, 'Topic not found.', V1),
  ],
  [
    'a missing partition is 404/40402',
    send('GET /topics/{topic}/partitions/7', { accept: V1 }),
    failure(404, 40402, 'Partition not found.', V1),
  ],
  [
    'a partition that is no number is 404',
    send('GET /topics/{topic}/partitions/x', { accept: V1 }),
    failure(404, 404, 'HTTP 404 Not Found', V1),
  ],
  ['messages are only read', send(`POST ${MESSAGES}`), methodNotAllowed],
  [
    'a body of the root is an object of strings',
    send('POST /', { type: PLAIN_JSON, body: '[]' }),
    failure(400, 400, /^Cannot deserialize value of type `Map`/, V1),
  ],
];

describe('v1', () => {
  it.each(others)('%s', async (_title, sent, answer) => {
    await expectAnswer(proxy.http, sent, answer, { topic });
  });
});
