import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { launch, temporaryFolder } from './launched.ts';

/** Loaded before the launcher: later fills the pool with work that blocks, and counts the threads of the process. */
const probe = `
setTimeout(() => {
  const { pbkdf2 } = require('node:crypto');
  const { readdirSync } = require('node:fs');
  for (let i = 0; i < 64; i++) pbkdf2('a', 'b', 1e7, 32, 'sha512', () => {});
  setTimeout(() => {
    process.stderr.write('threads=' + readdirSync('/proc/self/task').length + '=');
    process.kill(process.pid, 'SIGKILL');
  }, 100);
}, 500);
`;

async function threadsOf(command: string, parameters: readonly string[], poolSize?: string): Promise<number> {
  const folder = temporaryFolder();
  const file = join(folder, 'probe.cjs');
  writeFileSync(file, probe);
  const environment = {
    NODE_OPTIONS: `--require ${file}`,
    LOG_DIR: folder,
    ...(poolSize === undefined ? {} : { UV_THREADPOOL_SIZE: poolSize }),
  };
  const launched = launch(command, parameters, { environment });
  await launched.exited;
  return Number(/threads=(\d+)=/.exec(launched.output())?.[1]);
}

describe.runIf(process.platform === 'linux')('the thread pool', () => {
  it.each([
    ['sluice', ['config', '--list']],
    ['kafka-rest-start', ['-help']],
    ['kafka-rest-stop', []],
  ])('of %s has 32 threads, unless the environment says otherwise', async (command, parameters) => {
    const [one, eight, unset] = await Promise.all([
      threadsOf(command, parameters, '1'),
      threadsOf(command, parameters, '8'),
      threadsOf(command, parameters),
    ]);
    expect({ eight: (eight ?? 0) - (one ?? 0), unset: (unset ?? 0) - (one ?? 0) }).toEqual({ eight: 7, unset: 31 });
  });
});
