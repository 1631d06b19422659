import { check } from './checker.ts';
import type { Evidence, FaultWindow, Violation } from './evidence.ts';
import type { Call, Entry, LifeCall, Observation, ReadCall } from './history.ts';

export function rulesOf(violations: readonly Violation[]): string[] {
  return [...new Set(violations.map(({ rule }) => rule))];
}

export function readsIn(evidence: Evidence): ReadCall[] {
  return evidence.entries.filter((entry) => entry.operation === 'read').filter(({ records }) => records.length > 0);
}

export function observationsIn(evidence: Evidence): Observation[] {
  return evidence.entries.filter((entry) => entry.operation === 'observe');
}

export function lifeCallsIn(evidence: Evidence): LifeCall[] {
  return evidence.entries.filter((entry): entry is LifeCall =>
    ['create', 'subscribe', 'assign', 'delete'].includes(entry.operation),
  );
}

/** The evidence with one entry changed, or taken out. */
export function replaced(evidence: Evidence, entry: Entry, change: Entry | undefined): Evidence {
  const entries = evidence.entries.flatMap((one) => (one !== entry ? [one] : change === undefined ? [] : [change]));
  return { ...evidence, entries };
}

export function inserted(evidence: Evidence, ...more: readonly Entry[]): Evidence {
  return { ...evidence, entries: [...evidence.entries, ...more].toSorted((a, b) => a.endedAt - b.endedAt) };
}

/** What the item at `index` is, which the test knows to be there. */
export function nth<Item>(items: readonly Item[], index: number): Item {
  const item = items.at(index);
  if (item === undefined) throw new Error(`there are only ${items.length}`);
  return item;
}

/** The call as it would be had it been answered otherwise. */
export function answered<One extends Call>(call: One, status: number, errorCode?: number): One {
  const outcome = {
    type: 'answered',
    status,
    errorCode,
    requestId: call.requestId,
    retryAfter: false,
    node: undefined,
  };
  return { ...call, outcome };
}

export function failed<One extends Call>(call: One, code: string): One {
  return { ...call, outcome: { type: 'failed', code } };
}

/** The same read once more, some time later. */
export function again(read: ReadCall, afterMs: number): ReadCall {
  const requestId = `${read.requestId}-again`;
  const outcome = { ...read.outcome, requestId };
  return { ...read, requestId, outcome, sentAt: read.sentAt + afterMs, endedAt: read.endedAt + afterMs };
}

/** The rules that are broken when these were the faults. */
export function rulesBroken(planted: Evidence, ...faults: readonly FaultWindow[]): string[] {
  return rulesOf(check({ ...planted, faults }));
}
