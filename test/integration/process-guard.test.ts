import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { deferred, eventually, within } from '../harness/conditions.ts';

const GUARD = fileURLToPath(new URL('../harness/process-guard.mjs', import.meta.url));
const DEADLINE_MS = 10_000;

/** Stands for vitest: starts a guarded command that ignores SIGTERM, and tells its pid. */
const ASKER = `
  const { fork } = require('node:child_process');
  const [guard, scratch] = process.argv.slice(1);
  const stubborn = "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)";
  const child = fork(guard, ['200', scratch, process.execPath, '-e', stubborn], { detached: true, execArgv: [] });
  child.on('message', ({ pid }) => console.log(pid));
`;

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  // A dead process whose parent has not asked for it yet still takes signals.
  return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
}

describe('a guarded process', () => {
  it('ends, and its data with it, when whoever started it is killed', async () => {
    const scratch = mkdtempSync(join(tmpdir(), 'sluice-guard-'));
    const asker = spawn(process.execPath, ['-e', ASKER, GUARD, scratch], { stdio: ['ignore', 'pipe', 'inherit'] });
    const told = deferred<number>();
    asker.stdout.once('data', (line: Buffer) => told.resolve(Number(line.toString())));
    const pid = await within(told.promise, DEADLINE_MS, 'the guarded process to start');
    expect(isAlive(pid)).toBe(true);

    asker.kill('SIGKILL');

    await eventually(() => !isAlive(pid), { deadlineMs: DEADLINE_MS, describe: 'the guarded process to end' });
    await eventually(() => !existsSync(scratch), { deadlineMs: DEADLINE_MS, describe: 'its data to be removed' });
  });
});
