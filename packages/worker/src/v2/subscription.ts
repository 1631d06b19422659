import { parseSubscriptionRequest, type TopicPartition } from '@sluice/protocol';
import type { Handler } from '../http/dispatch.ts';
import { forInstance } from '../resources/instance.ts';
import { compileTopicPattern } from '../sessions/topic-pattern.ts';

export const subscribe: Handler = forInstance('v2', async (session, exchange, api) => {
  const request = parseSubscriptionRequest(await exchange.readBody(), api.config.http);
  if (request.kind === 'topics') {
    if (request.topics.length > 0) await session.reading.subscribe(request.topics);
    else await session.reading.unsubscribe();
  } else if (request.kind === 'pattern') {
    const pattern = compileTopicPattern(request.pattern);
    const existing = await api.topicNames.list(exchange.principal);
    await session.reading.subscribePattern(pattern, await pattern.among(existing));
  }
  return { status: 204 };
});

/** Strimzi's: of each topic the partitions that are read. */
function partitionsByTopic(assignments: readonly TopicPartition[]): Record<string, number[]>[] {
  const byTopic = new Map<string, number[]>();
  for (const { topic, partition } of assignments) byTopic.set(topic, [...(byTopic.get(topic) ?? []), partition]);
  return Array.from(byTopic, ([topic, partitions]) => ({ [topic]: partitions }));
}

export const getSubscription: Handler = forInstance('v2', async ({ reading }, _exchange, { dialect }) => {
  const { topics } = reading;
  const body = dialect.tellsPartitions ? { topics, partitions: partitionsByTopic(reading.assignments) } : { topics };
  return { status: 200, body: JSON.stringify(body) };
});

export const unsubscribe: Handler = forInstance('v2', async (session) => {
  await session.reading.unsubscribe();
  return { status: 204 };
});
