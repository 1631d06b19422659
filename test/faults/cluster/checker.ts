import { committedUndelivered, duplicates, skippedRecords } from './delivery-rules.ts';
import type { Evidence, Violation } from './evidence.ts';
import { backwardCommits, foreignAnswers, lostInstances, twoHolders, unexpectedAnswers } from './instance-rules.ts';
import { acknowledgedMissing, inventedRecords, producedTwice } from './produce-rules.ts';
import { stuckClients, stuckCommits } from './progress-rules.ts';

/** Causes before what follows from them: who reads the list from the top meets them first. */
const RULES: readonly ((evidence: Evidence) => Violation[])[] = [
  lostInstances,
  twoHolders,
  foreignAnswers,
  acknowledgedMissing,
  producedTwice,
  inventedRecords,
  unexpectedAnswers,
  backwardCommits,
  committedUndelivered,
  duplicates,
  skippedRecords,
  stuckClients,
  stuckCommits,
];

/** Holds what clients saw against what the cluster promises. Nothing found: it kept its promises, as far as they saw. */
export function check(evidence: Evidence): Violation[] {
  return RULES.flatMap((rule) => rule(evidence));
}
