import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { eventually } from './conditions.ts';
import { freePorts } from './free-ports.ts';
import { type GuardedProcess, type ProcessExit, startGuarded } from './guarded-process.ts';
import { type HttpClient, httpClient } from './http.ts';

const LAUNCHER = fileURLToPath(new URL('../../packages/cli/bin/sluice', import.meta.url));
/** Several at once on a machine that has other things to do. */
const READY_DEADLINE_MS = 45_000;
/** A node may take 20 s to hand over and 5 s to end (`sluice.handover.timeout.ms`, `shutdown.graceful.ms`). */
const STOP_GRACE_MS = 40_000;

interface LaunchOptions {
  /** Given on the command line as `--set key=value`. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly environment?: Readonly<Record<string, string>>;
}

interface SluiceOptions extends LaunchOptions {
  /** Properties for the configuration file; they win over the addresses chosen here. */
  readonly properties: Readonly<Record<string, string>>;
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

/** The configuration and the log of a proxy, which may be started on them any number of times. */
export interface SluiceFiles {
  readonly directory: string;
  readonly configFile: string;
  readonly managementUrl: string;
  readonly management: HttpClient;
  readonly logs: () => Promise<string>;
  readonly remove: () => Promise<void>;
}

function propertiesText(properties: Readonly<Record<string, string>>): string {
  return Object.entries(properties)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');
}

/** Writes what a proxy is started with. Its management listener gets a free port. */
export async function writeSluiceFiles(properties: Readonly<Record<string, string>>): Promise<SluiceFiles> {
  const [managementPort = 0] = await freePorts(1);
  const managementUrl = `http://127.0.0.1:${managementPort}`;
  const directory = await mkdtemp(join(tmpdir(), 'sluice-proxy-'));
  const configFile = join(directory, 'kafka-rest.properties');
  await writeFile(configFile, propertiesText({ 'sluice.management.listener': managementUrl, ...properties }));
  return {
    directory,
    configFile,
    managementUrl,
    management: httpClient(managementUrl),
    logs: async () => await readFile(logFileIn(directory), 'utf8'),
    remove: async () => await rm(directory, { recursive: true, force: true }),
  };
}

function logFileIn(directory: string): string {
  return join(directory, 'sluice.log');
}

async function ready(server: GuardedProcess, files: SluiceFiles): Promise<void> {
  await eventually(
    async () =>
      !server.isRunning() || (await files.management.call('GET', '/readyz', { timeoutMs: 1000 })).status === 200,
    { deadlineMs: READY_DEADLINE_MS, describe: 'the proxy to be ready', intervalMs: 50 },
  );
  if (server.isRunning()) return;
  throw new Error(`the proxy ended at start: ${await files.logs()}`);
}

/** Starts `sluice serve` from the built launcher and waits until its management listener calls it ready. */
export async function launchSluice(files: SluiceFiles, options: LaunchOptions = {}): Promise<GuardedProcess> {
  const settings = Object.entries(options.settings ?? {}).flatMap(([key, value]) => ['--set', `${key}=${value}`]);
  const server = await startGuarded({
    name: 'the proxy',
    command: LAUNCHER,
    commandArguments: ['serve', '--config', files.configFile, ...settings],
    ...(options.environment === undefined ? {} : { environment: options.environment }),
    logFile: logFileIn(files.directory),
    scratchDirectory: files.directory,
    graceMs: STOP_GRACE_MS,
  });
  try {
    await ready(server, files);
  } catch (error) {
    await server.kill();
    throw error;
  }
  return server;
}

/** Starts one proxy with a public listener. The caller stops it. */
export async function startSluice(options: SluiceOptions): Promise<SluiceProcess> {
  const [port = 0] = await freePorts(1);
  const url = `http://127.0.0.1:${port}`;
  const files = await writeSluiceFiles({ listeners: url, ...options.properties });
  let server: GuardedProcess;
  try {
    server = await launchSluice(files, options);
  } catch (error) {
    await files.remove();
    throw error;
  }
  return {
    url,
    http: httpClient(url),
    management: files.management,
    pid: server.pid,
    exited: server.exited,
    logs: files.logs,
    signal: server.signal,
    stop: async () => {
      const exit = await server.stop();
      await files.remove();
      return exit;
    },
    kill: server.kill,
  };
}
