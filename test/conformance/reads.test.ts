import { beforeAll, describe, expect, it } from 'vitest';
import { useProxy } from '../harness/proxy.ts';
import { produceJson, type RestConsumer } from '../harness/rest-consumer.ts';
import { createTopic } from '../harness/topics.ts';
import { expectAnswer, failure, JSON_V2, ok, type Row, send } from './exchanges.ts';
import { instanceIn } from './instances.ts';

/** Contract A.11; observed (f). Times are judged generously upwards: the machine may be busy. */

const proxy = useProxy();
let empty: string;
let written: string;

/** A JSON string of 200 bytes in the topic. */
const RECORD = 'x'.repeat(198);

beforeAll(async () => {
  empty = await createTopic(proxy.bootstrap);
  written = await createTopic(proxy.bootstrap);
  await produceJson(proxy.http, written, [RECORD, RECORD, RECORD]);
});

const read = (query: string) => send(`GET {consumer}/records${query}`, { accept: JSON_V2 });
const noNumber = failure(404, 404, 'HTTP 404 Not Found', JSON_V2);
const all = ok(/^\[(\{"topic":"[^"]+","key":null,"value":"x{198}","partition":0,"offset":\d\},?){3}\]$/, JSON_V2);

const parameters: readonly Row[] = [
  ['max_bytes that is no number', read('?max_bytes=abc'), noNumber],
  ['timeout that is no number', read('?timeout=abc'), noNumber],
  ['timeout beyond 64 bits', read('?timeout=9223372036854775808'), noNumber],
  ['max_bytes beyond 64 bits', read('?max_bytes=9223372036854775808'), noNumber],
  ['max_bytes with a fraction', read('?max_bytes=1.5'), noNumber],
  ['the largest timeout there is', read('?timeout=9223372036854775807'), all],
  ['max_bytes 0 is no limit', read('?timeout=10000&max_bytes=0'), all],
  ['max_bytes -1 is no limit', read('?timeout=10000&max_bytes=-1'), all],
  ['max_bytes -2 is no limit', read('?timeout=10000&max_bytes=-2'), all],
  ['an empty max_bytes is no limit', read('?timeout=10000&max_bytes='), all],
  ['the first of two values counts', read('?timeout=10000&timeout=x&max_bytes=-1&max_bytes=1'), all],
  ['an unknown parameter', read('?timeout=10000&group=g'), all],
];

async function timed<Result>(work: Promise<Result>): Promise<{ readonly value: Result; readonly ms: number }> {
  const startedAt = performance.now();
  const value = await work;
  return { value, ms: performance.now() - startedAt };
}

/** Assigned, and past the moment in which the client finds the partition's leader. */
async function warmReader(topic: string, settings: Readonly<Record<string, unknown>> = {}): Promise<RestConsumer> {
  const consumer = await instanceIn('assigned', proxy, topic, settings);
  await consumer.read({ timeout: 200, maxBytes: 1 });
  return consumer;
}

async function readWith(consumer: RestConsumer, query: string) {
  return await timed(expectAnswer(proxy.http, read(query), ok('[]', JSON_V2), { consumer: consumer.path }));
}

describe('the parameters of a read', () => {
  it.each(parameters)('%s', async (_title, sent, answer) => {
    const consumer = await instanceIn('assigned', proxy, written);
    await expectAnswer(proxy.http, sent, answer, { consumer: consumer.path });
  });

  it.each(['', '?timeout=0', '?timeout=-1', '?timeout=-2', '?timeout='])(
    'an empty read waits the default second with %j',
    async (query) => {
      const { ms } = await readWith(await warmReader(empty), query);
      expect(ms).toBeGreaterThan(950);
      expect(ms).toBeLessThan(4000);
    },
  );

  it('a timeout shortens the wait', async () => {
    expect((await readWith(await warmReader(empty), '?timeout=1')).ms).toBeLessThan(800);
  });

  it('consumer.request.timeout.ms of the create request sets the wait of reads without a timeout', async () => {
    const consumer = await warmReader(empty, { 'consumer.request.timeout.ms': 2000 });
    expect((await readWith(consumer, '')).ms).toBeGreaterThan(1950);
  });
});

describe('consumer.request.timeout.ms of less than nothing', () => {
  it('is not to wait at all', async () => {
    const consumer = await warmReader(empty, { 'consumer.request.timeout.ms': -1 });
    expect((await readWith(consumer, '')).ms).toBeLessThan(800);
  });
});

describe('max_bytes', () => {
  it('counts the bytes in the topic and not those of base64, and excludes the limit itself', async () => {
    const consumer = await instanceIn('assigned', proxy, written, { format: 'binary' });
    expect(await consumer.read({ timeout: 10_000, maxBytes: 401 })).toHaveLength(2);
    expect(await consumer.read({ timeout: 10_000, maxBytes: 400 })).toHaveLength(1);
  });
});

describe('a server with consumer.request.timeout.ms and sluice.consumer.max.timeout.ms', () => {
  const limited = useProxy({ 'consumer.request.timeout.ms': '500', 'sluice.consumer.max.timeout.ms': '1500' });

  it('waits no longer than these', async () => {
    const consumer = await instanceIn('assigned', limited, empty);
    await consumer.read({ timeout: 200 });
    const plain = await timed(consumer.read());
    expect(plain.ms).toBeGreaterThan(450);
    expect(plain.ms).toBeLessThan(1450);
    const long = await timed(consumer.read({ timeout: 9000 }));
    expect(long.ms).toBeGreaterThan(1450);
    expect(long.ms).toBeLessThan(6000);
  });

  it('waits no longer than the second of them for an instance that was made with a longer wait', async () => {
    const consumer = await instanceIn('assigned', limited, empty, { 'consumer.request.timeout.ms': 2_147_483_647 });
    await consumer.read({ timeout: 200 });
    const { ms } = await timed(consumer.read());
    expect(ms).toBeGreaterThan(1450);
    expect(ms).toBeLessThan(6000);
  });
});

describe('fetch.min.bytes of the server', () => {
  const patient = useProxy({ 'fetch.min.bytes': '10000' });

  it('holds reads up, but those of an instance with its own', async () => {
    const own = await instanceIn('assigned', patient, written, { 'fetch.min.bytes': 1 });
    expect((await timed(own.read({ timeout: 10_000 }))).ms).toBeLessThan(5000);
    const others = await instanceIn('assigned', patient, written);
    const { value, ms } = await timed(others.read({ timeout: 3000 }));
    expect(value).toHaveLength(3);
    expect(ms).toBeGreaterThan(2950);
  });
});

describe('consumer.request.max.bytes', () => {
  const small = useProxy({ 'consumer.request.max.bytes': '401' });

  it('limits every read, whatever it asks for', async () => {
    const consumer = await instanceIn('assigned', small, written);
    expect(await consumer.read({ timeout: 10_000, maxBytes: 1_000_000 })).toHaveLength(2);
    expect(await consumer.read({ timeout: 10_000 })).toHaveLength(1);
  });
});
