import { describe, expect, it } from 'vitest';
import { useProxy } from '../../harness/proxy.ts';
import { produceJson, RestConsumer } from '../../harness/rest-consumer.ts';
import { createTopic, uniqueName } from '../../harness/topics.ts';

const proxy = useProxy();

async function assigned(topic: string, body: Readonly<Record<string, unknown>> = {}): Promise<RestConsumer> {
  const consumer = await RestConsumer.create(proxy.http, uniqueName('group'), body);
  await consumer.assign(topic, 0);
  return consumer;
}

async function produceText(topic: string, text: string): Promise<void> {
  await proxy.http.call('POST', `/topics/${topic}/partitions/0`, {
    headers: { 'content-type': 'application/vnd.kafka.binary.v2+json' },
    body: JSON.stringify({ records: [{ value: Buffer.from(text).toString('base64') }] }),
  });
}

async function timed<T>(work: Promise<T>): Promise<{ readonly value: T; readonly ms: number }> {
  const startedAt = performance.now();
  const value = await work;
  return { value, ms: performance.now() - startedAt };
}

describe('point 1: a read answers as soon as it holds records and has reached the end', () => {
  it('does not wait its time out when records are there', async () => {
    const topic = await createTopic(proxy.bootstrap);
    await produceJson(proxy.http, topic, [1, 2, 3]);
    const consumer = await assigned(topic);
    const { value, ms } = await timed(consumer.read({ timeout: 20_000 }));
    expect(value.map((record) => record.value)).toEqual([1, 2, 3]);
    expect(ms).toBeLessThan(10_000);
  });

  it('gathers a known backlog into one answer', async () => {
    const topic = await createTopic(proxy.bootstrap);
    const values = Array.from({ length: 3000 }, (_, i) => i);
    await produceJson(proxy.http, topic, values);
    const consumer = await assigned(topic);
    const records = await consumer.read({ timeout: 20_000 });
    expect(records.map((record) => record.value)).toEqual(values);
  });

  it('wakes up when a record arrives', async () => {
    const topic = await createTopic(proxy.bootstrap);
    const consumer = await assigned(topic);
    expect(await consumer.read({ timeout: 50 })).toEqual([]);
    const waiting = timed(consumer.read({ timeout: 20_000 }));
    await produceJson(proxy.http, topic, ['now']);
    const { value, ms } = await waiting;
    expect(value.map((record) => record.value)).toEqual(['now']);
    expect(ms).toBeLessThan(10_000);
  });

  it('wakes up for a record that the polls of another request took (bug: it slept on until its time-out)', async () => {
    const topic = await createTopic(proxy.bootstrap);
    const consumer = await assigned(topic, { 'auto.commit.enable': false });
    for (let i = 0; i < 10; i += 1) {
      const over = new AbortController();
      const read = timed(consumer.read({ timeout: 20_000 })).finally(() => over.abort());
      const committing = (async (): Promise<void> => {
        while (!over.signal.aborted) await consumer.commit({ offsets: [{ topic, partition: 0, offset: 0 }] });
      })();
      await produceJson(proxy.http, topic, [i]);
      const { value, ms } = await read;
      await committing;
      expect(value.map((record) => record.value)).toEqual([i]);
      expect(ms).toBeLessThan(10_000);
    }
  });

  it('is held by fetch.min.bytes until there is enough, or the time is over', async () => {
    const topic = await createTopic(proxy.bootstrap);
    const consumer = await assigned(topic, { 'fetch.min.bytes': 10 });
    const short = consumer.read({ timeout: 300 });
    await produceJson(proxy.http, topic, [1234]);
    expect((await short).map((record) => record.value)).toEqual([1234]);
    const long = consumer.read({ timeout: 20_000 });
    await produceJson(proxy.http, topic, [12345]);
    await produceJson(proxy.http, topic, [678901]);
    expect((await long).map((record) => record.value)).toEqual([12345, 678901]);
  });

  it('honours a timeout beyond consumer.request.timeout.ms, and waits that long without one', async () => {
    const topic = await createTopic(proxy.bootstrap);
    const consumer = await assigned(topic);
    const plain = await timed(consumer.read());
    expect(plain.value).toEqual([]);
    expect(plain.ms).toBeGreaterThan(950);
    const long = await timed(consumer.read({ timeout: 2500 }));
    expect(long.ms).toBeGreaterThan(2450);
  });
});

