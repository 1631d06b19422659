import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '../harness/conditions.ts';
import { seriousLogLines } from '../harness/footprint.ts';
import { type KafkaBroker, startKafka } from '../harness/kafka.ts';
import { RestConsumer } from '../harness/rest-consumer.ts';
import { type SluiceProcess, startSluice } from '../harness/sluice.ts';
import { createTopic, uniqueName } from '../harness/topics.ts';

const TEST_MS = 120_000;
const CONNECT_TIMEOUT_MS = 1500;
const MARGIN_MS = 1500;

let broker: KafkaBroker | undefined;
let sluice: SluiceProcess | undefined;

afterEach(async () => {
  await sluice?.stop();
  await broker?.stop();
}, TEST_MS);

describe('a proxy whose broker is not there yet', () => {
  it(
    'starts, tells about it, fails each request in time, and works as soon as the broker does',
    async () => {
      broker = await startKafka({ initialRebalanceDelayMs: 0 });
      const topic = await createTopic(broker.bootstrap);
      await broker.kill();
      const proxy = await startSluice({
        properties: {
          'bootstrap.servers': broker.bootstrap,
          'sluice.kafka.connect.timeout.ms': String(CONNECT_TIMEOUT_MS),
          'sluice.kafka.admin.timeout.ms': '2000',
        },
      });
      sluice = proxy;
      const produce = async () =>
        await proxy.http.call('POST', `/topics/${topic}`, {
          headers: { 'content-type': 'application/vnd.kafka.json.v2+json' },
          body: '{"records":[{"value":1}]}',
        });

      await eventually(
        async () => {
          const { checks } = (await proxy.management.call('GET', '/readyz')).json() as { checks: { detail: string }[] };
          return checks[0]?.detail !== 'not asked yet';
        },
        { deadlineMs: 5000, describe: 'the first look at Kafka' },
      );
      const readiness = await proxy.management.call('GET', '/readyz');
      expect([readiness.status, readiness.json()]).toEqual([
        200,
        expect.objectContaining({ checks: [expect.objectContaining({ name: 'kafka', ok: false })] }),
      ]);

      for (let i = 0; i < 3; i += 1) {
        const startedAt = performance.now();
        const produced = await produce();
        expect(performance.now() - startedAt).toBeLessThan(CONNECT_TIMEOUT_MS + MARGIN_MS);
        const error = `Topic ${topic} not present in metadata after ${CONNECT_TIMEOUT_MS} ms.`;
        expect([produced.status, produced.json()]).toMatchObject([
          200,
          { offsets: [{ partition: null, offset: null, error_code: 50003, error }] },
        ]);
      }
      const listed = await proxy.http.call('GET', '/topics');
      expect([listed.status, listed.json()]).toMatchObject([500, { error_code: 50003 }]);
      const consumer = await RestConsumer.create(proxy.http, uniqueName('group'));
      const subscribed = await consumer.call('POST', '/subscription', { topics: [topic] });
      expect([subscribed.status, subscribed.json()]).toMatchObject([500, { error_code: 50003 }]);
      const read = await consumer.readAnswer();
      expect([read.status, read.json()]).toMatchObject([500, { error_code: 50003 }]);

      await broker.restart();
      await eventually(async () => (await produce()).text.includes('"error_code":null'), {
        deadlineMs: 20_000,
        describe: 'a produce to succeed',
      });
      expect((await proxy.http.call('GET', '/topics')).json()).toEqual([topic]);
      // The subscription was accepted as a wish: it needs not be repeated.
      expect(await consumer.readAll(1)).toMatchObject([{ topic, value: 1 }]);
      await eventually(async () => (await proxy.management.call('GET', '/readyz')).text.includes('"ok":true'), {
        deadlineMs: 20_000,
        describe: 'readiness to tell that Kafka is there',
      });
      expect(await seriousLogLines(proxy)).toEqual([]);
    },
    TEST_MS,
  );
});
