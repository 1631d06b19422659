import { type Directory, MemoryDirectory, NodeList, type NodeRecord } from '@sluice/directory';
import { type Config, type Logger, PeerClient, PeerTls, transportFault } from '@sluice/runtime';
import { redisConnection } from './redis-connection.ts';

/** What a process shares with the other nodes of its cluster; of a proxy that stands alone the same, with nobody in it. */
export interface ClusterParts {
  readonly directory: Directory;
  readonly nodes: NodeList;
  readonly peers: PeerClient;
  /** Undefined: they talk in clear. */
  readonly tls: PeerTls | undefined;
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
export async function clusterParts(
  config: Config,
  log: Logger,
  onNodes: (nodes: readonly NodeRecord[]) => void,
): Promise<ClusterParts> {
  const { redisUrl, secret, leaseMs } = config.cluster;
  const shared = redisUrl !== '';
  const tls = shared ? PeerTls.read(config.cluster) : undefined;
  const tellUnusable = unusableNodes(tls, log);
  const retentionMs = config.consumer.instanceTimeoutMs + RETENTION_MARGIN_MS;
  const directory = shared
    ? await sharedDirectory(config, retentionMs, log)
    : new MemoryDirectory({ leaseMs, retentionMs });
  const nodes = new NodeList({
    directory,
    refreshMs: Math.min(REFRESH_MAX_MS, leaseMs / REFRESHES_PER_LEASE),
    onChange: (present) => {
      tellUnusable(present);
      onNodes(present);
    },
    onError: (error) => log.debug({ error }, 'The nodes of the cluster could not be asked for.'),
  });
  const peers = new PeerClient({ secret, tls });
  return {
    directory,
    nodes,
    peers,
    tls,
    shared,
    start: async () => {
      tls?.follow(log);
      if (shared) await nodes.start();
    },
    close: async () => {
      tls?.stop();
      nodes.stop();
      peers.close();
      await directory.close();
    },
  };
}

/** Tells once of each node to which nothing is sent, since it is reached in another way than this one. */
function unusableNodes(tls: PeerTls | undefined, log: Logger): (nodes: readonly NodeRecord[]) => void {
  let told: ReadonlySet<string> = new Set();
  return (nodes) => {
    const unusable = new Set<string>();
    for (const { id, boot, address } of nodes) {
      const fault = transportFault(address, tls);
      if (fault === undefined) continue;
      const life = JSON.stringify([id, boot, address]);
      unusable.add(life);
      if (!told.has(life)) log.warn({ peer: id, boot, fault }, 'Nothing is sent to a node of the cluster.');
    }
    told = unusable;
  };
}

/** A proxy that stands alone has no client of Redis in its memory. */
async function sharedDirectory(config: Config, retentionMs: number, log: Logger): Promise<Directory> {
  const { RedisDirectory } = await import('@sluice/directory/redis');
  return new RedisDirectory({
    ...redisConnection(config),
    retentionMs,
    onConnection: (connected, error) => {
      if (connected) log.info({}, 'Redis answers');
      else log.warn({ reason: error?.message }, 'Redis is not connected');
    },
  });
}
