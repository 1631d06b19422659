import { eventually } from '../../../test/harness/conditions.ts';
import type { RedisTopology } from '../../../test/harness/redis-topologies.ts';
import type { Directory, NodeIdentity } from '../src/directory.ts';
import { RedisDirectory } from '../src/redis-directory.ts';
import { RedisKeys } from '../src/redis-keys.ts';
import { parseRedisUrl } from '../src/redis-url.ts';
import { type Subject, uniqueInstance } from './conformance.ts';
import { SETTLE } from './settle.ts';

export const LEASE_MS = 10_000;
const RETENTION_MS = 600_000;
export const DEADLINE_MS = 10_000;

let clusters = 0;

/** A directory of a cluster of its own. */
export async function directoryAt(url: string, cluster: string): Promise<RedisDirectory> {
  const directory = new RedisDirectory({
    address: parseRedisUrl(url),
    cluster,
    leaseMs: LEASE_MS,
    retentionMs: RETENTION_MS,
  });
  // Also until its watch has begun: the first event says so.
  const watching = new Promise<void>((resolve) => {
    const unwatch = directory.watch(({ type }) => {
      if (type !== 'gap') return;
      unwatch();
      resolve();
    });
  });
  await watching;
  await reachable(directory);
  return directory;
}

export async function reachable(directory: Directory): Promise<void> {
  await eventually(
    async () =>
      await directory.nodes().then(
        () => true,
        () => false,
      ),
    {
      deadlineMs: DEADLINE_MS,
      describe: 'Redis to be reached',
      intervalMs: 20,
    },
  );
}

interface Place {
  readonly url: string;
  /** One command for all servers, or for the one that has the key. */
  readonly command: (...words: readonly string[]) => Promise<unknown>;
}

export async function subjectOn({ url, command }: Place): Promise<Subject & { readonly cluster: string }> {
  clusters += 1;
  const cluster = `{test}:${clusters}`;
  const keys = new RedisKeys(cluster);
  const directory = await directoryAt(url, cluster);
  return {
    cluster,
    directory,
    expire: async ({ id }: NodeIdentity) => void (await command('DEL', keys.node(id))),
    empty: async () => void (await command('FLUSHALL')),
    settle: async () => void (await command('EVAL', SETTLE, '1', keys.generation)),
    close: async () => await directory.close(),
  };
}

/** Looks for names that nobody gave, on each server of a cluster. */
export async function findMany(directory: Directory): Promise<void> {
  for (let i = 0; i < 30; i += 1) await directory.find(uniqueInstance());
}

/** All servers of a cluster get each command; those that do not have the key refuse it. */
export function everywhere({ url, servers }: RedisTopology): Place {
  return {
    url,
    command: async (...words) => await Promise.all(servers.map(async (server) => await server.command(...words))),
  };
}
