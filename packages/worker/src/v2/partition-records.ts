import { ApiError, int64Parameter, partitionParam } from '@sluice/protocol';
import type { Handler } from '../http/dispatch.ts';
import { answerPartition, assertPartition } from '../resources/partition-read.ts';
import { positiveParameter } from '../resources/positive-parameter.ts';

/** Reads from an offset, without a group and without an instance. Ours: Confluent's v2 has nothing like it, its v1 has. */
export const readPartition: Handler = async (exchange, api) => {
  const { topic } = exchange.params;
  const { query } = exchange.negotiated;
  const { consumer } = api.config;
  const offset = int64Parameter(query, 'offset');
  if (offset === undefined || offset < 0) {
    throw new ApiError('badRequest', { message: 'The query parameter `offset` must be set to 0 or more.' });
  }
  const timeoutMs = positiveParameter(query, 'timeout') ?? consumer.requestTimeoutMs;
  const maxBytes = positiveParameter(query, 'max_bytes') ?? consumer.readTargetBytes;
  const start = { topic, partition: partitionParam(exchange.params), offset };
  await assertPartition(exchange, api, start);
  const wish = {
    start,
    recordsMax: Number.POSITIVE_INFINITY,
    maxBytes: Math.min(maxBytes, consumer.requestMaxBytes),
    timeoutMs: Math.min(timeoutMs, consumer.maxTimeoutMs),
    waits: true,
    outOfRange: async (cause: Error): Promise<ApiError> => {
      const { partition } = start;
      const { beginning, end } = await api.admins.of(exchange.principal).partitionOffsets(topic, partition);
      const range = `partition ${partition} of topic ${topic} has those from ${beginning} to ${end}`;
      return new ApiError('kafkaBadRequest', { message: `Offset ${offset} is out of range: ${range}.`, cause });
    },
  };
  return await answerPartition(wish, exchange, api);
};
