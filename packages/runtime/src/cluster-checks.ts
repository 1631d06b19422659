import { readFileSync } from 'node:fs';
import { certificatesIn } from './certificates.ts';
import type { ClusterConfig, Config } from './config.ts';
import type { SourcedValue } from './config-sources.ts';
import { formatListenAddress } from './listeners.ts';
import { asksForTls, missingTlsFiles, TLS_KEYS, tlsProblems } from './peer-tls-files.ts';
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
  const ofAll = [...badRedisAuthorities(cluster), ...badSecret(cluster)];
  // The files of TLS between nodes are for who calls one, which most commands do not.
  if (!forServer) return { problems: [...ofAll, ...missingTlsFiles(cluster)], warnings: [] };
  const clustered = cluster.redisUrl !== '';
  return {
    problems: [...missingRedis(cluster), ...untrusting(cluster), ...ofAll, ...badTls(cluster)],
    warnings: clustered ? identityWarnings(given) : idleWarnings(cluster, given),
  };
}

function missingRedis({ role, redisUrl }: ClusterConfig): string[] {
  if (redisUrl !== '' || role === 'node') return [];
  const why = role === 'edge' ? 'finds the nodes there' : 'is found there by the edges';
  return [`${settings.cluster.redisUrl.key}: nothing is set, and a server with sluice.role=${role} ${why}`];
}

function badRedisAuthorities({ redisCaFile: file }: ClusterConfig): string[] {
  if (file === '') return [];
  const { key } = settings.cluster.redisCaFile;
  try {
    if (certificatesIn(readFileSync(file, 'utf8')).length > 0) return [];
    return [`${key}: '${file}' holds no certificate in PEM`];
  } catch (error) {
    return [`${key}: '${file}' cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`];
  }
}

function isAlone({ role, redisUrl }: ClusterConfig): boolean {
  return redisUrl === '' && role === 'node';
}

function untrusting(cluster: ClusterConfig): string[] {
  if (cluster.secret !== '' || asksForTls(cluster) || isAlone(cluster)) return [];
  const why = 'whoever reached the internal listener could act as a node of the cluster';
  const ways = `set it (${SECRET_ALLOWED}), or have the nodes know each other by certificates (${TLS_KEYS.join(', ')})`;
  return [`${settings.cluster.secret.key}: nothing is set, and ${why}; ${ways}`];
}

function badTls(cluster: ClusterConfig): string[] {
  if (isAlone(cluster)) return [];
  const { internalListener: listener } = cluster;
  const scheme = asksForTls(cluster) ? 'https' : 'http';
  const problems = [...tlsProblems(cluster)];
  if (listener !== null && listener.scheme !== scheme) {
    const why = scheme === 'https' ? `is in clear although ${TLS_KEYS[0]} is set` : `takes ${TLS_KEYS.join(', ')}`;
    problems.push(`${settings.cluster.internalListener.key}: '${formatListenAddress(listener)}' ${why}`);
  }
  return problems;
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
