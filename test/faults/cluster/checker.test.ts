import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { again, failed, inserted, nth, observationsIn, readsIn, replaced, rulesBroken } from './changed-evidence.ts';
import { check } from './checker.ts';
import type { FaultWindow } from './evidence.ts';
import { cleanRun, PLAIN, type Plot } from './planted.ts';

const { evidence: clean, fault } = cleanRun();

const plots: fc.Arbitrary<Plot> = fc.record({
  partitions: fc.integer({ min: 1, max: 4 }),
  batches: fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 15 }),
  readSize: fc.integer({ min: 1, max: 8 }),
  mode: fc.constantFrom('subscribe', 'assign'),
  commits: fc.constantFrom('delivered', 'explicit', 'auto'),
  paceMs: fc.integer({ min: 0, max: 500 }),
});

describe('a clean history', () => {
  it('has nothing to complain about, whatever the load', () => {
    fc.assert(
      fc.property(plots, (plot) => {
        expect(check(cleanRun(plot).evidence)).toEqual([]);
      }),
    );
  });

  it('may hold a fault that nobody noticed, of any kind and at any time', () => {
    const windows = fc.record({
      from: fc.integer({ min: 0, max: 2000 }),
      repeats: fc.constantFrom('nothing', 'unconfirmed', 'uncommitted'),
      failures: fc.constantFrom('none', 'retriable'),
    });
    fc.assert(
      fc.property(plots, windows, (plot, { from, repeats, failures }) => {
        const run = cleanRun(plot);
        const window = run.fault({ from, until: from + 500, repeats, failures });
        expect(check({ ...run.evidence, faults: [window] })).toEqual([]);
      }),
    );
  });
});

describe('records', () => {
  it('that were acknowledged and are not in the log are found', () => {
    const log = nth([...clean.logs.values()], 0);
    const planted = { ...clean, logs: new Map([['numbers', log.slice(0, -1)]]) };
    expect(rulesBroken(planted)).toContain('acknowledged-missing');
  });

  it('that stand where another was acknowledged are found', () => {
    const log = nth([...clean.logs.values()], 0).map((record, i) =>
      i === 4 ? { ...record, value: '"other"' } : record,
    );
    expect(rulesBroken({ ...clean, logs: new Map([['numbers', log]]) })).toContain('acknowledged-missing');
  });

  it('that nobody sent are found, in the log and in an answer', () => {
    const log = nth([...clean.logs.values()], 0);
    const more = { partition: 0, offset: log.length, value: '"invented"' };
    expect(rulesBroken({ ...clean, logs: new Map([['numbers', [...log, more]]]) })).toContain('invented-record');
    const read = nth(readsIn(clean), 2);
    const record = { ...nth(read.records, 0), value: '"invented"' };
    expect(rulesBroken(replaced(clean, read, { ...read, records: [record, ...read.records.slice(1)] }))).toEqual([
      'invented-record',
    ]);
  });

  it('that were produced twice by one request are found; a request that failed may have been written or not', () => {
    const log = nth([...clean.logs.values()], 0);
    const copy = { ...nth(log, 0), offset: log.length };
    const twice = { ...clean, logs: new Map([['numbers', [...log, copy]]]) };
    expect(rulesBroken(twice)).toContain('produced-twice');
    const produce = nth(
      clean.entries.filter((entry) => entry.operation === 'produce'),
      -1,
    );
    const window = fault({ from: produce.sentAt, until: produce.endedAt });
    const uncertain = replaced(clean, produce, { ...failed(produce, 'ECONNRESET'), acknowledged: [] });
    expect(rulesBroken(uncertain, window)).toEqual([]);
  });

  it('that were written although their request was refused are found', () => {
    const produce = nth(
      clean.entries.filter((entry) => entry.operation === 'produce'),
      -1,
    );
    const window = fault({ from: produce.sentAt, until: produce.endedAt });
    const refusal = { ...failed(produce, 'ECONNREFUSED'), acknowledged: [] };
    expect(rulesBroken(replaced(clean, produce, refusal), window)).toEqual(['produced-twice']);
  });

  it('that no client of a group was given are found, in the middle and at the end', () => {
    for (const index of [1, -1]) {
      const read = nth(readsIn(clean), index);
      const lost = { ...read, records: read.records.slice(0, -1) };
      expect(rulesBroken(replaced(clean, read, lost))).toContain('skipped');
    }
  });

  it('are not due beyond the last commit where a group does not read everything', () => {
    const short = { ...clean, groups: clean.groups.map((plan) => ({ ...plan, complete: false })) };
    const stopsAt = nth(readsIn(clean), -1);
    const entries = clean.entries.filter(
      (entry) => entry.endedAt < stopsAt.sentAt || (entry.operation !== 'read' && entry.operation !== 'observe'),
    );
    expect(rulesBroken({ ...short, entries })).toEqual([]);
  });

  it('of an answer that was lost with an edge are not excused', () => {
    const read = nth(readsIn(clean), 3);
    const lost = { ...failed(read, 'ECONNRESET'), records: [] };
    const window = fault({ from: read.sentAt, until: read.endedAt });
    expect(rulesBroken(replaced(clean, read, lost), window)).toContain('skipped');
  });

  it('that were committed before a client had them are found', () => {
    const observation = nth(observationsIn(clean), 1);
    const early = { ...observation, offsets: nth(observationsIn(clean), -1).offsets };
    expect(rulesBroken(replaced(clean, observation, early))).toContain('committed-undelivered');
  });
});

