import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { sharedBroker } from '../harness/broker.ts';
import { eventually, within } from '../harness/conditions.ts';
import { gauge, seriousLogLines } from '../harness/footprint.ts';
import { type KafkaBroker, startKafka } from '../harness/kafka.ts';
import { openRaw } from '../harness/raw-http.ts';
import { produceJson, RestConsumer } from '../harness/rest-consumer.ts';
import { type SluiceProcess, startSluice } from '../harness/sluice.ts';
import { readLog } from '../harness/topic-log.ts';
import { createTopic, uniqueName, withAdmin } from '../harness/topics.ts';

const START_MS = 120_000;
const TEST_MS = 60_000;
const GRACEFUL_MS = 5000;
/** From the end of the drain to the end of the process, and what the guard needs to tell. */
const EXIT_MARGIN_MS = 1000;
const JSON_TYPE = 'application/vnd.kafka.json.v2+json';

let bootstrap: string;
let own: KafkaBroker | undefined;
const running: SluiceProcess[] = [];

beforeAll(async () => {
  ({ bootstrap } = await sharedBroker());
}, START_MS);

afterEach(async () => {
  own?.thaw();
  await Promise.all(running.splice(0).map(async (sluice) => await sluice.stop()));
  await own?.stop();
  own = undefined;
}, START_MS);

async function start(server: string, properties: Readonly<Record<string, string>> = {}): Promise<SluiceProcess> {
  const sluice = await startSluice({
    properties: { 'bootstrap.servers': server, 'shutdown.graceful.ms': String(GRACEFUL_MS), ...properties },
  });
  running.push(sluice);
  return sluice;
}

async function membersOf(group: string): Promise<number> {
  return await withAdmin(bootstrap, async (admin) => {
    const described = await admin.describeGroups({ groups: [group] });
    return described.get(group)?.members.size ?? 0;
  });
}

/** The code with which the process ends, and when. */
async function exitOf(sluice: SluiceProcess, since: number): Promise<{ code: number | null; ms: number }> {
  const { code } = await within(sluice.exited, GRACEFUL_MS + 10_000, 'the proxy to end');
  return { code, ms: performance.now() - since };
}

