import { createHash } from 'node:crypto';
import type { InstanceName, NodeRecord } from './directory.ts';

/** A node that holds this much more than the average gets no instance of another. */
const BOUND = 1.25;

/**
 * The nodes to take an instance over, the best first, by rendezvous hashing: all edges come to the same order without
 * talking to each other, and a node that goes moves only what it held. Nodes of a later version come before others: they
 * alone understand what one of their kind wrote, and an instance moves once in a rollout and not twice. Nodes far above the
 * average come last of their version, and those that are full last of all.
 */
export function takeoverOrder(nodes: readonly NodeRecord[], { group, instance }: InstanceName): readonly NodeRecord[] {
  const open = nodes.filter(({ state }) => state === 'up');
  const mean = open.reduce((sum, { load }) => sum + load.instances, 0) / Math.max(1, open.length);
  const ranked = open.map((node) => {
    const { id, load, recordVersion } = node;
    return {
      node,
      isFull: load.instances >= load.instancesMax,
      isLoaded: load.instances > BOUND * (mean + 1),
      version: recordVersion,
      weight: weightOf(id, group, instance),
    };
  });
  ranked.sort((one, other) => {
    if (one.isFull !== other.isFull) return one.isFull ? 1 : -1;
    if (one.version !== other.version) return other.version - one.version;
    if (one.isLoaded !== other.isLoaded) return one.isLoaded ? 1 : -1;
    if (one.weight !== other.weight) return one.weight > other.weight ? -1 : 1;
    return one.node.id < other.node.id ? -1 : 1;
  });
  return ranked.map(({ node }) => node);
}

function weightOf(id: string, group: string, instance: string): bigint {
  return createHash('sha1')
    .update(JSON.stringify([id, group, instance]))
    .digest()
    .readBigUInt64BE();
}
