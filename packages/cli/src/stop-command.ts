import { setTimeout as sleep } from 'node:timers/promises';
import { findServers, isServer, pidDirectory } from './pid-files.ts';
import { reportProblems } from './report-problems.ts';
import { readVersion } from './version.ts';

const INTERVAL_MS = 100;
/** Well beyond the default of `shutdown.graceful.ms`; a server that was given more time is reported, not killed. */
const DEADLINE_MS = 30_000;

const USAGE = `USAGE: kafka-rest-stop [-help] [-version]

Ends, in order, every server that this user started with kafka-rest-start (under the same LOG_DIR, if it is set).
`;

/** The command `kafka-rest-stop`: SIGTERM to every server of this user, and waits until they are gone. */
export async function runKafkaRestStop(commandArguments: readonly string[]): Promise<void> {
  const [first] = commandArguments;
  if (first === '-version' || first === '--version') {
    process.stdout.write(`${readVersion()}\n`);
    return;
  }
  if (first !== undefined) {
    const isHelp = first === '-help' || first === '--help';
    (isHelp ? process.stdout : process.stderr).write(USAGE);
    process.exitCode = isHelp ? 0 : 1;
    return;
  }
  await reportProblems(async () => await stopAll(findServers(pidDirectory(process.env))));
}

async function stopAll(found: readonly number[]): Promise<void> {
  const servers = found.filter(terminate);
  if (found.length === 0) {
    process.stderr.write('No running instance found.\n');
    process.exitCode = 1;
  }
  const remaining = await waitUntilGone(servers);
  for (const pid of servers.filter((server) => !remaining.includes(server))) process.stdout.write(`Stopped ${pid}.\n`);
  for (const pid of remaining) {
    process.stderr.write(`Tried to stop ${pid}, but it still runs after ${DEADLINE_MS / 1000} s.\n`);
    process.exitCode = 1;
  }
}

async function waitUntilGone(servers: readonly number[]): Promise<number[]> {
  const end = performance.now() + DEADLINE_MS;
  let remaining = servers.filter(isServer);
  while (remaining.length > 0 && performance.now() < end) {
    await sleep(INTERVAL_MS);
    remaining = remaining.filter(isServer);
  }
  return remaining;
}

/** @returns whether its end can be waited for */
function terminate(pid: number): boolean {
  try {
    process.kill(pid, 'SIGTERM');
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Gone between the look and the signal: what was wanted.
    if (code === 'ESRCH') return true;
    if (code !== 'EPERM') throw error;
    process.stderr.write(`${pid} is another user's, and goes on.\n`);
    process.exitCode = 1;
    return false;
  }
}
