import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { NodeRecord } from '../src/directory.ts';
import { takeoverOrder } from '../src/takeover-order.ts';

function nodeOf(id: string, load: Partial<NodeRecord['load']> = {}, state: NodeRecord['state'] = 'up'): NodeRecord {
  const full = { instances: 0, instancesMax: 100, utilization: 0, ...load };
  return { id, boot: 'b', address: `http://${id}`, state, recordVersion: 1, build: '0', load: full };
}

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

  it('is one of the latest version, unless those are full (bug: none that was asked understood the record)', () => {
    const of = (id: string, recordVersion: number, load = {}): NodeRecord => ({ ...nodeOf(id, load), recordVersion });
    const old = ['a', 'b', 'c', 'd'].map((id) => of(id, 1));
    const nodes = [...old, of('e', 2, { instances: 60 }), of('f', 2, { instances: 100 })];
    for (let i = 0; i < 50; i++) {
      const order = takeoverOrder(nodes, { group: 'g', instance: `i${i}` });
      expect(order[0]?.id).toBe('e');
      expect(order.at(-1)?.id).toBe('f');
    }
  });
});
