import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { sharedBroker } from '../../../test/harness/broker.ts';
import { createTopic, uniqueName, withAdmin } from '../../../test/harness/topics.ts';
import { Admin } from '../src/admin.ts';
import { AdminPool } from '../src/admin-pool.ts';
import { batchOf, producerFor } from './producing.ts';

/** Where @platformatic/kafka tells of each request that it sends, with the number that the protocol gives to its kind. */
const SENT = 'tracing:plt:kafka:connections:api:start';
const LIST_OFFSETS = 2;
const START_TIMEOUT_MS = 120_000;
const UNKNOWN = {
  code: 3,
  family: 'unknownTopicOrPartition',
  message: 'This server does not host this topic-partition.',
};
const INVALID = {
  code: 17,
  family: 'invalidTopic',
  message: 'The request attempted to perform an operation on an invalid topic.',
};

let bootstrap: string;
let admin: Admin;

const adminFor = (address: string, timeoutMs = 5000): Admin =>
  new Admin({ settings: { clientId: 'test', bootstrapBrokers: [address] }, timeoutMs });

beforeAll(async () => {
  bootstrap = (await sharedBroker()).bootstrap;
  admin = adminFor(bootstrap);
}, START_TIMEOUT_MS);

afterAll(async () => {
  await admin.close();
});

describe('the cluster', () => {
  it('tells its brokers', async () => {
    expect(await admin.brokers()).toEqual([1]);
  });

  it('lists topics sorted, without internal ones, and while some are being deleted', async () => {
    const [kept, doomed] = [
      await createTopic(bootstrap, { prefix: 'kept' }),
      await createTopic(bootstrap, { prefix: 'gone' }),
    ];
    const lists = withAdmin(bootstrap, async (client) => {
      await client.deleteTopics({ topics: [doomed] });
    });
    for (let i = 0; i < 20; i += 1) {
      const topics = await admin.topics();
      expect(topics).toContain(kept);
      expect(topics).toEqual(topics.toSorted());
      expect(topics.filter((topic) => topic.startsWith('__'))).toEqual([]);
    }
    await lists;
  });
});

describe('a topic', () => {
  it('is described with leaders and replicas, partitions ascending', async () => {
    const topic = await createTopic(bootstrap, { partitions: 12 });
    const { name, partitions } = await admin.describeTopic(topic);
    expect(name).toBe(topic);
    expect(partitions).toEqual(
      Array.from({ length: 12 }, (_, partition) => ({
        partition,
        leader: 1,
        replicas: [{ broker: 1, leader: true, inSync: true }],
      })),
    );
    expect(await admin.partitionCount(topic)).toBe(12);
  });

  it('has configs, defaults included', async () => {
    const topic = await createTopic(bootstrap, { settings: { 'retention.ms': '12345' } });
    const configs = new Map(await admin.topicConfigs(topic));
    expect(configs.get('retention.ms')).toBe('12345');
    expect(configs.get('cleanup.policy')).toBe('delete');
    expect(configs.size).toBeGreaterThan(20);
  });

  it('is created with partitions and configs, once', async () => {
    const topic = uniqueName('created');
    await admin.createTopic(topic, { partitions: 2, configs: { 'retention.ms': '777' } });
    // The controller has answered; brokers hear of it a moment later.
    await expect.poll(async () => await admin.topics()).toContain(topic);
    await expect(admin.createTopic(topic)).rejects.toMatchObject({
      family: 'badRequest',
      message: `Topic '${topic}' already exists.`,
    });
  });

  it('that is missing is unknown to every question, and is not created by asking', async () => {
    const topic = uniqueName('missing');
    const questions = [
      () => admin.describeTopic(topic),
      () => admin.topicConfigs(topic),
      () => admin.partitionOffsets(topic, 0),
      () => admin.partitionCount(topic),
      () => admin.offsetsForTimes([{ topic, partition: 0, timestampMs: 0 }]),
    ];
    for (const question of questions) {
      await expect(question()).rejects.toMatchObject(UNKNOWN);
    }
    expect(await admin.topics()).not.toContain(topic);
  });

  it.each(['a b', '..', '', 'x'.repeat(250)])(
    'with the illegal name "%s" is told from a missing one',
    async (topic) => {
      await expect(admin.describeTopic(topic)).rejects.toMatchObject(INVALID);
      await expect(admin.topicConfigs(topic)).rejects.toMatchObject(INVALID);
      await expect(admin.partitionOffsets(topic, 0)).rejects.toMatchObject(INVALID);
    },
  );
});

