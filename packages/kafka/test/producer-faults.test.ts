import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../../test/harness/conditions.ts';
import { type KafkaBroker, startKafka } from '../../../test/harness/kafka.ts';
import { createTopic } from '../../../test/harness/topics.ts';
import { BlockingCalls } from '../src/blocking-calls.ts';
import type { BatchResult } from '../src/delivery.ts';
import type { KafkaError } from '../src/kafka-error.ts';
import type { Producer } from '../src/producer.ts';
import { batchOf, failures, producerFor, readTopic } from './producing.ts';

const START_TIMEOUT_MS = 120_000;
const FAULT_TIMEOUT_MS = 60_000;

let broker: KafkaBroker;
let producer: Producer | undefined;

beforeAll(async () => {
  broker = await startKafka();
}, START_TIMEOUT_MS);

afterEach(async () => {
  broker.thaw();
  await producer?.close(3000);
  producer = undefined;
});

afterAll(async () => {
  await broker.stop();
}, START_TIMEOUT_MS);

/** The signal needs a moment to stop all threads of the broker. */
async function freeze(): Promise<void> {
  broker.freeze();
  await delay(100);
}

const unacknowledged = (ms: number): string =>
  `The record was not acknowledged within ${ms} ms; it may still be written.`;

describe('a broker that stops answering', { timeout: FAULT_TIMEOUT_MS }, () => {
  it('costs its requests the delivery timeout and not more', async () => {
    const topic = await createTopic(broker.bootstrap);
    producer = producerFor(broker.bootstrap, { deliveryTimeoutMs: 2000 });
    await producer.produce(topic, batchOf([{ value: 'before' }]));
    await freeze();
    const startedAt = performance.now();
    const results = await Promise.all(
      [1, 2, 3].map((n) => (producer as Producer).produce(topic, batchOf([{ value: `${n}` }]))),
    );
    expect(performance.now() - startedAt).toBeGreaterThan(1500);
    expect(performance.now() - startedAt).toBeLessThan(8000);
    for (const result of results) {
      expect(failures(result)).toEqual([[0, -192, 'retriable', true, unacknowledged(2000)]]);
    }
    broker.thaw();
    const after = await producer.produce(topic, batchOf([{ value: 'after' }]));
    expect(after.errors).toBeUndefined();
    await eventually(() => producer?.stats().requests === 0, { deadlineMs: 10_000, describe: 'all reports' });
    expect(producer.stats()).toEqual({ requests: 0, records: 0, bytes: 0 });
  });

  it('cannot keep a close waiting: what is in flight is answered as possibly written', async () => {
    const topic = await createTopic(broker.bootstrap);
    producer = producerFor(broker.bootstrap);
    await producer.produce(topic, batchOf([{ value: 'before' }]));
    await freeze();
    const pending = producer.produce(topic, batchOf([{ value: 'x' }, { value: 'y' }]));
    const startedAt = performance.now();
    await producer.close(1500);
    expect(performance.now() - startedAt).toBeLessThan(2500);
    expect(failures(await pending)).toMatchObject([
      [0, -192, 'retriable', true, unacknowledged(10_000)],
      [1, -192, 'retriable', true, unacknowledged(10_000)],
    ]);
    expect(producer.stats()).toEqual({ requests: 0, records: 0, bytes: 0 });
  });
});

