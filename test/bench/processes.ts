import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { deferred, eventually, within } from '../harness/conditions.ts';
import { freePorts } from '../harness/free-ports.ts';
import { type GuardedProcess, startGuarded } from '../harness/guarded-process.ts';
import type { WakeUpParameters } from './clients/wake-ups.ts';
import { nginxConfiguration } from './nginx-configuration.ts';
import type { FakeWorkerParameters } from './programs/fake-worker.ts';
import type { ConsumeResult, RawConsumeParameters } from './programs/raw-consume.ts';
import type { RawProduceParameters, RawProduceResult } from './programs/raw-produce.ts';
import type { RestConsumeParameters } from './programs/rest-consume.ts';
import type { RestWakeUpParameters } from './programs/rest-wakeup.ts';
import type { Latencies } from './statistics.ts';

/** What each program takes and gives. A program is a file of that name under `programs`. */
interface Programs {
  readonly 'raw-produce': { readonly parameters: RawProduceParameters; readonly result: RawProduceResult };
  readonly 'raw-consume': { readonly parameters: RawConsumeParameters; readonly result: ConsumeResult };
  readonly 'raw-wakeup': { readonly parameters: WakeUpParameters; readonly result: Latencies };
  readonly 'rest-consume': { readonly parameters: RestConsumeParameters; readonly result: ConsumeResult };
  readonly 'rest-wakeup': { readonly parameters: RestWakeUpParameters; readonly result: Latencies };
}

const RUN_TYPESCRIPT = new URL('../../scripts/lib/run-typescript.mjs', import.meta.url).href;
const REQUESTS_SCRIPT = fileURLToPath(new URL('./programs/requests.lua', import.meta.url));
const PROGRAM_DEADLINE_MS = 180_000;
const READY_DEADLINE_MS = 15_000;
const GRACE_MS = 2000;
const LOG_TAIL = 2000;

function typescriptProgram(name: string, ...programArguments: readonly string[]): string[] {
  const file = fileURLToPath(new URL(`./programs/${name}.ts`, import.meta.url));
  return ['--import', RUN_TYPESCRIPT, file, ...programArguments];
}

interface OneShot {
  readonly name: string;
  readonly command: string;
  readonly commandArguments: (resultFile: string) => readonly string[];
  readonly environment?: (resultFile: string) => Readonly<Record<string, string>>;
}

/** Runs a command to its end, and gives what it left in its result file. */
async function runToEnd(run: OneShot): Promise<unknown> {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-bench-'));
  const logFile = join(directory, 'output.log');
  const resultFile = join(directory, 'result.json');
  let started: GuardedProcess | undefined;
  try {
    started = await startGuarded({
      name: run.name,
      command: run.command,
      commandArguments: run.commandArguments(resultFile),
      environment: run.environment?.(resultFile) ?? {},
      logFile,
      scratchDirectory: directory,
      graceMs: GRACE_MS,
    });
    const { code, signal } = await within(started.exited, PROGRAM_DEADLINE_MS, `${run.name} to end`);
    if (code !== 0) {
      const log = await readFile(logFile, 'utf8');
      throw new Error(`${run.name} ended with ${signal ?? `code ${code}`}: ${log.slice(-LOG_TAIL)}`);
    }
    return JSON.parse(await readFile(resultFile, 'utf8'));
  } finally {
    if (started?.isRunning() === true) await started.kill();
    await rm(directory, { recursive: true, force: true });
  }
}

/** Runs one of the bench's own programs in a process of its own. */
export async function runProgram<Name extends keyof Programs>(
  name: Name,
  parameters: Programs[Name]['parameters'],
): Promise<Programs[Name]['result']> {
  const result = await runToEnd({
    name,
    command: process.execPath,
    commandArguments: (resultFile) => typescriptProgram(name, JSON.stringify(parameters), resultFile),
  });
  return result as Programs[Name]['result'];
}

interface RequestLoad {
  readonly url: string;
  readonly method: 'GET' | 'POST';
  readonly body?: { readonly contentType: string; readonly text: string };
  /** Taken in turn in place of the one of the URL. */
  readonly paths?: readonly string[];
  readonly connections: number;
  readonly seconds: number;
}

export interface RequestLoadResult {
  readonly requests: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly statusErrors: number;
  readonly socketErrors: number;
  readonly timeouts: number;
}

