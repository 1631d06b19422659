import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../harness/conditions.ts';
import { gauge, sumOf } from '../harness/footprint.ts';
import type { HttpAnswer } from '../harness/http.ts';
import { useProxy } from '../harness/proxy.ts';
import { exchangeRaw, openRaw, type RawAnswer, type RawConnection } from '../harness/raw-http.ts';
import { RestConsumer } from '../harness/rest-consumer.ts';
import { readLog } from '../harness/topic-log.ts';
import { createTopic, uniqueName } from '../harness/topics.ts';

const JSON_TYPE = 'application/vnd.kafka.json.v2+json';
const HOST = 'Host: proxy.example\r\n';
const TEST_MS = 30_000;
const LIMITS = {
  'sluice.http.body.max.bytes': '4000',
  'sluice.http.body.total.max.bytes': '6000',
  'sluice.http.body.timeout.ms': '2000',
  'max.request.header.size': '1024',
  'sluice.http.headers.max': '20',
  'idle.timeout.ms': '1500',
  'sluice.http.connections.max': '30',
  'sluice.json.depth.max': '20',
  'sluice.request.partitions.max': '3',
  'consumer.instance.timeout.ms': '2000',
  'sluice.consumer.instances.max': '3',
  'sluice.consumer.reads.max': '1',
  'sluice.produce.records.max': '5',
  'sluice.produce.queue.max.records': '4',
  'sluice.produce.queue.max.bytes': '3000',
  'sluice.produce.metadata.timeout.ms': '300',
  'sluice.produce.timeout.ms': '5000',
};
/** Records wait this long for others, so that the queue is seen full. */
const LINGER_MS = 1500;

const proxy = useProxy({ 'producer.linger.ms': String(LINGER_MS), ...LIMITS });
let topic: string;

beforeAll(async () => {
  topic = await createTopic(proxy.bootstrap);
  await produce(records(1));
});

function records(count: number, size = 1): string {
  return JSON.stringify({ records: Array.from({ length: count }, () => ({ value: 'x'.repeat(size) })) });
}

async function produce(body: string, target = topic): Promise<HttpAnswer> {
  return await proxy.http.call('POST', `/topics/${target}`, { headers: { 'content-type': JSON_TYPE }, body });
}

function expectError(answer: HttpAnswer | RawAnswer, status: number, message: RegExp): void {
  const body = 'text' in answer ? answer.text : answer.body;
  expect([answer.status, JSON.parse(body)]).toEqual([
    status,
    { error_code: status, message: expect.stringMatching(message) },
  ]);
}

function expectRetryAfter(answer: HttpAnswer): void {
  expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
}

async function answered(status: number): Promise<number> {
  return await sumOf(proxy, 'sluice_http_requests_total', `status="${status}"`);
}

async function refused(status: number): Promise<number> {
  return await sumOf(proxy, 'sluice_http_refused_total', `status="${status}"`);
}

async function until(name: string, condition: (value: number) => boolean): Promise<void> {
  await eventually(async () => condition(await gauge(proxy, name)), {
    deadlineMs: 10_000,
    describe: `${name} to change`,
  });
}

/** Sends one record of nearly all the queue, and looks at what happens to those that come meanwhile. */
async function whileQueueIsFull(first: string, meanwhile: () => Promise<void>): Promise<void> {
  const held = produce(first);
  await until('sluice_producer_queue_records', (count) => count > 0);
  await meanwhile();
  expect((await held).text).not.toContain('"offset":null');
  await until('sluice_producer_queue_records', (count) => count === 0);
}

async function newInstances(count: number): Promise<RestConsumer[]> {
  await until('sluice_consumer_instances', (instances) => instances === 0);
  await until('sluice_consumer_instances_closing', (instances) => instances === 0);
  return await Promise.all(
    Array.from({ length: count }, async () => await RestConsumer.create(proxy.http, uniqueName('group'))),
  );
}

