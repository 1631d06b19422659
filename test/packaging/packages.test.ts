import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, cp, lstat, mkdir, readdir, readFile, readlink, rename, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sharedBroker } from '../harness/broker.ts';
import { within } from '../harness/conditions.ts';
import { createTopic } from '../harness/topics.ts';
import { type Installed, makePackages, ROOT, removeFolder, run, scratchFolder, startInstalled } from './packages.ts';

const MAKE_MS = 240_000;
const TEST_MS = 60_000;
const STOP_DEADLINE_MS = 15_000;
const PROPERTIES = 'etc/kafka-rest/kafka-rest.properties';
/** Of Node.js. */
const LINE = Number(process.versions.node.split('.')[0]);
const COMMANDS = ['kafka-rest-start', 'kafka-rest-stop', 'sluice'];
/** Left behind by a compiler that ran before its source was removed. */
const STALE = join(ROOT, 'packages/protocol/dist/left-behind.js');

const has = (program: string): boolean =>
  ['/usr/bin', '/usr/sbin', '/bin'].some((folder) => existsSync(join(folder, program)));
/** Another root is filled with files that belong to root. */
const canInstallDebian = has('dpkg-deb') && has('dpkg') && process.getuid?.() === 0;

let scratch: string;
let packages: Readonly<Record<string, string>>;
let bootstrap: string;
let unpacked: Installed;

const folderIn = async (name: string): Promise<string> => {
  const folder = join(scratch, name);
  await mkdir(folder, { recursive: true });
  return folder;
};

const packageOf = (ending: string): string => {
  const path = packages[ending];
  if (path === undefined) throw new Error(`no package *.${ending}: ${Object.values(packages).join()}`);
  return path;
};

async function unpack(): Promise<Installed> {
  const folder = await folderIn('unpacked');
  await run('tar', ['-xzf', packageOf('tar.gz'), '-C', folder]);
  const [name = ''] = await readdir(folder);
  // Wherever it was unpacked: it stands somewhere else now.
  const cwd = join(scratch, 'moved to', 'a folder');
  await mkdir(dirname(cwd), { recursive: true });
  await rename(join(folder, name), cwd);
  return { bin: join(cwd, 'bin'), cwd, configFile: PROPERTIES };
}

/** What the process has mapped, of all that can be seen of a file that was loaded from the wrong place. */
async function mappedFiles(pid: number): Promise<string[]> {
  const maps = await readFile(`/proc/${pid}/maps`, 'utf8');
  return [...new Set([...maps.matchAll(/ (\/.*)$/gm)].map(([, path = '']) => path))];
}

/** Starts it, writes a record by way of HTTP, and ends it with its own kafka-rest-stop. */
async function works(installed: Installed): Promise<void> {
  const server = await startInstalled(installed, bootstrap);
  const topic = await createTopic(bootstrap, { prefix: 'packaging' });
  const answer = await server.http.call('POST', `/topics/${topic}`, {
    headers: { 'content-type': 'application/vnd.kafka.json.v2+json' },
    body: '{"records":[{"value":{"from":"a package"}}]}',
  });
  expect(answer.text).toContain('"offset":0,');
  const files = await mappedFiles(server.process.pid);
  expect(files.filter((file) => file.startsWith(ROOT))).toEqual([]);
  const inside = resolve(installed.bin, '../..');
  for (const library of ['node-librdkafka.node', 'librdkafka.so.1', 'librdkafka++.so.1']) {
    expect(files.filter((file) => file.startsWith(inside) && file.endsWith(`/${library}`))).toHaveLength(1);
  }
  expect(await server.command('kafka-rest-stop', [])).toBe(`Stopped ${server.process.pid}.\n`);
  expect(await within(server.process.exited, STOP_DEADLINE_MS, 'its end')).toEqual({ code: 0, signal: null });
}

beforeAll(async () => {
  scratch = await scratchFolder();
  await writeFile(STALE, 'export {};\n');
  packages = await makePackages(await folderIn('first'));
  unpacked = await unpack();
  ({ bootstrap } = await sharedBroker());
}, MAKE_MS);

afterAll(async () => {
  await removeFolder(STALE);
  await removeFolder(scratch);
});

