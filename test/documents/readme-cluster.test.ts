import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import {
  internalListener,
  loadOf,
  nodeOf,
  type RegisteredCluster,
  registeredCluster,
} from '../../packages/cli/test/registered-cluster.ts';
import { deferred, eventually, within } from '../harness/conditions.ts';
import { type RedisServer, startRedis } from '../harness/redis.ts';
import { consoleBlocks, outputPattern, type ShownCommand } from './console-blocks.ts';

/** The README's commands for a cluster, on one whose nodes are as it shows them: their records in a Redis. */

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const COMMAND_DEADLINE_MS = 20_000;
const TEST_MS = 60_000;

const { PATH, HOME } = process.env;
/** The programs are on the path. */
const environment = { PATH: `${join(ROOT, 'node_modules/.bin')}:${PATH}`, HOME };

let redis: RedisServer;

beforeAll(async () => {
  redis = await startRedis();
  return redis.stop;
});

/** The command that begins like this, of those that the README shows of a cluster. */
async function shown(beginning: string): Promise<ShownCommand> {
  const blocks = consoleBlocks(await readFile(join(ROOT, 'README.md'), 'utf8'));
  const commands = blocks.filter(({ check }) => check === 'cluster').flatMap((block) => block.commands);
  expect(commands).toHaveLength(2);
  const found = commands.find(({ command }) => command.startsWith(beginning));
  if (found === undefined) throw new Error(`the README does not show ${beginning}`);
  return found;
}

/** A folder with the configuration of a node: where the commands are typed. */
async function folderOf({ set }: RegisteredCluster): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-readme-'));
  onTestFinished(async () => await rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, 'node.properties'), ['bootstrap.servers=b:1', ...set, ''].join('\n'));
  return folder;
}

/** A command under way, and what it wrote so far. */
function begin(command: string, cwd: string): { readonly printed: () => string; readonly exited: Promise<unknown> } {
  const child = spawn('bash', ['-c', command], { cwd, env: environment, stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const exited = deferred<number | null>();
  child.once('error', exited.reject);
  child.once('close', exited.resolve);
  let printed = '';
  child.stdout.on('data', (chunk: Buffer) => {
    printed += chunk.toString('utf8');
  });
  return { printed: () => printed, exited: within(exited.promise, COMMAND_DEADLINE_MS, `the end of: ${command}`) };
}

const second = nodeOf('worker-2', {
  boot: '41d02',
  address: 'http://10.0.0.8:8083',
  load: loadOf(12),
  state: 'draining',
});

describe('the README shows what is printed by', { timeout: TEST_MS }, () => {
  it('sluice nodes', async () => {
    const { command, output } = await shown('sluice nodes');
    const load = { ...loadOf(118), utilization: 0.12 };
    const first = nodeOf('worker-1', { boot: '9f3c1', address: 'http://10.0.0.7:8083', load });
    const cluster = await registeredCluster(redis.url, first, second);
    const { printed, exited } = begin(command, await folderOf(cluster));
    expect(await exited).toBe(0);
    const rows = printed().trimEnd().split('\n');
    const lines = output.split('\n');
    expect(rows).toHaveLength(lines.length);
    for (const [i, row] of rows.entries()) expect(row).toMatch(outputPattern(lines[i] ?? ''));
  });

  it('sluice drain', async () => {
    const { command, output } = await shown('sluice drain');
    const { announcedAddress: address } = await internalListener(second, async () => ({ status: 202 }));
    const cluster = await registeredCluster(redis.url, { ...second, address });
    const { printed, exited } = begin(command, await folderOf(cluster));
    // It goes on to the next line when the node holds as many instances as that line says.
    for (const line of output.split('\n')) {
      await cluster.directory.renew({ ...second, address, load: loadOf(Number.parseInt(line, 10) || 0) });
      await eventually(() => printed().endsWith(`${line}\n`), {
        deadlineMs: COMMAND_DEADLINE_MS,
        describe: `'${line}' to be printed; so far: ${printed()}`,
      });
    }
    expect(await exited).toBe(0);
    expect(printed().trimEnd()).toBe(output);
  });
});
