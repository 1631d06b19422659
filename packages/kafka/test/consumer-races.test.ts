import type { TopicPartition, TopicPartitionOffset } from '@sluice/protocol';
import { beforeAll, describe, expect, it } from 'vitest';
import { sharedBroker } from '../../../test/harness/broker.ts';
import { deferred, eventually } from '../../../test/harness/conditions.ts';
import { uniqueName } from '../../../test/harness/topics.ts';
import { OFFSET_NONE } from '../src/logical-offsets.ts';
import { closeAfterEach, consumerOf, DEADLINE_MS, fillTo, produce, topicWith } from './consuming.ts';

let bootstrap: string;

beforeAll(async () => {
  ({ bootstrap } = await sharedBroker());
}, 120_000);
closeAfterEach();

const fromZero = (partitions: readonly TopicPartition[]): TopicPartitionOffset[] =>
  partitions.map((partition) => ({ ...partition, offset: 0 }));

describe('a consumer of which several things are asked at once', () => {
  it('keeps the assignment whose start is being looked up (bug: a reposition made it read nothing for ever)', async () => {
    const topic = await topicWith(bootstrap, 3);
    const asked = deferred();
    const answer = deferred();
    const { consumer } = consumerOf(bootstrap, uniqueName('group'), {
      hooks: {
        resolveStart: async (partitions) => {
          asked.resolve();
          await answer.promise;
          return fromZero(partitions);
        },
      },
    });
    await consumer.connect();
    await consumer.subscribe([topic]);
    let looking = false;
    void asked.promise.then(() => {
      looking = true;
    });
    await eventually(
      async () => {
        await consumer.fill(1, 0);
        return looking;
      },
      { deadlineMs: DEADLINE_MS, describe: 'the assignment' },
    );
    await consumer.reposition((current) => current);
    answer.resolve();
    await fillTo(consumer, 3);
    expect(consumer.assigned).toEqual([{ topic, partition: 0 }]);
  });

  it('returns nothing of the topics before once it has subscribed to others', async () => {
    const [before, after] = [await topicWith(bootstrap, 50), await topicWith(bootstrap, 1)];
    const { consumer } = consumerOf(bootstrap, uniqueName('group'));
    await consumer.connect();
    await consumer.subscribe([before]);
    await fillTo(consumer, 50);
    await consumer.subscribe([after]);
    expect(consumer.buffer.count).toBe(0);
    await produce(bootstrap, before, 50);
    await fillTo(consumer, 1);
    expect(consumer.buffer.peek()).toMatchObject({ topic: after, offset: 0 });
    expect(consumer.buffer.count).toBe(1);
  });

  it('holds a bounded number of records while it commits (bug: each commit took more than a slow reader reads)', async () => {
    const topic = await topicWith(bootstrap, 6000);
    const { consumer } = consumerOf(bootstrap, uniqueName('group'));
    await consumer.connect();
    await consumer.assign([{ topic, partition: 0, offset: 0 }]);
    await fillTo(consumer, 1);
    while (consumer.buffer.count < 4995) await consumer.fill(4995 - consumer.buffer.count, 0);
    const seen: number[] = [];
    let most = 0;
    for (let i = 0; i < 30; i += 1) {
      if (consumer.buffer.count === 0) await fillTo(consumer, 1);
      seen.push(consumer.buffer.peek()?.offset ?? -1);
      consumer.buffer.drop();
      await Promise.all([1, 2, 3].map((n) => consumer.commit([{ topic, partition: 0, offset: 3 * i + n }])));
      most = Math.max(most, consumer.buffer.count);
    }
    expect(most).toBeLessThan(5000);
    expect(seen).toEqual(Array.from({ length: 30 }, (_, i) => i));
  });

  it('is not parked while it does not know where a partition begins (bug: "latest" came to mean after the pause)', async () => {
    const topic = await topicWith(bootstrap, 1, 2);
    const { consumer } = consumerOf(bootstrap, uniqueName('group'), { parkAfterMs: 1, autoOffsetReset: 'latest' });
    await consumer.connect();
    const END = -1;
    await consumer.assign([
      { topic, partition: 0, offset: 0 },
      { topic, partition: 1, offset: END },
    ]);
    // Its first record shows that the client fetches.
    await fillTo(consumer, 1);
    consumer.buffer.drop();
    await consumer.commit([{ topic, partition: 0, offset: 1 }]);
    for (let i = 0; i < 3; i += 1) await consumer.service();
    await produce(bootstrap, topic, 2, 1);
    for (let i = 0; i < 3; i += 1) await consumer.service();
    await fillTo(consumer, 2);
    expect(consumer.buffer.peek()).toMatchObject({ partition: 1, offset: 0 });
  });

  it('asks for the committed offsets behind its own commit (bug: the look-up overtook it, on another connection)', async () => {
    const topic = await topicWith(bootstrap, 3);
    const partitions = [{ topic, partition: 0 }];
    let asked = false;
    const { consumer } = consumerOf(bootstrap, uniqueName('group'), {
      committedOffsets: async () => {
        asked = true;
        return [];
      },
    });
    await consumer.connect();
    await consumer.assign(fromZero(partitions));
    await fillTo(consumer, 3);
    consumer.commitWithoutWaiting([{ topic, partition: 0, offset: 2 }], 'regular');
    const looking = consumer.committed(partitions);
    // An answer comes while the client is polled, which is work for the event loop: no promise alone can bring it.
    for (let turn = 0; turn < 100; turn += 1) await Promise.resolve();
    expect(asked).toBe(false);
    await looking;
    expect(asked).toBe(true);
  });

  it('does not fetch a partition that has no position, and does once it is told one', async () => {
    const topic = await topicWith(bootstrap, 3, 2);
    await produce(bootstrap, topic, 2, 1);
    const { consumer, errors } = consumerOf(bootstrap, uniqueName('group'), { parkAfterMs: 1 });
    await consumer.connect();
    await consumer.assign([
      { topic, partition: 0, offset: OFFSET_NONE },
      { topic, partition: 1, offset: 0 },
    ]);
    await fillTo(consumer, 2);
    expect(consumer.unpositioned).toEqual([{ topic, partition: 0 }]);
    // Parked and awake again, it still stands nowhere.
    await consumer.service();
    await consumer.reposition((current) =>
      current.map((position) => (position.partition === 0 ? { ...position, offset: 1 } : { ...position, offset: 2 })),
    );
    await fillTo(consumer, 2);
    expect(consumer.unpositioned).toEqual([]);
    expect(errors).toEqual([]);
    const offsets: number[] = [];
    consumer.buffer.each(({ partition, offset }) => offsets.push(partition, offset));
    expect(offsets).toEqual([0, 1, 0, 2]);
  });
});
