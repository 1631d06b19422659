import { mkdtemp, rm } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from './conditions.ts';
import { freePorts } from './free-ports.ts';
import { type GuardedProcess, startGuarded } from './guarded-process.ts';

const READY_DEADLINE_MS = 10_000;
const GRACE_MS = 3000;

export interface RedisOptions {
  /** Command line options of redis-server, without the dashes: `{ 'cluster-enabled': 'yes' }`. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** A redis-server of its own that keeps nothing on disk. */
export interface RedisServer {
  readonly port: number;
  readonly url: string;
  /** Sends one command (its words) and gives the raw answer of the server: for the administrator's part of a test. */
  readonly command: (...words: readonly string[]) => Promise<string>;
  /** SIGSTOP, and SIGCONT. */
  readonly freeze: () => void;
  readonly thaw: () => void;
  /**
   * SIGKILL, then a new process on the same port, without any memory of what was; or with what it knew at the last
   * `SAVE`.
   */
  readonly restart: (options?: { readonly keepSaved: boolean }) => Promise<void>;
  readonly kill: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** Starts redis-server on a free port of the loopback interface. The caller stops it. */
export async function startRedis({ settings = {} }: RedisOptions = {}): Promise<RedisServer> {
  const [port = 0] = await freePorts(1);
  const directory = await mkdtemp(join(tmpdir(), 'sluice-redis-'));
  const given = { port: String(port), bind: '127.0.0.1', save: '', appendonly: 'no', dir: directory, ...settings };
  const start = async (): Promise<GuardedProcess> => {
    const server = await startGuarded({
      name: 'redis-server',
      command: 'redis-server',
      commandArguments: Object.entries(given).flatMap(([key, value]) => [`--${key}`, value]),
      logFile: join(directory, 'redis.log'),
      scratchDirectory: directory,
      graceMs: GRACE_MS,
    });
    await eventually(async () => (await sendToRedis(port, ['PING']).catch(() => '')).startsWith('+PONG'), {
      deadlineMs: READY_DEADLINE_MS,
      describe: 'redis-server to answer',
      intervalMs: 20,
    });
    return server;
  };
  let server = await start();
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    command: (...words) => sendToRedis(port, words),
    freeze: () => server.signal('SIGSTOP'),
    thaw: () => server.signal('SIGCONT'),
    restart: async ({ keepSaved } = { keepSaved: false }) => {
      await server.kill();
      if (!keepSaved) await rm(join(directory, 'dump.rdb'), { force: true });
      server = await start();
    },
    kill: async () => void (await server.kill()),
    stop: async () => {
      server.signal('SIGCONT');
      await server.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** Sends one command on a connection of its own; the answer is its first piece, which holds short answers whole. */
export function sendToRedis(port: number, words: readonly string[]): Promise<string> {
  const request = `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`;
  return new Promise((resolve, reject) => {
    const socket = createConnection({ host: '127.0.0.1', port });
    socket.setTimeout(READY_DEADLINE_MS, () => socket.destroy(new Error(`no answer to ${words[0]}`)));
    socket.once('error', reject);
    socket.once('connect', () => socket.write(request));
    socket.once('data', (data) => {
      socket.destroy();
      resolve(data.toString('utf8'));
    });
  });
}