describe('SIGTERM', { timeout: TEST_MS }, () => {
  it('under load: answers what it accepted, loses nothing that it acknowledged, and ends with 0 in time', async () => {
    const topic = await createTopic(bootstrap, { partitions: 2 });
    const sluice = await start(bootstrap);
    const acknowledged: string[] = [];
    let cutOff = 0;
    let draining = false;
    const writer = async (id: number): Promise<void> => {
      for (let n = 0; ; n += 1) {
        const sentAt = performance.now();
        const value = `${id}/${n}`;
        const answer = await sluice.http
          .call('POST', `/topics/${topic}`, {
            headers: { 'content-type': JSON_TYPE },
            body: JSON.stringify({ records: [{ value }] }),
          })
          .catch((error: NodeJS.ErrnoException) => error);
        if (answer instanceof Error) {
          expect(draining).toBe(true);
          // A request that reached the server must be answered; a connection that was refused never did.
          if (answer.code !== 'ECONNREFUSED' && performance.now() - sentAt > 50) cutOff += 1;
          return;
        }
        expect(answer.status).toBe(200);
        const [outcome] = (answer.json() as { offsets: { partition: number; offset: number }[] }).offsets;
        acknowledged.push(`${outcome?.partition}:${outcome?.offset}="${value}"`);
      }
    };
    const writers = Array.from({ length: 8 }, async (_, id) => await writer(id));
    await eventually(() => acknowledged.length > 200, { deadlineMs: 20_000, describe: 'load' });
    draining = true;
    const since = performance.now();
    sluice.signal('SIGTERM');
    const { code, ms } = await exitOf(sluice, since);
    await Promise.all(writers);
    expect(code).toBe(0);
    expect(ms).toBeLessThan(GRACEFUL_MS + EXIT_MARGIN_MS);
    expect(cutOff).toBe(0);
    const log = await readLog(bootstrap, topic, 2);
    const stored = new Set(log.map(({ partition, offset, value }) => `${partition}:${offset}=${value}`));
    expect(acknowledged.filter((record) => !stored.has(record))).toEqual([]);
    expect(await seriousLogLines(sluice)).toEqual([]);
  });

  it('answers long polls early with 200, commits what was delivered, and its instances leave their groups', async () => {
    const topic = await createTopic(bootstrap);
    const group = uniqueName('group');
    const sluice = await start(bootstrap);
    await produceJson(sluice.http, topic, ['a', 'b']);
    const consumer = await RestConsumer.create(sluice.http, group);
    await consumer.subscribe(topic);
    await consumer.readAll(2);
    // This read proves that the records before it have arrived.
    const polls = [consumer.readAnswer({ timeout: 30_000 }), consumer.readAnswer({ timeout: 30_000 })];
    await eventually(async () => (await gauge(sluice, 'sluice_consumer_reads')) === 2, {
      deadlineMs: 5000,
      describe: 'both reads to wait',
    });
    expect(await membersOf(group)).toBe(1);
    const since = performance.now();
    sluice.signal('SIGTERM');
    for (const answer of await Promise.all(polls)) {
      expect([answer.status, answer.text, answer.headers.connection]).toEqual([200, '[]', 'close']);
      expect(performance.now() - since).toBeLessThan(1000);
    }
    expect(await exitOf(sluice, since)).toEqual({ code: 0, ms: expect.toSatisfy((ms: number) => ms < GRACEFUL_MS) });
    expect(await membersOf(group)).toBe(0);
    const next = await RestConsumer.create((await start(bootstrap)).http, group);
    expect(await next.committed(topic)).toBe(2);
  });

  it('does not wait for clients that are silent: idle, half a request, half a body', async () => {
    const sluice = await start(bootstrap);
    const idle = await openRaw(sluice.url);
    idle.send('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await idle.answered(1);
    const fresh = await openRaw(sluice.url);
    const half = await openRaw(sluice.url);
    half.send('GET / HTTP/1.1\r\nHo');
    const body = await openRaw(sluice.url);
    body.send('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{');
    await delay(100);
    const since = performance.now();
    sluice.signal('SIGTERM');
    expect(await exitOf(sluice, since)).toEqual({
      code: 0,
      ms: expect.toSatisfy((ms: number) => ms < GRACEFUL_MS + EXIT_MARGIN_MS),
    });
    for (const connection of [idle, fresh, half, body]) {
      await connection.closed();
      connection.vanish();
    }
    expect(await seriousLogLines(sluice)).toEqual([]);
  });

  it('with a broker that does not answer: tells waiting producers so, and ends with 0 in time all the same', async () => {
    own = await startKafka({ initialRebalanceDelayMs: 0 });
    const topic = await createTopic(own.bootstrap);
    const sluice = await start(own.bootstrap);
    await produceJson(sluice.http, topic, ['a', 'b']);
    const consumer = await RestConsumer.create(sluice.http, uniqueName('group'));
    await consumer.subscribe(topic);
    await consumer.readAll(2);
    own.freeze();
    await delay(100);
    const produced = sluice.http.call('POST', `/topics/${topic}`, {
      headers: { 'content-type': JSON_TYPE },
      body: '{"records":[{"value":1}]}',
    });
    const polled = consumer.readAnswer({ timeout: 30_000 });
    await eventually(async () => (await gauge(sluice, 'sluice_producer_queue_records')) === 1, {
      deadlineMs: 5000,
      describe: 'the record to wait',
    });
    const since = performance.now();
    sluice.signal('SIGTERM');
    expect([(await polled).status, (await polled).text]).toEqual([200, '[]']);
    const answer = await produced;
    expect([answer.status, answer.json()]).toMatchObject([
      200,
      { offsets: [{ error_code: 50003, error: expect.stringContaining('may still be written') }] },
    ]);
    expect(await exitOf(sluice, since)).toEqual({
      code: 0,
      ms: expect.toSatisfy((ms: number) => ms < GRACEFUL_MS + EXIT_MARGIN_MS),
    });
    expect(await seriousLogLines(sluice)).toEqual([]);
  });

  it('a second time ends at once, with 1', async () => {
    own = await startKafka();
    const topic = await createTopic(own.bootstrap);
    const sluice = await start(own.bootstrap, { 'shutdown.graceful.ms': '30000' });
    await produceJson(sluice.http, topic, ['a']);
    own.freeze();
    await delay(100);
    const produced = sluice.http
      .call('POST', `/topics/${topic}`, { headers: { 'content-type': JSON_TYPE }, body: '{"records":[{"value":1}]}' })
      .catch(() => undefined);
    await delay(200);
    sluice.signal('SIGTERM');
    await eventually(async () => (await sluice.management.call('GET', '/readyz')).status === 503, {
      deadlineMs: 5000,
      describe: 'the proxy to be unready',
    });
    const since = performance.now();
    sluice.signal('SIGTERM');
    expect(await exitOf(sluice, since)).toEqual({ code: 1, ms: expect.toSatisfy((ms: number) => ms < 2000) });
    await produced;
  });
});
