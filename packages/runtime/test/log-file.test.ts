import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LogFile } from '@sluice/runtime';
import { describe, expect, it, onTestFinished, vi } from 'vitest';

/** Ten bytes with the end of the line. */
const entry = (number: number): string => `entry ${String(number).padStart(3, '0')}\n`;

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'sluice-log-'));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

function opened(path: string, limits: { readonly maxBytes: number; readonly filesMax: number }): LogFile {
  const log = new LogFile({ path, ...limits });
  onTestFinished(() => log.close());
  return log;
}

describe('a log file', () => {
  it('is replaced before it would be too large, and only as many are kept as configured', () => {
    const path = join(folder(), 'log');
    const log = opened(path, { maxBytes: 25, filesMax: 3 });
    for (let number = 1; number <= 9; number++) log.write(entry(number));
    const texts = ['', '.1', '.2'].map((suffix) => readFileSync(path + suffix, 'utf8'));
    expect(texts).toEqual([entry(9), entry(7) + entry(8), entry(5) + entry(6)]);
    expect(readdirSync(join(path, '..'))).toHaveLength(3);
  });

  it('begins again at its beginning when it is the only one', () => {
    const path = join(folder(), 'log');
    const log = opened(path, { maxBytes: 25, filesMax: 1 });
    for (let number = 1; number <= 3; number++) log.write(entry(number));
    expect(readFileSync(path, 'utf8')).toBe(entry(3));
    expect(readdirSync(join(path, '..'))).toEqual(['log']);
  });

  it('goes on with what an earlier server has written', () => {
    const path = join(folder(), 'log');
    writeFileSync(path, entry(1) + entry(2));
    opened(path, { maxBytes: 25, filesMax: 2 }).write(entry(3));
    expect([readFileSync(path, 'utf8'), readFileSync(`${path}.1`, 'utf8')]).toEqual([entry(3), entry(1) + entry(2)]);
  });

  it('takes an entry that is larger than a file may be', () => {
    const path = join(folder(), 'log');
    opened(path, { maxBytes: 5, filesMax: 2 }).write(entry(1));
    expect(readdirSync(join(path, '..'))).toEqual(['log']);
    expect(readFileSync(path, 'utf8')).toBe(entry(1));
  });

  it('is for its owner and the group alone', () => {
    const path = join(folder(), 'log');
    opened(path, { maxBytes: 25, filesMax: 2 });
    expect(statSync(path).mode & 0o007).toBe(0);
  });

  it.runIf(process.platform === 'linux')('on a full disk drops entries, and tells it once on standard error', () => {
    const told = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    onTestFinished(() => told.mockRestore());
    const log = opened('/dev/full', { maxBytes: 1000, filesMax: 2 });
    log.write(entry(1));
    log.write(entry(2));
    expect(told.mock.calls.map(([text]) => text)).toEqual([expect.stringMatching(/^\/dev\/full: ENOSPC/)]);
  });

  it('keeps what it has while no file can be opened, however often one is tried to be begun', () => {
    const path = join(folder(), 'log');
    // In a process of its own, which uses up all that it may open.
    const script = `
      const { openSync, closeSync } = require('node:fs');
      import(${JSON.stringify(new URL('../dist/log-file.js', import.meta.url).href)}).then(({ LogFile }) => {
        const log = new LogFile({ path: ${JSON.stringify(path)}, maxBytes: 25, filesMax: 3 });
        const write = (from, to) => { for (let n = from; n <= to; n++) log.write('entry 00' + n + '\\n'); };
        write(1, 6);
        const taken = [];
        try { for (;;) taken.push(openSync('/dev/null', 'r')); } catch {}
        write(7, 8);
        taken.forEach(closeSync);
        write(9, 9);
      });`;
    const { status, stderr } = spawnSync('sh', ['-c', 'ulimit -n 64; exec "$0" -e "$1"', process.execPath, script]);
    expect([status, String(stderr)]).toEqual([0, expect.stringMatching(/EMFILE.*\n$/)]);
    const texts = ['', '.1', '.2'].map((suffix) => readFileSync(path + suffix, 'utf8'));
    expect(texts).toEqual([entry(9), entry(5) + entry(6), entry(3) + entry(4)]);
    expect(readdirSync(join(path, '..'))).toHaveLength(3);
  });

  it('keeps what it has, and nothing beside it, while an older file cannot be moved', () => {
    vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    onTestFinished(() => void vi.restoreAllMocks());
    const path = join(folder(), 'log');
    mkdirSync(`${path}.1`);
    const log = opened(path, { maxBytes: 25, filesMax: 2 });
    for (let number = 1; number <= 5; number++) log.write(entry(number));
    expect(readFileSync(path, 'utf8')).toBe(entry(1) + entry(2));
    expect(readdirSync(join(path, '..'))).toEqual(['log', 'log.1']);
  });

  it('that cannot be opened is an error at once', () => {
    expect(() => new LogFile({ path: join(folder(), 'none/log'), maxBytes: 25, filesMax: 2 })).toThrow('ENOENT');
  });
});
