import type { Api } from '../api.ts';
import type { Handler } from '../http/dispatch.ts';
import type { Exchange } from '../http/exchange.ts';
import { forInstance } from '../resources/instance.ts';
import { readInstance, recordsTypeOf } from '../resources/instance-read.ts';
import type { Session } from '../sessions/session.ts';

/**
 * The first read says what the instance reads for the rest of its life (contract C.4).
 * @throws ApiError 409/40901; KafkaError unknownTopicOrPartition: a group would wait for such a topic for ever
 */
async function subscribe(session: Session, { principal, params: { topic } }: Exchange, api: Api): Promise<void> {
  if (session.onlyTopic.isFollowed(topic)) return;
  if (!session.reading.topics.includes(topic)) await api.admins.of(principal).partitionCount(topic, 1);
  await session.onlyTopic.follow(topic);
}

export const consumeTopic: Handler = forInstance('v1', async (session, exchange, api) => {
  const contentType = recordsTypeOf(session, exchange);
  await subscribe(session, exchange, api);
  return await readInstance(session, exchange, api, { contentType, timeoutMs: undefined });
});
