import type { TopicPartition } from '@sluice/protocol';
import rdkafka from 'node-rdkafka';
import { afterEach } from 'vitest';
import { deferred, eventually } from '../../../test/harness/conditions.ts';
import { createTopic } from '../../../test/harness/topics.ts';
import { Admin } from '../src/admin.ts';
import { BlockingCalls } from '../src/blocking-calls.ts';
import { Consumer } from '../src/consumer.ts';
import type { ConsumerHooks, ConsumerOptions } from '../src/consumer-options.ts';
import type { KafkaError } from '../src/kafka-error.ts';

export const DEADLINE_MS = 15_000;
const open: { close(): Promise<void> }[] = [];

export interface Watched {
  readonly consumer: Consumer;
  readonly revoked: TopicPartition[];
  readonly errors: KafkaError[];
  assignments: number;
}

interface ConsumingOptions {
  readonly hooks?: Partial<ConsumerHooks>;
  /** Instead of asking the cluster. */
  readonly committedOffsets?: ConsumerOptions['committedOffsets'];
  /** librdkafka's, for all clients. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly parkAfterMs?: number;
  readonly autoOffsetReset?: 'earliest' | 'latest';
  readonly groupInstanceId?: string;
}

/** Closes what `consumerOf` made, after each test of the file. */
export function closeAfterEach(): void {
  afterEach(async () => {
    await Promise.all(open.splice(0).map((client) => client.close()));
  });
}

/** A consumer that is not connected yet and notes what it tells. */
export function consumerOf(bootstrap: string, group: string, options: ConsumingOptions = {}): Watched {
  const { hooks, settings, parkAfterMs = 60_000, autoOffsetReset = 'earliest' } = options;
  const revoked: TopicPartition[] = [];
  const errors: KafkaError[] = [];
  const admin = new Admin({ settings: { clientId: 'test', bootstrapBrokers: [bootstrap] }, timeoutMs: 5000 });
  const consumer = new Consumer({
    groupId: group,
    groupInstanceId: options.groupInstanceId,
    autoOffsetReset,
    settings: { global: { 'bootstrap.servers': bootstrap, ...settings }, topic: {} },
    instanceTimeoutMs: 300_000,
    readAheadBytes: 2_097_152,
    parkAfterMs,
    connectTimeoutMs: 5000,
    requestTimeoutMs: 5000,
    blockingCalls: new BlockingCalls(),
    committedOffsets: options.committedOffsets ?? ((partitions) => admin.committedOffsets(group, partitions)),
    hooks: {
      resolveStart: async (partitions) => partitions.map((partition) => ({ ...partition, offset: 0 })),
      onAssigned: () => {
        watched.assignments += 1;
      },
      onRevoked: (partitions) => revoked.push(...partitions),
      onError: (error) => errors.push(error),
      onLog: () => undefined,
      ...hooks,
    },
  });
  const watched: Watched = { consumer, revoked, errors, assignments: 0 };
  open.push(consumer, admin);
  return watched;
}

/** Produces `v0`, `v1` … */
export async function produce(bootstrap: string, topic: string, count: number, partition = 0): Promise<void> {
  const producer = new rdkafka.Producer({ 'bootstrap.servers': bootstrap, dr_cb: true }, { acks: -1 });
  const ready = deferred();
  producer.connect({ timeout: DEADLINE_MS }, (error) => (error ? ready.reject(error) : ready.resolve()));
  await ready.promise;
  for (let i = 0; i < count; i += 1) producer.produce(topic, partition, Buffer.from(`v${i}`), null);
  const flushed = deferred();
  producer.flush(DEADLINE_MS, () => flushed.resolve());
  await flushed.promise;
  producer.disconnect();
}

/** A new topic with so many records in partition 0. */
export async function topicWith(bootstrap: string, count: number, partitions = 1): Promise<string> {
  const topic = await createTopic(bootstrap, { partitions });
  await produce(bootstrap, topic, count);
  return topic;
}

export async function fillTo(consumer: Consumer, count: number): Promise<void> {
  await eventually(
    async () => {
      await consumer.fill(500, 0);
      return consumer.buffer.count >= count ? true : undefined;
    },
    { deadlineMs: DEADLINE_MS, describe: `${count} buffered records` },
  );
}
