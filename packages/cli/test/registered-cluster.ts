import { randomUUID } from 'node:crypto';
import { type NodeRecord, parseRedisUrl } from '@sluice/directory';
import { RedisDirectory } from '@sluice/directory/redis';
import { createLogger, Metrics, type PeerCall, type PeerServer, type PeerTls, startPeerServer } from '@sluice/runtime';
import { onTestFinished } from 'vitest';
import { eventually } from '../../../test/harness/conditions.ts';
import { loadOperatorConfiguration } from '../src/configuration.ts';

export const secret = '0123456789abcdef';

/** A cluster of its own in a Redis: what its nodes would write there, and how a command is told where it is. */
export interface RegisteredCluster {
  readonly id: string;
  readonly directory: RedisDirectory;
  /** For `--set`. */
  readonly set: readonly string[];
  /** The same as arguments of a command. */
  readonly parameters: readonly string[];
}

export function nodeOf(id: string, more: Partial<NodeRecord> = {}): NodeRecord {
  return {
    id,
    boot: `${id}-boot`,
    address: `http://${id}:18082`,
    state: 'up',
    recordVersion: 1,
    build: '0.1.0',
    load: { instances: 0, instancesMax: 1000, utilization: 0.034 },
    ...more,
  };
}

export function loadOf(instances: number): NodeRecord['load'] {
  return { instances, instancesMax: 1000, utilization: 0.034 };
}

export async function registeredCluster(redisUrl: string, ...nodes: readonly NodeRecord[]): Promise<RegisteredCluster> {
  const id = `test-${randomUUID()}`;
  const directory = new RedisDirectory({
    address: parseRedisUrl(redisUrl),
    cluster: id,
    leaseMs: 60_000,
    retentionMs: 600_000,
  });
  onTestFinished(() => directory.close());
  await eventually(async () => (await directory.nodes()).length === 0, { deadlineMs: 10_000, describe: 'Redis' });
  for (const node of nodes) await directory.register(node);
  const set = [`sluice.redis.url=${redisUrl}`, `sluice.cluster.id=${id}`, `sluice.cluster.secret=${secret}`];
  return { id, directory, set, parameters: set.flatMap((one) => ['--set', one]) };
}

/** Puts instances there without a create, which a new cluster refuses for a while. */
export async function held(cluster: RegisteredCluster, node: NodeRecord, group: string, instance: string) {
  const { id, boot } = node;
  await cluster.directory.assert([
    { name: { group, instance }, node: { id, boot }, epoch: 1000, config: '', state: {} },
  ]);
}

/** The internal listener of a node that is not there otherwise. With TLS it takes certificates, and no secret. */
export async function internalListener(node: NodeRecord, drain: PeerCall, tls?: PeerTls): Promise<PeerServer> {
  const metrics = new Metrics();
  const server = await startPeerServer({
    listener: { scheme: 'http', host: '127.0.0.1', port: 0 },
    advertisedHost: '',
    advertisedPort: 0,
    secret: tls === undefined ? secret : '',
    tls,
    identity: node,
    limits: loadOperatorConfiguration({ environment: {} }).config.http,
    serve: (_req, res) => res.end(),
    calls: new Map([['drain', drain]]),
    metrics,
    log: createLogger({ level: 'silent' }),
  });
  onTestFinished(async () => {
    await server.close(0);
    metrics.close();
  });
  return server;
}
