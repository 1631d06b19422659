import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Admin } from '../src/admin.ts';
import { type MockCluster, startMockCluster } from '../src/mock-cluster.ts';
import { closeAfterEach, consumerOf } from './consuming.ts';
import { batchOf, producerFor, readTopic } from './producing.ts';

let cluster: MockCluster;
let admin: Admin;

beforeAll(async () => {
  cluster = await startMockCluster({ brokers: 2 });
  admin = new Admin({
    settings: { clientId: 'test', bootstrapBrokers: cluster.bootstrapServers.split(',') },
    timeoutMs: 5000,
  });
});

afterAll(async () => {
  await admin.close();
  await cluster.close();
});

closeAfterEach();

describe('the mock cluster', () => {
  it('takes records and gives them back', async () => {
    const producer = producerFor(cluster.bootstrapServers);
    const result = await producer.produce('demo', batchOf([{ key: 'k', value: 'v', partition: 2 }]));
    expect(result).toEqual({ partitions: [2], offsets: [0], errors: undefined });
    await producer.close(5000);
    expect(await readTopic(cluster.bootstrapServers, 'demo', 1)).toMatchObject([{ partition: 2, offset: 0 }]);
    expect(await admin.partitionOffsets('demo', 2)).toEqual({ beginning: 0, end: 1 });
  });

  it('answers what the admin client asks about brokers and topics', async () => {
    expect(await admin.brokers()).toEqual([1, 2]);
    expect(await admin.topics()).toEqual(['demo']);
    expect((await admin.describeTopic('demo')).partitions.map(({ partition }) => partition)).toEqual([0, 1, 2, 3]);
    await expect(admin.describeTopic('missing')).rejects.toMatchObject({ family: 'unknownTopicOrPartition' });
  });

  it('tells what a group has committed, and fails when it cannot tell of one partition (bug: taken for no commit)', async () => {
    const { consumer } = consumerOf(cluster.bootstrapServers, 'group');
    await consumer.connect();
    await consumer.assign([{ topic: 'demo', partition: 2, offset: 0 }]);
    await consumer.commit([{ topic: 'demo', partition: 2, offset: 1 }]);
    const partitions = [1, 2].map((partition) => ({ topic: 'demo', partition }));
    expect(await admin.committedOffsets('group', partitions)).toEqual([{ topic: 'demo', partition: 2, offset: 1 }]);
    expect(await admin.committedOffsets('other', partitions)).toEqual([]);
    const beside = [...partitions, { topic: 'missing', partition: 0 }];
    await expect(admin.committedOffsets('group', beside)).rejects.toMatchObject({ family: 'unknownTopicOrPartition' });
  });

  it('has no configs, and says that it finds no offsets by time', async () => {
    expect(await admin.topicConfigs('demo')).toEqual([]);
    await expect(admin.offsetsForTimes([{ topic: 'demo', partition: 0, timestampMs: 0 }])).rejects.toMatchObject({
      family: 'badRequest',
      message: 'The embedded broker finds no offsets by time.',
    });
  });
});
