import { lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { CommandFailed } from './command-failed.ts';

const fileForm = /^kafka-rest\.(\d{1,10})\.pid$/;
/** What a server runs, wherever it is installed. */
const COMMAND = 'kafka-rest-start.js';

/**
 * Where the servers of this user write down that they run: LOG_DIR when it is set, so that two installations are kept
 * apart, else a folder of the user's own, so that `kafka-rest-stop` works from any folder.
 *
 * @throws CommandFailed when somebody else has made that folder
 */
export function pidDirectory(environment: Readonly<Record<string, string | undefined>>): string {
  const logs = environment['LOG_DIR'];
  if (logs !== undefined && logs !== '') return logs;
  // Not `userInfo`: a container may run as a number that has no user.
  return join(environment['XDG_RUNTIME_DIR'] || ownFolder(join(tmpdir(), `sluice-${process.getuid?.()}`)), 'sluice');
}

/** Its name can be guessed, and whoever made it first could say there what is to be ended. */
function ownFolder(path: string): string {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const status = lstatSync(path);
  const isOwn = status.isDirectory() && status.uid === process.getuid?.() && (status.mode & 0o022) === 0;
  if (!isOwn) throw new CommandFailed(`${path} is not a folder that this user alone may write to: set LOG_DIR.`);
  return path;
}

/** Writes down that a process runs; returns the file. */
export function writePidFile(directory: string, pid: number): string {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const file = join(directory, `kafka-rest.${pid}.pid`);
  // The number was another's: what lies there is not written through, should it be a link.
  rmSync(file, { force: true });
  writeFileSync(file, `${pid}\n`, { flag: 'wx' });
  return file;
}

/** Has it written down that a process runs; where that cannot be done it runs all the same, as on a disk that is only read. */
export function noteRunning(
  environment: Readonly<Record<string, string | undefined>>,
  pid: number,
): string | undefined {
  try {
    return writePidFile(pidDirectory(environment), pid);
  } catch (error) {
    process.stderr.write(`kafka-rest-stop will not find this server: ${(error as Error).message}\n`);
    return undefined;
  }
}

/** Writes down that this process runs, until it ends. */
export function noteOwnRun(environment: Readonly<Record<string, string | undefined>>): void {
  const file = noteRunning(environment, process.pid);
  if (file !== undefined) process.once('exit', () => remove(file));
}

/**
 * The servers that are written down and still run. Files of others are removed: a process that was killed could not,
 * and its number may be another's by now.
 */
export function findServers(directory: string): number[] {
  return namesIn(directory).flatMap((name) => {
    const pid = Number(fileForm.exec(name)?.[1] ?? 0);
    if (pid === 0) return [];
    if (isServer(pid)) return [pid];
    remove(join(directory, name));
    return [];
  });
}

/** Whether a process with this number runs and is one of ours. */
export function isServer(pid: number): boolean {
  try {
    // Empty for a process that has ended and waits for its parent to notice.
    const [, ...words] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    // The first that is no flag is the program: an editor may have it open, and shells have it among theirs.
    return basename(words.find((word) => !word.startsWith('-')) ?? '') === COMMAND;
  } catch {
    return process.platform !== 'linux' && runs(pid);
  }
}

/** Where there is no /proc, that a process has the number must do. */
function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** It may be another's, and is out of date at worst. */
function remove(file: string): void {
  try {
    rmSync(file, { force: true });
  } catch {
    // Looked at again, and passed over, the next time.
  }
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
