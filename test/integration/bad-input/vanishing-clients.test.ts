import { setTimeout as delay } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../harness/conditions.ts';
import { backTo, footprintOf, gauge, leavesNothingBehind } from '../../harness/footprint.ts';
import { useProxy } from '../../harness/proxy.ts';
import { openRaw, type RawConnection } from '../../harness/raw-http.ts';
import { produceJson, RestConsumer } from '../../harness/rest-consumer.ts';
import { createTopic, uniqueName } from '../../harness/topics.ts';

const TEST_MS = 60_000;
const BODY_TIMEOUT_MS = 1500;
const IDLE_TIMEOUT_MS = 2000;
/** The server looks for slow requests once a second. */
const CHECK_MS = 2000;
const HOST = 'Host: proxy.example\r\n';
const CROWD = 20;
const LARGE_RECORDS = 12;
/**
 * A read of theirs ends when it has all of them, however long the machine takes for that: without `fetch.min.bytes` it
 * would end as soon as the next record is not there at once.
 */
const GATHERING = { format: 'binary', 'fetch.min.bytes': '10000000' };
const LARGE_READ = 'records?timeout=30000';
const LARGE_READ_MS = 35_000;
const LARGE_ANSWER_BYTES = 14_000_000;

const proxy = useProxy({
  'sluice.http.body.timeout.ms': String(BODY_TIMEOUT_MS),
  'idle.timeout.ms': String(IDLE_TIMEOUT_MS),
});
leavesNothingBehind(proxy);
let topic: string;

beforeAll(async () => {
  topic = await createTopic(proxy.bootstrap);
  await produceJson(proxy.http, topic, ['first']);
});

function produceHead(length: number): string {
  const type = 'Content-Type: application/vnd.kafka.json.v2+json\r\n';
  return `POST /topics/${topic} HTTP/1.1\r\n${HOST}${type}Content-Length: ${length}\r\n\r\n`;
}

async function crowd(send: (connection: RawConnection) => void): Promise<RawConnection[]> {
  return await Promise.all(
    Array.from({ length: CROWD }, async () => {
      const connection = await openRaw(proxy.url);
      send(connection);
      return connection;
    }),
  );
}

describe('clients that vanish leave nothing behind', { timeout: TEST_MS }, () => {
  const body = '{"records":[{"value":"never sent to the end"}]}';

  it.each([
    ['before they sent anything', ''],
    ['in the middle of the headers', `POST /topics/t HTTP/1.1\r\nHos`],
    ['between headers and body', () => produceHead(body.length)],
    ['in the middle of the body', () => produceHead(body.length) + body.slice(0, 20)],
    ['in the middle of a chunk', `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\nff\r\nabc`],
    ['with a request complete', `GET /topics HTTP/1.1\r\n${HOST}\r\n`],
  ])('%s', async (_stage, text) => {
    const connections = await crowd((connection) => connection.send(typeof text === 'string' ? text : text()));
    await delay(50);
    for (const connection of connections) connection.vanish();
  });

  it('having sent half a body and closed their side in good order', async () => {
    const [connection] = await crowd((one) => {
      one.send(produceHead(body.length) + body.slice(0, 20));
      one.finish();
    });
    await connection?.closed();
    expect(connection?.text()).toMatch(/^$|^HTTP\/1\.1 400 /);
  });

  it('while their produce request is under way: the record is written once at most', async () => {
    const own = await createTopic(proxy.bootstrap);
    const text = '{"records":[{"value":"vanished"}]}';
    const connection = await openRaw(proxy.url);
    connection.send(produceHead(text.length).replace(topic, own) + text);
    await delay(2);
    connection.vanish();
    const consumer = await RestConsumer.create(proxy.http, uniqueName('group'));
    await consumer.assign(own, 0);
    const records = await consumer.read({ timeout: 3000 });
    expect(records.length).toBeLessThanOrEqual(1);
    await consumer.delete();
  });

  it('while they wait for records: the read ends, and the records go to the next one', async () => {
    const own = await createTopic(proxy.bootstrap);
    const consumer = await RestConsumer.create(proxy.http, uniqueName('group'));
    await consumer.assign(own, 0);
    const waiting = await openRaw(proxy.url);
    waiting.send(`GET ${consumer.path}/records?timeout=30000 HTTP/1.1\r\n${HOST}\r\n`);
    await eventually(async () => (await gauge(proxy, 'sluice_consumer_reads')) === 1, {
      deadlineMs: 5000,
      describe: 'the read to wait',
    });
    waiting.vanish();
    await eventually(async () => (await gauge(proxy, 'sluice_consumer_reads')) === 0, {
      deadlineMs: 5000,
      describe: 'the read to end',
    });
    await produceJson(proxy.http, own, ['x']);
    expect((await consumer.readAll(1)).map(({ value }) => value)).toEqual(['x']);
    await consumer.delete();
  });

  it('in the middle of a large answer: its records come again', async () => {
    const own = await createTopic(proxy.bootstrap);
    await fill(own);
    const consumer = await RestConsumer.create(proxy.http, uniqueName('group'), GATHERING);
    await consumer.assign(own, 0);
    const reading = await openRaw(proxy.url);
    reading.stopReading();
    reading.send(`GET ${consumer.path}/${LARGE_READ} HTTP/1.1\r\n${HOST}Accept: ${consumer.accept}\r\n\r\n`);
    await eventually(async () => (await gauge(proxy, 'sluice_http_body_bytes')) > LARGE_ANSWER_BYTES, {
      deadlineMs: LARGE_READ_MS,
      describe: 'the answer to be on its way',
    });
    reading.vanish();
    const [first] = await consumer.readAll(LARGE_RECORDS);
    expect(first?.offset).toBe(0);
    await consumer.delete();
  });
});

