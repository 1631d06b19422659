import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '../harness/conditions.ts';
import { gauge, seriousLogLines } from '../harness/footprint.ts';
import type { HttpAnswer } from '../harness/http.ts';
import { type KafkaBroker, startKafka } from '../harness/kafka.ts';
import { RestConsumer } from '../harness/rest-consumer.ts';
import { type SluiceProcess, startSluice } from '../harness/sluice.ts';
import { readLog } from '../harness/topic-log.ts';
import { createTopic, uniqueName } from '../harness/topics.ts';

const TEST_MS = 180_000;
const PARTITIONS = 3;
const RECORDS = 12;
const WRITERS = 4;
const PRODUCE_TIMEOUT_MS = 4000;
const ADMIN_TIMEOUT_MS = 2000;
/** Our own deadline lies 2 s behind librdkafka's; the rest is for a machine that starts a broker at the same time. */
const ANSWER_MS = PRODUCE_TIMEOUT_MS + 2000 + 4000;

let broker: KafkaBroker | undefined;
let sluice: SluiceProcess | undefined;

afterEach(async () => {
  await sluice?.stop();
  await broker?.stop();
}, TEST_MS);

interface Outcome {
  readonly partition: number | null;
  readonly offset: number | null;
  readonly error_code: number | null;
  readonly error: string | null;
}

async function start(): Promise<{ broker: KafkaBroker; sluice: SluiceProcess }> {
  broker = await startKafka({ initialRebalanceDelayMs: 0 });
  sluice = await startSluice({
    properties: {
      'bootstrap.servers': broker.bootstrap,
      'sluice.produce.timeout.ms': String(PRODUCE_TIMEOUT_MS),
      'sluice.kafka.admin.timeout.ms': String(ADMIN_TIMEOUT_MS),
    },
  });
  return { broker, sluice };
}

async function send(proxy: SluiceProcess, topic: string, name: string): Promise<HttpAnswer> {
  const records = Array.from({ length: RECORDS }, (_, i) => ({ value: `${name}/${i}`, partition: i % PARTITIONS }));
  return await proxy.http.call('POST', `/topics/${topic}`, {
    headers: { 'content-type': 'application/vnd.kafka.json.v2+json' },
    body: JSON.stringify({ records }),
  });
}

describe('a broker that is killed in the middle of many produce requests', () => {
  it(
    'has each acknowledged record once, in order; all others were answered as failed, in time',
    async () => {
      const parts = await start();
      const topic = await createTopic(parts.broker.bootstrap, { partitions: PARTITIONS });
      const acknowledged: string[] = [];
      const failures: Outcome[] = [];
      let slowestMs = 0;
      let answers = 0;
      const stop = new AbortController();
      const writer = async (id: number): Promise<void> => {
        for (let n = 0; !stop.signal.aborted; n += 1) {
          const startedAt = performance.now();
          const answer = await send(parts.sluice, topic, `${id}/${n}`);
          slowestMs = Math.max(slowestMs, performance.now() - startedAt);
          answers += 1;
          expect(answer.status).toBe(200);
          const { offsets } = answer.json() as { offsets: Outcome[] };
          expect(offsets).toHaveLength(RECORDS);
          for (const [i, outcome] of offsets.entries()) {
            if (outcome.error_code === null)
              acknowledged.push(`${outcome.partition}:${outcome.offset}="${id}/${n}/${i}"`);
            else failures.push(outcome);
          }
        }
      };
      const writers = Array.from({ length: WRITERS }, async (_, id) => await writer(id));
      await eventually(() => answers > 100, { deadlineMs: 20_000, describe: 'the first answers' });
      await parts.broker.kill();
      // Long enough for requests to fail, so that both outcomes are seen.
      await eventually(() => failures.length > 0, { deadlineMs: 30_000, describe: 'failures while it is gone' });
      await parts.broker.restart();
      const before = acknowledged.length;
      await eventually(() => acknowledged.length > before + 500, {
        deadlineMs: 60_000,
        describe: 'acknowledgements after the restart',
      });
      stop.abort();
      await Promise.all(writers);

      expect(slowestMs).toBeLessThan(ANSWER_MS);
      for (const { error_code: code, error } of failures) {
        expect(code).toBe(50003);
        expect(error).toMatch(/may still be written|not present in metadata|was not sent/);
      }
      const log = await readLog(parts.broker.bootstrap, topic, PARTITIONS);
      const stored = new Set(log.map(({ partition, offset, value }) => `${partition}:${offset}=${value}`));
      expect(acknowledged.filter((record) => !stored.has(record))).toEqual([]);
      expect(new Set(log.map(({ value }) => value)).size).toBe(log.length);
      for (let id = 0; id < WRITERS; id += 1) {
        for (let partition = 0; partition < PARTITIONS; partition += 1) {
          const mine = log.filter((record) => record.partition === partition && record.value.startsWith(`"${id}/`));
          const sequence = mine.map(({ value }) => {
            const [, n = 0, i = 0] = value.slice(1, -1).split('/').map(Number);
            return n * RECORDS + i;
          });
          expect(sequence).toEqual(sequence.toSorted((a, b) => a - b));
        }
      }
      await eventually(async () => (await gauge(parts.sluice, 'sluice_producer_queue_records')) === 0, {
        deadlineMs: 20_000,
        describe: 'an empty queue',
      });
      expect(await seriousLogLines(parts.sluice)).toEqual([]);
    },
    TEST_MS,
  );
});

