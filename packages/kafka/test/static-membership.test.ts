import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sharedBroker } from '../../../test/harness/broker.ts';
import { eventually } from '../../../test/harness/conditions.ts';
import { uniqueName } from '../../../test/harness/topics.ts';
import { Admin } from '../src/admin.ts';
import { closeAfterEach, consumerOf, DEADLINE_MS, fillTo, topicWith, type Watched } from './consuming.ts';

let bootstrap: string;
let admin: Admin;

beforeAll(async () => {
  ({ bootstrap } = await sharedBroker());
  admin = new Admin({ settings: { clientId: 'test', bootstrapBrokers: [bootstrap] }, timeoutMs: 5000 });
}, 120_000);
closeAfterEach();
afterAll(async () => await admin.close());

/** A static member that reads; the rest of its group is served as well while it joins. */
async function joined(group: string, topic: string, groupInstanceId: string, others: Watched[] = []): Promise<Watched> {
  const member = consumerOf(bootstrap, group, { groupInstanceId });
  await member.consumer.connect();
  await member.consumer.subscribe([topic]);
  await eventually(
    async () => {
      for (const { consumer } of [member, ...others]) await consumer.fill(100, 0);
      return member.assignments > 0;
    },
    { deadlineMs: DEADLINE_MS, describe: 'the assignment' },
  );
  return member;
}

describe('a static member of a group', () => {
  it('is replaced by who joins under its id: without a rebalance, and fenced', async () => {
    const topic = await topicWith(bootstrap, 5, 2);
    const group = uniqueName('group');
    const a = await joined(group, topic, 'a');
    const b = await joined(group, topic, 'b', [a]);
    await eventually(
      async () => {
        await a.consumer.fill(100, 0);
        await b.consumer.fill(100, 0);
        return a.consumer.assigned.length === 1 && b.consumer.assigned.length === 1;
      },
      { deadlineMs: DEADLINE_MS, describe: 'a partition each' },
    );
    const before = { assigned: a.consumer.assigned, othersRevoked: b.revoked.length };
    const successor = await joined(group, topic, 'a', [b]);
    expect(successor.consumer.assigned).toEqual(before.assigned);
    expect(b.revoked).toHaveLength(before.othersRevoked);
    await expect(a.consumer.commit([{ topic, partition: 0, offset: 1 }])).rejects.toThrow(/static consu|fatal/i);
  });

  it('leaves at once: who joins next has its partitions (bug: they stayed with it until its session timed out)', async () => {
    const topic = await topicWith(bootstrap, 5, 2);
    const group = uniqueName('group');
    const other = await joined(group, topic, 'other');
    for (let life = 1; life <= 3; life += 1) {
      const { consumer } = await joined(group, topic, `life-${life}`, [other]);
      await consumer.close();
      await eventually(
        async () => {
          await other.consumer.fill(100, 0);
          return other.consumer.assigned.length === 2;
        },
        { deadlineMs: DEADLINE_MS, describe: `all partitions after life ${life}` },
      );
    }
  }, 60_000);

  it('leaves at once, too, when its partitions are not of a group (bug: it waited 2 s for them, in vain)', async () => {
    const topic = await topicWith(bootstrap, 5);
    const { consumer } = consumerOf(bootstrap, uniqueName('group'), { groupInstanceId: 'by-itself' });
    await consumer.connect();
    await consumer.assign([{ topic, partition: 0, offset: 0 }]);
    await fillTo(consumer, 5);
    await expect(consumer.leave()).resolves.toBeUndefined();
  });

  it('keeps its place when it detaches, and has its partitions freed by an administrator', async () => {
    const topic = await topicWith(bootstrap, 5);
    const group = uniqueName('group');
    const gone = await joined(group, topic, 'gone');
    await gone.consumer.detach();
    const other = consumerOf(bootstrap, group, { groupInstanceId: 'other' });
    await other.consumer.connect();
    await other.consumer.subscribe([topic]);
    await admin.removeStaticMember({ group, groupInstanceId: 'gone', isGone: async () => true });
    await fillTo(other.consumer, 5);
    // Once more, there is nobody to take out.
    await admin.removeStaticMember({ group, groupInstanceId: 'gone', isGone: async () => true });
  });

  it('is not removed in place of a predecessor (bug: who had the name again was thrown out of its group)', async () => {
    const topic = await topicWith(bootstrap, 5);
    const group = uniqueName('group');
    const before = await joined(group, topic, 'name');
    await before.consumer.detach();
    const after = await joined(group, topic, 'name');
    await admin.removeStaticMember({ group, groupInstanceId: 'name', isGone: async () => false });
    await after.consumer.commit([{ topic, partition: 0, offset: 1 }]);
    // It comes when nobody was found to have come.
    let late: Watched | undefined;
    const isGone = async (): Promise<boolean> => {
      await after.consumer.detach();
      late = await joined(group, topic, 'name');
      return true;
    };
    await admin.removeStaticMember({ group, groupInstanceId: 'name', isGone }).catch(() => undefined);
    await late?.consumer.commit([{ topic, partition: 0, offset: 2 }]);
  });
});
