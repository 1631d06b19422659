import rdkafka from 'node-rdkafka';
import { beforeAll, describe, expect, it } from 'vitest';
import { sharedBroker } from '../harness/broker.ts';
import { deferred, eventually, within } from '../harness/conditions.ts';
import { createTopic, uniqueName } from '../harness/topics.ts';

const BROKER_START_MS = 120_000;
const DEADLINE_MS = 10_000;

type Client = rdkafka.Producer | rdkafka.KafkaConsumer;

async function connected(client: Client): Promise<void> {
  const done = deferred();
  client.connect({ timeout: DEADLINE_MS }, (error) => (error ? done.reject(error) : done.resolve()));
  await within(done.promise, DEADLINE_MS, 'the client to connect');
}

async function disconnected(client: Client): Promise<void> {
  const done = deferred();
  client.disconnect(() => done.resolve());
  await within(done.promise, DEADLINE_MS, 'the client to disconnect');
}

async function produce(bootstrap: string, topic: string, value: Buffer): Promise<number> {
  const producer = new rdkafka.Producer({ 'bootstrap.servers': bootstrap, dr_cb: true }, { acks: -1 });
  const delivered = deferred<number>();
  producer.on('delivery-report', (error, report) =>
    error ? delivered.reject(error) : delivered.resolve(report.offset),
  );
  await connected(producer);
  producer.setPollInterval(10);
  producer.produce(topic, 0, value, Buffer.from('key'));
  try {
    return await within(delivered.promise, DEADLINE_MS, 'the delivery report');
  } finally {
    await disconnected(producer);
  }
}

async function consumeOne(bootstrap: string, topic: string): Promise<rdkafka.Message> {
  const group = uniqueName('group');
  const settings = { 'bootstrap.servers': bootstrap, 'group.id': group };
  const consumer = new rdkafka.KafkaConsumer(settings, { 'auto.offset.reset': 'earliest' });
  await connected(consumer);
  consumer.assign([{ topic, partition: 0, offset: 0 }]);
  consumer.setDefaultConsumeTimeout(100);
  try {
    return await eventually(
      async () => {
        const batch = deferred<rdkafka.Message[]>();
        consumer.consume(1, (error, messages) => (error ? batch.reject(error) : batch.resolve(messages)));
        return (await batch.promise)[0];
      },
      { deadlineMs: DEADLINE_MS, describe: 'the record' },
    );
  } finally {
    await disconnected(consumer);
  }
}

describe('the native client', () => {
  it.each(['ssl', 'sasl_scram', 'sasl_oauthbearer', 'zstd', 'lz4'])('was built with %s', (feature) => {
    expect(rdkafka.features).toContain(feature);
  });
});

describe('a real broker', () => {
  let bootstrap: string;
  beforeAll(async () => {
    ({ bootstrap } = await sharedBroker());
  }, BROKER_START_MS);

  it('gives back the bytes that were produced', async () => {
    const topic = await createTopic(bootstrap);
    const value = Buffer.from([0x00, 0xff, 0x7b, 0x0a]);

    const offset = await produce(bootstrap, topic, value);
    const record = await consumeOne(bootstrap, topic);

    expect(offset).toBe(0);
    expect(record.offset).toBe(0);
    expect(record.key).toEqual(Buffer.from('key'));
    expect(record.value).toEqual(value);
  });
});
