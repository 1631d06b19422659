import type { TopicPartitionOffset } from '@sluice/protocol';
import rdkafka from 'node-rdkafka';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { sharedBroker } from '../../../test/harness/broker.ts';
import { eventually } from '../../../test/harness/conditions.ts';
import { createTopic, uniqueName, withAdmin } from '../../../test/harness/topics.ts';
import { Admin } from '../src/admin.ts';
import { closeAfterEach, consumerOf, DEADLINE_MS, fillTo, topicWith } from './consuming.ts';

let bootstrap: string;
let admin: Admin;

beforeAll(async () => {
  ({ bootstrap } = await sharedBroker());
  admin = new Admin({ settings: { clientId: 'test', bootstrapBrokers: [bootstrap] }, timeoutMs: 5000 });
}, 120_000);
closeAfterEach();
afterAll(async () => await admin.close());

async function commit(group: string, offsets: readonly TopicPartitionOffset[]): Promise<void> {
  const { consumer } = consumerOf(bootstrap, group);
  await consumer.connect();
  await consumer.commit(offsets);
}

/** Whether the coordinator waits for members to join anew. */
async function isRebalancing(group: string): Promise<boolean> {
  const groups = await withAdmin(bootstrap, (client) => client.describeGroups({ groups: [group] }));
  return /^PREPARING_?REBALANCE$/.test(groups.get(group)?.state ?? '');
}

/** What a call of node-rdkafka ends with, as a promise. */
async function done(call: (callback: (error: rdkafka.LibrdKafkaError) => void) => void): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    call((error) => (error ? reject(new Error(error.message, { cause: error })) : resolve()));
  });
}

interface Clients {
  readonly producer: rdkafka.Producer;
  readonly consumer: rdkafka.KafkaConsumer;
}

async function transactionalClients(group: string): Promise<Clients> {
  const conf = { 'bootstrap.servers': bootstrap };
  const producer = new rdkafka.Producer({ ...conf, 'transactional.id': uniqueName('transaction') }, {});
  const consumer = new rdkafka.KafkaConsumer({ ...conf, 'group.id': group }, {});
  await Promise.all([producer, consumer].map((client) => done((callback) => void client.connect({}, callback))));
  onTestFinished(async () => {
    await Promise.all([producer, consumer].map((client) => done((callback) => void client.disconnect(callback))));
  });
  return { producer, consumer };
}

describe('committed offsets', () => {
  it('come in the order asked; partitions without one are left out, and so are names that no topic can have', async () => {
    const [topic, other] = [await createTopic(bootstrap, { partitions: 3 }), await createTopic(bootstrap)];
    const group = uniqueName('group');
    await commit(group, [
      { topic, partition: 0, offset: 5 },
      { topic, partition: 2, offset: 0 },
      { topic: other, partition: 0, offset: 9_007_199_254_740_991 },
    ]);
    const asked = [
      { topic, partition: 2 },
      { topic: other, partition: 0 },
      { topic, partition: 1 },
      { topic: uniqueName('missing'), partition: 0 },
      { topic: 'a b', partition: 0 },
      { topic, partition: 0 },
    ];
    expect(await admin.committedOffsets(group, asked)).toEqual([
      { topic, partition: 2, offset: 0 },
      { topic: other, partition: 0, offset: 9_007_199_254_740_991 },
      { topic, partition: 0, offset: 5 },
    ]);
    expect(await admin.committedOffsets(uniqueName('unknown'), asked)).toEqual([]);
  });

  it('are told while the group is rebalancing (bug: the look-up waited behind the JoinGroup of its consumer)', async () => {
    const topic = await topicWith(bootstrap, 5);
    const group = uniqueName('group');
    const member = consumerOf(bootstrap, group);
    await member.consumer.connect();
    await member.consumer.subscribe([topic]);
    await fillTo(member.consumer, 5);
    await member.consumer.commit([{ topic, partition: 0, offset: 3 }]);
    // The first member is not polled from here on, so that the second one's JoinGroup stays without an answer.
    const newcomer = consumerOf(bootstrap, group);
    await newcomer.consumer.connect();
    await newcomer.consumer.subscribe([topic]);
    await eventually(() => isRebalancing(group), { deadlineMs: DEADLINE_MS, describe: 'the rebalance' });
    const partitions = [{ topic, partition: 0 }];
    expect(await newcomer.consumer.committed(partitions)).toEqual([{ topic, partition: 0, offset: 3 }]);
    expect(await isRebalancing(group)).toBe(true);
    expect(newcomer.assignments).toBe(0);
  });

  it('are those of after a transaction that is open (begun at those before it, records would be processed twice)', async () => {
    const topic = await createTopic(bootstrap);
    const group = uniqueName('group');
    const partitions = [{ topic, partition: 0 }];
    await commit(group, [{ topic, partition: 0, offset: 1 }]);
    const { producer, consumer } = await transactionalClients(group);
    await done((callback) => producer.initTransactions(DEADLINE_MS, callback));
    await done((callback) => producer.beginTransaction(callback));
    const offsets = [{ topic, partition: 0, offset: 7 }];
    await done((callback) => producer.sendOffsetsToTransaction(offsets, consumer, DEADLINE_MS, callback));
    const lookUp = admin.committedOffsets(group, partitions);
    // Time for an answer that would come too early: it was asked for first, and this one takes a new connection.
    await isRebalancing(group);
    await done((callback) => producer.commitTransaction(DEADLINE_MS, callback));
    expect(await lookUp).toEqual(offsets);
  });
});
