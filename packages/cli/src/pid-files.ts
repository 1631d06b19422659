import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';

const fileForm = /^kafka-rest\.(\d{1,10})\.pid$/;
/** What the command line of a server holds, wherever it is installed. */
const COMMAND = 'kafka-rest-start';

/**
 * Where the servers of this user write down that they run: LOG_DIR when it is set, so that two installations are kept
 * apart, else a folder of the user's own, so that `kafka-rest-stop` works from any folder.
 */
export function pidDirectory(environment: Readonly<Record<string, string | undefined>>): string {
  const logs = environment['LOG_DIR'];
  if (logs !== undefined && logs !== '') return logs;
  return join(environment['XDG_RUNTIME_DIR'] ?? join(tmpdir(), `sluice-${userInfo().uid}`), 'sluice');
}

/** Writes down that a process runs; returns the file. */
export function writePidFile(directory: string, pid: number): string {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const file = join(directory, `kafka-rest.${pid}.pid`);
  writeFileSync(file, `${pid}\n`);
  return file;
}

/** Writes down that this process runs, until it ends. */
export function writeOwnPidFile(directory: string): void {
  const file = writePidFile(directory, process.pid);
  process.once('exit', () => rmSync(file, { force: true }));
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
    rmSync(join(directory, name), { force: true });
    return [];
  });
}

/** Whether a process with this number runs and is one of ours. */
export function isServer(pid: number): boolean {
  try {
    // Empty for a process that has ended and waits for its parent to notice.
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(COMMAND);
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

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
