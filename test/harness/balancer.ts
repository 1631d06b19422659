import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from './conditions.ts';
import { freePorts } from './free-ports.ts';
import { startGuarded } from './guarded-process.ts';

const READY_DEADLINE_MS = 10_000;
const GRACE_MS = 2000;
const DEBIAN_PATH = '/usr/sbin/haproxy';

/** A balancer that knows nothing of what stands behind it: request by request to the next address that answers. */
export interface Balancer {
  readonly url: string;
  readonly stop: () => Promise<void>;
}

interface BalancerOptions {
  /** Management listeners of the servers, in order: they are asked whether they are ready. Default: whether they listen. */
  readonly readyAt?: readonly string[];
}

function configuration(port: number, urls: readonly string[], { readyAt }: BalancerOptions): string {
  const servers = urls.map((url, i) => {
    const asked = readyAt?.[i] === undefined ? '' : ` port ${new URL(readyAt[i]).port}`;
    return `  server s${i} ${new URL(url).host} check inter 200ms fall 1 rise 1${asked}`;
  });
  return [
    'defaults',
    '  mode http',
    '  timeout connect 1s',
    '  timeout client 60s',
    '  timeout server 60s',
    // A connection that was refused is tried at the next server; what was sent never is.
    '  retries 3',
    '  option redispatch 1',
    '  retry-on conn-failure',
    'frontend public',
    `  bind 127.0.0.1:${port}`,
    '  default_backend nodes',
    'backend nodes',
    '  balance roundrobin',
    ...(readyAt === undefined ? [] : ['  option httpchk GET /readyz']),
    ...servers,
    '',
  ].join('\n');
}

/** Starts HAProxy before the given addresses. The caller stops it. */
export async function startBalancer(urls: readonly string[], options: BalancerOptions = {}): Promise<Balancer> {
  const [port = 0] = await freePorts(1);
  const directory = await mkdtemp(join(tmpdir(), 'sluice-balancer-'));
  const file = join(directory, 'haproxy.cfg');
  await writeFile(file, configuration(port, urls, options));
  const balancer = await startGuarded({
    name: 'HAProxy',
    command: existsSync(DEBIAN_PATH) ? DEBIAN_PATH : 'haproxy',
    commandArguments: ['-db', '-f', file],
    logFile: join(directory, 'haproxy.log'),
    scratchDirectory: directory,
    graceMs: GRACE_MS,
  });
  await eventually(() => isListening(port), { deadlineMs: READY_DEADLINE_MS, describe: 'HAProxy to listen' });
  return {
    url: `http://127.0.0.1:${port}`,
    stop: async () => {
      await balancer.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: '127.0.0.1', port });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
