import rdkafka from 'node-rdkafka';
import { deferred, eventually, within } from './conditions.ts';
import { uniqueName } from './topics.ts';

const DEADLINE_MS = 30_000;
const BATCH = 1000;

/** A record as the broker has it, read without any part of the proxy. */
export interface StoredRecord {
  readonly partition: number;
  readonly offset: number;
  readonly value: string;
}

/** Everything that stands in a topic now, partition by partition, in the order of the log. */
export async function readLog(bootstrap: string, topic: string, partitions: number): Promise<StoredRecord[]> {
  const client = new rdkafka.KafkaConsumer(
    { 'bootstrap.servers': bootstrap, 'group.id': uniqueName('reader'), 'enable.auto.commit': false },
    { 'auto.offset.reset': 'earliest' },
  );
  const connected = deferred();
  client.connect({ timeout: DEADLINE_MS }, (error) => (error ? connected.reject(error) : connected.resolve()));
  await within(connected.promise, DEADLINE_MS, 'the reader of the log to connect');
  try {
    const ends = await Promise.all(Array.from({ length: partitions }, async (_, p) => await endOf(client, topic, p)));
    const wanted = ends.reduce((sum, end) => sum + end, 0);
    client.assign(ends.map((_, partition) => ({ topic, partition, offset: 0 })));
    client.setDefaultConsumeTimeout(100);
    const records: StoredRecord[] = [];
    await eventually(
      async () => {
        records.push(...(await consume(client)));
        return records.length >= wanted;
      },
      { deadlineMs: DEADLINE_MS, describe: `${wanted} records of ${topic}`, intervalMs: 1 },
    );
    return records.toSorted((a, b) => a.partition - b.partition || a.offset - b.offset);
  } finally {
    const closed = deferred();
    client.disconnect(() => closed.resolve());
    await within(closed.promise, DEADLINE_MS, 'the reader of the log to disconnect');
  }
}

async function endOf(client: rdkafka.KafkaConsumer, topic: string, partition: number): Promise<number> {
  const end = deferred<number>();
  client.queryWatermarkOffsets(topic, partition, DEADLINE_MS, (error, offsets) => {
    if (error) end.reject(error);
    else end.resolve(offsets.highOffset);
  });
  return await end.promise;
}

async function consume(client: rdkafka.KafkaConsumer): Promise<StoredRecord[]> {
  const batch = deferred<StoredRecord[]>();
  client.consume(BATCH, (error, messages) => {
    if (error) batch.reject(error);
    else batch.resolve(messages.map(({ partition, offset, value }) => ({ partition, offset, value: String(value) })));
  });
  return await batch.promise;
}
