import type { ClusterConfig, Config } from './config.ts';
import type { SourcedValue } from './config-sources.ts';
import { settings } from './settings.ts';

interface Findings {
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

const SECRET_MIN = 16;
/** It travels in a header. */
const PRINTABLE = /^[\x20-\x7e]*$/;
const SECRET_ALLOWED = `allowed is ${SECRET_MIN} or more printable ASCII characters`;

/**
 * What is wrong with the keys of the cluster as a whole, each of which is allowed for itself.
 *
 * @param forServer false for a command that only looks at a cluster, which may lack what a server needs
 */
export function checkCluster(
  { cluster }: Pick<Config, 'cluster'>,
  given: ReadonlyMap<string, SourcedValue>,
  forServer: boolean,
): Findings {
  if (!forServer) return { problems: badSecret(cluster), warnings: [] };
  const clustered = cluster.redisUrl !== '';
  return {
    problems: [...missingRedis(cluster), ...missingSecret(cluster), ...badSecret(cluster)],
    warnings: clustered ? identityWarnings(given) : idleWarnings(cluster, given),
  };
}

function missingRedis({ role, redisUrl }: ClusterConfig): string[] {
  if (redisUrl !== '' || role === 'node') return [];
  const why = role === 'edge' ? 'finds the nodes there' : 'is found there by the edges';
  return [`${settings.cluster.redisUrl.key}: nothing is set, and a server with sluice.role=${role} ${why}`];
}

function missingSecret({ secret, role, redisUrl }: ClusterConfig): string[] {
  if (secret !== '' || (redisUrl === '' && role === 'node')) return [];
  const why = 'whoever reached the internal listener could act as a node of the cluster';
  return [`${settings.cluster.secret.key}: nothing is set, and ${why}; ${SECRET_ALLOWED}`];
}

function badSecret({ secret }: ClusterConfig): string[] {
  if (secret === '' || (secret.length >= SECRET_MIN && PRINTABLE.test(secret))) return [];
  return [`${settings.cluster.secret.key}: the value is not allowed; ${SECRET_ALLOWED}`];
}

function identityWarnings(given: ReadonlyMap<string, SourcedValue>): string[] {
  const { id } = settings.cluster;
  if (given.has(id.key)) return [];
  return [
    `${id.key} is not set and '${id.defaultText}' is taken: two clusters that share a Redis or a Kafka need different ones`,
  ];
}

/** Keys that say something and mean nothing in a server that stands alone. */
function idleWarnings({ role }: ClusterConfig, given: ReadonlyMap<string, SourcedValue>): string[] {
  if (role !== 'node') return [];
  const keys = Object.values(settings.cluster)
    .filter(({ key, defaultText }) => given.has(key) && given.get(key)?.value !== defaultText)
    .map(({ key }) => key)
    .filter((key) => key !== settings.cluster.role.key);
  if (keys.length === 0) return [];
  const verb = keys.length === 1 ? 'has' : 'have';
  return [`${keys.join(', ')} ${verb} no effect: without ${settings.cluster.redisUrl.key} this server stands alone`];
}
