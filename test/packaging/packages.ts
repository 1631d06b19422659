import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { onTestFinished } from 'vitest';
import { eventually } from '../harness/conditions.ts';
import { freePorts } from '../harness/free-ports.ts';
import { type GuardedProcess, startGuarded } from '../harness/guarded-process.ts';
import { type HttpClient, httpClient } from '../harness/http.ts';

/** The repository, nothing of which an installation may need. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

const COMMAND_DEADLINE_MS = 60_000;
/** Half a minute, on a machine that has nothing else to do. */
const MAKE_DEADLINE_MS = 200_000;
const READY_DEADLINE_MS = 45_000;
const STOP_GRACE_MS = 10_000;
/** What a service gets: neither the variables of the test run, nor the programs of node_modules. */
const PATH = `${dirname(process.execPath)}:/usr/sbin:/usr/bin:/sbin:/bin`;

/** Runs a command to its end with a bare environment; returns what it wrote to standard output. */
export async function run(
  command: string,
  commandArguments: readonly string[],
  { cwd = '/', timeoutMs = COMMAND_DEADLINE_MS } = {},
): Promise<string> {
  const environment = { PATH, HOME: process.env['HOME'] ?? '/' };
  const options = { cwd, env: environment, timeout: timeoutMs, maxBuffer: 2 ** 26 };
  const { stdout } = await promisify(execFile)(command, commandArguments, options);
  return stdout;
}

export async function scratchFolder(): Promise<string> {
  return await mkdtemp(join(tmpdir(), 'sluice-packaging-'));
}

export async function removeFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
}

/** Makes all packages; returns them by the end of their names: `tgz`, `tar.gz`, `deb`. */
export async function makePackages(folder: string): Promise<Readonly<Record<string, string>>> {
  await run(join(ROOT, 'scripts/package'), [folder], { timeoutMs: MAKE_DEADLINE_MS });
  const names = await readdir(folder);
  return Object.fromEntries(
    names
      .filter((name) => name.startsWith('sluice'))
      .map((name) => [/[a-z]+(?:\.gz)?$/.exec(name)?.[0], join(folder, name)]),
  );
}

export interface Installed {
  /** Where the commands are. */
  readonly bin: string;
  /** The folder that it is started in. */
  readonly cwd: string;
  readonly configFile: string;
}

export interface InstalledServer {
  readonly process: GuardedProcess;
  readonly http: HttpClient;
  /** As an operator calls it, in the environment of the server. */
  readonly command: (name: string, commandArguments: readonly string[]) => Promise<string>;
}

/** Starts what is installed on a file as it was installed, ready when `/readyz` says so. */
export async function startInstalled(installed: Installed, bootstrap: string): Promise<InstalledServer> {
  const [port = 0, managementPort = 0] = await freePorts(2);
  const folder = await scratchFolder();
  onTestFinished(async () => await removeFolder(folder));
  const variables = [
    `--chdir=${installed.cwd}`,
    '--ignore-environment',
    `PATH=${PATH}`,
    `HOME=${folder}`,
    `LOG_DIR=${folder}`,
    `KAFKA_REST_BOOTSTRAP_SERVERS=${bootstrap}`,
    `KAFKA_REST_LISTENERS=http://127.0.0.1:${port}`,
    `KAFKA_REST_SLUICE_MANAGEMENT_LISTENER=http://127.0.0.1:${managementPort}`,
  ];
  const server = await startGuarded({
    name: 'the installed proxy',
    command: '/usr/bin/env',
    commandArguments: [...variables, join(installed.bin, 'kafka-rest-start'), installed.configFile],
    logFile: join(folder, 'output'),
    scratchDirectory: folder,
    graceMs: STOP_GRACE_MS,
  });
  onTestFinished(async () => void (await server.kill()));
  const management = httpClient(`http://127.0.0.1:${managementPort}`);
  await eventually(
    async () => !server.isRunning() || (await management.call('GET', '/readyz', { timeoutMs: 1000 })).status === 200,
    { deadlineMs: READY_DEADLINE_MS, describe: 'the installed proxy to be ready', intervalMs: 50 },
  );
  if (!server.isRunning()) throw new Error(`it ended: ${await readFile(join(folder, 'output'), 'utf8')}`);
  return {
    process: server,
    http: httpClient(`http://127.0.0.1:${port}`),
    command: async (name, commandArguments) =>
      await run('/usr/bin/env', [...variables, join(installed.bin, name), ...commandArguments]),
  };
}
