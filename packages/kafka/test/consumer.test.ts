import type { TopicPartition, TopicPartitionOffset } from '@sluice/protocol';
import rdkafka from 'node-rdkafka';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { sharedBroker } from '../../../test/harness/broker.ts';
import { deferred, eventually } from '../../../test/harness/conditions.ts';
import { createTopic, uniqueName } from '../../../test/harness/topics.ts';
import { BlockingCalls } from '../src/blocking-calls.ts';
import { Consumer, type ConsumerHooks } from '../src/consumer.ts';
import type { KafkaError } from '../src/kafka-error.ts';

const DEADLINE_MS = 15_000;
let bootstrap: string;
const open: Consumer[] = [];

interface Watched {
  readonly consumer: Consumer;
  readonly revoked: TopicPartition[];
  readonly errors: KafkaError[];
  assignments: number;
}

function consumerOf(
  group: string,
  hooks: Partial<ConsumerHooks> = {},
  settings: Readonly<Record<string, string>> = {},
  parkAfterMs = 60_000,
): Watched {
  const revoked: TopicPartition[] = [];
  const errors: KafkaError[] = [];
  const consumer = new Consumer({
    groupId: group,
    autoOffsetReset: 'earliest',
    settings: { global: { 'bootstrap.servers': bootstrap, ...settings }, topic: {} },
    instanceTimeoutMs: 300_000,
    readAheadBytes: 2_097_152,
    parkAfterMs,
    connectTimeoutMs: 5000,
    requestTimeoutMs: 5000,
    blockingCalls: new BlockingCalls(),
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
  open.push(consumer);
  return watched;
}

async function produce(topic: string, count: number): Promise<void> {
  const producer = new rdkafka.Producer({ 'bootstrap.servers': bootstrap, dr_cb: true }, { acks: -1 });
  const ready = deferred();
  producer.connect({ timeout: DEADLINE_MS }, (error) => (error ? ready.reject(error) : ready.resolve()));
  await ready.promise;
  for (let i = 0; i < count; i += 1) producer.produce(topic, 0, Buffer.from(`v${i}`), null);
  const flushed = deferred();
  producer.flush(DEADLINE_MS, () => flushed.resolve());
  await flushed.promise;
  producer.disconnect();
}

async function topicWith(count: number, partitions = 1): Promise<string> {
  const topic = await createTopic(bootstrap, { partitions });
  await produce(topic, count);
  return topic;
}

async function fillTo(consumer: Consumer, count: number): Promise<void> {
  await eventually(
    async () => {
      await consumer.fill(500, 0);
      return consumer.buffer.count >= count ? true : undefined;
    },
    { deadlineMs: DEADLINE_MS, describe: `${count} buffered records` },
  );
}

beforeAll(async () => {
  ({ bootstrap } = await sharedBroker());
}, 120_000);

afterEach(async () => {
  await Promise.all(open.splice(0).map((consumer) => consumer.close()));
});

describe('Consumer', () => {
  it('reads what its group gives it, from where resolveStart says', async () => {
    const topic = await topicWith(20);
    const { consumer } = consumerOf(uniqueName('group'), {
      resolveStart: async (partitions) => partitions.map((partition) => ({ ...partition, offset: 15 })),
    });
    await consumer.connect();
    await consumer.subscribe([topic]);
    await fillTo(consumer, 5);
    expect(consumer.buffer.peek()).toMatchObject({ topic, partition: 0, offset: 15 });
    expect(consumer.knownBacklog(1000)).toBe(0);
  });

  it('repositions one partition and leaves the others where they were, without the records read ahead', async () => {
    const topic = await topicWith(20, 2);
    const { consumer } = consumerOf(uniqueName('group'));
    await consumer.connect();
    await consumer.assign([
      { topic, partition: 0, offset: 5 },
      { topic, partition: 1, offset: 0 },
    ]);
    await fillTo(consumer, 15);
    consumer.buffer.drop();
    let before: TopicPartitionOffset[] = [];
    await consumer.reposition((current) => {
      before = current;
      return current.map((position) => (position.partition === 0 ? { ...position, offset: 18 } : position));
    });
    expect(before).toEqual([
      { topic, partition: 0, offset: 6 },
      { topic, partition: 1, offset: 0 },
    ]);
    await fillTo(consumer, 2);
    expect(consumer.buffer.peek()?.offset).toBe(18);
    expect(consumer.buffer.count).toBe(2);
  });

  it('has the broker’s word when a commit resolves, also with records waiting in front of the answer', async () => {
    const topic = await topicWith(2000);
    const { consumer } = consumerOf(uniqueName('group'));
    await consumer.connect();
    await consumer.assign([{ topic, partition: 0, offset: 0 }]);
    await fillTo(consumer, 1);
    await consumer.commit([{ topic, partition: 0, offset: 7 }]);
    expect(await consumer.committed([{ topic, partition: 0 }])).toEqual([{ topic, partition: 0, offset: 7 }]);
  });

  it('rejects a commit when one of its partitions does not exist', async () => {
    const topic = await topicWith(1);
    const { consumer } = consumerOf(uniqueName('group'));
    await consumer.connect();
    const offsets = [
      { topic, partition: 0, offset: 1 },
      { topic, partition: 77, offset: 1 },
    ];
    await expect(consumer.commit(offsets)).rejects.toMatchObject({ family: 'unknownTopicOrPartition' });
  });

  it('leaves partitions without a committed offset out of committed', async () => {
    const topic = await topicWith(1);
    const { consumer } = consumerOf(uniqueName('group'));
    await consumer.connect();
    expect(await consumer.committed([{ topic, partition: 0 }])).toEqual([]);
  });

  it('gives its partitions back at once when it closes', async () => {
    const topic = await topicWith(5);
    const group = uniqueName('group');
    const first = consumerOf(group);
    const second = consumerOf(group);
    await first.consumer.connect();
    await first.consumer.subscribe([topic]);
    await fillTo(first.consumer, 5);
    await second.consumer.connect();
    await second.consumer.subscribe([topic]);
    await first.consumer.close();
    await fillTo(second.consumer, 5);
    expect(second.consumer.assigned).toEqual([{ topic, partition: 0 }]);
  });

  it('drops the records of a revoked partition, and tells before it is given back', async () => {
    const topic = await topicWith(5, 1);
    const group = uniqueName('group');
    const { consumer, revoked } = consumerOf(group);
    await consumer.connect();
    await consumer.subscribe([topic]);
    await fillTo(consumer, 5);
    await consumer.unsubscribe();
    expect(consumer.buffer.count).toBe(0);
    await eventually(
      async () => {
        await consumer.fill(1, 0);
        return revoked.length > 0 ? true : undefined;
      },
      { deadlineMs: DEADLINE_MS, describe: 'the revocation' },
    );
    expect(consumer.assigned).toEqual([]);
  });

  it('works with the cooperative protocol: shares partitions one by one, and repositions', async () => {
    const topic = await topicWith(5, 2);
    const group = uniqueName('group');
    const cooperative = { 'partition.assignment.strategy': 'cooperative-sticky' };
    const first = consumerOf(group, {}, cooperative);
    const second = consumerOf(group, {}, cooperative);
    await first.consumer.connect();
    await first.consumer.subscribe([topic]);
    await fillTo(first.consumer, 5);
    await second.consumer.connect();
    await second.consumer.subscribe([topic]);
    await eventually(
      async () => {
        await Promise.all([first.consumer.fill(1, 0), second.consumer.fill(1, 0)]);
        return first.consumer.assigned.length === 1 && second.consumer.assigned.length === 1;
      },
      { deadlineMs: DEADLINE_MS, describe: 'a partition each' },
    );
    const [reader] = [first, second].filter(({ consumer }) => consumer.isAssigned({ topic, partition: 0 }));
    await reader?.consumer.reposition(() => [{ topic, partition: 0, offset: 3 }]);
    await fillTo(reader?.consumer as Consumer, 2);
    expect(reader?.consumer.buffer.peek()?.offset).toBe(3);
  });

  it('reports a topic that does not exist', async () => {
    const { consumer, errors } = consumerOf(uniqueName('group'));
    await consumer.connect();
    await consumer.subscribe([uniqueName('missing')]);
    await eventually(
      async () => {
        await consumer.fill(1, 0);
        return errors[0];
      },
      { deadlineMs: DEADLINE_MS, describe: 'the error' },
    );
    expect(errors[0]?.family).toBe('unknownTopicOrPartition');
  });

  it('is parked when nobody reads it: keeps its place and positions, drops what it read ahead, goes on at a read', async () => {
    const topic = await topicWith(20);
    const { consumer, revoked } = consumerOf(uniqueName('group'), {}, {}, 1);
    await consumer.connect();
    await consumer.subscribe([topic]);
    await fillTo(consumer, 20);
    for (let i = 0; i < 5; i += 1) consumer.buffer.drop();
    await eventually(
      async () => {
        await consumer.service();
        return consumer.buffer.count === 0;
      },
      { deadlineMs: DEADLINE_MS, describe: 'the consumer to be parked' },
    );
    await consumer.commit([{ topic, partition: 0, offset: 5 }]);
    expect(consumer.assigned).toEqual([{ topic, partition: 0 }]);
    expect(revoked).toEqual([]);
    await fillTo(consumer, 15);
    expect(consumer.buffer.peek()?.offset).toBe(5);
  });

  it('can be repositioned while it is parked', async () => {
    const topic = await topicWith(20);
    const { consumer } = consumerOf(uniqueName('group'), {}, {}, 1);
    await consumer.connect();
    await consumer.assign([{ topic, partition: 0, offset: 0 }]);
    await fillTo(consumer, 20);
    await eventually(
      async () => {
        await consumer.service();
        return consumer.buffer.count === 0;
      },
      { deadlineMs: DEADLINE_MS, describe: 'the consumer to be parked' },
    );
    await consumer.reposition(() => [{ topic, partition: 0, offset: 17 }]);
    await fillTo(consumer, 3);
    expect(consumer.buffer.peek()?.offset).toBe(17);
  });

  it('is parked before what it holds while it is only serviced grows beyond its cap', async () => {
    const topic = await topicWith(400);
    const { consumer } = consumerOf(uniqueName('group'));
    await consumer.connect();
    await consumer.assign([{ topic, partition: 0, offset: 0 }]);
    await fillTo(consumer, 300);
    await consumer.service();
    expect(consumer.buffer.count).toBe(0);
    await fillTo(consumer, 400);
  });

  it('answers within its deadline when no broker is there', async () => {
    const reached = bootstrap;
    bootstrap = '127.0.0.1:1';
    const { consumer } = consumerOf(uniqueName('group'));
    bootstrap = reached;
    await expect(consumer.connect()).rejects.toMatchObject({ retriable: true });
  });
});
