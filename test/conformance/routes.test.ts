import { beforeAll, describe, expect, it } from 'vitest';
import { routes } from '../../packages/protocol/src/index.ts';
import { useProxy } from '../harness/proxy.ts';
import { createTopic, uniqueName } from '../harness/topics.ts';
import { BINARY, fill, JSON_V2, methodNotAllowed, type Names, send, transmit, V2 } from './exchanges.ts';
import { type Given, instanceIn } from './instances.ts';

/**
 * Each of the 23 routes of contract A.2: its success, the same with a trailing slash, HEAD, OPTIONS (observed (d) and
 * (j)).
 */

interface RouteRow {
  readonly route: string;
  /** The state of the instance that the request is for. */
  readonly given?: Given;
  readonly body?: string;
  readonly type?: string;
  readonly status: 200 | 204;
  /** Every method of the path but OPTIONS. */
  readonly methods: readonly string[];
}

const INSTANCE = '/consumers/{group}/instances/{instance}';
const PARTITION = '{"topic":"{topicName}","partition":0}';
const RECORDS = '{"records":[{"value":1}]}';

const GET_ONLY = ['HEAD', 'GET'];
const GET_AND_POST = ['HEAD', 'GET', 'POST'];

const rows: readonly RouteRow[] = [
  { route: 'GET /', status: 200, methods: GET_AND_POST },
  { route: 'POST /', status: 200, methods: GET_AND_POST },
  { route: 'GET /brokers', status: 200, methods: GET_ONLY },
  { route: 'GET /topics', status: 200, methods: GET_ONLY },
  { route: 'GET /topics/{topic}', status: 200, methods: GET_AND_POST },
  { route: 'POST /topics/{topic}', body: RECORDS, type: JSON_V2, status: 200, methods: GET_AND_POST },
  { route: 'GET /topics/{topic}/partitions', status: 200, methods: GET_ONLY },
  { route: 'GET /topics/{topic}/partitions/{partition}', status: 200, methods: GET_AND_POST },
  {
    route: 'POST /topics/{topic}/partitions/{partition}',
    body: RECORDS,
    type: JSON_V2,
    status: 200,
    methods: GET_AND_POST,
  },
  { route: 'GET /topics/{topic}/partitions/{partition}/offsets', status: 200, methods: GET_ONLY },
  { route: 'POST /consumers/{group}', status: 200, methods: ['POST'] },
  { route: `DELETE ${INSTANCE}`, given: 'new', status: 204, methods: ['DELETE'] },
  {
    route: `POST ${INSTANCE}/subscription`,
    given: 'new',
    body: '{"topics":["{topicName}"]}',
    status: 204,
    methods: ['HEAD', 'GET', 'POST', 'DELETE'],
  },
  {
    route: `GET ${INSTANCE}/subscription`,
    given: 'new',
    status: 200,
    methods: ['HEAD', 'GET', 'POST', 'DELETE'],
  },
  {
    route: `DELETE ${INSTANCE}/subscription`,
    given: 'new',
    status: 204,
    methods: ['HEAD', 'GET', 'POST', 'DELETE'],
  },
  { route: `GET ${INSTANCE}/records`, given: 'assigned', status: 200, methods: GET_ONLY },
  {
    route: `POST ${INSTANCE}/offsets`,
    given: 'assigned',
    status: 200,
    methods: ['HEAD', 'GET', 'POST'],
  },
  {
    route: `GET ${INSTANCE}/offsets`,
    given: 'assigned',
    body: `{"partitions":[${PARTITION}]}`,
    status: 200,
    methods: ['HEAD', 'GET', 'POST'],
  },
  {
    route: `POST ${INSTANCE}/positions/beginning`,
    given: 'assigned',
    body: `{"partitions":[${PARTITION}]}`,
    status: 204,
    methods: ['POST'],
  },
  {
    route: `POST ${INSTANCE}/positions/end`,
    given: 'assigned',
    body: `{"partitions":[${PARTITION}]}`,
    status: 204,
    methods: ['POST'],
  },
  {
    route: `POST ${INSTANCE}/positions`,
    given: 'assigned',
    body: '{"offsets":[{"topic":"{topicName}","partition":0,"offset":0}]}',
    status: 204,
    methods: ['POST'],
  },
  {
    route: `POST ${INSTANCE}/assignments`,
    given: 'new',
    body: `{"partitions":[${PARTITION}]}`,
    status: 204,
    methods: GET_AND_POST,
  },
  { route: `GET ${INSTANCE}/assignments`, given: 'assigned', status: 200, methods: GET_AND_POST },
];

