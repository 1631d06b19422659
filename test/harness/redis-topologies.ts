import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from './conditions.ts';
import { freePorts } from './free-ports.ts';
import { startGuarded } from './guarded-process.ts';
import { type RedisServer, sendToRedis, startRedis } from './redis.ts';

const DEADLINE_MS = 20_000;
const GRACE_MS = 3000;
const SLOTS = 16_384;
const CLUSTER_SIZE = 3;

/** Several servers that act as one. The caller stops it. */
export interface RedisTopology {
  readonly url: string;
  readonly servers: readonly RedisServer[];
  readonly stop: () => Promise<void>;
}

async function stopAll(servers: readonly RedisServer[]): Promise<void> {
  await Promise.all(servers.map(async (server) => await server.stop()));
}

/** Three primaries of a Redis cluster, which share the slots between them, and a replica of the last of them. */
export interface RedisCluster extends RedisTopology {
  /** The replica takes the place of its primary, which is killed. Resolves when the others have heard of it. */
  readonly failOver: () => Promise<void>;
}

export async function startRedisCluster(): Promise<RedisCluster> {
  // The ports between the nodes, which are 10,000 above the others' by default: that is none for many a free port.
  const busPorts = await freePorts(CLUSTER_SIZE + 1);
  const all = await Promise.all(
    busPorts.map(async (port) => {
      const cluster = { 'cluster-enabled': 'yes', 'cluster-node-timeout': '2000', 'cluster-port': String(port) };
      return await startRedis({ settings: cluster });
    }),
  );
  const servers = all.slice(0, CLUSTER_SIZE);
  const [first, last, replica] = [all[0], all[CLUSTER_SIZE - 1], all[CLUSTER_SIZE]] as RedisServer[] as [
    RedisServer,
    RedisServer,
    RedisServer,
  ];
  try {
    const share = Math.ceil(SLOTS / CLUSTER_SIZE);
    for (const [i, server] of servers.entries()) {
      const end = Math.min((i + 1) * share, SLOTS) - 1;
      await server.command('CLUSTER', 'ADDSLOTSRANGE', String(i * share), String(end));
    }
    for (const server of all)
      await server.command('CLUSTER', 'MEET', '127.0.0.1', String(first.port), String(busPorts[0]));
    await eventually(async () => await isComplete(all), {
      deadlineMs: DEADLINE_MS,
      describe: 'the Redis cluster to form',
      intervalMs: 50,
    });
    await follow(replica, last);
  } catch (error) {
    await stopAll(all);
    throw error;
  }
  return {
    url: `redis-cluster://${servers.map(({ port }) => `127.0.0.1:${port}`).join(',')}`,
    servers,
    stop: async () => await stopAll(all),
    failOver: async () => {
      await last.kill();
      await replica.command('CLUSTER', 'FAILOVER', 'TAKEOVER');
      await eventually(async () => (await first.command('CLUSTER', 'SLOTS')).includes(`:${replica.port}\r\n`), {
        deadlineMs: DEADLINE_MS,
        describe: 'the replica to take over',
        intervalMs: 50,
      });
    },
  };
}

async function isComplete(servers: readonly RedisServer[]): Promise<boolean> {
  const states = await Promise.all(servers.map(async (server) => await server.command('CLUSTER', 'INFO')));
  const known = `cluster_known_nodes:${servers.length}\r`;
  return states.every((state) => state.includes('cluster_state:ok') && state.includes(known));
}

/** The name of a server is the answer's second line. */
async function follow(replica: RedisServer, primary: RedisServer): Promise<void> {
  const [, id = ''] = (await primary.command('CLUSTER', 'MYID')).split('\r\n');
  const wait = { deadlineMs: DEADLINE_MS, intervalMs: 50 };
  await eventually(async () => (await replica.command('CLUSTER', 'REPLICATE', id)).startsWith('+OK'), {
    ...wait,
    describe: 'the replica to know its primary',
  });
  await eventually(async () => (await primary.command('INFO', 'replication')).includes('state=online'), {
    ...wait,
    describe: 'the replica to follow',
  });
}

/** A primary, a replica and a sentinel that knows them as `main`. */
export interface RedisSentinel extends RedisTopology {
  /** The replica takes over, as when the primary fails. Resolves when the sentinel says so. */
  readonly failOver: () => Promise<void>;
}

export async function startRedisSentinel(): Promise<RedisSentinel> {
  const primary = await startRedis();
  const replica = await startRedis({ settings: { replicaof: `127.0.0.1 ${primary.port}` } });
  const servers = [primary, replica];
  const [port = 0] = await freePorts(1);
  const directory = await mkdtemp(join(tmpdir(), 'sluice-sentinel-'));
  const configFile = join(directory, 'sentinel.conf');
  await writeFile(
    configFile,
    [
      `port ${port}`,
      'bind 127.0.0.1',
      `dir ${directory}`,
      `sentinel monitor main 127.0.0.1 ${primary.port} 1`,
      'sentinel down-after-milliseconds main 1000',
      'sentinel failover-timeout main 5000',
      '',
    ].join('\n'),
  );
  const sentinel = await startGuarded({
    name: 'redis-sentinel',
    command: 'redis-server',
    commandArguments: [configFile, '--sentinel'],
    logFile: join(directory, 'sentinel.log'),
    scratchDirectory: directory,
    graceMs: GRACE_MS,
  });
  const ask = async (...words: readonly string[]): Promise<string> => await sendToRedis(port, words).catch(() => '');
  const stop = async (): Promise<void> => {
    await sentinel.stop();
    await stopAll(servers);
    await rm(directory, { recursive: true, force: true });
  };
  const wait = { deadlineMs: DEADLINE_MS, intervalMs: 50 };
  try {
    await eventually(async () => (await ask('SENTINEL', 'REPLICAS', 'main')).includes(String(replica.port)), {
      ...wait,
      describe: 'the sentinel to find the replica',
    });
    await eventually(async () => (await primary.command('INFO', 'replication')).includes('state=online'), {
      ...wait,
      describe: 'the replica to follow',
    });
  } catch (error) {
    await stop();
    throw error;
  }
  const failOver = async (): Promise<void> => {
    // The sentinel refuses until it has heard of the replica that it is good.
    await eventually(async () => (await ask('SENTINEL', 'FAILOVER', 'main')).startsWith('+OK'), {
      ...wait,
      describe: 'the sentinel to begin the failover',
    });
    await eventually(
      async () => (await ask('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', 'main')).includes(String(replica.port)),
      { ...wait, describe: 'the replica to take over' },
    );
  };
  return { url: `redis-sentinel://127.0.0.1:${port}/main`, servers, stop, failOver };
}
