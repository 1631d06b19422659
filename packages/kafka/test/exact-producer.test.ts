import { setTimeout as delay } from 'node:timers/promises';
import type { RecordBatch, RecordHeader } from '@sluice/protocol';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { freePorts } from '../../../test/harness/free-ports.ts';
import { type KafkaBroker, startKafka } from '../../../test/harness/kafka.ts';
import { createTopic, uniqueName } from '../../../test/harness/topics.ts';
import { AdminClient } from '../src/admin-client.ts';
import type { BatchResult } from '../src/delivery.ts';
import type { ExactMessage } from '../src/exact-records.ts';
import { ProduceRequests } from '../src/produce-requests.ts';
import type { Producer } from '../src/producer.ts';
import { batchOf, failures, producerFor, type RecordToSend } from './producing.ts';

/** Records that go by Kafka's protocol itself, while brokers freeze, die and come back. */

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

function exactProducer(options: Parameters<typeof producerFor>[1] = {}): Producer {
  const exact = { clientId: 'test', bootstrapBrokers: [broker.bootstrap] };
  producer = producerFor(broker.bootstrap, { exact, ...options });
  return producer;
}

const BINARY: readonly RecordHeader[] = [{ key: 'h', value: Buffer.from([0xff, 0]) }];

function binary(records: readonly RecordToSend[]): RecordBatch {
  return { ...batchOf(records), headers: records.map(() => BINARY) };
}

/** Each of them is a batch of its own: their times are too far from each other. */
function oneByOne(count: number): RecordBatch {
  const records = Array.from({ length: count }, (_, i) => ({ value: `${i}`, partition: 0 }));
  return { ...binary(records), timestamps: records.map((_, i) => (i % 2) * 1_700_000_000_000) };
}

async function timed<T>(work: Promise<T>): Promise<[result: T, tookMs: number]> {
  const startedAt = performance.now();
  return [await work, performance.now() - startedAt];
}

const codesOf = (result: BatchResult): number[] => failures(result).map(([, code]) => code);

describe('a broker that stops answering', { timeout: FAULT_TIMEOUT_MS }, () => {
  it('costs a request the delivery timeout and not more (bug: each of its steps had all of that)', async () => {
    const topic = await createTopic(broker.bootstrap);
    const sender = exactProducer({ deliveryTimeoutMs: 2000 });
    const sending = timed(sender.produce(topic, oneByOne(5000)));
    await delay(500);
    broker.freeze();
    const [result, tookMs] = await sending;
    expect(tookMs).toBeGreaterThan(1500);
    expect(tookMs).toBeLessThan(3000);
    const written = result.offsets.filter((offset) => offset >= 0).length;
    expect(written).toBeGreaterThan(0);
    expect(failures(result).at(0)?.slice(1)).toEqual([
      -192,
      'retriable',
      true,
      'The record was not acknowledged within 2000 ms; it may still be written.',
    ]);
    broker.thaw();
    const after = await sender.produce(topic, binary([{ value: 'after' }]));
    expect(failures(after)).toEqual([]);
  });

  it('has one that looks for its topic end with the time for that (bug: it took the delivery timeout)', async () => {
    const topic = await createTopic(broker.bootstrap);
    const sender = exactProducer({ deliveryTimeoutMs: 5000, metadataTimeoutMs: 1000 });
    await sender.produce(topic, binary([{ value: 'before' }]));
    broker.freeze();
    const [result, tookMs] = await timed(sender.produce(topic, binary([{ value: 'v' }])));
    expect(tookMs).toBeLessThan(2000);
    expect(failures(result)[0]?.slice(3)).toEqual([true, `Topic ${topic} not present in metadata after 1000 ms.`]);
  });

  it('does not keep a producer from its end', async () => {
    const topic = await createTopic(broker.bootstrap);
    const sender = exactProducer({ deliveryTimeoutMs: 20_000 });
    await sender.produce(topic, binary([{ value: 'before' }]));
    const sending = sender.produce(topic, oneByOne(5000));
    await delay(300);
    broker.freeze();
    const [, tookMs] = await timed(sender.close(2000));
    expect(tookMs).toBeLessThan(2500);
    expect(codesOf(await sending).at(-1)).toBeLessThan(0);
  });
});