describe('a fatal error of the client', { timeout: FAULT_TIMEOUT_MS }, () => {
  it('is told, every request is answered, and the next one gets a new client', async () => {
    const topic = await createTopic(broker.bootstrap, {
      partitions: 2,
      settings: { 'max.message.bytes': '1000' },
    });
    const errors: KafkaError[] = [];
    producer = producerFor(broker.bootstrap, {
      // A record that the broker refuses leaves a gap, which this setting declares fatal.
      conf: { 'enable.gapless.guarantee': true },
      hooks: { onError: (error, records) => records === 0 && errors.push(error) },
    });
    await producer.produce(topic, batchOf([{ value: 'before' }]));
    const records = [
      { value: Buffer.alloc(2000, 97), partition: 0 },
      { value: 'a', partition: 1 },
      { value: 'b', partition: 1 },
    ];
    const answers = await Promise.all(
      records.map((record) => (producer as Producer).produce(topic, batchOf([record]))),
    );
    expect(failures(answers[0] as BatchResult)).toHaveLength(1);
    for (const result of answers.slice(1)) {
      expect(failures(result).every(([, , , retriable]) => retriable)).toBe(true);
    }
    await eventually(() => errors.length > 0, { deadlineMs: 5000, describe: 'the fatal error' });
    expect(errors).toMatchObject([{ code: -150, retriable: true }]);
    expect((await producer.produce(topic, batchOf([{ value: 'after' }]))).errors).toBeUndefined();
    expect(producer.stats()).toEqual({ requests: 0, records: 0, bytes: 0 });
  });
});

describe('a broker that is not there', { timeout: FAULT_TIMEOUT_MS }, () => {
  it('fails each record within the connect timeout, and the next requests at once', async () => {
    const blockingCalls = new BlockingCalls({ limit: 1 });
    producer = producerFor('127.0.0.1:1', { connectTimeoutMs: 1000, blockingCalls });
    const startedAt = performance.now();
    const both = await Promise.all(
      [1, 2].map((n) => (producer as Producer).produce('t', batchOf([{ value: `${n}` }]))),
    );
    expect(performance.now() - startedAt).toBeLessThan(3000);
    const message = 'Topic t not present in metadata after 1000 ms.';
    for (const result of both) {
      expect(failures(result)).toEqual([[0, -195, 'retriable', true, message]]);
    }
    const againAt = performance.now();
    const again = await producer.produce('t', batchOf([{ value: 'x' }]));
    expect(performance.now() - againAt).toBeLessThan(50);
    expect(failures(again)).toEqual([[0, -195, 'retriable', true, message]]);
    expect(producer.stats()).toEqual({ requests: 0, records: 0, bytes: 0 });
  });
});

describe('a broker that is killed in the middle', { timeout: FAULT_TIMEOUT_MS }, () => {
  it('has every acknowledged record in its log, once, at the offset that was answered', async () => {
    const topic = await createTopic(broker.bootstrap, { partitions: 3 });
    producer = producerFor(broker.bootstrap, { deliveryTimeoutMs: 20_000 });
    const answers: { readonly name: string; readonly result: BatchResult }[] = [];
    const stop = new AbortController();
    const writer = async (id: number): Promise<void> => {
      for (let n = 0; !stop.signal.aborted; n += 1) {
        const name = `${id}/${n}`;
        const batch = batchOf(Array.from({ length: 20 }, (_, i) => ({ key: `${i}`, value: `${name}/${i}` })));
        answers.push({ name, result: await (producer as Producer).produce(topic, batch) });
      }
    };
    const writers = [0, 1, 2, 3].map(writer);
    await eventually(() => answers.length > 50, { deadlineMs: 10_000, describe: 'the first answers' });
    await broker.kill();
    const before = answers.length;
    await broker.restart();
    await eventually(() => answers.length > before + 50, { deadlineMs: 30_000, describe: 'answers after the restart' });
    stop.abort();
    await Promise.all(writers);
    const acknowledged = answers.flatMap(({ name, result }) =>
      result.partitions.flatMap((partition, i) =>
        partition === -1 ? [] : [`${partition}:${result.offsets[i]}=${name}/${i}`],
      ),
    );
    expect(acknowledged.length).toBeGreaterThan(2000);
    const stored = await readTopic(broker.bootstrap, topic, acknowledged.length);
    const log = new Set(stored.map(({ partition, offset, value }) => `${partition}:${offset}=${String(value)}`));
    expect(acknowledged.filter((record) => !log.has(record))).toEqual([]);
    expect(new Set(stored.map(({ value }) => String(value))).size).toBe(stored.length);
  });
});