describe('point 2: the first read of a subscription waits for its assignment', () => {
  it('returns the records although the broker delays the first rebalance', async () => {
    const topic = await createTopic(proxy.bootstrap);
    await produceJson(proxy.http, topic, ['first']);
    const consumer = await RestConsumer.create(proxy.http, uniqueName('group'));
    await consumer.subscribe(topic);
    const records = await consumer.read();
    expect(records.map((record) => record.value)).toEqual(['first']);
    await consumer.delete();
  });

  it('does not outlast an explicit timeout', async () => {
    const topic = await createTopic(proxy.bootstrap);
    const consumer = await RestConsumer.create(proxy.http, uniqueName('group'));
    await consumer.subscribe(topic);
    const { value, ms } = await timed(consumer.read({ timeout: 200 }));
    expect(value).toEqual([]);
    expect(ms).toBeLessThan(2000);
    await consumer.delete();
  });

  it('answers an empty list for a topic that does not exist', async () => {
    const consumer = await RestConsumer.create(proxy.http, uniqueName('group'));
    await consumer.subscribe(uniqueName('missing'));
    const { value, ms } = await timed(consumer.read());
    expect(value).toEqual([]);
    expect(ms).toBeLessThan(5000);
  });
});

describe('point 3: max_bytes smaller than the next record returns that record', () => {
  it('returns one record at a time when each is too large', async () => {
    const topic = await createTopic(proxy.bootstrap);
    await produceJson(proxy.http, topic, ['x'.repeat(198), 'y'.repeat(198), 'z'.repeat(198)]);
    const consumer = await assigned(topic);
    expect(await consumer.read({ maxBytes: 1 })).toHaveLength(1);
    expect(await consumer.read({ maxBytes: 200 })).toHaveLength(1);
    expect(await consumer.read({ maxBytes: 200 })).toHaveLength(1);
  });

  it('counts raw bytes and excludes the limit itself, as Confluent does', async () => {
    const topic = await createTopic(proxy.bootstrap);
    await produceJson(
      proxy.http,
      topic,
      Array.from({ length: 6 }, () => 'x'.repeat(198)),
    );
    const consumer = await assigned(topic);
    expect(await consumer.read({ maxBytes: 201 })).toHaveLength(1);
    expect(await consumer.read({ maxBytes: 400 })).toHaveLength(1);
    expect(await consumer.read({ maxBytes: 401 })).toHaveLength(2);
  });
});

describe('an answer full of records without a size', () => {
  const limited = useProxy({ 'sluice.consumer.read.target.bytes': '65536' });

  it('ends where its own size is large (bug: a topic of tombstones came as one answer, whatever the limits)', async () => {
    const topic = await createTopic(limited.bootstrap);
    const records = Array.from({ length: 20_000 }, () => ({ value: null, partition: 0 }));
    const produced = await limited.http.call('POST', `/topics/${topic}`, {
      headers: { 'content-type': 'application/vnd.kafka.binary.v2+json' },
      body: JSON.stringify({ records }),
    });
    expect(produced.status).toBe(200);
    const consumer = await RestConsumer.create(limited.http, uniqueName('group'));
    await consumer.assign(topic, 0);
    const first = await consumer.readAnswer({ timeout: 10_000 });
    expect(first.bytes.length).toBeLessThan(4 * 65_536);
    const taken = (first.json() as unknown[]).length;
    expect(await consumer.readAll(records.length - taken)).toHaveLength(records.length - taken);
  });
});

describe('point 4: good records before a poison one are returned', () => {
  it('gives the error on the next read, again on each, until the client seeks past it', async () => {
    const topic = await createTopic(proxy.bootstrap);
    await produceJson(proxy.http, topic, ['good', 'good too']);
    await produceText(topic, 'not json');
    await produceJson(proxy.http, topic, ['after']);
    const consumer = await assigned(topic);
    expect((await consumer.readAll(2)).map((record) => record.value)).toEqual(['good', 'good too']);
    for (let i = 0; i < 2; i += 1) {
      const answer = await consumer.readAnswer({ timeout: 5000 });
      expect(answer.status).toBe(408);
      expect(answer.json()).toMatchObject({
        error_code: 40801,
        message: expect.stringContaining(`${topic}-0 at offset 2`),
      });
      expect(answer.headers['content-type']).toBe('application/vnd.kafka.json.v2+json');
    }
    await consumer.seek(topic, 0, 3);
    expect((await consumer.readAll(1)).map((record) => record.value)).toEqual(['after']);
  });
});

