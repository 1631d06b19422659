import {
  at,
  type Delivery,
  deliveriesOf,
  type Evidence,
  type FaultWindow,
  type GroupPlan,
  groupBy,
  instanceCallsOf,
  instanceKey,
  observationsOf,
  placeOf,
  touches,
  type Violation,
} from './evidence.ts';
import { type Observation, type ReadCall, succeeded } from './history.ts';

/** Offset by partition, or -1. */
function furthest(places: Iterable<{ readonly partition: number; readonly offset: number }>): Map<number, number> {
  const furthestOf = new Map<number, number>();
  for (const { partition, offset } of places) {
    furthestOf.set(partition, Math.max(furthestOf.get(partition) ?? -1, offset));
  }
  return furthestOf;
}

/**
 * Nothing is passed over: up to the group's last commit and its last delivery, and up to the end of the log for a
 * group that reads all of it, each record was delivered to some client of the group.
 */
export function skippedRecords(evidence: Evidence): Violation[] {
  return evidence.groups.flatMap((plan) => {
    const deliveries = deliveriesOf(evidence, plan.group);
    const delivered = furthest([...deliveries.values()].flat().map(({ record }) => record));
    const committed = furthest(observationsOf(evidence, plan.group).flatMap(({ offsets }) => offsets));
    const isDue = (partition: number, offset: number): boolean =>
      plan.complete || offset <= (delivered.get(partition) ?? -1) || offset < (committed.get(partition) ?? 0);
    return (evidence.logs.get(plan.topic) ?? [])
      .map((record) => ({ topic: plan.topic, ...record }))
      .filter(({ partition, offset }) => isDue(partition, offset))
      .filter((record) => !deliveries.has(placeOf(record)))
      .map((record): Violation => {
        const what = `${plan.group}: ${placeOf(record)} (${record.value}) was never delivered`;
        return { rule: 'skipped', what };
      });
  });
}

/** A group's commit covers only what one of its clients had by then. */
export function committedUndelivered(evidence: Evidence): Violation[] {
  return evidence.groups.flatMap((plan) => {
    const deliveries = deliveriesOf(evidence, plan.group);
    const covered = new Map<number, number>();
    const violations: Violation[] = [];
    for (const observation of observationsOf(evidence, plan.group)) {
      for (const { topic, partition, offset } of observation.offsets) {
        for (let n = covered.get(partition) ?? 0; n < offset; n += 1) {
          const place = placeOf({ topic, partition, offset: n });
          const first = deliveries.get(place)?.[0]?.read.endedAt ?? Number.POSITIVE_INFINITY;
          if (first <= observation.endedAt) continue;
          const what = `${plan.group}: ${offset} was committed at ${at(observation.endedAt)}, and ${place} not delivered`;
          violations.push({ rule: 'committed-undelivered', what });
        }
        covered.set(partition, Math.max(covered.get(partition) ?? 0, offset));
      }
    }
    return violations;
  });
}

/** What a group gets twice it gets because of a fault, and no more of it than the fault allows. */
export function duplicates(evidence: Evidence): Violation[] {
  const confirmedAt = confirmations(evidence);
  const reads = readsByInstance(evidence);
  return evidence.groups.flatMap((plan) => {
    const observations = observationsOf(evidence, plan.group);
    return [...deliveriesOf(evidence, plan.group)].flatMap(([place, deliveries]) => {
      const used = new Map<FaultWindow, number>();
      const isAllowed = (before: Delivery, again: Delivery): boolean =>
        evidence.faults.some((fault) => {
          if (before.read === again.read) return false;
          const touched = touches(fault, again.read.sentAt, again.read.endedAt);
          if (!touched && !comesToLight(fault, before, again, reads.get(instanceKey(again.read)) ?? [])) return false;
          if (fault.repeats === 'uncommitted') return isUncommitted(again, fault, observations);
          if (fault.repeats === 'nothing' || used.has(fault)) return false;
          const confirmed = confirmedAt.get(before.read) ?? Number.POSITIVE_INFINITY;
          if (confirmed < fault.from - evidence.bounds.flushMs) return false;
          used.set(fault, 1);
          return true;
        });
      return deliveries.slice(1).flatMap((again, i): Violation[] => {
        const before = deliveries[i] as Delivery;
        if (isAllowed(before, again)) return [];
        return [{ rule: 'duplicate', what: describeDuplicate(plan, place, [before, again]) }];
      });
    });
  });
}

function readsByInstance(evidence: Evidence): Map<string, ReadCall[]> {
  const reads = instanceCallsOf(evidence).filter((call) => call.operation === 'read');
  return groupBy(reads.filter(succeeded), instanceKey);
}

/** What was read while partitions moved is given again by the next read of who got them, which may begin after the fault. */
function comesToLight(fault: FaultWindow, before: Delivery, again: Delivery, reads: readonly ReadCall[]): boolean {
  if (fault.repeats !== 'uncommitted' || !touches(fault, before.read.sentAt, before.read.endedAt)) return false;
  const isAfter = ({ sentAt }: ReadCall): boolean => sentAt > fault.until;
  return isAfter(again.read) && !reads.some((read) => isAfter(read) && read.sentAt < again.read.sentAt);
}

function describeDuplicate(plan: GroupPlan, place: string, [before, again]: readonly [Delivery, Delivery]): string {
  const first = `${before.read.instance} had it at ${at(before.read.endedAt)}`;
  return `${plan.group}: ${place}: ${first}, and ${again.read.instance} again at ${at(again.read.endedAt)}`;
}

/** The group had not committed the record when the fault began. */
function isUncommitted(again: Delivery, fault: FaultWindow, observations: readonly Observation[]): boolean {
  const { partition, offset } = again.record;
  const before = observations.filter(({ endedAt }) => endedAt <= fault.from).flatMap(({ offsets }) => offsets);
  return offset >= (furthest(before).get(partition) ?? 0);
}

/** When the client's next request proved that it had the answer. One that was not served may have proved nothing. */
function confirmations(evidence: Evidence): Map<ReadCall, number> {
  const confirmed = new Map<ReadCall, number>();
  for (const calls of groupBy(instanceCallsOf(evidence), instanceKey).values()) {
    const served = calls.filter(succeeded).toSorted((a, b) => a.sentAt - b.sentAt);
    for (const [i, call] of served.entries()) {
      const next = served[i + 1];
      if (call.operation === 'read' && next !== undefined) confirmed.set(call, next.sentAt);
    }
  }
  return confirmed;
}
