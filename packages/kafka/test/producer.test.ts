import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sharedBroker } from '../../../test/harness/broker.ts';
import { createTopic, uniqueName, withAdmin } from '../../../test/harness/topics.ts';
import { Admin } from '../src/admin.ts';
import type { KafkaError } from '../src/kafka-error.ts';
import type { Producer } from '../src/producer.ts';
import { batchOf, failures, producerFor, readTopic } from './producing.ts';

const START_TIMEOUT_MS = 120_000;

let bootstrap: string;
let admin: Admin;
let producer: Producer;

beforeAll(async () => {
  bootstrap = (await sharedBroker()).bootstrap;
  admin = new Admin({ settings: { clientId: 'test', bootstrapBrokers: [bootstrap] }, timeoutMs: 5000 });
  producer = producerFor(bootstrap, { partitionCount: (topic, atLeast) => admin.partitionCount(topic, atLeast) });
}, START_TIMEOUT_MS);

afterAll(async () => {
  await producer.close(5000);
  await admin.close();
});

describe('a batch', () => {
  it('is written in order to each partition, and answered in request order', async () => {
    const topic = await createTopic(bootstrap, { partitions: 3 });
    const records = Array.from({ length: 300 }, (_, i) => ({ value: `v${i}`, partition: (i * 7) % 3 }));
    const result = await producer.produce(topic, batchOf(records));
    expect(result.errors).toBeUndefined();
    expect(result.partitions).toEqual(records.map(({ partition }) => partition));
    const stored = await readTopic(bootstrap, topic, 300);
    expect(stored.map(({ partition, offset, value }) => [partition, offset, String(value)])).toEqual(
      records
        .map(({ value, partition }, i) => [partition, result.offsets[i] as number, value] as const)
        .toSorted((a, b) => a[0] - b[0] || a[1] - b[1]),
    );
    for (const partition of [0, 1, 2]) {
      const offsets = result.offsets.filter((_, i) => records[i]?.partition === partition);
      expect(offsets).toEqual(Array.from({ length: 100 }, (_, i) => i));
    }
  });

  it('of many requests at once keeps the order within each request', async () => {
    const topic = await createTopic(bootstrap, { partitions: 1 });
    const requests = Array.from({ length: 40 }, (_, r) =>
      producer.produce(topic, batchOf(Array.from({ length: 25 }, (__, i) => ({ value: `${r}/${i}` })))),
    );
    for (const { offsets, errors } of await Promise.all(requests)) {
      expect(errors).toBeUndefined();
      expect(offsets).toEqual(offsets.toSorted((a, b) => a - b));
    }
    expect(await readTopic(bootstrap, topic, 1000)).toHaveLength(1000);
    expect(producer.stats()).toEqual({ requests: 0, records: 0, bytes: 0 });
  });

  it('puts keys where the Java client would', async () => {
    const topic = await createTopic(bootstrap, { partitions: 7 });
    // Hashes from Apache Kafka's own UtilsTest.testMurmur2.
    const hashes: readonly (readonly [string, number])[] = [
      ['21', -973932308],
      ['foobar', -790332482],
      ['a-little-bit-long-string', -985981536],
      ['a-little-bit-longer-string', -1486304829],
      ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
      ['abc', 479470107],
    ];
    const result = await producer.produce(topic, batchOf(hashes.map(([key]) => ({ key, value: 'x' }))));
    expect(result.partitions).toEqual(hashes.map(([, hash]) => (hash & 0x7fffffff) % 7));
  });

  it('keeps null, zero-length and other fields apart', async () => {
    const topic = await createTopic(bootstrap);
    const empty = Buffer.alloc(0);
    await producer.produce(
      topic,
      batchOf([
        { key: 'k', value: null },
        { key: 'k', value: empty },
        { key: empty, value: 'v' },
        { key: null, value: Buffer.from([0, 255, 0]) },
      ]),
    );
    const stored = await readTopic(bootstrap, topic, 4);
    expect(stored.map(({ key, value }) => [key?.toString('hex') ?? null, value?.toString('hex') ?? null])).toEqual([
      ['6b', null],
      ['6b', ''],
      ['', '76'],
      [null, '00ff00'],
    ]);
  });

  it('without records is answered at once', async () => {
    expect(await producer.produce('any', batchOf([]))).toEqual({ partitions: [], offsets: [], errors: undefined });
  });
});

