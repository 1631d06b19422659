import { at, type Evidence, type FaultWindow, observationsOf, type Violation } from './evidence.ts';
import { isProgress, type Observation } from './history.ts';

/** A moment from which on everybody gets on again, in time. */
interface Checkpoint {
  readonly fault: FaultWindow;
  readonly from: number;
  readonly until: number;
}

/** Those that the loads outlived: what was stopped before its time is not late. */
function checkpointsOf(evidence: Evidence, extraMs: number): Checkpoint[] {
  return evidence.faults
    .flatMap((fault) => fault.progressAfter.map((from) => ({ fault, from, until: from + fault.progressMs + extraMs })))
    .filter(({ until }) => until <= evidence.loadUntil);
}

function late(who: string, { fault, from, until }: Checkpoint): Violation {
  return { rule: 'no-progress', what: `${who}: nothing from ${at(from)} to ${at(until)}, after ${fault.name}` };
}

/** After a fault each client gets on in all that it does again and again. */
export function stuckClients(evidence: Evidence): Violation[] {
  const moves = evidence.entries.filter((entry) => entry.operation !== 'observe').filter(isProgress);
  return checkpointsOf(evidence, 0).flatMap((checkpoint) =>
    evidence.clients.flatMap(({ client, repeats }) =>
      repeats
        .filter(
          (operation) =>
            !moves.some(
              (call) =>
                call.client === client &&
                call.operation === operation &&
                call.endedAt > checkpoint.from &&
                call.endedAt <= checkpoint.until,
            ),
        )
        .map((operation) => late(`${client} ${operation}`, checkpoint)),
    ),
  );
}

function total(observation: Observation): number {
  return observation.offsets.reduce((sum, { offset }) => sum + Math.max(offset, 0), 0);
}

/** After a fault the commits of each group grow, whoever makes them. */
export function stuckCommits(evidence: Evidence): Violation[] {
  return checkpointsOf(evidence, evidence.bounds.commitIntervalMs).flatMap((checkpoint) =>
    evidence.groups
      .filter(({ complete }) => complete)
      .filter(({ group }) => {
        const observations = observationsOf(evidence, group);
        const before = Math.max(0, ...observations.filter(({ endedAt }) => endedAt <= checkpoint.from).map(total));
        return !observations.some(
          (observation) =>
            observation.endedAt > checkpoint.from &&
            observation.sentAt <= checkpoint.until &&
            total(observation) > before,
        );
      })
      .map(({ group }) => late(`commits of ${group}`, checkpoint)),
  );
}
