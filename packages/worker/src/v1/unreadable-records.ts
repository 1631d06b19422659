import { ApiError } from '@sluice/protocol';
import { SEEK_PAST } from '../formats/records-body.ts';
import type { Handler } from '../http/dispatch.ts';

/**
 * What v2 calls a record that cannot be deserialized (408/40801) is an error of Kafka's to v1 (observed (h)). It comes as
 * v2's does: after the records before it, with its place, and again with each read.
 * @param wayOut what the client can do about it; v1 has no seek
 * @throws ApiError 500/50002; whatever else the handler throws
 */
export function withKafkaErrors(handler: Handler, wayOut: string): Handler {
  return async (exchange, api) => {
    try {
      return await handler(exchange, api);
    } catch (error) {
      if (!(error instanceof ApiError) || error.kind !== 'serialization') throw error;
      throw new ApiError('kafka', {
        message: `Kafka error: ${error.message.replace(SEEK_PAST, wayOut)}`,
        cause: error,
      });
    }
  };
}
