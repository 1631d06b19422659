import type { Handler } from '../http/dispatch.ts';
import { assign, getAssignments } from './assignments.ts';
import { listBrokers } from './brokers.ts';
import { createConsumer, deleteConsumer } from './consumers.ts';
import { commitOffsets, getCommittedOffsets } from './offsets.ts';
import { readPartition } from './partition-records.ts';
import { getPartition, getPartitionOffsets, listPartitions } from './partitions.ts';
import { seekToBeginning, seekToEnd, seekToOffset } from './positions.ts';
import { produceToPartition, produceToTopic } from './produce.ts';
import { consumeRecords } from './records.ts';
import { getRoot, postRoot } from './root.ts';
import { getSubscription, subscribe, unsubscribe } from './subscription.ts';
import { getTopic, listTopics } from './topics.ts';

/** Who serves which operation of the route table. */
export const handlers: ReadonlyMap<string, Handler> = new Map<string, Handler>([
  ['root.get', getRoot],
  ['root.post', postRoot],
  ['brokers.list', listBrokers],
  ['topics.list', listTopics],
  ['topics.get', getTopic],
  ['produce-to-topic', produceToTopic],
  ['partitions.list', listPartitions],
  ['partitions.get', getPartition],
  ['produce-to-partition', produceToPartition],
  ['partitions.get-offsets', getPartitionOffsets],
  ['partitions.read', readPartition],
  ['consumers.create', createConsumer],
  ['consumers.delete', deleteConsumer],
  ['consumers.subscribe', subscribe],
  ['consumers.get-subscription', getSubscription],
  ['consumers.unsubscribe', unsubscribe],
  ['consumers.consume', consumeRecords],
  ['consumers.commit-offsets', commitOffsets],
  ['consumers.get-committed-offsets', getCommittedOffsets],
  ['consumers.seek-to-beginning', seekToBeginning],
  ['consumers.seek-to-end', seekToEnd],
  ['consumers.seek-to-offset', seekToOffset],
  ['consumers.assign', assign],
  ['consumers.get-assignments', getAssignments],
]);