describe('a duplicate', () => {
  const reads = readsIn(clean);
  const first = nth(reads, 1);
  const repeated = inserted(clean, again(first, 900));

  it('is found where there was no fault', () => {
    expect(rulesBroken(repeated)).toEqual(['duplicate']);
  });

  it('is found within one answer, fault or not', () => {
    const twice = { ...first, records: [...first.records, nth(first.records, 0)] };
    const window = fault({ from: 0, until: 5000, repeats: 'uncommitted' });
    expect(rulesBroken(replaced(clean, first, twice), window)).toContain('duplicate');
  });

  it('is allowed for the unconfirmed batch of an instance that moved, and found for one long confirmed', () => {
    const from = first.endedAt + 5;
    expect(rulesBroken(repeated, fault({ from, until: from }))).toEqual([]);
    expect(rulesBroken(repeated, fault({ from: from + 800, until: from + 800 }))).toEqual(['duplicate']);
  });

  it('is allowed for what was confirmed within an interval of the flush', () => {
    const confirmedAt = first.endedAt + PLAIN.paceMs;
    const window = (from: number): FaultWindow => fault({ from, until: from, progressMs: 5000 });
    expect(rulesBroken(repeated, window(confirmedAt + 240))).toEqual([]);
    expect(rulesBroken(repeated, window(confirmedAt + 260))).toEqual(['duplicate']);
  });

  it('is allowed once for a move', () => {
    const from = first.endedAt + 5;
    const thrice = inserted(repeated, again(first, 950));
    expect(rulesBroken(thrice, fault({ from, until: from }))).toEqual(['duplicate']);
  });

  it('is found when the fault allows none, and when it is long over', () => {
    const from = first.endedAt + 5;
    expect(rulesBroken(repeated, fault({ from, until: from, repeats: 'nothing' }))).toEqual(['duplicate']);
    expect(rulesBroken(repeated, fault({ from, until: from, progressMs: 100 }))).toEqual(['duplicate']);
  });

  it('is allowed in the first read after partitions moved, of what was read meanwhile (bug: a false alarm)', () => {
    const next = nth(reads, 2);
    const until = first.endedAt + 5;
    const window = fault({ from: 0, until, progressMs: 0, repeats: 'uncommitted' });
    const withFirst = (read: typeof first): typeof clean =>
      replaced(clean, read, { ...read, records: [...first.records, ...read.records] });
    expect(next.sentAt).toBeGreaterThan(until);
    expect(rulesBroken(withFirst(next), window)).toEqual([]);
    expect(rulesBroken(withFirst(nth(reads, 3)), window)).toContain('duplicate');
    const earlier = { ...window, until: first.sentAt - 5 };
    expect(rulesBroken(withFirst(next), earlier)).toContain('duplicate');
  });

  it('is allowed for all that was not committed where partitions moved', () => {
    const uncommitted = cleanRun({ ...PLAIN, commits: 'auto' }).evidence;
    const read = nth(readsIn(uncommitted), 1);
    const noCommits = {
      ...uncommitted,
      entries: uncommitted.entries.map((entry) => (entry.operation === 'observe' ? { ...entry, offsets: [] } : entry)),
    };
    const window = fault({ from: read.endedAt + 700, until: read.endedAt + 700, repeats: 'uncommitted' });
    expect(rulesBroken(inserted(noCommits, again(read, 900)), window)).toEqual([]);
    expect(rulesBroken(inserted(uncommitted, again(read, 900)), window)).toEqual(['duplicate']);
  });
});
