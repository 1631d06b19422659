import type { NodeRecord } from '@sluice/directory';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Placement, takeoverOrder } from '../src/placement.ts';

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

describe('placement of new instances', () => {
  it('leaves out nodes that are draining or full, and tries all others', () => {
    const nodes = [
      nodeOf('a'),
      nodeOf('draining', {}, 'draining'),
      nodeOf('full', { instances: 100 }),
      nodeOf('b', { instances: 99 }),
    ];
    const order = new Placement({ random: chance() }).order(nodes);
    expect(order.map(({ id }) => id).toSorted()).toEqual(['a', 'b']);
    expect(new Placement({ random: chance() }).order([])).toEqual([]);
  });

  it('never begins with the fullest of three nodes', () => {
    const nodes = [nodeOf('empty'), nodeOf('half', { instances: 50 }), nodeOf('fullest', { instances: 90 })];
    const placement = new Placement({ random: chance() });
    const firsts = Array.from({ length: 200 }, () => placement.order(nodes)[0]?.id);
    expect(new Set(firsts)).toEqual(new Set(['empty', 'half']));
    expect(firsts.filter((id) => id === 'empty').length).toBeGreaterThan(100);
  });

  it('prefers the node whose event loop has time', () => {
    const nodes = [nodeOf('idle', { instances: 20 }), nodeOf('busy', { instances: 10, utilization: 0.9 })];
    expect(new Placement({ random: chance() }).order(nodes)[0]?.id).toBe('idle');
  });

  it('spreads a burst that comes between two reports of load', () => {
    const nodes = ['a', 'b', 'c', 'd'].map((id) => nodeOf(id));
    const placement = new Placement({ random: chance() });
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
    const placement = new Placement({ random: chance() });
    for (let i = 0; i < 3; i++) placement.placed(placement.order(nodes)[0] as NodeRecord);
    expect(placement.order(nodes)).toEqual([]);
    // A new report says how it really is.
    expect(placement.order([nodeOf('a', { instances: 1, instancesMax: 2 })])).toHaveLength(1);
  });
});

describe('the node that takes an instance over', () => {
  const names = fc.record({ group: fc.string(), instance: fc.string() });

  it('is the same whoever asks, in whatever order he knows the nodes', () => {
    fc.assert(
      fc.property(names, fc.uniqueArray(fc.string(), { minLength: 1, maxLength: 8 }), (name, ids) => {
        const nodes = ids.map((id) => nodeOf(id));
        expect(takeoverOrder(nodes.toReversed(), name)).toEqual(takeoverOrder(nodes, name));
      }),
    );
  });

  it('changes only for the instances of a node that goes', () => {
    fc.assert(
      fc.property(names, fc.uniqueArray(fc.string(), { minLength: 2, maxLength: 8 }), (name, ids) => {
        const nodes = ids.map((id) => nodeOf(id));
        const order = takeoverOrder(nodes, name);
        expect(takeoverOrder(order.slice(1), name)).toEqual(order.slice(1));
      }),
    );
  });

  it('spreads the instances of a dead node over the others', () => {
    const nodes = ['a', 'b', 'c', 'd'].map((id) => nodeOf(id));
    const counts = new Map<string, number>();
    for (let i = 0; i < 1000; i++) {
      const id = takeoverOrder(nodes, { group: 'g', instance: `i${i}` })[0]?.id ?? '';
      counts.set(id, (counts.get(id) ?? 0) + 1);
    }
    for (const count of counts.values()) expect(Math.abs(count - 250)).toBeLessThan(60);
  });

  it('is none that is draining, and one far above the average only when there is no other', () => {
    const nodes = [nodeOf('a', { instances: 90 }), nodeOf('b', { instances: 5 }), nodeOf('c', {}, 'draining')];
    for (let i = 0; i < 50; i++) {
      const order = takeoverOrder(nodes, { group: 'g', instance: `i${i}` });
      expect(order.map(({ id }) => id)).toEqual(['b', 'a']);
    }
  });
});
