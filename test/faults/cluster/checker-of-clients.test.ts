import { describe, expect, it } from 'vitest';
import {
  answered,
  failed,
  inserted,
  lifeCallsIn,
  nth,
  observationsIn,
  readsIn,
  replaced,
  rulesBroken,
  rulesOf,
} from './changed-evidence.ts';
import { check } from './checker.ts';
import type { Evidence } from './evidence.ts';
import type { CommitCall, InstanceCall, ReadCall } from './history.ts';
import { cleanRun, PLAIN } from './planted.ts';

const { evidence: clean, fault } = cleanRun();

describe('an instance', () => {
  function ofInstance(evidence: Evidence): InstanceCall[] {
    return evidence.entries.filter(
      (entry): entry is InstanceCall => entry.operation !== 'produce' && entry.operation !== 'observe',
    );
  }

  it('that two nodes answered for in one epoch is found; in two epochs it has moved', () => {
    const read = nth(readsIn(clean), 2);
    const by = (node: string): Evidence =>
      replaced(clean, read, { ...read, outcome: { ...nth([read.outcome], 0), node } as ReadCall['outcome'] });
    expect(rulesBroken(by('node-2;boot;7'))).toEqual(['two-holders']);
    expect(rulesBroken(by('node-1;other boot;7'))).toEqual(['two-holders']);
    expect(rulesBroken(by('node-2;boot;8'))).toEqual([]);
  });

  it('that is gone although nobody deleted it is found, fault or not', () => {
    const commit = nth(
      ofInstance(clean).filter(({ operation }) => operation === 'commit'),
      2,
    );
    const gone = replaced(clean, commit, answered(commit, 404, 40403));
    expect(rulesBroken(gone)).toEqual(['lost-instance']);
    expect(rulesBroken(gone, fault({ from: 0, until: 5000 }))).toEqual(['lost-instance']);
  });

  it('may be gone when it was deleted, or when nobody used it for long', () => {
    const last = nth(ofInstance(clean), -1);
    const later = {
      ...answered(last, 404, 40403),
      requestId: last.requestId,
      sentAt: last.sentAt + 50,
      endedAt: last.endedAt + 50,
    };
    expect(rulesBroken(inserted(clean, later))).toEqual([]);
    const expired = replaced(clean, last, answered(last, 404, 40403));
    expect(rulesBroken(expired)).toEqual(['lost-instance']);
    expect(rulesBroken({ ...expired, bounds: { ...clean.bounds, expiresAfterMs: 50 } })).toEqual([]);
  });
});

describe('a commit that goes back', () => {
  function setBack(evidence: Evidence, index: number): Evidence {
    const observation = nth(observationsIn(evidence), index);
    const offsets = observation.offsets.map((place) => ({ ...place, offset: 1 }));
    return replaced(evidence, observation, { ...observation, offsets });
  }

  it('is found', () => {
    expect(rulesBroken(setBack(clean, -3))).toContain('backward-commit');
  });

  it('is the client’s wish when it named that offset then', () => {
    const run = cleanRun({ ...PLAIN, commits: 'explicit' });
    const planted = setBack(run.evidence, -3);
    const observation = nth(observationsIn(planted), -3);
    const commits = planted.entries.filter((entry): entry is CommitCall => entry.operation === 'commit');
    const commit = nth(
      commits.filter(({ endedAt }) => endedAt <= observation.sentAt),
      -1,
    );
    expect(rulesBroken(planted)).toContain('backward-commit');
    const offsets = [0, 1].map((partition) => ({ topic: 'numbers', partition, offset: 0 }));
    expect(rulesBroken(replaced(planted, commit, { ...commit, offsets }))).toEqual([]);
  });

  it('is excused once, of an assigned instance, when its holder had slept and the next commit mends it', () => {
    const one = { ...PLAIN, partitions: 1 };
    const assigned = cleanRun({ ...one, mode: 'assign' });
    const window = fault({ from: 0, until: assigned.evidence.loadUntil, wakesHolder: true });
    const once = setBack(assigned.evidence, 4);
    expect(rulesBroken(once, window)).toEqual([]);
    expect(rulesBroken(once, { ...window, wakesHolder: false })).toEqual(['backward-commit']);
    expect(rulesBroken(setBack(once, 6), window)).toEqual(['backward-commit']);
    expect(rulesBroken(setBack(assigned.evidence, -1), window)).toEqual(['backward-commit']);
    expect(rulesBroken(setBack(cleanRun(one).evidence, 4), window)).toEqual(['backward-commit']);
  });
});

