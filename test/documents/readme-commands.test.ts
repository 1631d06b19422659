import { execFile, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { deferred, eventually, within } from '../harness/conditions.ts';
import { freePorts } from '../harness/free-ports.ts';
import { type GuardedProcess, startGuarded } from '../harness/guarded-process.ts';
import { type ConsoleBlock, consoleBlocks, outputPattern } from './console-blocks.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const START_DEADLINE_MS = 30_000;
/** It may have something to compile. */
const QUICKSTART_DEADLINE_MS = 180_000;
const COMMAND_DEADLINE_MS = 20_000;
const TEST_MS = 60_000;
/** The ports that the README shows. */
const SHOWN_API = 8082;
const SHOWN_MANAGEMENT = 9082;

/** A server started as the README says, on other ports than those it shows. */
interface Server {
  readonly process: GuardedProcess;
  readonly port: number;
  readonly managementPort: number;
  /** What it wrote so far, with the ports of the README. */
  readonly output: () => Promise<string>;
  readonly stop: () => Promise<void>;
}

type ServerCommand = (
  port: number,
  managementPort: number,
) => {
  readonly command: string;
  readonly parameters?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
};

const read = async (path: string): Promise<string> => await readFile(join(ROOT, path), 'utf8');
const blocks = consoleBlocks(await read('README.md'));

function blocksFor(check: string): ConsoleBlock[] {
  return blocks.filter((block) => block.check === check);
}

async function startServer(describeCommand: ServerCommand): Promise<Server> {
  const [port = 0, managementPort = 0] = await freePorts(2);
  const directory = await mkdtemp(join(tmpdir(), 'sluice-readme-'));
  const logFile = join(directory, 'output');
  const { command, parameters = [], environment = {} } = describeCommand(port, managementPort);
  const server = await startGuarded({
    name: command,
    command: 'bash',
    commandArguments: ['-c', `cd "$0" && ${command}`, ROOT, ...parameters],
    // The size of the runner's own pool is no part of what is shown.
    environment: { UV_THREADPOOL_SIZE: '', LOG_DIR: directory, ...environment },
    logFile,
    scratchDirectory: directory,
    graceMs: COMMAND_DEADLINE_MS,
  });
  return {
    process: server,
    port,
    managementPort,
    output: async () => withShownPorts(await readFile(logFile, 'utf8'), { port, managementPort }),
    stop: async () => {
      await server.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function withShownPorts(text: string, { port, managementPort }: Pick<Server, 'port' | 'managementPort'>): string {
  return text.replaceAll(`:${port}`, `:${SHOWN_API}`).replaceAll(`:${managementPort}`, `:${SHOWN_MANAGEMENT}`);
}

async function printed(server: Server, end: string, deadlineMs = START_DEADLINE_MS): Promise<string> {
  return await eventually(
    async () => {
      const output = await server.output();
      if (!server.process.isRunning()) throw new Error(`it ended: ${output}`);
      return output.includes(end) && output;
    },
    { deadlineMs, describe: `the server to print '${end}'` },
  );
}

/** Runs a command as somebody who pastes it, on the ports of `server`; returns what it printed, errors included. */
async function paste(command: string, { port, managementPort }: Server): Promise<string> {
  const there = command
    .replaceAll(`:${SHOWN_API}`, `:${port}`)
    .replaceAll(`:${SHOWN_MANAGEMENT}`, `:${managementPort}`);
  // Without a terminal curl shows a progress bar that nobody sees who has one.
  const quiet = there.startsWith('curl ') ? `${there} --silent --show-error` : there;
  const environment = { PATH: process.env['PATH'], HOME: process.env['HOME'] };
  const child = spawn('bash', ['-c', quiet], { cwd: ROOT, env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const ended = deferred();
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString('utf8');
    });
  }
  child.once('error', ended.reject);
  child.once('close', () => ended.resolve());
  await within(ended.promise, COMMAND_DEADLINE_MS, `the end of: ${command}`);
  return withShownPorts(output, { port, managementPort }).trim();
}

/** Without this the quickstart would install packages under the tests that run beside this one. */
async function assertInstalled(): Promise<void> {
  for (const check of ['packages-current', 'addon-complete']) {
    await promisify(execFile)(process.execPath, [`scripts/lib/${check}.mjs`], { cwd: ROOT });
  }
}

/** What it says of its own work, here at most that it builds what has changed since. */
const PROGRESS = /^sluice: .*\n/gm;

describe('the README', () => {
  let demonstration: Server;

  beforeAll(async () => {
    await assertInstalled();
    const [shown] = blocksFor('dev').flatMap(({ commands }) => commands);
    demonstration = await startServer((port, managementPort) => ({
      command: `exec ${shown?.command} "$@"`,
      parameters: ['--port', String(port), '--set', `sluice.management.listener=http://127.0.0.1:${managementPort}`],
    }));
    await printed(demonstration, 'Ctrl-C ends it.', QUICKSTART_DEADLINE_MS);
  }, QUICKSTART_DEADLINE_MS + TEST_MS);

  afterAll(async () => {
    await demonstration?.stop();
  }, TEST_MS);

  /** `cluster` is tried in readme-cluster.test.ts. */
  it('shows no terminal that is not tried', () => {
    const checks = blocks.map(({ check }) => check);
    expect(new Set(checks)).toEqual(new Set(['dev', 'commands', 'gates', 'server', 'cluster']));
  });

  it('shows what the quickstart prints when everything is installed', async () => {
    const [shown] = blocksFor('dev').flatMap(({ commands }) => commands);
    expect(shown?.command).toBe('./scripts/quickstart');
    expect((await demonstration.output()).replaceAll(PROGRESS, '').trim()).toBe(shown?.output);
  });

  it('explains the four commands that are printed, in their order', async () => {
    const offered = [...(await demonstration.output()).matchAll(/^ {2}(curl .*)$/gm)].map(([, command]) => command);
    const [explained] = blocksFor('commands');
    expect(offered).toHaveLength(4);
    expect(explained?.commands.map(({ command }) => command)).toEqual(offered);
  });

  it(
    'shows what its commands print, pasted one after another',
    async () => {
      const commands = blocksFor('commands').flatMap((block) => block.commands);
      expect(commands.length).toBeGreaterThan(6);
      for (const { command, output } of commands) {
        expect({ command, output: await paste(command, demonstration) }).toEqual({ command, output });
      }
    },
    TEST_MS,
  );

  it('pastes no program that ./scripts/test does not install where it is missing', async () => {
    const prerequisites = await read('scripts/lib/prerequisites.sh');
    const programs = new Set(
      blocksFor('commands').flatMap(({ commands }) => commands.map(({ command }) => command.split(' ')[0] ?? '')),
    );
    const outside = [...programs].filter((program) => !program.startsWith('./'));
    expect(outside).toContain('curl');
    for (const program of outside) expect(prerequisites).toContain(`command -v ${program} > /dev/null || echo`);
  });

  it('shows the gates of ./scripts/test', async () => {
    const [shown] = blocksFor('gates').flatMap(({ commands }) => commands);
    const gates = [...(await read('scripts/test')).matchAll(/^(?:gate|must) (\S+) /gm)].map(([, name]) => name);
    expect(gates.length).toBeGreaterThan(5);
    expect(shown?.command).toBe('./scripts/test');
    expect([...(shown?.output ?? '').matchAll(/^gate (\S+) +passed +\d+ s$/gm)].map(([, name]) => name)).toEqual(gates);
  });

  it(
    'shows how a server starts that is told so by the sample configuration',
    async () => {
      const [shown] = blocksFor('server').flatMap(({ commands }) => commands);
      const server = await startServer((port, managementPort) => ({
        command: `exec ${shown?.command}`,
        environment: {
          KAFKA_REST_LISTENERS: `http://0.0.0.0:${port}`,
          KAFKA_REST_SLUICE_MANAGEMENT_LISTENER: `http://127.0.0.1:${managementPort}`,
        },
      }));
      onTestFinished(server.stop);
      const output = await printed(server, 'Server started, listening for requests...');
      const lines = shown?.output.split('\n') ?? [];
      expect(lines).toHaveLength(2);
      for (const [i, line] of lines.entries()) expect(output.split('\n')[i]).toMatch(outputPattern(line));
    },
    TEST_MS,
  );
});
