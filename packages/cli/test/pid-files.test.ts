import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, copyFileSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { writePidFile } from '../src/pid-files.ts';
import { launch, temporaryFolder, waitFor } from './launched.ts';

const READY = 'Server started, listening for requests...';
const PROPERTIES = `
bootstrap.servers=127.0.0.1:1
listeners=http://127.0.0.1:0
sluice.management.listener=
`;
/** Of nobody: it has no name and no home. */
const STRANGER = 54_321;
const isRoot = process.getuid?.() === 0;
const canDropRights = isRoot && spawnSync('setpriv', ['--version']).status === 0;

function propertiesFile(): string {
  const file = join(temporaryFolder(), 'kafka-rest.properties');
  writeFileSync(file, PROPERTIES);
  return file;
}

/** A process that lives, and is written down as a server in the folder. */
async function writtenDown(
  folder: string,
  command: string,
  words: readonly string[],
  uid?: number,
): Promise<ChildProcess> {
  const child = spawn(command, words, { stdio: ['ignore', 'pipe', 'ignore'], ...(uid === undefined ? {} : { uid }) });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout as NodeJS.ReadableStream, 'data');
  writePidFile(folder, child.pid ?? 0);
  return child;
}

describe('kafka-rest-stop', () => {
  it('leaves alone a process that has the command among its words, and is none', async () => {
    const folder = temporaryFolder();
    const script = 'console.log("here"); setInterval(() => undefined, 1000);';
    const other = await writtenDown(folder, process.execPath, ['-e', script, '/opt/dist/bin/kafka-rest-start.js']);
    const stop = launch('kafka-rest-stop', [], { environment: { LOG_DIR: folder } });
    expect(await stop.exited).toBe(1);
    expect(stop.output()).toBe('No running instance found.\n');
    expect(readdirSync(folder)).toEqual([]);
    expect([other.exitCode, other.signalCode]).toEqual([null, null]);
  });

  it.runIf(canDropRights)("says of another user's server that it goes on, and stops the rest", async () => {
    const folder = temporaryFolder();
    const program = join(temporaryFolder(), 'kafka-rest-start.js');
    writeFileSync(program, 'console.log("here"); setInterval(() => undefined, 1000);');
    for (const path of [join(program, '..'), program]) chmodSync(path, 0o755);
    const other = await writtenDown(folder, process.execPath, [program], STRANGER);
    const own = await writtenDown(folder, process.execPath, [program]);
    const environment = { LOG_DIR: folder, PATH: process.env['PATH'] };
    const stop = fileURLToPath(new URL('../bin/kafka-rest-stop', import.meta.url));
    // Root, but without the right to end what is not his.
    const ended = spawnSync('setpriv', ['--bounding-set=-kill', '--inh-caps=-kill', stop], { env: environment });
    expect(String(ended.stderr)).toBe(`${other.pid} is another user's, and goes on.\n`);
    expect(String(ended.stdout)).toBe(`Stopped ${own.pid}.\n`);
    expect([ended.status, other.exitCode, other.signalCode]).toEqual([1, null, null]);
  });
});

describe('where a server writes down that it runs', () => {
  it('is no file behind a link that somebody has laid there', () => {
    const folder = temporaryFolder();
    const precious = join(temporaryFolder(), 'precious');
    writeFileSync(precious, 'kept');
    symlinkSync(precious, join(folder, 'kafka-rest.4711.pid'));
    expect(readFileSync(writePidFile(folder, 4711), 'utf8')).toBe('4711\n');
    expect(readFileSync(precious, 'utf8')).toBe('kept');
  });

  it('is no folder that others may write to, nor are numbers of theirs ended', async () => {
    const temporary = temporaryFolder();
    const shared = join(temporary, `sluice-${process.getuid?.()}`);
    mkdirSync(join(shared, 'sluice'), { recursive: true });
    chmodSync(shared, 0o777);
    const environment = { TMPDIR: temporary };
    const server = launch('kafka-rest-start', [propertiesFile()], { environment });
    await waitFor('the ready line', () => server.output().includes(READY) || undefined);
    expect(server.output()).toContain('kafka-rest-stop will not find this server: ');
    writePidFile(join(shared, 'sluice'), server.pid);
    const stop = launch('kafka-rest-stop', [], { environment });
    expect(await stop.exited).toBe(1);
    expect(stop.output()).toBe(`${shared} is not a folder that this user alone may write to: set LOG_DIR.\n`);
    server.signalGroup('SIGTERM');
    expect(await server.exited).toBe(0);
  });

  it('may be none: where nothing can be written the server runs all the same', async () => {
    const file = propertiesFile();
    const server = launch('kafka-rest-start', [file], { environment: { LOG_DIR: file } });
    await waitFor('the ready line', () => server.output().includes(READY) || undefined);
    expect(server.output()).toMatch(/^kafka-rest-stop will not find this server: .*EEXIST/m);
    server.signalGroup('SIGTERM');
    expect(await server.exited).toBe(0);
    const daemon = launch('kafka-rest-start', ['-daemon', file], { environment: { LOG_DIR: file } });
    expect(await daemon.exited).toBe(1);
    expect(daemon.output()).toMatch(/^LOG_DIR \(.*\): cannot be written: EEXIST.*\n$/);
  });

  it.runIf(isRoot)('is found where the number that a container runs as has no name', () => {
    const folder = temporaryFolder();
    chmodSync(folder, 0o777);
    for (const name of ['pid-files.js', 'command-failed.js']) {
      copyFileSync(fileURLToPath(new URL(`../dist/${name}`, import.meta.url)), join(folder, name));
    }
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
    const script = `import('${folder}/pid-files.js').then(({ pidDirectory }) => console.log(pidDirectory({})))`;
    const asked = spawnSync(process.execPath, ['-e', script], { uid: STRANGER, env: { TMPDIR: folder }, cwd: folder });
    expect([String(asked.stderr), String(asked.stdout)]).toEqual(['', `${folder}/sluice-${STRANGER}/sluice\n`]);
  });
});
