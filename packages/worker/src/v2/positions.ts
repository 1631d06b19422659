import type { Admin } from '@sluice/kafka';
import {
  parseSeekRequest,
  parseSeekToEdgeRequest,
  type TopicPartition,
  type TopicPartitionOffset,
  type TopicPartitionTimestamp,
} from '@sluice/protocol';
import type { Handler } from '../http/dispatch.ts';
import { forJoinedInstance } from '../resources/instance.ts';

/** Past the last record there is no offset for a time: reading goes on at the end, as a consumer's seek to end does. */
async function offsetsAt(
  admin: Admin,
  timestamps: readonly TopicPartitionTimestamp[],
): Promise<TopicPartitionOffset[]> {
  if (timestamps.length === 0) return [];
  const found = await admin.offsetsForTimes(timestamps);
  const beyond = timestamps.filter((_, i) => found[i] === null);
  const ends = beyond.length === 0 ? [] : await admin.edgeOffsets(beyond, 'latest');
  return timestamps.map(({ topic, partition }, i) => ({
    topic,
    partition,
    offset: found[i] ?? (ends.shift() as number),
  }));
}

async function edges(
  admin: Admin,
  partitions: readonly TopicPartition[],
  edge: 'earliest' | 'latest',
): Promise<TopicPartitionOffset[]> {
  const offsets = await admin.edgeOffsets(partitions, edge);
  return partitions.map(({ topic, partition }, i) => ({ topic, partition, offset: offsets[i] as number }));
}

export const seekToOffset: Handler = forJoinedInstance('v2', async (session, exchange, api) => {
  const { offsets, timestamps } = parseSeekRequest(await exchange.readBody(), api.config.http);
  session.reading.requireAssigned([...offsets, ...timestamps]);
  // Offsets first, times after them: where both name a partition the time wins (contract A.9).
  const resolved = await offsetsAt(api.admins.of(exchange.principal), timestamps);
  if (offsets.length + resolved.length > 0) await session.reading.seek([...offsets, ...resolved]);
  return { status: 204 };
});

/** An empty list means all assigned partitions. */
function seekToEdge(edge: 'earliest' | 'latest'): Handler {
  return forJoinedInstance('v2', async (session, exchange, api) => {
    const name = edge === 'earliest' ? 'beginning' : 'end';
    const named = parseSeekToEdgeRequest(await exchange.readBody(), api.config.http, name);
    session.reading.requireAssigned(named);
    const partitions = named.length > 0 ? named : session.reading.assignments;
    if (partitions.length > 0)
      await session.reading.seek(await edges(api.admins.of(exchange.principal), partitions, edge));
    return { status: 204 };
  });
}

export const seekToBeginning: Handler = seekToEdge('earliest');
export const seekToEnd: Handler = seekToEdge('latest');