describe('npm run package', () => {
  it('is ./scripts/package', async () => {
    const { scripts } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { scripts: object };
    expect(scripts).toMatchObject({ package: './scripts/package' });
  });

  it(
    'makes the same bytes of the same input',
    async () => {
      const again = await makePackages(await folderIn('second'));
      const sums = async (folder: string): Promise<string> =>
        await readFile(join(scratch, folder, 'SHA256SUMS'), 'utf8');
      expect(Object.keys(again)).toEqual(Object.keys(packages));
      expect(await sums('second')).toBe(await sums('first'));
    },
    MAKE_MS,
  );

  it('packages what the sources make, and nothing else that lies in dist', async () => {
    const own = join(unpacked.cwd, 'lib/sluice/node_modules/@sluice');
    const names = await readdir(own);
    expect(names).toContain('protocol');
    for (const name of ['cli', ...names]) {
      const dist = join(name === 'cli' ? join(unpacked.cwd, 'lib/sluice') : join(own, name), 'dist');
      const made = (await readdir(dist, { recursive: true })).filter((file) => file.includes('.')).toSorted();
      const sources = (await readdir(join(ROOT, 'packages', name, 'src'), { recursive: true })).filter((file) =>
        file.endsWith('.ts'),
      );
      expect(made).toEqual(sources.map((file) => file.replace(/ts$/, 'js')).toSorted());
    }
  });

  it('packages nothing that only developers need, no link that leads out, and no path of this machine', async () => {
    const files = await readdir(unpacked.cwd, { recursive: true, withFileTypes: true });
    expect(files.length).toBeGreaterThan(1000);
    const paths = files.map((file) => join(file.parentPath, file.name));
    expect(paths.filter((path) => /\.(ts|map|tsbuildinfo|cc|h|o|a)$|\/(vitest|typescript|lerna)$/.test(path))).toEqual(
      [],
    );
    for (const path of paths) {
      const status = await lstat(path);
      if (status.isSymbolicLink()) expect(join(dirname(path), await readlink(path))).toContain(unpacked.cwd);
      // Who unpacks it as root must not open it to others.
      else expect(status.mode & 0o022, path).toBe(0);
      if (status.isFile()) expect((await readFile(path)).includes(ROOT), path).toBe(false);
    }
  });
});

describe('the tarball', () => {
  it('has bin, etc/kafka-rest and lib', async () => {
    expect(await readdir(unpacked.bin)).toEqual(COMMANDS);
    const shipped = await readFile(join(unpacked.cwd, PROPERTIES), 'utf8');
    expect(shipped).toBe(await readFile(join(ROOT, 'deploy', PROPERTIES), 'utf8'));
    expect(await readdir(join(unpacked.cwd, 'lib'))).toEqual(['sluice', 'systemd']);
  });

  it('runs where it was unpacked, with Node.js alone', async () => await works(unpacked), TEST_MS);
});

describe('every package', () => {
  it('says which Node.js its compiled part is for, when it is started with another', async () => {
    const folder = await folderIn('other-node');
    await writeFile(join(folder, 'node'), `#!/bin/sh\necho v${LINE + 2}.1.0\n`, { mode: 0o755 });
    const failed = spawnSync(join(unpacked.bin, 'kafka-rest-start'), ['-version'], {
      env: { PATH: `${folder}:/usr/bin:/bin` },
      encoding: 'utf8',
    });
    const message = `This package of Sluice was made for Node.js ${LINE}; ${folder}/node is v${LINE + 2}.1.0.\n`;
    expect({ status: failed.status, stderr: failed.stderr }).toEqual({ status: 1, stderr: message });
  });
});

describe('the package for npm', () => {
  it(
    'installs for all without a registry and without compiling, and runs from any folder',
    async () => {
      const prefix = await folderIn('global');
      const parameters = ['install', '--global', '--prefix', prefix, '--offline', '--no-audit', '--no-fund'];
      await run('npm', [...parameters, packageOf('tgz')], { cwd: scratch });
      const bin = join(prefix, 'bin');
      expect(await readdir(bin)).toEqual(COMMANDS);
      const configFile = join(prefix, 'kafka-rest.properties');
      await cp(join(ROOT, 'deploy', PROPERTIES), configFile);
      await works({ bin, cwd: '/', configFile });
    },
    TEST_MS,
  );
});

