import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { deferred, eventually, within } from '../harness/conditions.ts';
import { freePorts } from '../harness/free-ports.ts';
import { type GuardedProcess, startGuarded } from '../harness/guarded-process.ts';
import type { WakeUpParameters } from './clients/wake-ups.ts';
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
const PRODUCE_SCRIPT = fileURLToPath(new URL('./programs/produce.lua', import.meta.url));
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

interface ProduceLoad {
  readonly url: string;
  readonly contentType: string;
  readonly body: string;
  readonly connections: number;
  readonly seconds: number;
}

export interface ProduceLoadResult {
  readonly requests: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly statusErrors: number;
  readonly socketErrors: number;
  readonly timeouts: number;
}

/** Sends the same produce request again and again over a number of connections, with wrk. */
export async function runProduceLoad(load: ProduceLoad): Promise<ProduceLoadResult> {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-bench-'));
  const bodyFile = join(directory, 'body.json');
  try {
    await writeFile(bodyFile, load.body);
    const result = await runToEnd({
      name: 'wrk',
      command: 'wrk',
      commandArguments: () => [
        '--threads=1',
        `--connections=${load.connections}`,
        `--duration=${load.seconds}s`,
        '--timeout=10s',
        `--script=${PRODUCE_SCRIPT}`,
        load.url,
      ],
      environment: (resultFile) => ({
        BENCH_BODY_FILE: bodyFile,
        BENCH_CONTENT_TYPE: load.contentType,
        BENCH_RESULT_FILE: resultFile,
      }),
    });
    return result as ProduceLoadResult;
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

/** Starts the bare server, and waits until it accepts connections. */
export async function startBareHttp(bootstrap: string): Promise<Server> {
  const [port = 0] = await freePorts(1);
  const url = `http://127.0.0.1:${port}`;
  const directory = await mkdtemp(join(tmpdir(), 'sluice-bench-'));
  const server = await startGuarded({
    name: 'bare-http',
    command: process.execPath,
    commandArguments: typescriptProgram('bare-http', bootstrap, String(port)),
    logFile: join(directory, 'output.log'),
    scratchDirectory: directory,
    graceMs: GRACE_MS,
  });
  const stop = async (): Promise<void> => {
    await server.stop();
    await rm(directory, { recursive: true, force: true });
  };
  try {
    await eventually(() => accepts(port), { deadlineMs: READY_DEADLINE_MS, describe: 'the bare server to listen' });
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, pid: server.pid, stop };
}