describe('a record that cannot be written fails alone:', () => {
  it('a partition that does not exist, at once and with the count', async () => {
    const topic = await createTopic(bootstrap, { partitions: 3 });
    const batch = batchOf([
      { value: 'a', partition: 2 },
      { value: 'b', partition: 99 },
      { value: 'c', partition: 0 },
    ]);
    const message = `Partition 99 of topic ${topic} with partition count 3 is not present in metadata after 1000 ms.`;
    // The first request meets a topic that librdkafka does not know yet, the second one that it knows.
    for (const offset of [0, 1]) {
      const startedAt = performance.now();
      const result = await producer.produce(topic, batch);
      expect(performance.now() - startedAt).toBeLessThan(1500);
      expect(failures(result)).toEqual([[1, -190, 'unknownTopicOrPartition', true, message]]);
      expect(result.partitions).toEqual([2, -1, 0]);
      expect(result.offsets).toEqual([offset, -1, offset]);
    }
  });

  it('but a partition that was just added is found', async () => {
    const topic = await createTopic(bootstrap, { partitions: 1 });
    const batch = batchOf([{ value: 'a', partition: 3 }]);
    await producer.produce(topic, batchOf([{ value: 'x' }]));
    expect(failures(await producer.produce(topic, batch))[0]).toContain(-190);
    await withAdmin(bootstrap, async (client) => {
      await client.createPartitions({ topics: [{ name: topic, count: 4 }] });
    });
    // Who asks for a missing partition again and again reaches the brokers twice a second only.
    await delay(600);
    const result = await producer.produce(topic, batch);
    expect(failures(result)).toEqual([]);
    expect(result).toMatchObject({ partitions: [3], offsets: [0] });
  });

  it('a topic that does not exist, when the metadata time is over', async () => {
    const topic = uniqueName('missing');
    const startedAt = performance.now();
    const result = await producer.produce(topic, batchOf([{ value: 'a' }, { value: 'b' }]));
    expect(performance.now() - startedAt).toBeLessThan(3000);
    const message = `Topic ${topic} not present in metadata after 1000 ms.`;
    expect(failures(result)).toEqual([
      [0, 3, 'unknownTopicOrPartition', true, message],
      [1, 3, 'unknownTopicOrPartition', true, message],
    ]);
    const again = await producer.produce(topic, batchOf([{ value: 'a' }]));
    expect(failures(again)).toMatchObject([[0, expect.any(Number), 'unknownTopicOrPartition', true, message]]);
  });

  it('a topic name that Kafka forbids, without asking the broker', async () => {
    for (const topic of ['a b', '', '..', 'x'.repeat(250), 'nul\0', 'ä']) {
      const result = await producer.produce(topic, batchOf([{ value: 'a' }]));
      expect(failures(result)).toEqual([[0, 17, 'invalidTopic', false, `Invalid topics: [${topic}]`]]);
    }
  });

  it('a negative partition', async () => {
    const topic = await createTopic(bootstrap);
    const result = await producer.produce(topic, batchOf([{ value: 'a', partition: -5 }, { value: 'b' }]));
    expect(failures(result)).toEqual([
      [0, -186, 'other', false, 'Invalid partition: -5. Partition number should always be non-negative or null.'],
    ]);
    expect(result.offsets).toEqual([-1, 0]);
  });

  it('more than max.request.size, with the size that the Java client counts', async () => {
    const topic = await createTopic(bootstrap);
    const result = await producer.produce(topic, batchOf([{ value: Buffer.alloc(1_200_002, 97) }, { value: 'b' }]));
    const message =
      'The message is 1200090 bytes when serialized which is larger than 1048576, which is the value of the max.request.size configuration.';
    expect(failures(result)).toEqual([[0, 10, 'tooLarge', false, message]]);
    expect(result.offsets).toEqual([-1, 0]);
  });

  it('up to max.request.size to the byte', async () => {
    const topic = await createTopic(bootstrap);
    const largest = 1_048_576 - 87;
    const sizes = [largest, largest + 1].map((length) => ({ value: Buffer.alloc(length, 97) }));
    const result = await producer.produce(topic, batchOf(sizes));
    expect(failures(result)).toMatchObject([[1, 10, 'tooLarge', false, expect.stringContaining('1048577 bytes')]]);
    expect(result.offsets).toEqual([0, -1]);
  });

  it('more than the topic takes', async () => {
    const topic = await createTopic(bootstrap, { settings: { 'max.message.bytes': '1000' } });
    const result = await producer.produce(topic, batchOf([{ value: Buffer.alloc(2000, 97) }]));
    const message = 'The request included a message larger than the max message size the server will accept.';
    expect(failures(result)).toEqual([[0, 10, 'tooLarge', false, message]]);
  });

  it('no key on a compacted topic', async () => {
    const topic = await createTopic(bootstrap, { settings: { 'cleanup.policy': 'compact' } });
    const result = await producer.produce(topic, batchOf([{ value: 'a' }]));
    const message = 'This record has failed the validation on broker and hence will be rejected.';
    expect(failures(result)).toEqual([[0, 87, 'other', false, message]]);
  });
});