describe('a broker that restarts under reading consumers', () => {
  it.each([
    ['subscribed', async (consumer: RestConsumer, topic: string) => await consumer.subscribe(topic)],
    ['assigned', async (consumer: RestConsumer, topic: string) => await consumer.assign(topic, 0, 1, 2)],
  ])(
    'costs them no error and no record, %s; a commit meanwhile is told as uncertain',
    async (_name, follow) => {
      const parts = await start();
      const topic = await createTopic(parts.broker.bootstrap, { partitions: PARTITIONS });
      const consumer = await RestConsumer.create(parts.sluice.http, uniqueName('group'));
      await send(parts.sluice, topic, 'before');
      await follow(consumer, topic);
      const seen: string[] = [];
      const statuses = new Set<number>();
      const readOnce = async (): Promise<void> => {
        const answer = await consumer.readAnswer({ timeout: 500 });
        statuses.add(answer.status);
        if (answer.status !== 200) throw new Error(answer.text);
        const records = answer.json() as { partition: number; offset: number }[];
        seen.push(...records.map(({ partition, offset }) => `${partition}:${offset}`));
      };
      await eventually(async () => (await readOnce(), seen.length >= RECORDS), {
        deadlineMs: 20_000,
        describe: 'the first records',
      });

      await parts.broker.kill();
      await readOnce();
      const startedAt = performance.now();
      const commit = await consumer.call('POST', '/offsets', { offsets: [{ topic, partition: 0, offset: 1 }] });
      expect(performance.now() - startedAt).toBeLessThan(ADMIN_TIMEOUT_MS + 2000);
      expect([commit.status, commit.json()]).toEqual([
        500,
        { error_code: 50003, message: expect.stringContaining('may still take effect') },
      ]);
      await readOnce();
      await parts.broker.restart();

      await eventually(async () => (await send(parts.sluice, topic, 'after')).text.includes('"error_code":null'), {
        deadlineMs: 30_000,
        describe: 'the proxy to write again',
      });
      const log = await readLog(parts.broker.bootstrap, topic, PARTITIONS);
      await eventually(async () => (await readOnce(), new Set(seen).size >= log.length), {
        deadlineMs: 60_000,
        describe: 'the records after the restart',
      });
      expect([...statuses]).toEqual([200]);
      const all = log.map(({ partition, offset }) => `${partition}:${offset}`);
      expect([...new Set(seen)].toSorted()).toEqual(all.toSorted());
      await eventually(
        async () =>
          (await consumer.call('POST', '/offsets', { offsets: [{ topic, partition: 0, offset: 1 }] })).status === 200,
        { deadlineMs: 30_000, describe: 'a commit to succeed again' },
      );
      expect(await consumer.committed(topic)).toBe(2);
      expect(await seriousLogLines(parts.sluice)).toEqual([]);
    },
    TEST_MS,
  );
});
