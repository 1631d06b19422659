import type { Cluster } from '../../harness/cluster.ts';
import type { ClusterMember } from '../../harness/cluster-member.ts';
import type { RedisServer } from '../../harness/redis.ts';
import type { RestConsumer } from '../../harness/rest-consumer.ts';

/** Which node holds an instance, as Redis has it. */
export async function holderOf(
  cluster: Cluster,
  redis: RedisServer,
  consumer: Pick<RestConsumer, 'path'>,
): Promise<ClusterMember> {
  const [, group = '', instance = ''] = /^\/consumers\/(.*)\/instances\/(.*)$/.exec(consumer.path) ?? [];
  const answer = await redis.command('HGET', `sluice:${cluster.id}:{${group}|${instance}}:own`, 'node');
  const found = cluster.nodes.find(({ id }) => answer.includes(id));
  if (found === undefined) throw new Error(`nobody holds ${consumer.path}: ${answer}`);
  return found;
}