describe('the queue', () => {
  it('refuses a request that does not fit as a whole, with nothing sent', async () => {
    const topic = await createTopic(bootstrap);
    const small = producerFor(bootstrap, { conf: { 'queue.buffering.max.messages': 10, 'linger.ms': 50 } });
    const values = (count: number) => batchOf(Array.from({ length: count }, () => ({ value: 'x' })));
    await small.produce(topic, values(1));
    const first = small.produce(topic, values(6));
    await expect(small.produce(topic, values(5))).rejects.toMatchObject({ family: 'queueFull', retriable: true });
    expect(small.stats()).toEqual({ requests: 1, records: 6, bytes: 6 * 101 });
    expect((await first).errors).toBeUndefined();
    expect((await small.produce(topic, values(10))).offsets.at(-1)).toBe(16);
    await small.close(5000);
    expect(await readTopic(bootstrap, topic, 17)).toHaveLength(17);
    expect((await admin.partitionOffsets(topic, 0)).end).toBe(17);
  });

  it.each([
    ['records', { 'queue.buffering.max.messages': 10 }, 11, 1],
    ['bytes', { 'queue.buffering.max.kbytes': 64 }, 2, 40_000],
  ])('tells a request with more %s than it can ever take not to come back', async (_, conf, count, length) => {
    const small = producerFor(bootstrap, { conf });
    const batch = batchOf(Array.from({ length: count }, () => ({ value: Buffer.alloc(length, 97) })));
    await expect(small.produce('any', batch)).rejects.toMatchObject({ family: 'tooLarge', retriable: false });
    expect(small.stats()).toEqual({ requests: 0, records: 0, bytes: 0 });
    await small.close(1000);
  });

  it('takes a request up to its limits in one go', async () => {
    const topic = await createTopic(bootstrap, { partitions: 4 });
    const large = producerFor(bootstrap, { conf: { 'queue.buffering.max.kbytes': 8192 } });
    const batch = batchOf(Array.from({ length: 8000 }, () => ({ value: Buffer.alloc(900, 97) })));
    const { offsets, errors } = await large.produce(topic, batch);
    expect(errors).toBeUndefined();
    expect(offsets.every((offset) => offset >= 0)).toBe(true);
    await large.close(5000);
  });
});

describe('what its owner is told', () => {
  it('is how much was delivered, and what failed', async () => {
    const topic = await createTopic(bootstrap);
    const delivered: [number, number][] = [];
    const failed: KafkaError[] = [];
    const told = producerFor(bootstrap, {
      hooks: {
        onDelivery: (records, bytes, seconds) => {
          expect(seconds).toBeGreaterThan(0);
          delivered.push([records, bytes]);
        },
        onError: (error) => failed.push(error),
      },
    });
    await told.produce(topic, batchOf([{ key: 'kk', value: 'vvv' }, { value: 'v' }, { value: 'x', partition: -2 }]));
    expect(delivered).toEqual([[2, 6]]);
    expect(failed).toMatchObject([{ code: -186 }]);
    await told.close(5000);
  });
});

describe('close', () => {
  it('waits for records in flight, and then refuses new ones', async () => {
    const topic = await createTopic(bootstrap);
    const closing = producerFor(bootstrap, { conf: { 'linger.ms': 300 } });
    await closing.produce(topic, batchOf([{ value: 'first' }]));
    const late = closing.produce(topic, batchOf([{ value: 'late' }]));
    await closing.close(5000);
    expect(await late).toMatchObject({ offsets: [1], errors: undefined });
    await expect(closing.produce(topic, batchOf([{ value: 'x' }]))).rejects.toMatchObject({ retriable: true });
  });

  it('of a producer that was never used returns at once', async () => {
    await producerFor(bootstrap).close(1000);
  });
});
