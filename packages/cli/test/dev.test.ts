import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { sharedBroker } from '../../../test/harness/broker.ts';
import { withAdmin } from '../../../test/harness/topics.ts';
import { type Launched, launch, waitFor } from './launched.ts';

const run = promisify(execFile);

async function startDev(...more: readonly string[]): Promise<{ dev: Launched; commands: readonly string[] }> {
  const dev = launch('sluice', [
    'dev',
    '--port',
    '0',
    '--set',
    'sluice.management.listener=http://127.0.0.1:0',
    ...more,
  ]);
  await waitFor('the introduction', () => (dev.output().includes('Ctrl-C ends it.') ? true : undefined));
  return { dev, commands: [...dev.output().matchAll(/^ {2}(curl .*)$/gm)].map(([, command = '']) => command) };
}

/** Runs a command as it was printed, in a shell, as somebody who pastes it does. */
async function paste(command: string | undefined): Promise<unknown> {
  const { stdout } = await run('sh', ['-c', `${command ?? 'false'} --silent --show-error --max-time 15`]);
  return stdout === '' ? undefined : (JSON.parse(stdout) as unknown);
}

/** Pastes the four commands one after another: what the first wrote stands last in what the fourth reads. */
async function expectToWork(commands: readonly string[]): Promise<void> {
  const [produce, create, subscribe, read] = commands;
  expect(commands).toHaveLength(4);
  expect(await paste(produce)).toMatchObject({ offsets: [{ error_code: null, error: null }] });
  expect(await paste(create)).toMatchObject({ instance_id: 'me' });
  expect(await paste(subscribe)).toBeUndefined();
  const records = (await paste(read)) as { value: { text: string } }[];
  expect(records.map(({ value }) => value.text)).toEqual(['Hello', 'from', 'Sluice', 'and from me']);
}

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(/\s+/).map(Number);
}

describe('sluice dev', () => {
  it('prints four commands that work when they are pasted', async () => {
    const { commands } = await startDev();
    await expectToWork(commands);
  });

  it.runIf(process.platform === 'linux')('leaves nothing behind after Ctrl-C, and starts anew', async () => {
    for (let round = 0; round < 2; round += 1) {
      const { dev } = await startDev();
      const children = childrenOf(dev.pid);
      expect(children).toHaveLength(1);
      dev.signalGroup('SIGINT');
      expect(await dev.exited).toBe(0);
      expect(() => process.kill(children[0] ?? 0, 0)).toThrow('ESRCH');
    }
  });

  it.runIf(process.platform === 'linux')('takes its broker with it however it dies', async () => {
    const { dev } = await startDev();
    const [broker = 0] = childrenOf(dev.pid);
    process.kill(dev.pid, 'SIGKILL');
    await waitFor('the end of the broker', () => {
      try {
        return readFileSync(`/proc/${broker}/stat`, 'utf8').includes(') Z ') ? true : undefined;
      } catch {
        return true;
      }
    });
  });

  it('uses a Kafka that is there, in a topic of its own that it fills once, with the same commands', async () => {
    const { bootstrap } = await sharedBroker();
    for (let round = 0; round < 2; round += 1) {
      const { dev, commands } = await startDev('--bootstrap', bootstrap);
      expect(commands[0]).toMatch(/\/topics\/sluice-demo$/);
      if (round === 0) await expectToWork(commands);
      dev.signalGroup('SIGINT');
      expect(await dev.exited).toBe(0);
    }
    const ends = await withAdmin(bootstrap, async (admin) => {
      return await admin.listOffsets({
        topics: [{ name: 'sluice-demo', partitions: [{ partitionIndex: 0, timestamp: -1n }] }],
      });
    });
    // Three greetings, and the record of the pasted command.
    expect(ends[0]?.partitions[0]?.offset).toBe(4n);
  }, 120_000);

  it('says so when that Kafka does not answer', async () => {
    const dev = launch('sluice', [
      'dev',
      '--port',
      '0',
      '--bootstrap',
      '127.0.0.1:1',
      '--set',
      'sluice.management.listener=',
    ]);
    expect(await dev.exited).toBe(1);
    expect(dev.output()).toContain("the topic 'sluice-demo' cannot be made or written to");
  });

  it('says in words that its port is taken', async () => {
    const { commands } = await startDev();
    const port = new URL(/http:\S+/.exec(commands[0] ?? '')?.[0] ?? '').port;
    const second = launch('sluice', ['dev', '--port', port]);
    expect(await second.exited).toBe(1);
    expect(second.output()).toMatch(`Another program listens on 127.0.0.1:${port}.`);
    expect(second.output()).not.toContain('{"level"');
  });

  it('tells all that is wrong with what it was given', async () => {
    const dev = launch('sluice', ['dev', '--bootstrap', 'nonsense', '--set', 'sluice.log.level=loud']);
    expect(await dev.exited).toBe(1);
    expect(dev.output()).toContain("bootstrap.servers: 'nonsense' is not allowed");
    expect(dev.output()).toContain("sluice.log.level: 'loud' is not allowed");
  });
});
