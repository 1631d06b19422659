import type { NodeRecord } from '@sluice/directory';
import { describe, expect, it } from 'vitest';
import { Placement } from '../src/placement.ts';

function nodeOf(id: string, load: Partial<NodeRecord['load']> = {}, state: NodeRecord['state'] = 'up'): NodeRecord {
  const full = { instances: 0, instancesMax: 100, utilization: 0, ...load };
  return { id, boot: 'b', address: `http://${id}`, state, recordVersion: 1, build: '0', load: full };
}

/** Repeatable chance: a linear congruential generator. */
function chance(seed = 1): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

const placementAt = (clock = { now: 0 }): Placement =>
  new Placement({ random: chance(), now: () => clock.now, forgetAfterMs: 1000 });

describe('placement of new instances', () => {
  it('leaves out nodes that are draining or full, and tries all others', () => {
    const nodes = [
      nodeOf('a'),
      nodeOf('draining', {}, 'draining'),
      nodeOf('full', { instances: 100 }),
      nodeOf('b', { instances: 99 }),
    ];
    const order = placementAt().order(nodes);
    expect(order.map(({ id }) => id).toSorted()).toEqual(['a', 'b']);
    expect(placementAt().order([])).toEqual([]);
  });

  it('never begins with the fullest of three nodes', () => {
    const nodes = [nodeOf('empty'), nodeOf('half', { instances: 50 }), nodeOf('fullest', { instances: 90 })];
    const placement = placementAt();
    const firsts = Array.from({ length: 200 }, () => placement.order(nodes)[0]?.id);
    expect(new Set(firsts)).toEqual(new Set(['empty', 'half']));
    expect(firsts.filter((id) => id === 'empty').length).toBeGreaterThan(100);
  });

  it('prefers the node whose event loop has time', () => {
    const nodes = [nodeOf('idle', { instances: 20 }), nodeOf('busy', { instances: 10, utilization: 0.9 })];
    expect(placementAt().order(nodes)[0]?.id).toBe('idle');
  });

  it('spreads a burst that comes between two reports of load', () => {
    const nodes = ['a', 'b', 'c', 'd'].map((id) => nodeOf(id));
    const placement = placementAt();
    const counts = new Map<string, number>();
    for (let i = 0; i < 200; i++) {
      const [node] = placement.order(nodes);
      if (node === undefined) throw new Error('no node');
      placement.placed(node);
      counts.set(node.id, (counts.get(node.id) ?? 0) + 1);
    }
    for (const count of counts.values()) expect(Math.abs(count - 50)).toBeLessThanOrEqual(10);
  });

  it('fills a small cluster to its last place, and then has none', () => {
    const nodes = [nodeOf('a', { instancesMax: 2 }), nodeOf('b', { instancesMax: 1 })];
    const placement = placementAt();
    for (let i = 0; i < 3; i++) placement.placed(placement.order(nodes)[0] as NodeRecord);
    expect(placement.order(nodes)).toEqual([]);
    // The same report, read once more, does not.
    expect(placement.order([nodeOf('a', { instancesMax: 2 }), nodeOf('b', { instancesMax: 1 })])).toEqual([]);
    // A new report says how it really is.
    expect(placement.order([nodeOf('a', { instances: 1, instancesMax: 2 })])).toHaveLength(1);
  });

  it('forgets what it placed on a node that was started anew, or that tells the same load for long', () => {
    const clock = { now: 0 };
    const placement = placementAt(clock);
    const node = nodeOf('a', { instances: 1, instancesMax: 3 });
    placement.placed(node);
    clock.now = 999;
    placement.placed(node);
    expect(placement.order([nodeOf('a', { instances: 1, instancesMax: 3 })])).toEqual([]);
    expect(placement.order([{ ...node, boot: 'next' }])).toHaveLength(1);
    clock.now = 1000;
    expect(placement.order([nodeOf('a', { instances: 1, instancesMax: 3 })])).toHaveLength(1);
  });
});
