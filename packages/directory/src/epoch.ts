import type { NodeIdentity, Ownership } from './directory.ts';

/**
 * The epoch after another. Never below the wall clock in ms: a directory that lost its last writes would otherwise
 * give the same number twice.
 */
export function epochAfter(current: number, nowMs: number): number {
  return Math.max(current + 1, nowMs);
}

export function sameNode(one: NodeIdentity, other: NodeIdentity): boolean {
  return one.id === other.id && one.boot === other.boot;
}

export function sameOwner(one: Ownership, other: Ownership): boolean {
  return one.epoch === other.epoch && sameNode(one.node, other.node);
}
