import { createHash } from 'node:crypto';
import type { InstanceName, NodeRecord } from './directory.ts';

/** A node that holds this much more than the average gets no instance of another. */
const BOUND = 1.25;

/**
 * The nodes to take an instance over, the best first, by rendezvous hashing: all edges come to the same order without
 * talking to each other, and a node that goes moves only what it held. Nodes far above the average come last.
 */
export function takeoverOrder(nodes: readonly NodeRecord[], { group, instance }: InstanceName): readonly NodeRecord[] {
  const open = nodes.filter(({ state }) => state === 'up');
  const mean = open.reduce((sum, { load }) => sum + load.instances, 0) / Math.max(1, open.length);
  const isLoaded = ({ load }: NodeRecord): boolean => {
    return load.instances > BOUND * (mean + 1) || load.instances >= load.instancesMax;
  };
  const weights = new Map(open.map((node) => [node, weightOf(node.id, group, instance)]));
  const weight = (node: NodeRecord): bigint => weights.get(node) ?? 0n;
  return open.toSorted((one, other) => {
    if (isLoaded(one) !== isLoaded(other)) return isLoaded(one) ? 1 : -1;
    if (weight(one) === weight(other)) return one.id < other.id ? -1 : 1;
    return weight(one) > weight(other) ? -1 : 1;
  });
}

function weightOf(id: string, group: string, instance: string): bigint {
  return createHash('sha1')
    .update(JSON.stringify([id, group, instance]))
    .digest()
    .readBigUInt64BE();
}
