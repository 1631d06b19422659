import { type ChildProcess, fork } from 'node:child_process';

export interface MockBroker {
  /** HOST:PORT, comma-separated. */
  readonly bootstrapServers: string;
  /** Ends the process; resolves when it is gone. */
  stop(): Promise<void>;
}

const START_TIMEOUT_MS = 10_000;
const STOP_TIMEOUT_MS = 2000;

/**
 * Starts a Kafka in memory in a process of its own.
 *
 * @throws Error when it does not come up in time.
 */
export async function startMockBroker(): Promise<MockBroker> {
  const entry = new URL('./mock-broker-process.js', import.meta.url);
  const child = fork(entry, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  try {
    const bootstrapServers = await readAddress(child);
    return {
      bootstrapServers,
      stop: async () => {
        await stop(child);
      },
    };
  } catch (error) {
    await stop(child);
    throw error;
  }
}

async function readAddress(child: ChildProcess): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<string>((resolve, reject) => {
      const fail = (reason: string) => reject(new Error(`the Kafka in memory did not start: ${reason}`));
      timer = setTimeout(() => fail(`no answer in ${START_TIMEOUT_MS} ms`), START_TIMEOUT_MS);
      child.once('message', (message: { readonly bootstrapServers: string }) => resolve(message.bootstrapServers));
      child.once('error', (error) => fail(error.message));
      child.once('exit', (code, signal) => fail(`it ended with ${signal ?? `code ${code}`}`));
    });
  } finally {
    clearTimeout(timer);
    child.removeAllListeners('exit');
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
  if (child.connected) child.disconnect();
  await gone;
  clearTimeout(timer);
}
