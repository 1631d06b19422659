import { readFileSync } from 'node:fs';
import { parseRedisUrl } from '@sluice/directory';
import type { RedisDirectoryOptions } from '@sluice/directory/redis';
import type { Config } from '@sluice/runtime';

/** What a server and a command reach the directory of the same cluster by, as the configuration says it. */
export function redisConnection({
  cluster,
}: Config): Pick<RedisDirectoryOptions, 'address' | 'certificateAuthorities' | 'cluster' | 'leaseMs'> {
  const { redisUrl, redisCaFile, id, leaseMs } = cluster;
  return {
    address: parseRedisUrl(redisUrl),
    certificateAuthorities: redisCaFile === '' ? undefined : readFileSync(redisCaFile, 'utf8'),
    cluster: id,
    leaseMs,
  };
}
