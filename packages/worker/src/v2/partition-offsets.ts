import { partitionParam } from '@sluice/protocol';
import type { Handler } from '../http/dispatch.ts';
import { findPartition } from '../resources/partitions.ts';

export const getPartitionOffsets: Handler = async (exchange, api) => {
  const partition = partitionParam(exchange.params);
  const { topic } = exchange.params;
  await findPartition(api, exchange.principal, topic, partition);
  const { beginning, end } = await api.admins.of(exchange.principal).partitionOffsets(topic, partition);
  return { status: 200, body: JSON.stringify({ beginning_offset: beginning, end_offset: end }) };
};
