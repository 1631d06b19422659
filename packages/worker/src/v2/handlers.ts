import type { Handler } from '../http/dispatch.ts';
import { assign, getAssignments } from './assignments.ts';
import { getCommittedOffsets } from './offsets.ts';
import { getPartitionOffsets } from './partition-offsets.ts';
import { readPartition } from './partition-records.ts';
import { seekToBeginning, seekToEnd, seekToOffset } from './positions.ts';
import { consumeRecords } from './records.ts';
import { getSubscription, subscribe, unsubscribe } from './subscription.ts';

/** Who serves the operations that v2 alone has, or has in its own way. */
export const v2Handlers: ReadonlyMap<string, Handler> = new Map<string, Handler>([
  ['partitions.get-offsets', getPartitionOffsets],
  ['partitions.read', readPartition],
  ['consumers.subscribe', subscribe],
  ['consumers.get-subscription', getSubscription],
  ['consumers.unsubscribe', unsubscribe],
  ['consumers.consume', consumeRecords],
  ['consumers.get-committed-offsets', getCommittedOffsets],
  ['consumers.seek-to-beginning', seekToBeginning],
  ['consumers.seek-to-end', seekToEnd],
  ['consumers.seek-to-offset', seekToOffset],
  ['consumers.assign', assign],
  ['consumers.get-assignments', getAssignments],
]);
