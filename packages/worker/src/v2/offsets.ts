import { parseCommitRequest, parseCommittedOffsetsRequest } from '@sluice/protocol';
import type { Handler } from '../http/dispatch.ts';
import { forInstance, type InstanceHandler } from '../resources/instance.ts';

/**
 * The body names the last records that were consumed, and what is stored is the offset after each (observed (e)); in
 * Strimzi's dialect it names the next ones.
 */
export const commitOffsets: InstanceHandler = async (session, exchange, api) => {
  const offsets = parseCommitRequest(await exchange.readBody(), api.config.http);
  const { commitStep, commitAnswer } = api.dialect;
  if (offsets === undefined || offsets.length === 0) await session.offsets.commitDelivered();
  else
    await session.offsets.commit(
      offsets.map(({ topic, partition, offset }) => ({ topic, partition, offset: offset + commitStep })),
    );
  return commitAnswer;
};

export const getCommittedOffsets: Handler = forInstance('v2', async (session, exchange, api) => {
  const partitions = parseCommittedOffsetsRequest(await exchange.readBody(), api.config.http);
  const committed = await session.offsets.committed(partitions);
  const offsets = committed.map(({ topic, partition, offset }) => ({ topic, partition, offset, metadata: '' }));
  return { status: 200, body: JSON.stringify({ offsets }) };
});
