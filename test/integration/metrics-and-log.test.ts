import { beforeAll, describe, expect, it } from 'vitest';
import { sharedSecureBroker } from '../harness/broker.ts';
import { eventually } from '../harness/conditions.ts';
import { gauge, sumOf } from '../harness/footprint.ts';
import type { HttpAnswer } from '../harness/http.ts';
import { openRaw } from '../harness/raw-http.ts';
import { RestConsumer } from '../harness/rest-consumer.ts';
import { type SluiceProcess, startSluice } from '../harness/sluice.ts';
import { createTopic, uniqueName } from '../harness/topics.ts';

/** What operators see of a running proxy: its metrics by name and label, and a log at its most talkative level. */

const START_MS = 150_000;
const TEST_MS = 60_000;
const JSON_TYPE = 'application/vnd.kafka.json.v2+json';
const KEY = 'key-that-no-log-may-hold';
const VALUE = 'value-that-no-log-may-hold';
const TOKEN = 'token-that-no-log-may-hold';
const BODY = JSON.stringify({ records: [{ key: KEY, value: VALUE }] });

let sluice: SluiceProcess;
let topic: string;
let secrets: readonly string[];

async function produce(): Promise<HttpAnswer> {
  const answer = await sluice.http.call('POST', `/topics/${topic}`, {
    headers: { 'content-type': JSON_TYPE },
    body: BODY,
  });
  expect(answer.json()).toMatchObject({ offsets: [{ error_code: null }] });
  return answer;
}

beforeAll(async () => {
  const broker = await sharedSecureBroker();
  const { name, password } = broker.admin;
  secrets = [password, broker.storePassword, TOKEN];
  sluice = await startSluice({
    properties: {
      'bootstrap.servers': broker.saslBootstrap,
      'client.security.protocol': 'SASL_SSL',
      'client.sasl.mechanism': 'SCRAM-SHA-512',
      'client.sasl.jaas.config': `org.apache.kafka.common.security.scram.ScramLoginModule required username="${name}" password="${password}";`,
      'client.ssl.truststore.location': broker.trustStoreFile,
      'client.ssl.truststore.password': broker.storePassword,
      'client.ssl.truststore.type': 'PKCS12',
      'sluice.management.token': TOKEN,
      'sluice.log.level': 'debug',
    },
  });
  topic = await createTopic(broker.bootstrap);
  await produce();
  return async () => {
    await sluice.stop();
  };
}, START_MS);

async function logLines(): Promise<Readonly<Record<string, unknown>>[]> {
  const lines = (await sluice.logs()).split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
}

async function reader(settings: Readonly<Record<string, unknown>> = {}): Promise<RestConsumer> {
  const consumer = await RestConsumer.create(sluice.http, uniqueName('group'), settings);
  await consumer.assign(topic, 0);
  return consumer;
}

async function bodyBytes(count: number): Promise<void> {
  await eventually(async () => (await gauge(sluice, 'sluice_http_body_bytes')) === count, {
    deadlineMs: 10_000,
    describe: `${count} bytes of bodies in memory`,
  });
}

/** By how much metrics grow while something is done; each is written as `name label="value" …`. */
async function growth<Result>(
  metrics: readonly string[],
  work: () => Promise<Result>,
): Promise<{ readonly result: Result; readonly by: readonly number[] }> {
  const values = async (): Promise<number[]> => {
    return await Promise.all(
      metrics.map(async (metric) => {
        const [name = '', ...labels] = metric.split(' ');
        return await sumOf(sluice, name, ...labels);
      }),
    );
  };
  const before = await values();
  const result = await work();
  const after = await values();
  return { result, by: after.map((value, i) => value - (before[i] ?? 0)) };
}

