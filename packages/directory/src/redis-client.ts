import { Cluster, Redis } from 'ioredis';
import type { RedisClient } from './redis-scripts.ts';
import type { RedisAddress } from './redis-url.ts';

export interface RedisClientOptions {
  readonly address: RedisAddress;
  /** Longest wait for an answer, in ms. */
  readonly commandTimeoutMs: number;
  /** Certificates of the authorities that Redis' may come from, PEM; without them those that Node knows. */
  readonly certificateAuthorities?: string | undefined;
}

const CONNECT_TIMEOUT_MS = 1000;
/** Without any byte from the server for so long, with commands under way, the connection is made anew. */
const SOCKET_TIMEOUT_MS = 2000;
const RECONNECT_STEP_MS = 50;
const RECONNECT_MAX_MS = 500;
const REDIRECTIONS_MAX = 4;

const reconnectDelayMs = (attempt: number): number => Math.min(RECONNECT_STEP_MS * attempt, RECONNECT_MAX_MS);

/**
 * A client whose commands fail at once while there is no connection and after a deadline when there is one: by default
 * they wait out an outage, and hang for ever on a frozen server.
 */
export function redisClient({ address, commandTimeoutMs, certificateAuthorities }: RedisClientOptions): RedisClient {
  const { kind, hosts, tls, username, password, database, primary } = address;
  const connection = {
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    commandTimeout: commandTimeoutMs,
    connectTimeout: CONNECT_TIMEOUT_MS,
    socketTimeout: SOCKET_TIMEOUT_MS,
    disableClientInfo: true,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(tls ? { tls: certificateAuthorities === undefined ? {} : { ca: certificateAuthorities } } : {}),
  };
  if (kind === 'cluster') {
    const cluster = new Cluster([...hosts], {
      redisOptions: connection,
      enableOfflineQueue: false,
      maxRedirections: REDIRECTIONS_MAX,
      clusterRetryStrategy: reconnectDelayMs,
    });
    cluster.on('+node', hearAllErrors);
    return cluster;
  }
  const server = {
    ...connection,
    enableOfflineQueue: false,
    db: database,
    retryStrategy: reconnectDelayMs,
    // After a failover the old primary may come back as a replica on the same connection.
    reconnectOnError: (error: Error): boolean => error.message.startsWith('READONLY'),
  };
  if (kind === 'sentinel') {
    const sentinels = hosts.map(({ host, port }) => ({ host, port }));
    return hearAllErrors(
      new Redis({
        ...server,
        sentinels,
        name: primary,
        ...(tls ? { enableTLSForSentinelMode: true, sentinelTLS: connection.tls ?? {} } : {}),
      }),
    );
  }
  const [{ host, port } = { host: 'localhost', port: 6379 }] = hosts;
  return hearAllErrors(new Redis({ ...server, host, port }));
}

/**
 * ioredis hears the first error of a connection. One with TLS may have a second, when the server complains about what it
 * was refused for; heard by nobody, it would end the process.
 */
function hearAllErrors(client: Redis): Redis {
  client.on('error', () => {
    client.stream?.on('error', () => undefined);
  });
  return client;
}
