import { readFileSync } from 'node:fs';
import {
  type Directory,
  MemoryDirectory,
  NodeList,
  type NodeRecord,
  parseRedisUrl,
  RedisDirectory,
} from '@sluice/directory';
import { type Config, type Logger, PeerClient } from '@sluice/runtime';

/** What a process shares with the other nodes of its cluster; of a proxy that stands alone the same, with nobody in it. */
export interface ClusterParts {
  readonly directory: Directory;
  readonly nodes: NodeList;
  readonly peers: PeerClient;
  /** Whether there are others. */
  readonly shared: boolean;
  /** Begins to follow who is there. Resolves after the first look, whether Redis answered or not. */
  start(): Promise<void>;
  close(): Promise<void>;
}

/** Records outlive the longest idle time of an instance by so much: they are garbage then, unless somebody asserts them. */
const RETENTION_MARGIN_MS = 3_600_000;
/** The nodes are asked for that often, within a lease and at most. */
const REFRESHES_PER_LEASE = 10;
const REFRESH_MAX_MS = 1000;

/** @param onNodes each time that the nodes were asked for */
export function clusterParts(
  config: Config,
  log: Logger,
  onNodes: (nodes: readonly NodeRecord[]) => void,
): ClusterParts {
  const { redisUrl, secret, leaseMs } = config.cluster;
  const shared = redisUrl !== '';
  const retentionMs = config.consumer.instanceTimeoutMs + RETENTION_MARGIN_MS;
  const directory = shared ? sharedDirectory(config, retentionMs, log) : new MemoryDirectory({ leaseMs, retentionMs });
  const nodes = new NodeList({
    directory,
    refreshMs: Math.min(REFRESH_MAX_MS, leaseMs / REFRESHES_PER_LEASE),
    onChange: onNodes,
    onError: (error) => log.debug({ error }, 'The nodes of the cluster could not be asked for.'),
  });
  const peers = new PeerClient({ secret });
  return {
    directory,
    nodes,
    peers,
    shared,
    start: async () => {
      if (shared) await nodes.start();
    },
    close: async () => {
      nodes.stop();
      peers.close();
      await directory.close();
    },
  };
}

function sharedDirectory(config: Config, retentionMs: number, log: Logger): RedisDirectory {
  const { redisCaFile } = config.cluster;
  return new RedisDirectory({
    address: parseRedisUrl(config.cluster.redisUrl),
    certificateAuthorities: redisCaFile === '' ? undefined : readFileSync(redisCaFile, 'utf8'),
    cluster: config.cluster.id,
    leaseMs: config.cluster.leaseMs,
    retentionMs,
    onConnection: (connected, error) => {
      if (connected) log.info({}, 'Redis answers');
      else log.warn({ reason: error?.message }, 'Redis is not connected');
    },
  });
}