describe('an answer', () => {
  it('to another request is found', () => {
    const read = nth(readsIn(clean), 2);
    const outcome = { ...read.outcome, requestId: 'consumer-0' };
    expect(rulesBroken(replaced(clean, read, { ...read, outcome }))).toEqual(['foreign-answer']);
  });

  it('that is an error is found while all is well, and during a fault unless one may try again', () => {
    const commit = nth(
      clean.entries.filter((entry): entry is CommitCall => entry.operation === 'commit'),
      2,
    );
    const window = fault({ from: commit.sentAt, until: commit.endedAt });
    for (const error of [failed(commit, 'ECONNRESET'), answered(commit, 502), answered(commit, 500, 50003)]) {
      expect(rulesBroken(replaced(clean, commit, error))).toEqual(['unexpected-answer']);
      expect(rulesBroken(replaced(clean, commit, error), window)).toEqual([]);
      expect(rulesBroken(replaced(clean, commit, error), { ...window, failures: 'none' })).toEqual([
        'unexpected-answer',
      ]);
    }
    for (const error of [answered(commit, 409, 40903), answered(commit, 421), answered(commit, 500, 500)]) {
      expect(rulesBroken(replaced(clean, commit, error), window)).toEqual(['unexpected-answer']);
    }
  });

  it('with records that were not written is found like an error', () => {
    const produce = nth(
      clean.entries.filter((entry) => entry.operation === 'produce'),
      2,
    );
    const short = replaced(clean, produce, { ...produce, acknowledged: produce.acknowledged.slice(1) });
    expect(rulesBroken(short)).toEqual(['unexpected-answer']);
    expect(rulesBroken(short, fault({ from: produce.sentAt, until: produce.endedAt }))).toEqual([]);
  });

  it('that a name is taken is the client’s own doing when it had asked before without an answer', () => {
    const create = nth(lifeCallsIn(clean), 0);
    const taken = answered(
      { ...create, requestId: 'consumer-1b', sentAt: create.endedAt + 1, endedAt: create.endedAt + 2 },
      409,
      40902,
    );
    const window = fault({ from: 0, until: create.endedAt });
    const retried = inserted(replaced(clean, create, failed(create, 'ECONNRESET')), taken);
    expect(rulesBroken(retried, window)).toEqual([]);
    expect(rulesBroken(replaced(clean, create, answered(create, 409, 40902)), window)).toContain('unexpected-answer');
  });
});

describe('a client', () => {
  const long = cleanRun({ ...PLAIN, batches: Array<number>(20).fill(2) });
  const from = 2000;
  const window = long.fault({ from, until: from, progressAfter: [{ at: from, whom: 'all' }], progressMs: 1000 });

  it('that gets nothing done in time after a fault is found; the others are not blamed', () => {
    for (const [client, operation] of [
      ['producer', 'produce'],
      ['consumer', 'read'],
      ['consumer', 'commit'],
    ] as const) {
      const entries = long.evidence.entries.filter(
        (entry) =>
          entry.operation === 'observe' ||
          !(entry.client === client && entry.operation === operation && entry.endedAt > from),
      );
      const found = check({ ...long.evidence, entries, faults: [window] }).filter(({ rule }) => rule === 'no-progress');
      expect(found.map(({ what }) => what)).toEqual([expect.stringMatching(`^${client} ${operation}: `)]);
    }
  });

  it('that needs the directory is not waited for where only the others are to get on', () => {
    const known = { ...window, progressAfter: [{ at: from, whom: 'known' as const }] };
    const entries = long.evidence.entries.filter((entry) => !(entry.operation === 'read' && entry.endedAt > from));
    const groups = long.evidence.groups.map((plan) => ({ ...plan, complete: false }));
    const silent = { ...long.evidence, entries, groups, faults: [known] };
    expect(rulesOf(check(silent))).toContain('no-progress');
    const clients = silent.clients.map((plan) => ({ ...plan, needsDirectory: true }));
    expect(rulesOf(check({ ...silent, clients }))).not.toContain('no-progress');
  });

  it('whose answers are all empty gets nothing done', () => {
    const entries = long.evidence.entries.map((entry) =>
      entry.operation === 'read' && entry.endedAt > from ? { ...entry, records: [] } : entry,
    );
    expect(rulesOf(check({ ...long.evidence, entries, faults: [window] }))).toContain('no-progress');
  });

  it('is not late when the loads end before its time is over', () => {
    const entries = long.evidence.entries.filter((entry) => !(entry.operation === 'produce' && entry.endedAt > from));
    const { logs } = long.evidence;
    const found = check({ ...long.evidence, logs, entries, loadUntil: from + 500, faults: [window] });
    expect(rulesOf(found)).not.toContain('no-progress');
  });

  it('whose group commits nothing any more is found', () => {
    const frozen = nth(
      observationsIn(long.evidence).filter(({ endedAt }) => endedAt < from),
      -1,
    ).offsets;
    const entries = long.evidence.entries.map((entry) =>
      entry.operation === 'observe' && entry.endedAt > from ? { ...entry, offsets: frozen } : entry,
    );
    expect(rulesOf(check({ ...long.evidence, entries, faults: [window] }))).toEqual(['no-progress']);
  });
});