describe('a broker that dies', { timeout: FAULT_TIMEOUT_MS }, () => {
  it('and comes back in time gets the record (bug: it failed at once)', async () => {
    const topic = await createTopic(broker.bootstrap);
    const sender = exactProducer({ deliveryTimeoutMs: 30_000, metadataTimeoutMs: 30_000 });
    await sender.produce(topic, binary([{ value: 'before' }]));
    await broker.kill();
    const sending = sender.produce(topic, binary([{ value: 'v' }]));
    await broker.restart();
    const result = await sending;
    expect([failures(result), result.offsets]).toEqual([[], [1]]);
  });
});

describe('a broker that is not there', { timeout: FAULT_TIMEOUT_MS }, () => {
  it('ends nothing that is under way at another (bug: it ended the connections to all)', async () => {
    const topic = await createTopic(broker.bootstrap);
    const settings = { clientId: 'test', bootstrapBrokers: [broker.bootstrap] };
    const client = new AdminClient({ settings, timeoutMs: 10_000 });
    onTestFinished(async () => await client.close());
    const requests = new ProduceRequests({ client, timeoutMs: 10_000, maxWaiting: 10 });
    const message = () => [{ topic, partition: 0, value: Buffer.from('v') } as ExactMessage];
    const [host = '', port = ''] = broker.bootstrap.split(':');
    const there = { nodeId: 1, host, port: Number(port) };
    const [nowhere] = await freePorts(1);
    expect((await requests.send(there, message)).kind).toBe('answered');
    broker.freeze();
    const sending = requests.send(there, message);
    const unsent = await requests.send({ nodeId: 2, host, port: nowhere as number }, message);
    expect(unsent).toMatchObject({ kind: 'unsent', error: { retriable: true } });
    broker.thaw();
    expect(await sending).toMatchObject({ kind: 'answered' });
  });
});

describe('many at once', { timeout: FAULT_TIMEOUT_MS }, () => {
  it('are all written (bug: of more than a thousand the rest was refused)', async () => {
    const topic = await createTopic(broker.bootstrap);
    const sender = exactProducer({ deliveryTimeoutMs: 30_000 });
    const results = await Promise.all(
      Array.from({ length: 1500 }, (_, i) => sender.produce(topic, binary([{ value: `${i}` }]))),
    );
    expect(results.flatMap(failures)).toEqual([]);
  });

  it('are waited for at the end (bug: it cut them off)', async () => {
    const topic = await createTopic(broker.bootstrap);
    const sender = exactProducer();
    await sender.produce(topic, binary([{ value: 'before' }]));
    const sending = Array.from({ length: 20 }, (_, i) => sender.produce(topic, binary([{ value: `${i}` }])));
    await sender.close(5000);
    expect((await Promise.all(sending)).flatMap(failures)).toEqual([]);
  });
});

describe('settings', { timeout: FAULT_TIMEOUT_MS }, () => {
  it('with the longest time there is send (bug: it was over at once)', async () => {
    const topic = await createTopic(broker.bootstrap);
    const sender = exactProducer({ deliveryTimeoutMs: 2_147_483_647 });
    expect(failures(await sender.produce(topic, binary([{ value: 'v' }])))).toEqual([]);
  });

  it.each(['consistent', 'consistent_random', 'murmur2', 'murmur2_random', 'fnv1a', 'fnv1a_random'])(
    'with the partitioner %s send a key where librdkafka does (bug: always by murmur2)',
    async (partitioner) => {
      const topic = await createTopic(broker.bootstrap, { partitions: 7 });
      const settings = { global: { 'bootstrap.servers': broker.bootstrap }, topic: { partitioner } };
      const sender = exactProducer({ settings });
      const keys = Array.from({ length: 50 }, () => ({ key: uniqueName('key'), value: 'v' }));
      const librdkafka = await sender.produce(topic, batchOf(keys));
      const own = await sender.produce(topic, binary(keys));
      expect([failures(librdkafka), failures(own)]).toEqual([[], []]);
      expect(own.partitions).toEqual(librdkafka.partitions);
    },
  );
});
