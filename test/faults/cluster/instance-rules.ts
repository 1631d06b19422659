import {
  at,
  callsOf,
  type Evidence,
  type FaultWindow,
  groupBy,
  instanceCallsOf,
  instanceKey,
  observationsOf,
  touches,
  type Violation,
} from './evidence.ts';
import { type Call, type CommitCall, type InstanceCall, type Observation, refused, succeeded } from './history.ts';

function answerOf(call: Call): string {
  const { outcome } = call;
  return outcome.type === 'failed' ? outcome.code : `${outcome.status}/${outcome.errorCode ?? '-'}`;
}

function describe(call: Call): string {
  return `${call.client}: ${call.operation} ${call.requestId} through ${call.url} at ${at(call.endedAt)}: ${answerOf(call)}`;
}

/** An instance answers until it is deleted, or until nobody asked for it for as long as it may be idle. */
export function lostInstances(evidence: Evidence): Violation[] {
  return [...groupBy(instanceCallsOf(evidence), instanceKey).values()].flatMap((unsorted) => {
    const calls = unsorted.toSorted((a, b) => a.sentAt - b.sentAt);
    return calls
      .filter((call) => call.outcome.type === 'answered' && call.outcome.status === 404)
      .filter((call) => isLiving(calls, call, evidence.bounds.expiresAfterMs))
      .map((call): Violation => ({ rule: 'lost-instance', what: describe(call) }));
  });
}

function isLiving(calls: readonly InstanceCall[], missing: InstanceCall, expiresAfterMs: number): boolean {
  const before = calls.filter((call) => call !== missing && call.sentAt < missing.endedAt);
  const wasDeleted = before.some((call) => call.operation === 'delete' && !refused(call));
  const lastServed = Math.max(...before.filter(succeeded).map(({ endedAt }) => endedAt), Number.NEGATIVE_INFINITY);
  return !wasDeleted && missing.endedAt - lastServed < expiresAfterMs;
}

/** Where answers name who gave them: one epoch of an instance has one holder. */
export function twoHolders(evidence: Evidence): Violation[] {
  const named = instanceCallsOf(evidence).flatMap((call) => {
    const node = call.outcome.type === 'answered' ? call.outcome.node : undefined;
    const cut = node?.lastIndexOf(';') ?? -1;
    if (node === undefined || cut < 0) return [];
    return [{ key: `${instanceKey(call)} epoch ${node.slice(cut + 1)}`, holder: node.slice(0, cut) }];
  });
  return [...groupBy(named, ({ key }) => key)].flatMap(([key, answers]): Violation[] => {
    const holders = [...new Set(answers.map(({ holder }) => holder))];
    return holders.length < 2 ? [] : [{ rule: 'two-holders', what: `${key}: ${holders.join(' and ')} answered` }];
  });
}

/** A committed offset goes back only where a client asked for it, or once because a holder slept. */
export function backwardCommits(evidence: Evidence): Violation[] {
  return evidence.groups.flatMap(({ group, topic, mode }) => {
    const commits = evidence.entries.filter((entry) => entry.operation === 'commit');
    const asked = commits.filter((call) => call.group === group && call.offsets !== undefined);
    const partitions = new Set((evidence.logs.get(topic) ?? []).map(({ partition }) => partition));
    return [...partitions].flatMap((partition) => {
      const series = observationsOf(evidence, group).map((observation) => ({
        observation,
        offset: observation.offsets.find((place) => place.partition === partition)?.offset ?? -1,
      }));
      const excused = new Set<FaultWindow>();
      return series.slice(1).flatMap((now, i): Violation[] => {
        const before = series[i] as (typeof series)[number];
        if (now.offset >= before.offset) return [];
        if (
          asked.some((call) => asksFor(call, { partition, offset: now.offset }, [before.observation, now.observation]))
        )
          return [];
        const isMended = series.slice(i + 2).some(({ offset }) => offset >= before.offset);
        const slept = evidence.faults.find(
          (fault) => fault.wakesHolder === true && touches(fault, before.observation.sentAt, now.observation.endedAt),
        );
        if (mode === 'assign' && isMended && slept !== undefined && !excused.has(slept)) {
          excused.add(slept);
          return [];
        }
        const what = `${group}: ${topic}/${partition} from ${before.offset} back to ${now.offset} at ${at(now.observation.endedAt)}`;
        return [{ rule: 'backward-commit', what }];
      });
    });
  });
}

function asksFor(
  call: CommitCall,
  wanted: { readonly partition: number; readonly offset: number },
  [before, now]: readonly [Observation, Observation],
): boolean {
  if (call.sentAt > now.endedAt || call.endedAt < before.sentAt) return false;
  return (call.offsets ?? []).some(
    ({ partition, offset }) => partition === wanted.partition && offset + 1 === wanted.offset,
  );
}

/** An answer carries the request id that was sent with the request. */
export function foreignAnswers(evidence: Evidence): Violation[] {
  return callsOf(evidence).flatMap((call): Violation[] => {
    if (call.outcome.type === 'failed' || call.outcome.requestId === call.requestId) return [];
    return [{ rule: 'foreign-answer', what: `${describe(call)} for request ${call.outcome.requestId ?? 'none'}` }];
  });
}

/**
 * A client has to handle nothing while all is well, and while something is not well nothing but failures after which
 * HTTP lets it try again: no connection, 502, 503, 504, and Kafka's own 500/50003 and 50002.
 */
export function unexpectedAnswers(evidence: Evidence): Violation[] {
  return callsOf(evidence).flatMap((call): Violation[] => {
    if ((succeeded(call) && !fellShort(call)) || isOwnDoing(call, evidence)) return [];
    const excused = evidence.faults.some(
      (fault) => fault.failures === 'retriable' && touches(fault, call.sentAt, call.endedAt),
    );
    if (excused && isRetriable(call)) return [];
    return [{ rule: 'unexpected-answer', what: describe(call) }];
  });
}

const RETRIABLE_STATUSES = new Set([502, 503, 504]);
const RETRIABLE_CODES = new Set([50002, 50003]);

/** A produce is answered with 200 whatever became of its records; each has its own outcome. */
function fellShort(call: Call): boolean {
  return call.operation === 'produce' && call.acknowledged.length < call.sent.length;
}

function isRetriable({ outcome }: Call): boolean {
  if (outcome.type === 'failed' || outcome.status === 200) return true;
  if (outcome.status === 500) return RETRIABLE_CODES.has(outcome.errorCode ?? 0);
  return RETRIABLE_STATUSES.has(outcome.status);
}

/** What an earlier attempt of the same client did without its answer arriving; lost instances are another rule's. */
function isOwnDoing(call: Call, evidence: Evidence): boolean {
  if (call.operation === 'produce' || call.outcome.type === 'failed') return false;
  if (call.outcome.status === 404) return true;
  const twice = call.operation === 'create' && call.outcome.errorCode === 40902;
  return (
    twice &&
    instanceCallsOf(evidence).some(
      (other) =>
        other.operation === 'create' &&
        instanceKey(other) === instanceKey(call) &&
        other.sentAt < call.sentAt &&
        !refused(other),
    )
  );
}
