import { NoReaderFree, type TopicDescription } from '@sluice/kafka';
import {
  ApiError,
  type MessagesQuery,
  parseMessagesQuery,
  partitionParam,
  type TopicPartition,
} from '@sluice/protocol';
import type { Api } from '../api.ts';
import type { Handler } from '../http/dispatch.ts';
import type { Exchange } from '../http/exchange.ts';
import { answerPartition, assertPartition, type PartitionWish } from '../resources/partition-read.ts';

/** The simple consumer: records from an offset or a time, without a group and without an instance (contract C.5). */

const NO_LEADER = -1;

/** What Kafka's own error code 1 is called in the words of v1 (observed (m)). */
const OUT_OF_RANGE = 'Kafka error: Fetch response contains an error code: 1';

/** Undefined where no record is that young. */
async function offsetOf(
  { from }: MessagesQuery,
  target: TopicPartition,
  { exchange, api }: { readonly exchange: Exchange; readonly api: Api },
): Promise<number | undefined> {
  if ('offset' in from) return from.offset;
  const [found] = await api.admins.of(exchange.principal).offsetsForTimes([{ ...target, ...from }]);
  return found ?? undefined;
}

/** Why a partition gave neither a record nor a word in time. */
export function silenceOf({ partitions }: TopicDescription, partition: number, afterMs: number): ApiError {
  const found = partitions.find((candidate) => candidate.partition === partition);
  if (found?.leader === NO_LEADER) return new ApiError('leaderNotAvailable');
  return new ApiError('kafkaRetriable', { message: `Partition ${partition} was not read within ${afterMs} ms.` });
}

/** It never waits for records: none means that the log ends there, and so silence is an error. */
function wishOf(
  { count }: MessagesQuery,
  start: PartitionWish['start'],
  { exchange, api }: { readonly exchange: Exchange; readonly api: Api },
): PartitionWish {
  const { adminTimeoutMs: timeoutMs } = api.config.kafka;
  const { topic, partition } = start;
  return {
    start,
    recordsMax: count,
    maxBytes: api.config.consumer.requestMaxBytes,
    timeoutMs,
    waits: false,
    outOfRange: async (cause) => new ApiError('kafka', { message: OUT_OF_RANGE, cause }),
    unanswered: async () => {
      return silenceOf(await api.admins.of(exchange.principal).describeTopic(topic), partition, timeoutMs);
    },
  };
}

export const readMessages: Handler = async (exchange, api) => {
  const target = { topic: exchange.params.topic, partition: partitionParam(exchange.params) };
  const query = parseMessagesQuery(exchange.negotiated.query);
  const context = { exchange, api };
  await assertPartition(exchange, api, target);
  const offset = query.count === 0 ? undefined : await offsetOf(query, target, context);
  if (offset === undefined) return { status: 200, body: '[]' };
  try {
    return await answerPartition(wishOf(query, { ...target, offset }, context), exchange, api);
  } catch (error) {
    throw error instanceof NoReaderFree ? new ApiError('noSimpleConsumer', { cause: error }) : error;
  }
};
