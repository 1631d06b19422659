import type { TopicPartitionOffset } from '@sluice/protocol';
import { beforeAll, describe, expect, it } from 'vitest';
import { sharedBroker } from '../../../test/harness/broker.ts';
import { eventually } from '../../../test/harness/conditions.ts';
import { uniqueName } from '../../../test/harness/topics.ts';
import type { Consumer } from '../src/consumer.ts';
import { kafkaErrorFromCode } from '../src/error-mapping.ts';
import { closeAfterEach, consumerOf, DEADLINE_MS, fillTo, topicWith } from './consuming.ts';

let bootstrap: string;

beforeAll(async () => {
  ({ bootstrap } = await sharedBroker());
}, 120_000);
closeAfterEach();

describe('Consumer', () => {
  it('reads what its group gives it, from where resolveStart says', async () => {
    const topic = await topicWith(bootstrap, 20);
    const { consumer } = consumerOf(bootstrap, uniqueName('group'), {
      hooks: {
        resolveStart: async (partitions) => partitions.map((partition) => ({ ...partition, offset: 15 })),
      },
    });
    await consumer.connect();
    await consumer.subscribe([topic]);
    await fillTo(consumer, 5);
    expect(consumer.buffer.peek()).toMatchObject({ topic, partition: 0, offset: 15 });
    expect(consumer.knownBacklog(1000)).toBe(0);
  });

  it('repositions one partition and leaves the others where they were, without the records read ahead', async () => {
    const topic = await topicWith(bootstrap, 20, 2);
    const { consumer } = consumerOf(bootstrap, uniqueName('group'));
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
    const topic = await topicWith(bootstrap, 2000);
    const { consumer } = consumerOf(bootstrap, uniqueName('group'));
    await consumer.connect();
    await consumer.assign([{ topic, partition: 0, offset: 0 }]);
    await fillTo(consumer, 1);
    await consumer.commit([{ topic, partition: 0, offset: 7 }]);
    expect(await consumer.committed([{ topic, partition: 0 }])).toEqual([{ topic, partition: 0, offset: 7 }]);
  });

  it('rejects a commit when one of its partitions does not exist', async () => {
    const topic = await topicWith(bootstrap, 1);
    const { consumer } = consumerOf(bootstrap, uniqueName('group'));
    await consumer.connect();
    const offsets = [
      { topic, partition: 0, offset: 1 },
      { topic, partition: 77, offset: 1 },
    ];
    await expect(consumer.commit(offsets)).rejects.toMatchObject({ family: 'unknownTopicOrPartition' });
  });

  it('hands the client no commit for a group that a look-up was refused (bug: it held up the close for 15 s)', async () => {
    const topic = await topicWith(bootstrap, 1);
    const refusal = kafkaErrorFromCode(30, { group: 'refused' });
    const { consumer } = consumerOf(bootstrap, uniqueName('group'), {
      committedOffsets: async () => await Promise.reject(refusal),
    });
    await consumer.connect();
    await expect(consumer.committed([{ topic, partition: 0 }])).rejects.toBe(refusal);
    await expect(consumer.commit([{ topic, partition: 0, offset: 1 }])).rejects.toBe(refusal);
  });

  it('gives its partitions back at once when it closes', async () => {
    const topic = await topicWith(bootstrap, 5);
    const group = uniqueName('group');
    const first = consumerOf(bootstrap, group);
    const second = consumerOf(bootstrap, group);
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
    const topic = await topicWith(bootstrap, 5, 1);
    const group = uniqueName('group');
    const { consumer, revoked } = consumerOf(bootstrap, group);
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
    const topic = await topicWith(bootstrap, 5, 2);
    const group = uniqueName('group');
    const cooperative = { 'partition.assignment.strategy': 'cooperative-sticky' };
    const first = consumerOf(bootstrap, group, { settings: cooperative });
    const second = consumerOf(bootstrap, group, { settings: cooperative });
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
    const { consumer, errors } = consumerOf(bootstrap, uniqueName('group'));
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
    const topic = await topicWith(bootstrap, 20);
    const { consumer, revoked } = consumerOf(bootstrap, uniqueName('group'), { parkAfterMs: 1 });
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
    const topic = await topicWith(bootstrap, 20);
    const { consumer } = consumerOf(bootstrap, uniqueName('group'), { parkAfterMs: 1 });
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
    const topic = await topicWith(bootstrap, 400);
    const { consumer } = consumerOf(bootstrap, uniqueName('group'));
    await consumer.connect();
    await consumer.assign([{ topic, partition: 0, offset: 0 }]);
    await fillTo(consumer, 300);
    await consumer.service();
    expect(consumer.buffer.count).toBe(0);
    await fillTo(consumer, 400);
  });

  it('answers within its deadline when no broker is there', async () => {
    const { consumer } = consumerOf('127.0.0.1:1', uniqueName('group'));
    await expect(consumer.connect()).rejects.toMatchObject({ retriable: true });
  });
});
