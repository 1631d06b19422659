export { Edge } from './edge.ts';
export type {
  EdgeHooks,
  EdgeOptions,
  LocalAttempt,
  LocalNode,
  Peers,
  RetryReason,
  Served,
} from './edge-options.ts';
