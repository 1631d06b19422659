import { describe, expect, it } from 'vitest';
import { eventually } from '../harness/conditions.ts';
import { useProxy } from '../harness/proxy.ts';
import { produceJson } from '../harness/rest-consumer.ts';
import { createTopic, uniqueName } from '../harness/topics.ts';
import { V1Consumer } from '../harness/v1-consumer.ts';

/** What a commit of v1 tells after partitions went from one member of a group to another and back: contract C.4. */

const proxy = useProxy();

interface Given {
  readonly partition: number;
  readonly value: unknown;
}

async function given(consumer: V1Consumer, topic: string, query = ''): Promise<readonly Given[]> {
  const answer = await consumer.readAnswer(topic, query);
  expect(answer.status, answer.text).toBe(200);
  return answer.json() as Given[];
}

/** Until the condition holds for all that was given. */
async function givenUntil(consumer: V1Consumer, topic: string, isAll: (all: readonly Given[]) => boolean) {
  const all: Given[] = [];
  await eventually(
    async () => {
      all.push(...(await given(consumer, topic)));
      return isAll(all);
    },
    { deadlineMs: 30_000, describe: `the records of ${topic}` },
  );
  return all;
}

describe('a commit', () => {
  it('does not tell of a partition whose records another member was given', { timeout: 60_000 }, async () => {
    const topic = await createTopic(proxy.bootstrap, { partitions: 4 });
    for (const partition of [0, 1, 2, 3]) await produceJson(proxy.http, topic, [partition], partition);
    const group = uniqueName('group');
    const first = await V1Consumer.create(proxy.http, {}, group);
    const [own] = await given(first, topic, '?max_bytes=1');

    const second = await V1Consumer.create(proxy.http, {}, group);
    const others = await givenUntil(second, topic, (all) => all.length >= 2);
    const [foreign, returning] = others
      .map(({ partition }) => partition)
      .toSorted((a, b) => Number(a === own?.partition) - Number(b === own?.partition));
    expect(await second.commit()).toHaveLength(2);
    expect((await proxy.http.call('DELETE', second.path)).status).toBe(204);

    // That the first member is given this one shows that it has got both partitions back.
    await produceJson(proxy.http, topic, ['new'], returning);
    const all = await givenUntil(first, topic, (records) => records.some(({ value }) => value === 'new'));
    expect(all.map(({ partition }) => partition)).not.toContain(foreign);
    const told = (await first.commit()) as { partition: number }[];
    expect(told.map(({ partition }) => partition)).toContain(returning);
    expect(told.map(({ partition }) => partition)).not.toContain(foreign);
  });
});