/** One for each row of the table in the README of `worker`. */
const provocations: Readonly<Record<string, () => Promise<void>>> = {
  'sluice.http.body.max.bytes': async () => {
    const before = await answered(413);
    expectError(await produce(records(1, 4000)), 413, /sluice\.http\.body\.max\.bytes/);
    expect(await answered(413)).toBe(before + 1);
  },
  'sluice.http.body.total.max.bytes': async () => {
    const slow = await openRaw(proxy.url);
    slow.send(`POST / HTTP/1.1\r\n${HOST}Content-Length: 4000\r\n\r\n${' '.repeat(3500)}`);
    await until('sluice_http_body_bytes', (bytes) => bytes === 3500);
    const answer = await produce(records(1, 2600));
    expectError(answer, 503, /sluice\.http\.body\.total\.max\.bytes/);
    expectRetryAfter(answer);
    slow.vanish();
    await until('sluice_http_body_bytes', (bytes) => bytes === 0);
    expect((await produce(records(1, 2600))).status).toBe(200);
  },
  'sluice.http.body.timeout.ms': async () => {
    const before = await refused(408);
    expectError(await exchangeRaw(proxy.url, `POST / HTTP/1.1\r\n${HOST}Content-Length: 9\r\n\r\n{`), 408, /Timeout/);
    expect(await refused(408)).toBe(before + 1);
  },
  'max.request.header.size': async () => {
    const before = await refused(431);
    const request = `GET / HTTP/1.1\r\n${HOST}a: ${'x'.repeat(1100)}\r\n\r\n`;
    expectError(await exchangeRaw(proxy.url, request), 431, /max\.request\.header\.size/);
    expect(await refused(431)).toBe(before + 1);
  },
  'sluice.http.headers.max': async () => {
    const before = await refused(431);
    const request = (count: number): string => `GET / HTTP/1.1\r\n${HOST}${'a: 1\r\n'.repeat(count - 1)}\r\n`;
    expect((await exchangeRaw(proxy.url, request(20))).status).toBe(200);
    expectError(await exchangeRaw(proxy.url, request(21)), 431, /sluice\.http\.headers\.max/);
    expect(await refused(431)).toBe(before + 1);
  },
  'idle.timeout.ms': async () => {
    const connection = await openRaw(proxy.url);
    connection.send(`GET / HTTP/1.1\r\n${HOST}\r\n`);
    expect((await connection.answered(1))[0]?.headers['keep-alive']).toBe('timeout=1');
    expect(await gauge(proxy, 'sluice_http_connections')).toBeGreaterThan(0);
    await connection.closed(6000);
    connection.vanish();
  },
  'sluice.http.connections.max': async () => {
    const before = await gauge(proxy, 'sluice_http_connections_refused_total');
    await until('sluice_http_connections', (count) => count === 0);
    const open: RawConnection[] = [];
    for (let i = 0; i < 30; i += 1) open.push(await openRaw(proxy.url));
    await until('sluice_http_connections', (count) => count === 30);
    const oneTooMany = await openRaw(proxy.url);
    await oneTooMany.closed(1000);
    expect(oneTooMany.text()).toBe('');
    expect(await gauge(proxy, 'sluice_http_connections_refused_total')).toBe(before + 1);
    for (const connection of open) connection.vanish();
    await until('sluice_http_connections', (count) => count === 0);
    expect((await proxy.http.call('GET', '/')).status).toBe(200);
  },
  'sluice.json.depth.max': async () => {
    const before = await answered(400);
    const nested = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`;
    // The body, the list of records and the record take three levels.
    expect((await produce(`{"records":[{"value":${nested(17)}}]}`)).status).toBe(200);
    expectError(await produce(`{"records":[{"value":${nested(18)}}]}`), 400, /nesting depth \(21\)/);
    expect(await answered(400)).toBe(before + 1);
  },
  'sluice.request.partitions.max': async () => {
    const before = await answered(413);
    const [instance] = (await newInstances(1)) as [RestConsumer];
    const list = (count: number) => ({ topics: Array.from({ length: count }, () => topic) });
    expect((await instance.call('POST', '/subscription', list(3))).status).toBe(204);
    expectError(await instance.call('POST', '/subscription', list(4)), 413, /holds 4 entries; .* at most 3/);
    expect(await answered(413)).toBe(before + 1);
  },
  'consumer.instance.timeout.ms': async () => {
    const [instance] = await newInstances(1);
    expect(await gauge(proxy, 'sluice_consumer_instances')).toBe(1);
    await until('sluice_consumer_instances', (count) => count === 0);
    const answer = await (instance as RestConsumer).call('GET', '/subscription');
    expect([answer.status, answer.json()]).toMatchObject([404, { error_code: 40403 }]);
  },
  'sluice.consumer.instances.max': async () => {
    const instances = await newInstances(3);
    expect(await gauge(proxy, 'sluice_consumer_instances')).toBe(3);
    const answer = await proxy.http.call('POST', `/consumers/${uniqueName('group')}`);
    expectError(answer, 429, /sluice\.consumer\.instances\.max/);
    expectRetryAfter(answer);
    await Promise.all(instances.map(async (instance) => await instance.delete()));
    expect((await proxy.http.call('POST', `/consumers/${uniqueName('group')}`)).status).toBe(200);
  },
  'sluice.consumer.reads.max': async () => {
    const [first, second] = (await newInstances(2)) as [RestConsumer, RestConsumer];
    await first.assign(topic, 0);
    await second.assign(topic, 0);
    const end = (await readLog(proxy.bootstrap, topic, 1)).length;
    await first.seek(topic, 0, end);
    const waiting = first.readAnswer({ timeout: 1500 });
    await until('sluice_consumer_reads', (count) => count === 1);
    const answer = await second.readAnswer();
    expectError(answer, 429, /sluice\.consumer\.reads\.max/);
    expectRetryAfter(answer);
    expect((await waiting).status).toBe(200);
    expect((await second.readAnswer({ timeout: 100 })).status).toBe(200);
  },
  'sluice.produce.records.max': async () => {
    const before = await answered(413);
    expectError(await produce(records(6)), 413, /more than 5 records/);
    expect(await answered(413)).toBe(before + 1);
  },
  'sluice.produce.queue.max.records': async () => {
    expectError(await produce(records(5)), 413, /at most 4 records/);
    const before = (await readLog(proxy.bootstrap, topic, 1)).length;
    await whileQueueIsFull(records(3), async () => {
      const answer = await produce(records(2));
      expectError(answer, 503, /queue is full; nothing of this request was sent/);
      expectRetryAfter(answer);
    });
    expect(await readLog(proxy.bootstrap, topic, 1)).toHaveLength(before + 3);
  },
  'sluice.produce.queue.max.bytes': async () => {
    expectError(await produce(records(1, 3500)), 413, /at most 4 records and 3072 bytes/);
    const before = (await readLog(proxy.bootstrap, topic, 1)).length;
    await whileQueueIsFull(records(1, 2000), async () => {
      const answer = await produce(records(1, 1500));
      expectError(answer, 503, /queue is full; nothing of this request was sent/);
      expectRetryAfter(answer);
    });
    expect(await readLog(proxy.bootstrap, topic, 1)).toHaveLength(before + 1);
  },
  'sluice.produce.metadata.timeout.ms': async () => {
    const before = await sumOf(proxy, 'sluice_producer_errors_total');
    const missing = uniqueName('missing');
    const startedAt = performance.now();
    const answer = await produce(records(1), missing);
    expect(performance.now() - startedAt).toBeLessThan(3000);
    const error = `Topic ${missing} not present in metadata after 300 ms.`;
    expect([answer.status, answer.json()]).toMatchObject([200, { offsets: [{ error_code: 50003, error }] }]);
    expect(await sumOf(proxy, 'sluice_producer_errors_total')).toBe(before + 1);
  },
};

/** Needs a broker that does not answer. */
const elsewhere: Readonly<Record<string, string>> = { 'sluice.produce.timeout.ms': '../faults/broker-frozen.test.ts' };

const readme = readFileSync(new URL('../../packages/worker/README.md', import.meta.url), 'utf8');
const metricsByKey = new Map(
  [...readme.matchAll(/^\| `([a-z.]+)` \|(?:[^|]*\|){2} `(\w+)` \|$/gm)].map(([, key = '', name = '']) => [key, name]),
);
const keys = [...metricsByKey.keys()];

describe('a limit', { timeout: TEST_MS }, () => {
  it.each(keys.filter((key) => !(key in elsewhere)))('%s', async (key) => {
    const provoke = provocations[key];
    if (provoke === undefined) throw new Error(`nothing here provokes ${key}`);
    await provoke();
  });

  it.each(Object.entries(elsewhere))('%s is provoked, and its metric looked at, in %s', (key, file) => {
    const text = readFileSync(new URL(file, import.meta.url), 'utf8');
    for (const name of [key, metricsByKey.get(key)]) expect(text).toContain(`'${name}'`);
  });
});
