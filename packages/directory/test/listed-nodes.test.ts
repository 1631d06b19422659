import { beforeEach, describe, expect, it } from 'vitest';
import { ListedNodes } from '../src/listed-nodes.ts';
import { nodeOf } from './conformance.ts';

const LEASE_MS = 10_000;
const [a, b, c] = [nodeOf('a'), nodeOf('b'), nodeOf('c')];

let now: number;
let isForgetful: boolean;
let asked: number;
let listed: ListedNodes;

beforeEach(() => {
  now = 1_000_000;
  isForgetful = false;
  asked = 0;
  listed = new ListedNodes({
    leaseMs: LEASE_MS,
    mayHaveForgotten: async () => {
      asked += 1;
      return isForgetful;
    },
    now: () => now,
  });
});

describe('the list of nodes', () => {
  it('is what the directory says, which is asked for more only when one is missing', async () => {
    expect(await listed.complete([a])).toEqual([a]);
    expect(await listed.complete([a, b])).toEqual([a, b]);
    expect(asked).toBe(0);
    expect(await listed.complete([b])).toEqual([b]);
    expect(asked).toBe(1);
  });

  it('keeps those that a directory without its memory has not heard of yet (bug: all but the first were given up)', async () => {
    await listed.complete([a, b]);
    isForgetful = true;
    expect(await listed.complete([])).toEqual([a, b]);
    expect(await listed.complete([a])).toEqual([a, b]);
    expect(await listed.complete([nodeOf('b', 'b2'), c])).toEqual([a, nodeOf('b', 'b2'), c]);
    isForgetful = false;
    expect(await listed.complete([a, c])).toEqual([a, c]);
  });

  it('does not keep a node that said that it goes', async () => {
    await listed.complete([a, b]);
    isForgetful = true;
    listed.left({ id: 'a', boot: 'another' });
    listed.left(b);
    expect(await listed.complete([])).toEqual([a]);
  });

  it('has patience after the directory was away for so long that leases ran out in it', async () => {
    await listed.complete([a, b]);
    now += LEASE_MS;
    expect(await listed.complete([a])).toEqual([a, b]);
    for (let passed = 0; passed < LEASE_MS / 2; passed += 1000) {
      expect(await listed.complete([a])).toEqual([a, b]);
      now += 1000;
    }
    expect(await listed.complete([a])).toEqual([a]);
    expect(asked).toBe(1);
  });
});
