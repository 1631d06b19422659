import { Consumer } from '@platformatic/kafka';
import type { RecordBatch, RecordHeader } from '@sluice/protocol';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sharedBroker } from '../../../test/harness/broker.ts';
import { eventually } from '../../../test/harness/conditions.ts';
import { createTopic, uniqueName } from '../../../test/harness/topics.ts';
import type { Producer } from '../src/producer.ts';
import { headersRead, isNative, nativeHeaders } from '../src/record-headers.ts';
import { batchOf, failures, producerFor } from './producing.ts';

/** Headers and times on the wire, read back by a client that keeps every byte of them, null included. */

let bootstrap: string;
let producer: Producer;

beforeAll(async () => {
  bootstrap = (await sharedBroker()).bootstrap;
  producer = producerFor(bootstrap, { exact: { clientId: 'test', bootstrapBrokers: [bootstrap] } });
}, 120_000);
afterAll(async () => {
  await producer.close(5000);
});

interface Stored {
  readonly value: string;
  readonly timestamp: number;
  readonly headers: readonly (readonly [string, string | null])[];
}

const hex = (value: Buffer | null): string | null => value?.toString('hex') ?? null;

/** Everything in partition 0, in order. */
async function stored(topic: string, count: number): Promise<Stored[]> {
  const consumer = new Consumer({ clientId: 'test', groupId: uniqueName('g'), bootstrapBrokers: [bootstrap] });
  try {
    const stream = await consumer.consume({ topics: [topic], mode: 'earliest', autocommit: false });
    const records: Stored[] = [];
    for await (const message of stream) {
      const headers = [...message.headers].map(([key, value]) => [String(key), hex(value)] as const);
      records.push({ value: String(message.value), timestamp: Number(message.timestamp), headers });
      if (records.length === count) break;
    }
    return records;
  } finally {
    await new Promise((resolve) => consumer.close(true, resolve));
  }
}

function batch(headers: readonly RecordHeader[][], timestamps?: readonly number[]): RecordBatch {
  const plain = batchOf(headers.map((_, i) => ({ key: 'k', value: `v${i}`, partition: 0 })));
  return { ...plain, headers, ...(timestamps === undefined ? {} : { timestamps }) };
}

const text = (key: string, value: string): RecordHeader => ({ key, value: Buffer.from(value) });

describe('headers', () => {
  it('of text go by way of librdkafka, others are sent exactly', () => {
    expect(isNative(batch([[text('a', 'ä'), text('a', '')], []]))).toBe(true);
    expect(isNative(batch([[{ key: 'a', value: null }]]))).toBe(false);
    expect(isNative(batch([[{ key: 'a', value: Buffer.from([0xff]) }]]))).toBe(false);
    expect(isNative(batch([[text('a', 'x\0y')]]))).toBe(false);
    expect(isNative(batch([[text('a\0', 'x')]]))).toBe(false);
    expect(isNative(batch([[]], [0]))).toBe(false);
    expect(isNative(batchOf([{ value: 'v' }]))).toBe(true);
  });

  it('arrive byte for byte and in order, with keys that come twice, null and empty values', {
    timeout: 60_000,
  }, async () => {
    const key = fc.oneof(fc.constantFrom('a', '1', '', '__proto__', 'ä', 'x\0y'), fc.string({ maxLength: 20 }));
    const value = fc.oneof(
      fc.constant(null),
      fc.string({ maxLength: 20 }).map((written) => Buffer.from(written)),
      fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
    );
    // The reader of this test takes several empty keys of one record for one.
    const few = fc
      .array(fc.record({ key, value }), { maxLength: 5 })
      .filter((headers) => headers.filter((header) => header.key === '').length < 2);
    const records = fc.array(few, { minLength: 1, maxLength: 20 });
    const topic = await createTopic(bootstrap);
    const sent: Stored[] = [];
    for (const headers of fc.sample(records, 20)) {
      const timestamps = headers.map((_, i) => (i % 3 === 0 ? i : 1_700_000_000_000 + i));
      const result = await producer.produce(topic, batch(headers, timestamps));
      expect(failures(result)).toEqual([]);
      expect(result.offsets).toEqual(headers.map((_, i) => sent.length + i));
      sent.push(
        ...headers.map((own, i) => ({
          value: `v${i}`,
          timestamp: timestamps[i] as number,
          headers: own.map((header) => [header.key, hex(header.value)] as const),
        })),
      );
    }
    expect(await stored(topic, sent.length)).toEqual(sent);
  });

  it('read are told as they were sent, but for null, which reads as empty', () => {
    const own = [text('a', 'x'), text('7', 'y'), text('a', 'z'), text('__proto__', 'p')];
    const native = nativeHeaders(own)?.map((header) =>
      Object.hasOwn(header, '__proto__')
        ? Object.setPrototypeOf({}, Buffer.from('p'))
        : Object.fromEntries(Object.entries(header).map(([key, value]) => [key, Buffer.from(value)])),
    );
    expect(headersRead(native)).toEqual(own);
    expect(headersRead(undefined)).toEqual([]);
  });
});

describe('records that are sent exactly', () => {
  const binary = (): RecordHeader[] => [{ key: 'h', value: Buffer.from([0xff, 0, 0xfe]) }];

  it('go where the Java client would put their keys', async () => {
    const topic = await createTopic(bootstrap, { partitions: 7 });
    const keys = Array.from({ length: 50 }, (_, i) => ({ key: `key-${i}`, value: 'v' }));
    const librdkafka = await producer.produce(topic, batchOf(keys));
    const exact = await producer.produce(topic, { ...batchOf(keys), headers: keys.map(binary) });
    expect(failures(exact)).toEqual([]);
    expect(exact.partitions).toEqual(librdkafka.partitions);
  });

  it('go as many batches as the topic takes', async () => {
    const topic = await createTopic(bootstrap, { settings: { 'max.message.bytes': '100000' } });
    const records = Array.from({ length: 100 }, () => ({ value: 'x'.repeat(5000), partition: 0 }));
    const { offsets, errors } = await producer.produce(topic, { ...batchOf(records), headers: records.map(binary) });
    expect(errors).toBeUndefined();
    expect(offsets).toEqual(records.map((_, i) => i));
  });

  it('fail one by one where the topic has no such partition, and together where there is no topic', async () => {
    const topic = await createTopic(bootstrap);
    const records = [
      { value: 'a', partition: 0 },
      { value: 'b', partition: 5 },
    ];
    const some = await producer.produce(topic, { ...batchOf(records), headers: records.map(binary) });
    expect(some.offsets).toEqual([0, -1]);
    expect(failures(some).map(([index, , , , message]) => [index, message])).toEqual([
      [1, `Partition 5 of topic ${topic} with partition count 1 is not present in metadata after 1000 ms.`],
    ]);
    const none = await producer.produce(uniqueName('none'), { ...batchOf([{ value: 'a' }]), headers: [binary()] });
    expect(failures(none)).toHaveLength(1);
    await eventually(() => producer.stats().requests === 0, { deadlineMs: 5000, describe: 'the end of all requests' });
    expect(producer.stats()).toEqual({ requests: 0, records: 0, bytes: 0 });
  });

  it('count with their headers against the size of a request', async () => {
    const topic = await createTopic(bootstrap);
    const large = [{ key: 'h', value: Buffer.alloc(1_100_000, 1) }];
    const result = await producer.produce(topic, { ...batchOf([{ value: 'v' }]), headers: [large] });
    expect(failures(result)[0]?.[2]).toBe('tooLarge');
  });
});
