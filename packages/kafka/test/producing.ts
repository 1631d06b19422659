import type { RecordBatch } from '@sluice/protocol';
import rdkafka from 'node-rdkafka';

import { BlockingCalls } from '../src/blocking-calls.ts';
import type { BatchResult } from '../src/delivery.ts';
import { Producer, type ProducerOptions } from '../src/producer.ts';

export interface RecordToSend {
  readonly key?: Buffer | string | null;
  readonly value: Buffer | string | null;
  readonly partition?: number;
}

const bytes = (field: Buffer | string | null): Buffer | null =>
  typeof field === 'string' ? Buffer.from(field) : field;

export function batchOf(records: readonly RecordToSend[]): RecordBatch {
  return {
    count: records.length,
    keys: records.map(({ key }) => bytes(key ?? null)),
    values: records.map(({ value }) => bytes(value)),
    partitions: records.map(({ partition }) => partition ?? -1),
  };
}

/** A producer with short deadlines. */
export function producerFor(
  bootstrap: string,
  options: Partial<ProducerOptions> & { readonly conf?: Readonly<Record<string, unknown>> } = {},
): Producer {
  return new Producer({
    settings: { global: { 'bootstrap.servers': bootstrap, ...options.conf }, topic: {} },
    deliveryTimeoutMs: 10_000,
    metadataTimeoutMs: 1000,
    connectTimeoutMs: 5000,
    blockingCalls: new BlockingCalls(),
    ...options,
  });
}

/** What a test looks at: index → [code, family, retriable, message]. */
export function failures(result: BatchResult): [number, number, string, boolean, string][] {
  return [...(result.errors ?? [])].map(([index, { code, family, retriable, message }]) => [
    index,
    code,
    family,
    retriable,
    message,
  ]);
}

export interface StoredRecord {
  readonly partition: number;
  readonly offset: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
}

const READ_DEADLINE_MS = 15_000;

/** Reads `count` records of the topic from the beginning with a plain consumer, partition by partition. */
export async function readTopic(bootstrap: string, topic: string, count: number): Promise<StoredRecord[]> {
  const consumer = new rdkafka.KafkaConsumer(
    { 'bootstrap.servers': bootstrap, 'group.id': `reader-of-${topic}`, 'enable.auto.commit': false },
    { 'auto.offset.reset': 'earliest' },
  );
  const metadata = await new Promise<rdkafka.Metadata>((resolve, reject) => {
    consumer.connect({ topic, allTopics: false, timeout: READ_DEADLINE_MS }, (error, answer) => {
      if (error === null || error === undefined) {
        resolve(answer);
      } else {
        reject(new Error(error.message));
      }
    });
  });
  const partitions = metadata.topics.find(({ name }) => name === topic)?.partitions ?? [];
  consumer.assign(partitions.map(({ id }) => ({ topic, partition: id, offset: 0 })));
  consumer.setDefaultConsumeTimeout(200);
  const records: StoredRecord[] = [];
  const deadline = Date.now() + READ_DEADLINE_MS;
  while (records.length < count && Date.now() < deadline) {
    const read = await new Promise<rdkafka.Message[]>((resolve, reject) => {
      consumer.consume(1000, (error, messages) => {
        if (error === null || error === undefined) {
          resolve(messages);
        } else {
          reject(new Error(error.message));
        }
      });
    });
    for (const { partition, offset, key, value } of read) {
      records.push({ partition, offset, key: key as Buffer | null, value });
    }
  }
  await new Promise<void>((resolve) => {
    consumer.disconnect(() => {
      resolve();
    });
  });
  return records.toSorted((a, b) => a.partition - b.partition || a.offset - b.offset);
}
