import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { eventually } from './conditions.ts';
import { freePorts } from './free-ports.ts';
import { type GuardedProcess, type ProcessExit, startGuarded } from './guarded-process.ts';
import { type HttpClient, httpClient } from './http.ts';

const LAUNCHER = fileURLToPath(new URL('../../packages/cli/bin/sluice', import.meta.url));
const READY_DEADLINE_MS = 15_000;
const STOP_GRACE_MS = 15_000;

interface SluiceOptions {
  /** Properties for the configuration file; they win over the addresses chosen here. */
  readonly properties: Readonly<Record<string, string>>;
  /** Given on the command line as `--set key=value`. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly environment?: Readonly<Record<string, string>>;
}

/** A proxy in a process of its own, as an operator runs it. */
export interface SluiceProcess {
  readonly url: string;
  readonly http: HttpClient;
  readonly management: HttpClient;
  readonly pid: number;
  readonly exited: Promise<ProcessExit>;
  /** All that it wrote to stdout and stderr so far. */
  readonly logs: () => Promise<string>;
  readonly signal: (name: NodeJS.Signals) => void;
  /** SIGTERM, and waits: the exit tells whether the drain went well. Removes configuration and log. */
  readonly stop: () => Promise<ProcessExit>;
  readonly kill: () => Promise<ProcessExit>;
}

function propertiesText(properties: Readonly<Record<string, string>>): string {
  return Object.entries(properties)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');
}

async function ready(server: GuardedProcess, management: HttpClient, logFile: string): Promise<void> {
  await eventually(
    async () => !server.isRunning() || (await management.call('GET', '/readyz', { timeoutMs: 1000 })).status === 200,
    { deadlineMs: READY_DEADLINE_MS, describe: 'the proxy to be ready', intervalMs: 50 },
  );
  if (server.isRunning()) return;
  throw new Error(`the proxy ended at start: ${await readFile(logFile, 'utf8')}`);
}

/** Starts `sluice serve` from the built launcher and waits until it is ready. The caller stops it. */
export async function startSluice(options: SluiceOptions): Promise<SluiceProcess> {
  const [port = 0, managementPort = 0] = await freePorts(2);
  const url = `http://127.0.0.1:${port}`;
  const managementUrl = `http://127.0.0.1:${managementPort}`;
  const directory = await mkdtemp(join(tmpdir(), 'sluice-proxy-'));
  const configFile = join(directory, 'kafka-rest.properties');
  const logFile = join(directory, 'sluice.log');
  const addresses = { listeners: url, 'sluice.management.listener': managementUrl };
  await writeFile(configFile, propertiesText({ ...addresses, ...options.properties }));
  const settings = Object.entries(options.settings ?? {}).flatMap(([key, value]) => ['--set', `${key}=${value}`]);
  const server = await startGuarded({
    name: 'the proxy',
    command: LAUNCHER,
    commandArguments: ['serve', '--config', configFile, ...settings],
    ...(options.environment === undefined ? {} : { environment: options.environment }),
    logFile,
    scratchDirectory: directory,
    graceMs: STOP_GRACE_MS,
  });
  const removeFiles = async (): Promise<void> => await rm(directory, { recursive: true, force: true });
  const management = httpClient(managementUrl);
  try {
    await ready(server, management, logFile);
  } catch (error) {
    await server.kill();
    await removeFiles();
    throw error;
  }
  return {
    url,
    http: httpClient(url),
    management,
    pid: server.pid,
    exited: server.exited,
    logs: async () => await readFile(logFile, 'utf8'),
    signal: server.signal,
    stop: async () => {
      const exit = await server.stop();
      await removeFiles();
      return exit;
    },
    kill: server.kill,
  };
}
