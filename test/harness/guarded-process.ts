import { type ChildProcess, fork } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { deferred, within } from './conditions.ts';

const GUARD = fileURLToPath(new URL('./process-guard.mjs', import.meta.url));
const SPAWN_DEADLINE_MS = 10_000;
const KILL_DEADLINE_MS = 10_000;

interface ProcessOptions {
  /** Shown in error messages. */
  readonly name: string;
  readonly command: string;
  readonly commandArguments: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** stdout and stderr are appended to this file. */
  readonly logFile: string;
  /** Removed should the test run vanish without a clean-up. */
  readonly scratchDirectory: string;
  /** From SIGTERM to SIGKILL. */
  readonly graceMs: number;
}

export interface ProcessExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A process under test. It ends with the process that started it, however that one ends. */
export interface GuardedProcess {
  readonly pid: number;
  readonly exited: Promise<ProcessExit>;
  readonly isRunning: () => boolean;
  /** Does nothing when the process has ended: its pid may belong to another one by then. */
  readonly signal: (name: NodeJS.Signals) => void;
  /** SIGTERM, then SIGKILL when the grace is over. */
  readonly stop: () => Promise<ProcessExit>;
  /** SIGKILL: what a crash looks like. */
  readonly kill: () => Promise<ProcessExit>;
}

type GuardMessage = { readonly pid: number } | (ProcessExit & { readonly error?: string });

function forkGuard(options: ProcessOptions): ChildProcess {
  const log = openSync(options.logFile, 'a');
  try {
    return fork(
      GUARD,
      [String(options.graceMs), options.scratchDirectory, options.command, ...options.commandArguments],
      {
        // A session of its own: Ctrl-C in the terminal must reach vitest only, which then stops things in order.
        detached: true,
        env: { ...process.env, ...options.environment },
        execArgv: [],
        stdio: ['ignore', log, log, 'ipc'],
      },
    );
  } finally {
    closeSync(log);
  }
}

/** Starts a command under a guard. Rejects when it cannot be run at all. */
export async function startGuarded(options: ProcessOptions): Promise<GuardedProcess> {
  const guard = forkGuard(options);
  const started = deferred<number>();
  const exited = deferred<ProcessExit>();
  let running = true;
  const ended = (exit: ProcessExit): void => {
    running = false;
    exited.resolve(exit);
  };
  guard.on('message', (message: GuardMessage) => {
    if ('pid' in message) {
      started.resolve(message.pid);
      return;
    }
    started.reject(new Error(`${options.name} did not start: ${message.error ?? `exit code ${message.code}`}`));
    ended({ code: message.code, signal: message.signal });
  });
  guard.once('exit', () => {
    started.reject(new Error(`the guard of ${options.name} ended early`));
    ended({ code: null, signal: null });
  });

  const pid = await within(started.promise, SPAWN_DEADLINE_MS, `${options.name} to start`);
  const signal = (name: NodeJS.Signals): void => {
    if (running) process.kill(pid, name);
  };
  const kill = async (): Promise<ProcessExit> => {
    signal('SIGKILL');
    return await within(exited.promise, KILL_DEADLINE_MS, `${options.name} to end on SIGKILL`);
  };
  const stop = async (): Promise<ProcessExit> => {
    signal('SIGTERM');
    const overdue = setTimeout(() => signal('SIGKILL'), options.graceMs);
    try {
      return await within(exited.promise, options.graceMs + KILL_DEADLINE_MS, `${options.name} to end`);
    } finally {
      clearTimeout(overdue);
    }
  };
  return { pid, exited: exited.promise, isRunning: () => running, signal, stop, kill };
}
