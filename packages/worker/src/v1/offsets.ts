import { parseV1CommitRequest } from '@sluice/protocol';
import type { InstanceHandler } from '../resources/instance.ts';

/**
 * Commits what was returned, and tells how far that is: offsets of records, where Kafka has those after them (contract C.4).
 * `committed` lags behind while an answer before the last one is on its way, which nobody knows to have arrived.
 */
export const commitReturned: InstanceHandler = async (session, exchange, api) => {
  parseV1CommitRequest(await exchange.readBody(), api.config.http.jsonDepthMax);
  const progress = await session.offsets.commitDelivered();
  const body = progress.map(({ topic, partition, consumed, committable: committed }) => {
    return { topic, partition, consumed, committed };
  });
  return { status: 200, body: JSON.stringify(body) };
};
