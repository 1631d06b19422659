import { randomInt } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deferred } from './conditions.ts';

/**
 * Below the range from which the kernel takes ports for outgoing connections (32768 and up on Linux): a port found
 * by listening on 0 is now and then taken by somebody's outgoing connection before its server starts, and a broker
 * that restarts on its old port would meet the same.
 */
const LOWEST_PORT = 20_000;
const HIGHEST_PORT = 32_000;
const ATTEMPTS = 100;

/** A file for each port that a test process has been given, with the process in it. */
const CLAIMS = join(tmpdir(), `sluice-test-ports-${process.getuid?.() ?? 0}`);

/** Nothing may listen on a port and yet it is somebody's: of a server that is about to start, or is down for a while. */
function claim(port: number): boolean {
  const file = join(CLAIMS, String(port));
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  // The next one who comes upon it takes it.
  if (isOver(file)) rmSync(file, { force: true });
  return false;
}

/** Whether the process that has the claim has ended, or somebody found so just now. */
function isOver(file: string): boolean {
  try {
    process.kill(Number(readFileSync(file, 'utf8')), 0);
    return false;
  } catch (error) {
    // Of another user's process one only hears that it is there.
    return (error as NodeJS.ErrnoException).code !== 'EPERM';
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const listening = deferred<boolean>();
  server.once('error', () => listening.resolve(false));
  server.listen(port, '127.0.0.1', () => listening.resolve(true));
  const free = await listening.promise;
  if (!free) return false;
  const closed = deferred();
  server.close(() => closed.resolve());
  await closed.promise;
  return true;
}

/** Different ports of 127.0.0.1 on which nothing listens, and that nobody else is given while this process lives. */
export async function freePorts(count: number): Promise<number[]> {
  mkdirSync(CLAIMS, { recursive: true });
  const found = new Set<number>();
  for (let attempt = 0; attempt < ATTEMPTS && found.size < count; attempt += 1) {
    const port = randomInt(LOWEST_PORT, HIGHEST_PORT);
    if (claim(port) && (await isFree(port))) found.add(port);
  }
  if (found.size < count) throw new Error(`found ${found.size} free ports of the ${count} asked for`);
  return [...found];
}
