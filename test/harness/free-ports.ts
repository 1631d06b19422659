import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { deferred } from './conditions.ts';

/**
 * Below the range from which the kernel takes ports for outgoing connections (32768 and up on Linux): a port found
 * by listening on 0 is now and then taken by somebody's outgoing connection before its server starts, and a broker
 * that restarts on its old port would meet the same.
 */
const LOWEST_PORT = 20_000;
const HIGHEST_PORT = 32_000;
const ATTEMPTS = 100;

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

/** Different ports of 127.0.0.1 on which nothing listens at this moment. */
export async function freePorts(count: number): Promise<number[]> {
  const found = new Set<number>();
  for (let attempt = 0; attempt < ATTEMPTS && found.size < count; attempt += 1) {
    const port = randomInt(LOWEST_PORT, HIGHEST_PORT);
    if (await isFree(port)) found.add(port);
  }
  if (found.size < count) throw new Error(`found ${found.size} free ports of the ${count} asked for`);
  return [...found];
}
