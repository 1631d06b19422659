import {
  at,
  type Checkpoint,
  type ClientPlan,
  type Evidence,
  type FaultWindow,
  isCall,
  observationsOf,
  type Violation,
} from './evidence.ts';
import { isProgress, type Observation, type Operation } from './history.ts';

/** A checkpoint, and when its time is over. */
interface Due extends Checkpoint {
  readonly fault: FaultWindow;
  readonly until: number;
}

/** Those that the loads outlived: what was stopped before its time is not late. */
function dueIn(evidence: Evidence, extraMs: number): Due[] {
  return evidence.faults
    .flatMap((fault) =>
      fault.progressAfter.map((point) => ({ ...point, fault, until: point.at + fault.progressMs + extraMs })),
    )
    .filter(({ until }) => until <= evidence.loadUntil);
}

function late(who: string, due: Due): Violation {
  return {
    rule: 'no-progress',
    what: `${who}: nothing from ${at(due.at)} to ${at(due.until)}, after ${due.fault.name}`,
  };
}

/** What of a client's work goes on at such a checkpoint. */
function workOf({ repeats, needsDirectory }: ClientPlan, whom: Checkpoint['whom']): readonly Operation[] {
  return whom === 'known' && needsDirectory ? [] : repeats;
}

/** Clients and what they do again and again, where there is no sign of it in that time. */
export function stuckWork(
  { entries, clients }: Pick<Evidence, 'entries' | 'clients'>,
  due: Checkpoint & { readonly until: number },
): string[] {
  const moves = entries.filter(isCall).filter((call) => call.endedAt > due.at && call.endedAt <= due.until);
  const seen = new Set(moves.filter(isProgress).map((call) => `${call.client} ${call.operation}`));
  return clients
    .flatMap((plan) => workOf(plan, due.whom).map((operation) => `${plan.client} ${operation}`))
    .filter((work) => !seen.has(work));
}

/** After a fault each client gets on in all that it does again and again. */
export function stuckClients(evidence: Evidence): Violation[] {
  return dueIn(evidence, 0).flatMap((due) => stuckWork(evidence, due).map((work) => late(work, due)));
}

function total(observation: Observation): number {
  return observation.offsets.reduce((sum, { offset }) => sum + Math.max(offset, 0), 0);
}

/** Groups that read everything, whose commits did not grow in that time. */
export function stuckGroups(
  evidence: Pick<Evidence, 'entries' | 'groups'>,
  due: Checkpoint & { readonly until: number },
): string[] {
  if (due.whom === 'known') return [];
  return evidence.groups
    .filter(({ complete }) => complete)
    .map(({ group }) => group)
    .filter((group) => {
      const observations = observationsOf(evidence, group);
      const before = Math.max(0, ...observations.filter(({ endedAt }) => endedAt <= due.at).map(total));
      return !observations.some(
        (observation) => observation.endedAt > due.at && observation.sentAt <= due.until && total(observation) > before,
      );
    });
}

/** After a fault the commits of each group grow, whoever makes them. */
export function stuckCommits(evidence: Evidence): Violation[] {
  return dueIn(evidence, evidence.bounds.commitIntervalMs).flatMap((due) =>
    stuckGroups(evidence, due).map((group) => late(`commits of ${group}`, due)),
  );
}