/** In base64 more than the kernel's buffers for both ends of a connection take: they grow to 10 MB. */
async function fill(own: string): Promise<void> {
  const value = 'x'.repeat(900_000);
  for (let i = 0; i < LARGE_RECORDS; i += 1) await produceJson(proxy.http, own, [value]);
}

describe('slow clients', { timeout: TEST_MS }, () => {
  const tooSlow = { error_code: 408, message: 'Timeout while reading from inputStream' };

  it.each([
    ['that send no request', ''],
    ['that do not end their headers', 'GET / HTTP/1.1\r\nHos'],
    ['that do not end their body', () => `${produceHead(100)}{`],
  ])('%s get 408, and the connection ends', async (_name, text) => {
    const before = await footprintOf(proxy);
    const startedAt = performance.now();
    const connections = await crowd((connection) => connection.send(typeof text === 'string' ? text : text()));
    for (const connection of connections) {
      await connection.closed(BODY_TIMEOUT_MS + CHECK_MS + 2000);
      expect(connection.answers()).toMatchObject([{ status: 408, headers: { connection: 'close' } }]);
      expect(JSON.parse(connection.answers()[0]?.body ?? '')).toEqual(tooSlow);
    }
    expect(performance.now() - startedAt).toBeGreaterThan(BODY_TIMEOUT_MS - 100);
    // They never close their own side: the server must not wait for that.
    await backTo(proxy, before);
    for (const connection of connections) connection.vanish();
  });

  it('that drip their body are cut off as well: the limit is for the whole request', async () => {
    const connection = await openRaw(proxy.url);
    connection.send(`${produceHead(1000)}{`);
    const drip = setInterval(() => connection.send(' '), 100);
    await connection.closed(BODY_TIMEOUT_MS + CHECK_MS + 2000);
    clearInterval(drip);
    expect(connection.answers()).toMatchObject([{ status: 408 }]);
    connection.vanish();
  });

  it('that are silent after an answer are disconnected after idle.timeout.ms', async () => {
    const connection = await openRaw(proxy.url);
    connection.send(`GET / HTTP/1.1\r\n${HOST}\r\n`);
    await connection.answered(1);
    const startedAt = performance.now();
    await connection.closed(IDLE_TIMEOUT_MS + CHECK_MS + 2000);
    expect(performance.now() - startedAt).toBeGreaterThan(IDLE_TIMEOUT_MS - 100);
    connection.vanish();
  });

  it('that do not read their answer are cut off: it does not stay in memory, and its records come again', async () => {
    const own = await createTopic(proxy.bootstrap);
    await fill(own);
    const consumer = await RestConsumer.create(proxy.http, uniqueName('group'), GATHERING);
    await consumer.assign(own, 0);
    const connection = await openRaw(proxy.url);
    connection.stopReading();
    connection.send(`GET ${consumer.path}/${LARGE_READ} HTTP/1.1\r\n${HOST}Accept: ${consumer.accept}\r\n\r\n`);
    await eventually(async () => (await gauge(proxy, 'sluice_http_body_bytes')) > LARGE_ANSWER_BYTES, {
      deadlineMs: LARGE_READ_MS,
      describe: 'the answer to be on its way',
    });
    await eventually(async () => (await gauge(proxy, 'sluice_http_body_bytes')) === 0, {
      deadlineMs: IDLE_TIMEOUT_MS + CHECK_MS + 5000,
      describe: 'the answer to be let go',
    });
    const [first] = await consumer.readAll(LARGE_RECORDS);
    expect(first?.offset).toBe(0);
    await consumer.delete();
    connection.vanish();
  });

  it('that wait long for records are not slow', async () => {
    const own = await createTopic(proxy.bootstrap);
    const consumer = await RestConsumer.create(proxy.http, uniqueName('group'));
    await consumer.assign(own, 0);
    expect(await consumer.read({ timeout: IDLE_TIMEOUT_MS + BODY_TIMEOUT_MS + CHECK_MS })).toEqual([]);
    await consumer.delete();
  });
});
