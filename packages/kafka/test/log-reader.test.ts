import rdkafka from 'node-rdkafka';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sharedBroker } from '../../../test/harness/broker.ts';
import { createTopic, uniqueName } from '../../../test/harness/topics.ts';
import { BlockingCalls } from '../src/blocking-calls.ts';
import { LogReader, NoReaderFree, OffsetOutOfRange } from '../src/log-reader.ts';
import { batchOf, producerFor } from './producing.ts';

/** Longer than a test may take: who waits for it has not noticed that there is nothing to wait for. */
const LONG_MS = 60_000;

let bootstrap: string;
let reader: LogReader;

beforeAll(async () => {
  ({ bootstrap } = await sharedBroker());
  reader = readerOf(2);
}, 120_000);
afterAll(async () => {
  await reader?.close();
});

function readerOf(clientsMax: number, waitMs = 5000): LogReader {
  return new LogReader({
    client: {
      settings: { global: { 'bootstrap.servers': bootstrap }, topic: {} },
      readAheadBytes: 1_048_576,
      connectTimeoutMs: 5000,
      requestTimeoutMs: 5000,
      blockingCalls: new BlockingCalls(),
    },
    clientsMax,
    waitMs,
    onLog: () => undefined,
  });
}

/** Writes so many records to partition 0. */
async function produceTo(topic: string, count: number): Promise<void> {
  const producer = producerFor(bootstrap);
  const records = Array.from({ length: count }, (_, i) => ({ value: String(i), partition: 0 }));
  const { errors } = await producer.produce(topic, batchOf(records));
  expect(errors?.size ?? 0).toBe(0);
  await producer.close(5000);
}

interface Options {
  readonly count?: number;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  readonly awaits?: () => boolean;
}

/** The offsets from one on. */
async function offsetsFrom(topic: string, offset: number, options: Options = {}): Promise<number[]> {
  const { count = Number.POSITIVE_INFINITY, timeoutMs = LONG_MS, awaits = () => false } = options;
  const offsets: number[] = [];
  await reader.read({
    topic,
    partition: 0,
    offset,
    take: (record) => offsets.push(record.offset) < count,
    awaits,
    timeoutMs,
    signal: options.signal ?? new AbortController().signal,
  });
  return offsets;
}

describe('a read without a group', () => {
  it('begins at its offset, and ends with its count or with the log', async () => {
    const topic = await createTopic(bootstrap);
    await produceTo(topic, 50);
    expect(await offsetsFrom(topic, 0)).toEqual(Array.from({ length: 50 }, (_, i) => i));
    expect(await offsetsFrom(topic, 47)).toEqual([47, 48, 49]);
    expect(await offsetsFrom(topic, 10, { count: 2 })).toEqual([10, 11]);
    expect(await offsetsFrom(topic, 50)).toEqual([]);
  });

  it('tells why it ended: nothing more is wanted, there is no more, or nobody knows', async () => {
    const topic = await createTopic(bootstrap);
    await produceTo(topic, 2);
    const read = { topic, partition: 0, offset: 0, signal: new AbortController().signal };
    const whole = { ...read, take: () => true, timeoutMs: LONG_MS };
    expect(await reader.read({ ...whole, awaits: () => false })).toBe('end');
    expect(await reader.read({ ...whole, take: () => false, awaits: () => false })).toBe('enough');
    expect(await reader.read({ ...whole, awaits: () => true, timeoutMs: 50 })).toBe('time');
  });

  it('shares its clients with others: nothing of one comes to the next', async () => {
    const topics = [await createTopic(bootstrap), await createTopic(bootstrap)] as const;
    await produceTo(topics[0], 2000);
    await produceTo(topics[1], 3);
    for (let turn = 0; turn < 10; turn += 1) {
      expect(await offsetsFrom(topics[0], turn, { count: 1 })).toEqual([turn]);
      expect(await offsetsFrom(topics[1], 1)).toEqual([1, 2]);
    }
    expect(reader.stats()).toMatchObject({ inUse: 0, waiting: 0 });
  });

  it('does not wait behind the last record for what is none: the end of a transaction', async () => {
    const topic = await createTopic(bootstrap);
    const producer = new rdkafka.Producer({ 'bootstrap.servers': bootstrap, 'transactional.id': uniqueName('tx') }, {});
    const call = async (run: (done: (error: unknown) => void) => void): Promise<void> =>
      await new Promise((resolve, reject) => {
        run((error) => (error ? reject(new Error('a transaction failed', { cause: error })) : resolve()));
      });
    await call((done) => producer.connect({}, done));
    await call((done) => producer.initTransactions(10_000, done));
    await call((done) => producer.beginTransaction(done));
    for (let i = 0; i < 3; i += 1) producer.produce(topic, 0, Buffer.from(String(i)));
    await call((done) => producer.commitTransaction(10_000, done));
    await call((done) => producer.disconnect(done));
    expect(await offsetsFrom(topic, 0)).toEqual([0, 1, 2]);
    // The marker has an offset of its own.
    expect(await offsetsFrom(topic, 3)).toEqual([]);
    await expect(offsetsFrom(topic, 5)).rejects.toThrow(OffsetOutOfRange);
  });

  it('waits at the end of the log where it is told to', async () => {
    const topic = await createTopic(bootstrap);
    const read = offsetsFrom(topic, 0, { awaits: () => true, count: 1 });
    await produceTo(topic, 1);
    expect(await read).toEqual([0]);
    expect(await offsetsFrom(topic, 1, { awaits: () => true, timeoutMs: 50 })).toEqual([]);
  });

  it('ends when its caller leaves', async () => {
    const topic = await createTopic(bootstrap);
    const caller = new AbortController();
    const read = offsetsFrom(topic, 0, { awaits: () => true, signal: caller.signal });
    caller.abort();
    expect(await read).toEqual([]);
  });

  it('is refused where the log has no such offset, and the client serves on', async () => {
    const topic = await createTopic(bootstrap);
    await produceTo(topic, 2);
    await expect(offsetsFrom(topic, 99)).rejects.toThrow(OffsetOutOfRange);
    expect(await offsetsFrom(topic, 1)).toEqual([1]);
  });

  it('waits for a client that is free, and no longer than it may', async () => {
    const topic = await createTopic(bootstrap);
    const few = readerOf(1, 50);
    const caller = new AbortController();
    const common = { topic, partition: 0, offset: 0, take: () => true, timeoutMs: LONG_MS };
    const first = few.read({ ...common, awaits: () => true, signal: caller.signal });
    const second = few.read({ ...common, awaits: () => false, signal: caller.signal });
    await expect(second).rejects.toThrow(NoReaderFree);
    await expect(second).rejects.toMatchObject({ retriable: true });
    caller.abort();
    await first;
    await few.close();
  });
});
