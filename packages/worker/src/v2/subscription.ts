import { parseSubscriptionRequest } from '@sluice/protocol';
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

export const getSubscription: Handler = forInstance('v2', async (session) => ({
  status: 200,
  body: JSON.stringify({ topics: session.reading.topics }),
}));

export const unsubscribe: Handler = forInstance('v2', async (session) => {
  await session.reading.unsubscribe();
  return { status: 204 };
});