describe('offsets', () => {
  it('are the ends of the log', async () => {
    const topic = await createTopic(bootstrap, { partitions: 2 });
    expect(await admin.partitionOffsets(topic, 1)).toEqual({ beginning: 0, end: 0 });
    const producer = producerFor(bootstrap);
    await producer.produce(topic, batchOf(['a', 'b', 'c'].map((value) => ({ value, partition: 1 }))));
    await producer.close(5000);
    expect(await admin.partitionOffsets(topic, 1)).toEqual({ beginning: 0, end: 3 });
    await withAdmin(bootstrap, async (client) => {
      await client.deleteRecords({ topics: [{ name: topic, partitions: [{ partition: 1, offset: 2n }] }] });
    });
    expect(await admin.partitionOffsets(topic, 1)).toEqual({ beginning: 2, end: 3 });
    await expect(admin.partitionOffsets(topic, 2)).rejects.toMatchObject(UNKNOWN);
  });

  it('are there for the other partitions when some are missing (bug: one took the answers from all)', async () => {
    const topic = await createTopic(bootstrap, { partitions: 2 });
    const places = [
      { topic, partition: 1 },
      { topic, partition: 2 },
      { topic: uniqueName('missing'), partition: 0 },
      { topic: 'a b', partition: 0 },
      { topic, partition: 0 },
    ];
    const answers = await admin.edgeOffsetAnswers(places, 'latest');
    expect(answers).toMatchObject([0, UNKNOWN, UNKNOWN, INVALID, 0]);
    await expect(admin.edgeOffsets(places, 'latest')).rejects.toMatchObject(UNKNOWN);
  });

  it('of many partitions are one question to their leader; a partition that is asked again takes another', async () => {
    const topic = await createTopic(bootstrap, { partitions: 12 });
    const places = Array.from({ length: 12 }, (_, partition) => ({ topic, partition }));
    // From this answer on each leader knows that it is one, and nothing is asked twice for that.
    await admin.edgeOffsets(places, 'latest');
    const questions: number[] = [];
    const note = (context: unknown): void => void questions.push((context as { apiKey: number }).apiKey);
    subscribe(SENT, note);
    onTestFinished(() => void unsubscribe(SENT, note));
    expect(await admin.edgeOffsets(places, 'earliest')).toEqual(places.map(() => 0));
    expect(questions.filter((key) => key === LIST_OFFSETS)).toHaveLength(1);
    const times = [...places, ...places].map((place) => ({ ...place, timestampMs: 0 }));
    expect(await admin.offsetsForTimes(times)).toEqual(times.map(() => null));
    expect(questions.filter((key) => key === LIST_OFFSETS)).toHaveLength(3);
  });

  it('for times are those of the first record from then on, in the order of the questions', async () => {
    const topic = await createTopic(bootstrap, { partitions: 2 });
    const producer = producerFor(bootstrap);
    await producer.produce(topic, batchOf([{ value: 'a', partition: 0 }]));
    await new Promise((resolve) => setTimeout(resolve, 30));
    const between = Date.now();
    await producer.produce(topic, batchOf([{ value: 'b', partition: 0 }]));
    await producer.close(5000);
    const ask = (partition: number, timestampMs: number) => ({ topic, partition, timestampMs });
    const asked = [ask(0, between), ask(1, 0), ask(0, 0), ask(0, Date.now() + 60_000)];
    expect(await admin.offsetsForTimes(asked)).toEqual([1, null, 0, null]);
  });
});

describe('a cluster that cannot be reached', () => {
  it('is a retriable error within the deadline', async () => {
    const away = adminFor('127.0.0.1:1', 1000);
    await expect(away.topics()).rejects.toMatchObject({ family: 'retriable', retriable: true });
    await away.close();
  });

  it('does not break the client for later calls', async () => {
    const reborn = adminFor(bootstrap);
    expect(await reborn.brokers()).toEqual([1]);
    await reborn.close();
    await expect(reborn.brokers()).rejects.toMatchObject({ retriable: true });
  });
});

describe('the pool', () => {
  it('has one client for each principal, and closes the one unused for the longest time', async () => {
    const made: string[] = [];
    const pool = new AdminPool({
      adminOptions: ({ id }) => {
        made.push(id);
        return { settings: { clientId: id, bootstrapBrokers: [bootstrap] }, timeoutMs: 5000 };
      },
      maxClients: 2,
    });
    const [a, b, c] = ['a', 'b', 'c'].map((id) => ({ id }));
    const first = pool.of(a as { id: string });
    expect(await first.brokers()).toEqual([1]);
    expect(pool.of(a as { id: string })).toBe(first);
    pool.of(b as { id: string });
    pool.of(a as { id: string });
    pool.of(c as { id: string });
    expect(made).toEqual(['a', 'b', 'c']);
    expect(pool.of(a as { id: string })).toBe(first);
    pool.of(b as { id: string });
    expect(made).toEqual(['a', 'b', 'c', 'b']);
    await pool.close();
  });
});