const proxy = useProxy();
let topicName: string;

beforeAll(async () => {
  topicName = await createTopic(proxy.bootstrap);
});

async function namesFor(row: RouteRow): Promise<Names> {
  const names = { topicName, topic: topicName, partition: '0', group: uniqueName('group') };
  if (row.given === undefined) return names;
  const consumer = await instanceIn(row.given, proxy, topicName, { format: 'binary' });
  const [, , group = '', , instance = ''] = consumer.path.split('/');
  return { ...names, group, instance };
}

function requestOf(row: RouteRow, names: Names, suffix = '') {
  const type = row.type ?? V2;
  const body = row.body === undefined ? {} : { body: row.body };
  return send(fill(row.route, names) + suffix, { type, ...body });
}

it('the rows below are the 23 routes of the table, what we add and v1 aside', () => {
  const table = routes
    .filter(({ api, isAddition }) => api === 'v2' && isAddition !== true)
    .map((route) => `${route.method} ${route.template}`);
  expect(rows.map((row) => row.route)).toEqual(table);
  expect(rows).toHaveLength(23);
});

describe.each(rows)('$route', (row) => {
  const isRead = row.route.endsWith('/records');
  const type = row.status === 204 ? undefined : isRead ? BINARY : V2;

  it('succeeds', async () => {
    const names = await namesFor(row);
    const answer = await transmit(proxy.http, requestOf(row, names), names);
    expect({ status: answer.status, type: answer.headers['content-type'] }).toEqual({ status: row.status, type });
    if (row.status === 204) expect(answer.text).toBe('');
    else expect(answer.json()).toBeInstanceOf(Object);
  });

  it('ignores one trailing slash', async () => {
    const names = await namesFor(row);
    // The root has its slash already; a second one makes another path of it.
    const suffix = row.route.endsWith(' /') ? '' : '/';
    const answer = await transmit(proxy.http, requestOf(row, names, suffix), names);
    expect({ status: answer.status, type: answer.headers['content-type'] }).toEqual({ status: row.status, type });
  });

  it('answers HEAD as GET, without the body; other methods have no HEAD', async () => {
    const names = await namesFor(row);
    const sent = requestOf(row, names);
    const answer = await transmit(proxy.http, { ...sent, method: 'HEAD' }, names);
    expect(answer.text).toBe('');
    if (!row.methods.includes('HEAD')) {
      expect(answer.status).toBe(methodNotAllowed.status);
      return;
    }
    if (sent.method !== 'GET') return;
    expect({ status: answer.status, type: answer.headers['content-type'] }).toEqual({ status: row.status, type });
    expect(Number(answer.headers['content-length'])).toBeGreaterThan(0);
  });

  it('answers OPTIONS with the methods of its path, as text', async () => {
    const names = await namesFor(row);
    const answer = await transmit(proxy.http, send(fill(row.route, names).replace(/^\w+/, 'OPTIONS')), names);
    expect({ status: answer.status, type: answer.headers['content-type'] }).toEqual({
      status: 200,
      type: 'text/plain',
    });
    const expected = [...row.methods, 'OPTIONS'].toSorted();
    expect(answer.headers['allow']?.split(',').toSorted()).toEqual(expected);
    expect(answer.text.split(', ').toSorted()).toEqual(expected);
    // A preflight is no more than that: CORS is off by default.
    expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
  });
});
