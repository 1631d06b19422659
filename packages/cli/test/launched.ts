import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const bin = fileURLToPath(new URL('../bin/', import.meta.url));
const WAIT_MS = 15_000;

export interface Launched {
  readonly pid: number;
  /** What it wrote so far, both streams together. */
  readonly output: () => string;
  /** Its exit code, or the name of the signal that ended it. */
  readonly exited: Promise<number | string>;
  /** As Ctrl-C in a terminal does: the signal reaches every process of the group. */
  readonly signalGroup: (signal: NodeJS.Signals) => void;
}

export interface LaunchOptions {
  readonly cwd?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

/** Starts a command of this package as a real process, in a group of its own that does not survive the test. */
export function launch(name: string, commandArguments: readonly string[], options: LaunchOptions = {}): Launched {
  const child: ChildProcess = spawn(join(bin, name), commandArguments, {
    cwd: options.cwd ?? tmpdir(),
    // The runner's own variables would change how the packages are found, and how large the pool is.
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...options.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let output = '';
  const collect = (chunk: Buffer): void => {
    output += chunk.toString('utf8');
  };
  child.stdout?.on('data', collect);
  child.stderr?.on('data', collect);
  const exited = new Promise<number | string>((resolve) => {
    child.once('close', (code, signal) => resolve(code ?? signal ?? 'unknown'));
  });
  const pid = child.pid ?? 0;
  const signalGroup = (signal: NodeJS.Signals): void => {
    try {
      process.kill(-pid, signal);
    } catch {
      // The whole group has ended.
    }
  };
  onTestFinished(async () => {
    signalGroup('SIGKILL');
    await exited;
  });
  return { pid, output: () => output, exited, signalGroup };
}

/** Waits until a value is there; the time limit is for a broken build, not for a slow machine. */
export async function waitFor<T>(describe: string, look: () => T | undefined): Promise<T> {
  const end = performance.now() + WAIT_MS;
  for (;;) {
    const value = look();
    if (value !== undefined) return value;
    if (performance.now() > end) throw new Error(`waited ${WAIT_MS} ms in vain for ${describe}`);
    await sleep(20);
  }
}

/** A folder that is gone after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-cli-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
