import type { ApiVersion, Dialect, Route } from '@sluice/protocol';
import type { Handler } from './http/dispatch.ts';
import { listBrokers } from './resources/brokers.ts';
import { createConsumer, deleteConsumer } from './resources/consumers.ts';
import { dialectHandlers } from './resources/dialect-routes.ts';
import { forJoinedInstance, type InstanceHandler } from './resources/instance.ts';
import { getPartition, listPartitions } from './resources/partitions.ts';
import { produceToPartition, produceToTopic } from './resources/produce.ts';
import { getRoot, postRoot } from './resources/root.ts';
import { getTopic, listTopics } from './resources/topics.ts';
import { v1Handlers } from './v1/handlers.ts';
import { commitReturned } from './v1/offsets.ts';
import { v2Handlers } from './v2/handlers.ts';
import { commitOffsets } from './v2/offsets.ts';

const commits: Readonly<Record<ApiVersion, InstanceHandler>> = { v1: commitReturned, v2: commitOffsets };

/** What both versions have, and differ in by no more than their types, their errors and what they leave out. */
const shared: ReadonlyMap<string, Handler> = new Map<string, Handler>([
  ['root.get', getRoot],
  ['root.post', postRoot],
  ...dialectHandlers,
  ['brokers.list', listBrokers],
  ['topics.list', listTopics],
  ['topics.get', getTopic],
  ['produce-to-topic', produceToTopic],
  ['partitions.list', listPartitions],
  ['partitions.get', getPartition],
  ['produce-to-partition', produceToPartition],
  ['consumers.create', createConsumer],
  ['consumers.delete', deleteConsumer],
  // Both have it under one path, so the instance tells whose it is.
  [
    'consumers.commit-offsets',
    forJoinedInstance('either', async (session, exchange, api) => {
      return await commits[session.settings.api](session, exchange, api);
    }),
  ],
]);
const own: Readonly<Record<ApiVersion, ReadonlyMap<string, Handler>>> = { v1: v1Handlers, v2: v2Handlers };

function handlerOf(route: Route): Handler {
  const handler = own[route.api].get(route.operation) ?? shared.get(route.operation);
  if (handler === undefined) throw new Error(`no handler for ${route.operation} of ${route.api}`);
  return handler;
}

/** Who serves which route of the table. */
export function handlersOf({ routes }: Dialect): ReadonlyMap<Route, Handler> {
  return new Map(routes.map((route) => [route, handlerOf(route)]));
}
