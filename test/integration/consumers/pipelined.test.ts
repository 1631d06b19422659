import { describe, expect, it } from 'vitest';
import { eventually } from '../../harness/conditions.ts';
import { gauge } from '../../harness/footprint.ts';
import { useProxy } from '../../harness/proxy.ts';
import { openRaw } from '../../harness/raw-http.ts';
import { produceJson, RestConsumer } from '../../harness/rest-consumer.ts';
import { createTopic, uniqueName } from '../../harness/topics.ts';

const proxy = useProxy();

async function readingOf(values: readonly unknown[]): Promise<RestConsumer> {
  const topic = await createTopic(proxy.bootstrap);
  if (values.length > 0) await produceJson(proxy.http, topic, values);
  const consumer = await RestConsumer.create(proxy.http, uniqueName('group'), { 'auto.commit.enable': false });
  await consumer.assign(topic, 0);
  return consumer;
}

const requestOf = (consumer: RestConsumer, timeoutMs: number): string =>
  `GET ${consumer.path}/records?timeout=${timeoutMs} HTTP/1.1\r\nHost: x\r\n\r\n`;

/** How many answers are ready on the server, their turn on the connection still to come. */
async function answered(count: number): Promise<void> {
  await eventually(async () => (await gauge(proxy, 'sluice_http_body_bytes')) >= count, {
    deadlineMs: 10_000,
    describe: 'the answer behind the waiting one',
  });
}

describe('two reads sent at once on one connection', () => {
  it('are delivered once each (bug: the second counted as cut off, and came again)', async () => {
    const [empty, full] = [await readingOf([]), await readingOf(['a', 'b'])];
    const connection = await openRaw(proxy.url);
    connection.send(requestOf(empty, 1500) + requestOf(full, 1500));
    const answers = await connection.answered(2);
    connection.vanish();
    expect(answers.map(({ body }) => (JSON.parse(body) as unknown[]).length)).toEqual([0, 2]);
    expect(await full.read({ timeout: 500 })).toEqual([]);
  });

  it('lose nothing when the client vanishes before the turn of the second (bug: it was open for ever, with its memory)', async () => {
    const [empty, full] = [await readingOf([]), await readingOf(['a', 'b'])];
    const connection = await openRaw(proxy.url);
    connection.send(requestOf(empty, 25_000) + requestOf(full, 25_000));
    await answered(1);
    connection.vanish();
    await eventually(async () => (await gauge(proxy, 'sluice_http_body_bytes')) === 0, {
      deadlineMs: 5000,
      describe: 'the memory of the answer to be given back',
    });
    const again = await full.readAll(2);
    expect(again.map((record) => record.value)).toEqual(['a', 'b']);
    await full.commit();
    expect(await full.committed(again[0]?.topic ?? '')).toBe(2);
  });

  it('stop waiting when the client vanishes, the second too', async () => {
    const [first, second] = [await readingOf([]), await readingOf([])];
    const connection = await openRaw(proxy.url);
    connection.send(requestOf(first, 25_000) + requestOf(second, 25_000));
    await eventually(async () => (await gauge(proxy, 'sluice_consumer_reads_waiting')) === 2, {
      deadlineMs: 10_000,
      describe: 'both to wait',
    });
    connection.vanish();
    await eventually(async () => (await gauge(proxy, 'sluice_consumer_reads_waiting')) === 0, {
      deadlineMs: 5000,
      describe: 'both to end',
    });
  });
});
