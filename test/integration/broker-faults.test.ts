import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '../harness/conditions.ts';
import { type KafkaBroker, startKafka } from '../harness/kafka.ts';
import { createTopic, withAdmin } from '../harness/topics.ts';

const TEST_MS = 120_000;

let broker: KafkaBroker | undefined;

afterEach(async () => {
  await broker?.stop();
}, TEST_MS);

describe('a broker of a test of its own', () => {
  it(
    'comes back with its topics, on the same port, after SIGKILL',
    async () => {
      broker = await startKafka({ initialRebalanceDelayMs: 0 });
      const { bootstrap, pid } = broker;
      const topic = await createTopic(bootstrap, { partitions: 2 });

      await broker.kill();
      await expect(withAdmin(bootstrap, async (admin) => await admin.listTopics())).rejects.toThrow();
      await broker.restart();

      expect(broker.pid).not.toBe(pid);
      await eventually(
        async () => (await withAdmin(bootstrap, async (admin) => await admin.listTopics())).includes(topic),
        { deadlineMs: 20_000, describe: 'the topic to be listed again' },
      );
    },
    TEST_MS,
  );
});