/** @throws Error unless each request was answered, with a 2xx status */
export function verifyLoad({ requests, statusErrors, socketErrors, timeouts }: RequestLoadResult): void {
  if (statusErrors + socketErrors + timeouts === 0) return;
  throw new Error(`of ${requests} requests ${statusErrors} failed, ${socketErrors} broke off, ${timeouts} timed out`);
}

/** Sends requests again and again over a number of connections, with wrk. */
export async function runRequestLoad(load: RequestLoad): Promise<RequestLoadResult> {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-bench-'));
  const { url, method, body, paths, connections, seconds } = load;
  try {
    const environment: Record<string, string> = { BENCH_METHOD: method };
    if (body !== undefined) {
      environment['BENCH_CONTENT_TYPE'] = body.contentType;
      environment['BENCH_BODY_FILE'] = join(directory, 'body.json');
      await writeFile(environment['BENCH_BODY_FILE'], body.text);
    }
    if (paths !== undefined) {
      environment['BENCH_PATHS_FILE'] = join(directory, 'paths');
      await writeFile(environment['BENCH_PATHS_FILE'], paths.join('\n'));
    }
    const result = await runToEnd({
      name: 'wrk',
      command: 'wrk',
      commandArguments: () => [
        '--threads=1',
        `--connections=${connections}`,
        `--duration=${seconds}s`,
        '--timeout=10s',
        `--script=${REQUESTS_SCRIPT}`,
        url,
      ],
      environment: (resultFile) => ({ ...environment, BENCH_RESULT_FILE: resultFile }),
    });
    return result as RequestLoadResult;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

export interface Server {
  readonly url: string;
  readonly pid: number;
  readonly stop: () => Promise<void>;
}

async function accepts(port: number): Promise<true> {
  const connection = deferred<true>();
  const socket = connect(port, '127.0.0.1', () => connection.resolve(true));
  socket.once('error', connection.reject);
  try {
    return await connection.promise;
  } finally {
    socket.destroy();
  }
}

interface ServerCommand {
  readonly name: string;
  readonly command: string;
  readonly commandArguments: (port: number, directory: string) => Promise<readonly string[]> | readonly string[];
}

/** Starts a server on a free port of the loopback interface, and waits until it accepts connections. */
async function startServer({ name, command, commandArguments }: ServerCommand): Promise<Server> {
  const [port = 0] = await freePorts(1);
  const url = `http://127.0.0.1:${port}`;
  const directory = await mkdtemp(join(tmpdir(), 'sluice-bench-'));
  const logFile = join(directory, 'output.log');
  const server = await startGuarded({
    name,
    command,
    commandArguments: await commandArguments(port, directory),
    logFile,
    scratchDirectory: directory,
    graceMs: GRACE_MS,
  });
  const stop = async (): Promise<void> => {
    await server.stop();
    await rm(directory, { recursive: true, force: true });
  };
  try {
    await eventually(() => accepts(port), { deadlineMs: READY_DEADLINE_MS, describe: `${name} to listen` });
  } catch (error) {
    const log = await readFile(logFile, 'utf8');
    await stop();
    throw new Error(`${name} does not listen: ${log.slice(-LOG_TAIL)}`, { cause: error });
  }
  return { url, pid: server.pid, stop };
}

/** A program under `programs` that is a server: its own parameter comes first, then the port. */
function programServer(name: string, parameter: string): Promise<Server> {
  return startServer({
    name,
    command: process.execPath,
    commandArguments: (port) => typescriptProgram(name, parameter, String(port)),
  });
}

/** The bare server that produces. */
export async function startBareHttp(bootstrap: string): Promise<Server> {
  return await programServer('bare-http', bootstrap);
}

/** The bare http-proxy in front of a server. */
export async function startBareRelay(target: string): Promise<Server> {
  return await programServer('bare-relay', target);
}

/** A node of the cluster that answers anything at once. */
export async function startFakeWorker(parameters: FakeWorkerParameters): Promise<Server> {
  return await programServer('fake-worker', JSON.stringify(parameters));
}

/** nginx in front of a server, with as many idle connections kept as there are requests at once. */
export async function startNginx(target: string, connections: number): Promise<Server> {
  return await startServer({
    name: 'nginx',
    command: 'nginx',
    commandArguments: async (port, directory) => {
      const file = join(directory, 'nginx.conf');
      await writeFile(file, nginxConfiguration({ target, connections, port, directory }));
      return ['-p', directory, '-e', 'stderr', '-c', file];
    },
  });
}
