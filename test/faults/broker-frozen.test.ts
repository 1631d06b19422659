import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../harness/conditions.ts';
import { seriousLogLines, sumOf } from '../harness/footprint.ts';
import type { HttpAnswer } from '../harness/http.ts';
import { type KafkaBroker, startKafka } from '../harness/kafka.ts';
import { RestConsumer } from '../harness/rest-consumer.ts';
import { type SluiceProcess, startSluice } from '../harness/sluice.ts';
import { createTopic, uniqueName } from '../harness/topics.ts';

const START_MS = 120_000;
const TEST_MS = 60_000;
const PRODUCE_TIMEOUT_MS = 3000;
const ADMIN_TIMEOUT_MS = 2000;
/** For a busy machine. */
const MARGIN_MS = 1500;

let broker: KafkaBroker;
let sluice: SluiceProcess;
let topic: string;

beforeAll(async () => {
  broker = await startKafka({ initialRebalanceDelayMs: 0 });
  sluice = await startSluice({
    properties: {
      'bootstrap.servers': broker.bootstrap,
      'sluice.produce.timeout.ms': String(PRODUCE_TIMEOUT_MS),
      'sluice.kafka.admin.timeout.ms': String(ADMIN_TIMEOUT_MS),
    },
  });
  topic = await createTopic(broker.bootstrap);
  await produce();
}, START_MS);

afterEach(async () => {
  broker.thaw();
  await eventually(async () => (await produce()).text.includes('"error_code":null'), {
    deadlineMs: 30_000,
    describe: 'the proxy to write again',
  });
}, TEST_MS);

afterAll(async () => {
  await sluice?.stop();
  await broker?.stop();
}, START_MS);

async function produce(): Promise<HttpAnswer> {
  return await sluice.http.call('POST', `/topics/${topic}`, {
    headers: { 'content-type': 'application/vnd.kafka.json.v2+json' },
    body: '{"records":[{"value":1},{"value":2}]}',
  });
}

/** The signal needs a moment to stop all threads of the broker. */
async function freeze(): Promise<void> {
  broker.freeze();
  await delay(100);
}

async function timed(call: Promise<HttpAnswer>): Promise<{ answer: HttpAnswer; ms: number }> {
  const startedAt = performance.now();
  const answer = await call;
  return { answer, ms: performance.now() - startedAt };
}

/** 500/50003 within the deadline of what is asked of a broker, in words that say what it was. */
function expectTimedOut({ answer, ms }: { readonly answer: HttpAnswer; readonly ms: number }, what: string): void {
  const message = `Timed out after ${ADMIN_TIMEOUT_MS} ms: ${what}.`;
  expect([answer.status, answer.json()]).toEqual([500, { error_code: 50003, message }]);
  expect(ms).toBeLessThan(ADMIN_TIMEOUT_MS + MARGIN_MS);
}

describe('a broker that takes everything and answers nothing', { timeout: TEST_MS }, () => {
  it('fails a produce within sluice.produce.timeout.ms, saying that the record may still be written', async () => {
    const failed = async (): Promise<number> => await sumOf(sluice, 'sluice_producer_errors_total');
    const before = await failed();
    await freeze();
    const { answer, ms } = await timed(produce());
    // librdkafka looks for timed-out records once a second.
    expect(ms).toBeLessThan(PRODUCE_TIMEOUT_MS + 1000 + MARGIN_MS);
    const error = `The record was not acknowledged within ${PRODUCE_TIMEOUT_MS} ms; it may still be written.`;
    const entry = { partition: null, offset: null, error_code: 50003, error };
    expect([answer.status, answer.json()]).toEqual([
      200,
      { offsets: [entry, entry], key_schema_id: null, value_schema_id: null },
    ]);
    expect(await failed()).toBe(before + 2);
  });

  it('fails what is asked about topics and brokers within sluice.kafka.admin.timeout.ms, with 500/50003', async () => {
    await freeze();
    const questions = {
      '/topics': 'list topics',
      [`/topics/${topic}`]: 'describe topic',
      [`/topics/${topic}/partitions/0/offsets`]: 'describe topic',
      '/brokers': 'list brokers',
    };
    const asked = Object.entries(questions).map(async ([path, what]) => {
      expectTimedOut(await timed(sluice.http.call('GET', path)), what);
    });
    await Promise.all(asked);
  });

  it('leaves reads empty within their timeout, and liveness and readiness as they were', async () => {
    const consumer = await RestConsumer.create(sluice.http, uniqueName('group'));
    await consumer.assign(topic, 0);
    await consumer.readAll(2);
    await freeze();
    for (let i = 0; i < 3; i += 1) {
      const { answer, ms } = await timed(consumer.readAnswer({ timeout: 500 }));
      expect([answer.status, answer.text]).toEqual([200, '[]']);
      expect(ms).toBeLessThan(500 + MARGIN_MS);
      expect((await sluice.management.call('GET', '/livez')).status).toBe(200);
      expect((await sluice.management.call('GET', '/readyz')).status).toBe(200);
    }
    broker.thaw();
    await produce();
    expect((await consumer.readAll(2)).length).toBeGreaterThanOrEqual(2);
  });

  it('holds no request for ever: each consumer request ends within its deadline', async () => {
    const consumer = await RestConsumer.create(sluice.http, uniqueName('group'));
    await consumer.assign(topic, 0);
    await consumer.readAll(2);
    await freeze();
    const partitions = [{ topic, partition: 0 }];
    const commit = 'the commit was sent and not answered; it may still take effect';
    const timestamps = [{ topic, partition: 0, timestamp: '2020-01-01T00:00:00Z' }];
    const calls: readonly (readonly [call: Promise<HttpAnswer>, what: string])[] = [
      [consumer.call('POST', '/offsets', { offsets: [{ topic, partition: 0, offset: 0 }] }), commit],
      // It waits for the commit, to tell no offset from before it.
      [consumer.call('GET', '/offsets', { partitions }), commit],
      [consumer.call('POST', '/positions/beginning', { partitions }), 'earliest offsets'],
      [consumer.call('POST', '/positions', { timestamps }), 'offsets for times'],
    ];
    await Promise.all(calls.map(async ([call, what]) => expectTimedOut(await timed(call), what)));
    const { answer, ms } = await timed(consumer.call('DELETE', ''));
    expect(answer.status).toBe(204);
    // One deadline for the commit of what was read, one for leaving the group.
    expect(ms).toBeLessThan(2 * ADMIN_TIMEOUT_MS + MARGIN_MS);
    const fresh = await RestConsumer.create(sluice.http, uniqueName('group'));
    const subscribed = await timed(fresh.call('POST', '/subscription', { topics: [topic] }));
    // The connect has sluice.kafka.connect.timeout.ms.
    expect(subscribed.ms).toBeLessThan(5000 + MARGIN_MS);
    expect(await seriousLogLines(sluice)).toEqual([]);
  });
});