describe('point 9: a read whose response did not reach the client is answered again', () => {
  it('returns the records of an aborted response first', async () => {
    const topic = await createTopic(proxy.bootstrap);
    // More than the buffers of both sockets hold: what the kernel has taken counts as sent.
    const values = Array.from({ length: 20_000 }, (_, i) => `${i}-${'x'.repeat(1200)}`);
    for (let i = 0; i < values.length; i += 5000) await produceJson(proxy.http, topic, values.slice(i, i + 5000));
    const consumer = await assigned(topic);
    const { port, hostname } = new URL(proxy.url);
    // A client that dies while a large answer is on its way to it: it reads the head and closes.
    const { connect } = await import('node:net');
    await new Promise<void>((resolve, reject) => {
      const socket = connect(Number(port), hostname);
      socket.once('error', reject);
      socket.write(
        `GET ${consumer.path}/records?timeout=10000&max_bytes=60000000 HTTP/1.1\r\nHost: x\r\nAccept: ${consumer.accept}\r\n\r\n`,
      );
      socket.once('data', () => {
        socket.resetAndDestroy();
        resolve();
      });
    });
    const records = await consumer.readAll(values.length);
    expect(records[0]).toMatchObject({ offset: 0 });
    expect(records.map((record) => record.offset)).toEqual(values.map((_, i) => i));
  });

  it('gives the same batch again for the same Idempotency-Key, and the next one for another', async () => {
    const topic = await createTopic(proxy.bootstrap);
    await produceJson(proxy.http, topic, [1, 2]);
    const consumer = await assigned(topic);
    const first = await consumer.readAnswer({ timeout: 5000, headers: { 'idempotency-key': 'a' } });
    await produceJson(proxy.http, topic, [3]);
    const again = await consumer.readAnswer({ timeout: 5000, headers: { 'idempotency-key': 'a' } });
    expect(again.text).toBe(first.text);
    const next = await consumer.read({ timeout: 5000, headers: { 'idempotency-key': 'b' } });
    expect(next.map((record) => record.value)).toEqual([3]);
  });

  it('takes no record for a client that left while it waited', async () => {
    const topic = await createTopic(proxy.bootstrap);
    const consumer = await assigned(topic);
    const abort = new AbortController();
    const left = consumer.read({ timeout: 20_000, signal: abort.signal }).catch((error: unknown) => error);
    await consumer.read({ timeout: 100 });
    abort.abort();
    await left;
    await produceJson(proxy.http, topic, ['kept']);
    expect((await consumer.readAll(1)).map((record) => record.value)).toEqual(['kept']);
  });
});

describe('point 10: a read without an Accept header works for every format', () => {
  it.each(['json', 'binary'])('%s', async (format) => {
    const topic = await createTopic(proxy.bootstrap);
    await produceJson(proxy.http, topic, [{ a: 1 }]);
    const consumer = await assigned(topic, { format });
    const answer = await proxy.http.call('GET', `${consumer.path}/records?timeout=5000`);
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toBe(`application/vnd.kafka.${format}.v2+json`);
    const [record] = answer.json() as { value: unknown }[];
    expect(record?.value).toEqual(format === 'json' ? { a: 1 } : Buffer.from('{"a":1}').toString('base64'));
  });

  it('still answers 406/40601 when the client names another format', async () => {
    const topic = await createTopic(proxy.bootstrap);
    const consumer = await assigned(topic);
    const answer = await proxy.http.call('GET', `${consumer.path}/records`, {
      headers: { accept: 'application/vnd.kafka.binary.v2+json' },
    });
    expect(answer.status).toBe(406);
    expect(answer.json()).toEqual({
      error_code: 40601,
      message: 'The requested embedded data format does not match the deserializer for this consumer instance',
    });
  });
});
