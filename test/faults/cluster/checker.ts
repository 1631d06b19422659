import { committedUndelivered, duplicates, skippedRecords } from './delivery-rules.ts';
import type { Evidence, Violation } from './evidence.ts';
import { backwardCommits, foreignAnswers, lostInstances, twoHolders, unexpectedAnswers } from './instance-rules.ts';
import { acknowledgedMissing, inventedRecords, producedTwice } from './produce-rules.ts';
import { stuckClients, stuckCommits } from './progress-rules.ts';

const RULES: readonly ((evidence: Evidence) => Violation[])[] = [
  acknowledgedMissing,
  producedTwice,
  inventedRecords,
  skippedRecords,
  committedUndelivered,
  duplicates,
  twoHolders,
  backwardCommits,
  lostInstances,
  foreignAnswers,
  unexpectedAnswers,
  stuckClients,
  stuckCommits,
];

/** Holds what clients saw against what the cluster promises. Nothing found: it kept its promises, as far as they saw. */
export function check(evidence: Evidence): Violation[] {
  return RULES.flatMap((rule) => rule(evidence));
}
