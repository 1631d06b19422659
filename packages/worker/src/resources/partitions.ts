import type { PartitionDescription, Principal } from '@sluice/kafka';
import { ApiError, partitionParam } from '@sluice/protocol';
import type { Api } from '../api.ts';
import type { Handler } from '../http/dispatch.ts';

/** A partition as answers show it. */
interface PartitionBody {
  readonly partition: number;
  /** -1 when there is none. */
  readonly leader: number;
  readonly replicas: readonly { readonly broker: number; readonly leader: boolean; readonly in_sync: boolean }[];
}

export function partitionBody({ partition, leader, replicas }: PartitionDescription): PartitionBody {
  return {
    partition,
    leader,
    replicas: replicas.map((replica) => ({
      broker: replica.broker,
      leader: replica.leader,
      in_sync: replica.inSync,
    })),
  };
}

export async function findPartition(
  api: Api,
  principal: Principal,
  topic: string,
  partition: number,
): Promise<PartitionDescription> {
  const { partitions } = await api.admins.of(principal).describeTopic(topic);
  const found = partitions.find((candidate) => candidate.partition === partition);
  if (found === undefined) throw new ApiError('partitionNotFound');
  return found;
}

export const listPartitions: Handler = async (exchange, api) => {
  const { partitions } = await api.admins.of(exchange.principal).describeTopic(exchange.params.topic);
  return { status: 200, body: JSON.stringify(partitions.map(partitionBody)) };
};

export const getPartition: Handler = async (exchange, api) => {
  const partition = partitionParam(exchange.params);
  const found = await findPartition(api, exchange.principal, exchange.params.topic, partition);
  return { status: 200, body: JSON.stringify(partitionBody(found)) };
};
