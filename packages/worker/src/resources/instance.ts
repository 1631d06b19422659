import { KafkaError } from '@sluice/kafka';
import { ApiError, type ApiVersion, formatPeerOwner, peerHeaders } from '@sluice/protocol';
import type { Api } from '../api.ts';
import type { Answer } from '../http/answer.ts';
import type { Handler } from '../http/dispatch.ts';
import type { Exchange } from '../http/exchange.ts';
import { NotHeld } from '../sessions/not-held.ts';
import type { Session } from '../sessions/session.ts';

function signed(answer: Answer, { store }: Session, { shownNode }: Api): Answer {
  if (shownNode === undefined) return answer;
  const servedBy = formatPeerOwner({ node: shownNode, epoch: store.epoch });
  return { ...answer, headers: { ...answer.headers, [peerHeaders.servedBy]: servedBy } };
}

export type InstanceHandler = (session: Session, exchange: Exchange, api: Api) => Promise<Answer>;

/**
 * Whose instances a path is for. Under the paths that only one version has, there are none of the other; under the
 * others each is handled in the version that made it, whichever the headers of the request mean.
 */
export type Owner = ApiVersion | 'either';

/** The same for what has to know which partitions are read: a successor finds out first. */
export function forJoinedInstance(owner: Owner, handle: InstanceHandler): Handler {
  return forInstance(owner, async (session, exchange, api) => {
    if (session.isArriving) await session.untilJoined(api.config.kafka.adminTimeoutMs);
    return await handle(session, exchange, api);
  });
}

/** A request of the client proves that it has what it was answered before, unless that was by way of a node that is gone. */
async function untilProven({ sentReads }: Session, { attempt }: Exchange): Promise<void> {
  if (attempt.delivered !== undefined) sentReads.delivered(attempt.delivered);
  if (!sentReads.isProven) await sentReads.untilProven();
}

/**
 * A handler for a consumer instance: finds it, and keeps it from expiring while the request runs. An answer of an instance
 * that was taken over meanwhile is none: its new holder gives it.
 */
export function forInstance(owner: Owner, handle: InstanceHandler): Handler {
  return async (exchange, api) => {
    const { group, instance } = exchange.params;
    const session = await api.instances.find({ group, instance }, exchange.principal, exchange.attempt);
    const { api: madeIn } = session.settings;
    if (owner === 'either') exchange.speak(madeIn);
    else if (owner !== madeIn) throw new ApiError('consumerInstanceNotFound');
    session.activeRequests += 1;
    let answer: Answer | undefined;
    try {
      await untilProven(session, exchange);
      answer = await handle(session, exchange, api);
      if (session.movedTo === undefined) return signed(answer, session, api);
      throw new NotHeld(session.movedTo.owner);
    } catch (error) {
      answer?.onSent?.(false);
      if (session.movedTo !== undefined) throw new NotHeld(session.movedTo.owner);
      // Whatever it was that failed on a handle which is gone: the client is told that its instance is.
      if (session.closed && error instanceof KafkaError)
        throw new ApiError('consumerInstanceNotFound', { cause: error });
      throw error;
    } finally {
      session.activeRequests -= 1;
      session.touchedAt = api.now();
      // Whoever only looks at an instance uses it, too: its successor must not take it for expired.
      session.store.touch(session.journal);
    }
  };
}