/** Another root, with as much of a Debian in it as dpkg insists on. */
async function debianRoot(): Promise<string> {
  const root = await folderIn('debian');
  for (const folder of ['var/lib/dpkg/info', 'var/lib/dpkg/updates', 'etc']) {
    await mkdir(join(root, folder), { recursive: true });
  }
  await writeFile(join(root, 'var/lib/dpkg/status'), '');
  await writeFile(join(root, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\n');
  await writeFile(join(root, 'etc/group'), 'root:x:0:\n');
  await writeFile(join(root, 'etc/shadow'), 'root:*:20000::::::\n');
  return root;
}

/** Its dependencies are on this machine, not in that root. */
async function dpkg(root: string, ...commandArguments: readonly string[]): Promise<void> {
  const options = [`--root=${root}`, '--force-script-chrootless', '--force-depends', '--force-confdef'];
  await run('dpkg', [...options, ...commandArguments]);
}

describe.runIf(canInstallDebian)('the .deb', () => {
  let root: string;

  beforeAll(async () => {
    root = await debianRoot();
    await dpkg(root, '--install', packageOf('deb'));
  }, TEST_MS);

  it(
    'installs the commands, which run',
    async () => {
      const bin = join(root, 'usr/bin');
      expect(await readdir(bin)).toEqual(COMMANDS);
      await works({ bin, cwd: '/', configFile: join(root, PROPERTIES) });
    },
    TEST_MS,
  );

  it('has a user of its own for the service, who alone with root reads the configuration', async () => {
    const passwd = await readFile(join(root, 'etc/passwd'), 'utf8');
    const [, user, group] = /^sluice:x:(\d+):(\d+):Sluice:\/nonexistent:.*nologin$/m.exec(passwd) ?? [];
    expect(Number(user)).toBeGreaterThan(0);
    const { mode, uid, gid } = await stat(join(root, PROPERTIES));
    expect({ mode: mode & 0o777, uid, gid }).toEqual({ mode: 0o640, uid: 0, gid: Number(group) });
  });

  it('needs the libraries that its compiled parts are linked with, and asks for the Node.js that they are for', async () => {
    const depends = await run('dpkg-deb', ['--field', packageOf('deb'), 'Depends']);
    const recommends = await run('dpkg-deb', ['--field', packageOf('deb'), 'Recommends']);
    expect(recommends).toMatch(new RegExp(`^nodejs \\(>= ${LINE}[.\\d]*\\), nodejs \\(<< ${LINE + 1}\\)\\n$`));
    for (const library of ['libc6', 'libssl3', 'libstdc++6', 'libzstd1', 'zlib1g']) expect(depends).toContain(library);
  });

  it.runIf(has('systemd-analyze'))('installs a unit that systemd takes, and that keeps the service in', async () => {
    const unit = join(root, 'usr/lib/systemd/system/sluice.service');
    // systemd looks for the command below the real root.
    const verified = join(await folderIn('unit'), 'sluice.service');
    const start = join(root, 'usr/bin/kafka-rest-start');
    await writeFile(verified, (await readFile(unit, 'utf8')).replace('/usr/bin/kafka-rest-start', start));
    await run('systemd-analyze', ['verify', '--man=no', verified]);
    const exposure = await run('systemd-analyze', ['security', '--offline=true', '--threshold=30', verified]);
    expect(exposure).toMatch(/Overall exposure level/);
  });

  it(
    'leaves a configuration that was changed, and its mode, as they are: on an upgrade and when it is removed',
    async () => {
      const file = join(root, PROPERTIES);
      const changed = 'bootstrap.servers=kafka:9092\n';
      await writeFile(file, changed);
      await chmod(file, 0o644);
      await dpkg(root, '--install', packageOf('deb'));
      expect(await readFile(file, 'utf8')).toBe(changed);
      expect((await stat(file)).mode & 0o777).toBe(0o644);
      await dpkg(root, '--remove', 'sluice');
      expect(await readFile(file, 'utf8')).toBe(changed);
      expect(existsSync(join(root, 'usr/lib/sluice'))).toBe(false);
      await dpkg(root, '--purge', 'sluice');
      expect(existsSync(file)).toBe(false);
    },
    TEST_MS,
  );
});

/** Said where the others are counted: as skipped. */
describe('what is not tried here', () => {
  if (!canInstallDebian) it.skip('NOT TRIED: the .deb (needs root, and dpkg from the Debian package dpkg)');
  if (!has('systemd-analyze')) it.skip('NOT TRIED: the unit (needs systemd-analyze from the Debian package systemd)');
  it('would be said', () => expect([typeof canInstallDebian, has('sh')]).toEqual(['boolean', true]));
});
