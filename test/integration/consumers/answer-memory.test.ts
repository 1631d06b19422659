import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { useProxy } from '../../harness/proxy.ts';
import { produceJson, RestConsumer } from '../../harness/rest-consumer.ts';
import { createTopic, uniqueName } from '../../harness/topics.ts';

const proxy = useProxy();

const VALUE_BYTES = 4000;
/** Of them an answer is larger than what the kernel takes for a client that does not read. */
const MANY = 6000;

/** A topic whose records all hold one letter, and a consumer at its begin. */
async function readerOf(letter: string, records: number): Promise<{ topic: string; consumer: RestConsumer }> {
  const topic = await createTopic(proxy.bootstrap);
  const values = Array.from({ length: records }, () => letter.repeat(VALUE_BYTES));
  for (let i = 0; i < records; i += 1000) await produceJson(proxy.http, topic, values.slice(i, i + 1000));
  const consumer = await RestConsumer.create(proxy.http, uniqueName('group'));
  await consumer.assign(topic, 0);
  return { topic, consumer };
}

/** Asks for everything that these have, on one connection, and takes the first bytes of the answers. */
async function beginReading(...consumers: readonly RestConsumer[]): Promise<{ socket: Socket; begin: Buffer }> {
  const { port, hostname } = new URL(proxy.url);
  const socket = connect(Number(port), hostname);
  const requests = consumers.map(({ path, accept }, i) => {
    const target = `${path}/records?timeout=10000&max_bytes=60000000`;
    const connection = i < consumers.length - 1 ? 'keep-alive' : 'close';
    return `GET ${target} HTTP/1.1\r\nHost: x\r\nAccept: ${accept}\r\nConnection: ${connection}\r\n\r\n`;
  });
  socket.write(requests.join(''));
  const [begin] = (await once(socket, 'data')) as [Buffer];
  socket.pause();
  return { socket, begin };
}

/** The values of the last of several HTTP answers. */
function lastValues(answers: Buffer): string[] {
  const body = answers.subarray(answers.lastIndexOf('\r\n\r\n') + 4).toString();
  return (JSON.parse(body) as { value: string }[]).map(({ value }) => value);
}

async function readOften({ topic, consumer }: Awaited<ReturnType<typeof readerOf>>, times: number): Promise<void> {
  for (let i = 0; i < times; i += 1) {
    await consumer.seek(topic, 0, 0);
    await consumer.read({ timeout: 10_000 });
  }
}

describe('answers are written to memory that others were written to, and', () => {
  it('one that waits for its turn on a slow connection stays as it is while others are sent', async () => {
    const slow = await readerOf('s', MANY);
    const behind = await readerOf('b', 200);
    const other = await readerOf('o', 1000);
    const { socket, begin } = await beginReading(slow.consumer, behind.consumer);
    await readOften(other, 5);
    const rest = await socket.toArray();
    const values = lastValues(Buffer.concat([begin, ...(rest as Buffer[])]));
    expect(values.filter((value) => value === 'b'.repeat(VALUE_BYTES)).length).toBe(200);
    expect(values.length).toBe(200);
  });

  it('one that is kept for its Idempotency-Key is the very same after others were sent', async () => {
    const keyed = await readerOf('k', 200);
    const other = await readerOf('o', 1000);
    const headers = { 'idempotency-key': 'a' };
    const first = await keyed.consumer.readAnswer({ timeout: 10_000, headers });
    await readOften(other, 5);
    const again = await keyed.consumer.readAnswer({ timeout: 10_000, headers });
    expect(first.json()).toHaveLength(200);
    expect(again.text === first.text).toBe(true);
  });

  it('one that was cut off leaves nothing of it in those of others', async () => {
    const cut = await readerOf('c', MANY);
    const other = await readerOf('o', 1000);
    const { socket } = await beginReading(cut.consumer);
    socket.resetAndDestroy();
    for (let i = 0; i < 5; i += 1) {
      await other.consumer.seek(other.topic, 0, 0);
      const values = (await other.consumer.read({ timeout: 10_000 })).map(({ value }) => value);
      expect(new Set(values)).toEqual(new Set(['o'.repeat(VALUE_BYTES)]));
    }
  });
});
