import { KafkaError } from '@sluice/kafka';
import type { Api } from '../api.ts';
import type { Handler } from '../http/dispatch.ts';
import type { Exchange } from '../http/exchange.ts';
import { forInstance } from '../resources/instance.ts';
import { readInstance, recordsTypeOf } from '../resources/instance-read.ts';
import type { Session } from '../sessions/session.ts';
import { within } from '../within.ts';

/** @throws KafkaError unknownTopicOrPartition: a group would wait for such a topic for ever */
async function assertTopic({ principal, params: { topic } }: Exchange, api: Api): Promise<void> {
  await api.admins.of(principal).partitionCount(topic, 1);
}

/** How much longer an empty read takes at most where nobody can be asked. */
const LOOK_MS = 500;

/** A topic that was deleted looks empty to its group. Where nobody can be asked, it is. */
async function assertNotDeleted(exchange: Exchange, api: Api): Promise<void> {
  try {
    await within(LOOK_MS, assertTopic(exchange, api));
  } catch (error) {
    if (error instanceof KafkaError && error.family === 'unknownTopicOrPartition') throw error;
  }
}

/**
 * The first read says what the instance reads for the rest of its life (contract C.4).
 * @throws ApiError 409/40901; as `assertTopic`
 */
async function subscribe(session: Session, exchange: Exchange, api: Api): Promise<void> {
  const { topic } = exchange.params;
  if (session.onlyTopic.isFollowed(topic)) return;
  if (!session.reading.topics.includes(topic)) await assertTopic(exchange, api);
  await session.onlyTopic.follow(topic);
}

export const consumeTopic: Handler = forInstance('v1', async (session, exchange, api) => {
  const contentType = recordsTypeOf(session, exchange);
  await subscribe(session, exchange, api);
  const whenEmpty = () => assertNotDeleted(exchange, api);
  return await readInstance(session, exchange, api, { contentType, timeoutMs: undefined, whenEmpty });
});