describe('the metrics', { timeout: TEST_MS }, () => {
  it('count records and their bytes by direction and format', async () => {
    const raw = JSON.stringify(KEY).length + JSON.stringify(VALUE).length;
    const inJson = (direction: string): string[] =>
      ['records', 'record_bytes'].map((what) => `sluice_${what}_total direction="${direction}" format="json"`);
    expect((await growth(inJson('produced'), produce)).by).toEqual([1, raw]);
    const consumer = await reader();
    const { result, by } = await growth(inJson('consumed'), async () => await consumer.readAll(2));
    expect(result[0]).toMatchObject({ key: KEY, value: VALUE });
    expect(by).toEqual([result.length, result.length * raw]);
    await consumer.delete();
  });

  it('count requests, their duration and their bytes by method and route, and name no topic', async () => {
    const labels = 'method="POST" route="/topics/{topic}"';
    const { result, by } = await growth(
      [
        `sluice_http_requests_total ${labels} status="200"`,
        `sluice_http_request_duration_seconds_count ${labels}`,
        `sluice_http_request_bytes_total ${labels}`,
        `sluice_http_response_bytes_total ${labels}`,
        `sluice_http_request_duration_seconds_sum ${labels}`,
      ],
      produce,
    );
    expect(by.slice(0, 4)).toEqual([1, 1, BODY.length, result.bytes.length]);
    expect(by[4]).toBeGreaterThan(0);
    expect((await sluice.management.call('GET', '/metrics')).text).not.toContain(topic);
  });

  it('tell how long deliveries took, what the producer holds, and what keeps threads and the event loop busy', async () => {
    expect(await gauge(sluice, 'sluice_producer_delivery_seconds_count')).toBeGreaterThan(0);
    expect(await gauge(sluice, 'sluice_producer_delivery_seconds_sum')).toBeGreaterThan(0);
    for (const what of ['requests', 'records', 'bytes']) {
      expect(await gauge(sluice, `sluice_producer_queue_${what}`)).toBe(0);
    }
    await eventually(async () => (await gauge(sluice, 'sluice_blocking_calls')) === 0, {
      deadlineMs: 20_000,
      describe: 'the clients to be connected or closed',
    });
    expect(await gauge(sluice, 'sluice_blocking_calls_waiting')).toBe(0);
    // Half of the pool of 32.
    expect(await gauge(sluice, 'sluice_blocking_calls_limit')).toBe(16);
    expect(await gauge(sluice, 'sluice_event_loop_utilization_ratio')).toBeGreaterThan(0);
  });

  it('tell the instances that live, and the reads that wait', async () => {
    const [first, second] = [await reader({ 'auto.offset.reset': 'latest' }), await reader()];
    expect(await gauge(sluice, 'sluice_consumer_instances')).toBe(2);
    const waiting = first.readAnswer({ timeout: 8000 });
    await eventually(async () => (await gauge(sluice, 'sluice_consumer_reads_waiting')) === 1, {
      deadlineMs: 6000,
      describe: 'the read to wait',
    });
    expect(await gauge(sluice, 'sluice_consumer_reads')).toBe(1);
    await first.delete();
    expect((await waiting).status).toBe(404);
    await second.delete();
    expect(await gauge(sluice, 'sluice_consumer_instances')).toBe(0);
  });

  it('count the bytes of a body that came in chunks, and of one that was given up', async () => {
    const received = ['sluice_http_request_bytes_total method="POST" route="/"'];
    const connection = await openRaw(sluice.url);
    const whole = await growth(received, async () => {
      connection.send('POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n');
      connection.send('5\r\n{"a":\r\n4\r\n"b"}\r\n0\r\n\r\n');
      return await connection.answered(1);
    });
    expect(whole).toMatchObject({ result: [{ status: 200, body: '{}' }], by: [9] });
    const givenUp = await growth(received, async () => {
      connection.send('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"a":');
      await bodyBytes(5);
      connection.vanish();
      await bodyBytes(0);
    });
    expect(givenUp.by).toEqual([5]);
  });
});

describe('the log', { timeout: TEST_MS }, () => {
  it('has a line about a request that failed, under the id that its client sent', async () => {
    const consumer = await reader({ 'auto.offset.reset': 'none' });
    const answer = await consumer.readAnswer({ timeout: 5000, headers: { 'x-request-id': 'the-failed-read' } });
    const reason = `Undefined offset with no reset policy for partitions: [${topic}-0]`;
    expect([answer.status, answer.json()]).toEqual([500, { error_code: 50002, message: reason }]);
    expect(answer.headers['x-request-id']).toBe('the-failed-read');
    const about = (await logLines()).filter(({ requestId }) => requestId === 'the-failed-read');
    expect(about).toEqual([
      {
        level: 'warn',
        time: expect.any(String),
        requestId: 'the-failed-read',
        api: 'v2',
        operation: 'consumers.consume',
        code: 50002,
        reason,
        msg: 'A request failed.',
      },
    ]);
    await consumer.delete();
  });

  it('has no line about a request that was answered, or that its client got wrong', async () => {
    const headers = { 'x-request-id': 'not-worth-a-line' };
    for (const [path, status] of [
      ['/topics', 200],
      ['/nowhere', 404],
    ] as const) {
      expect((await sluice.http.call('GET', path, { headers })).status).toBe(status);
    }
    expect(await sluice.logs()).not.toContain('not-worth-a-line');
  });

  it('shows the effective configuration at level debug, with its secrets hidden', async () => {
    const [line] = (await logLines()).filter(({ msg }) => msg === 'effective configuration');
    expect(line).toMatchObject({
      level: 'debug',
      configuration: {
        'client.security.protocol': 'SASL_SSL',
        'client.sasl.jaas.config': '[hidden]',
        'client.ssl.truststore.password': '[hidden]',
        'sluice.management.token': '[hidden]',
      },
    });
  });

  it('holds no record and no secret, at level debug either', async () => {
    const consumer = await reader();
    const [record] = await consumer.readAll(1);
    expect(record).toMatchObject({ key: KEY, value: VALUE });
    await consumer.delete();
    const log = await sluice.logs();
    expect(log).toContain('"level":"debug"');
    for (const word of [KEY, VALUE, ...secrets]) expect(log).not.toContain(word);
  });
});
