import { request } from 'node:http';
import { describe, expect, it } from 'vitest';
import { deferred } from '../../harness/conditions.ts';
import { useProxy } from '../../harness/proxy.ts';
import { produceJson, RestConsumer, type RestRecord } from '../../harness/rest-consumer.ts';
import { createTopic, uniqueName } from '../../harness/topics.ts';

const RECORDS = 3000;
const RECORD_BYTES = 10_000;
/** More than the buffers of both sockets hold: a smaller answer counts as sent although its client is gone. */
const CUT_FROM_BYTES = 12_000_000;
const DEADLINE_MS = 45_000;

const proxy = useProxy();

/** Reads as much as there is, and leaves at the first byte of a large answer. */
async function readOrLeave(consumer: RestConsumer): Promise<RestRecord[]> {
  const { port, hostname } = new URL(proxy.url);
  const outcome = deferred<RestRecord[]>();
  const outgoing = request({
    host: hostname,
    port,
    path: `${consumer.path}/records?timeout=3000&max_bytes=40000000`,
    headers: { accept: consumer.accept },
    agent: false,
  });
  outgoing.once('response', (response) => {
    const chunks: Buffer[] = [];
    response.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      if (Number(response.headers['content-length']) < CUT_FROM_BYTES) return;
      outgoing.destroy();
      outcome.resolve([]);
    });
    response.once('end', () => outcome.resolve(JSON.parse(Buffer.concat(chunks).toString()) as RestRecord[]));
    response.once('error', () => outcome.resolve([]));
  });
  outgoing.once('error', () => outcome.resolve([]));
  outgoing.end();
  return await outcome.promise;
}

describe('several clients of one instance, some of which leave in the middle of an answer', () => {
  it('get every record, and no commit passes one that nobody got (bug: it did, beside a rewind)', async () => {
    const topic = await createTopic(proxy.bootstrap);
    for (let first = 0; first < RECORDS; first += 500) {
      await produceJson(
        proxy.http,
        topic,
        Array.from({ length: 500 }, () => 'x'.repeat(RECORD_BYTES)),
      );
    }
    const consumer = await RestConsumer.create(proxy.http, uniqueName('group'), { 'auto.commit.enable': false });
    await consumer.assign(topic, 0);
    const received = new Set<number>();
    const read = async (size: number): Promise<void> => {
      for (const { offset } of await consumer.read({ timeout: 1000, maxBytes: size })) received.add(offset);
    };
    const leave = async (): Promise<void> => {
      for (const { offset } of await readOrLeave(consumer)) received.add(offset);
    };
    const endAt = performance.now() + DEADLINE_MS;
    for (let turn = 0; received.size < RECORDS && performance.now() < endAt; turn += 1) {
      const size = 50_000 * (1 + (turn % 7));
      await Promise.all([turn % 4 === 0 ? leave() : read(size), read(2 * size), read(size), consumer.commit()]);
      const committed = (await consumer.committed(topic)) ?? 0;
      expect(
        Array.from({ length: committed }, (_, offset) => offset).filter((offset) => !received.has(offset)),
      ).toEqual([]);
    }
    expect(received.size).toBe(RECORDS);
  }, 90_000);
});
