import { DirectoryUnavailable, type NodeIdentity, type Ownership } from '@sluice/directory';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Departures } from '../../src/cluster/departures.ts';
import type { Session } from '../../src/sessions/session.ts';

const name = { group: 'g', instance: 'i' };
const identity: NodeIdentity = { id: 'a', boot: 'a1' };

let departures: Departures;
/** What Kafka says to a removal. */
let kafka: 'away' | 'there';
let owner: Ownership | undefined;
let find: () => Promise<Ownership | undefined>;
let here: Session | undefined;
let tries: number;
let removed: number;
let given: unknown[];

beforeEach(() => {
  vi.useFakeTimers();
  kafka = 'there';
  owner = undefined;
  find = async () => owner;
  here = undefined;
  tries = 0;
  removed = 0;
  given = [];
  departures = new Departures({
    remove: async (_name, isGone) => {
      tries += 1;
      if (kafka === 'away') throw new Error('away');
      if (await isGone()) removed += 1;
    },
    sessions: { get: () => here },
    directory: { find: async () => await find() },
    identity,
    onError: (error) => given.push(error),
  });
});
afterEach(() => {
  departures.close();
  vi.useRealTimers();
});

describe('an instance that ended and could not leave its group', () => {
  it('is taken out of it as soon as Kafka can be asked (bug: its group waited for the time-out of its session)', async () => {
    kafka = 'away';
    departures.begin(name);
    await vi.advanceTimersByTimeAsync(5000);
    expect(removed).toBe(0);
    kafka = 'there';
    await vi.advanceTimersByTimeAsync(60_000);
    expect(removed).toBe(1);
  });

  it('is looked for, too, when it has left: a coordinator that had just begun took no notice (bug: its group got nothing)', async () => {
    departures.verify(name);
    await vi.advanceTimersByTimeAsync(500);
    expect(tries).toBe(0);
    await vi.advanceTimersByTimeAsync(10_000);
    expect([tries, removed]).toEqual([1, 1]);
  });

  it('is left alone when there is one of its name again, here or elsewhere (bug: the one elsewhere was thrown out)', async () => {
    kafka = 'away';
    departures.begin(name);
    await vi.advanceTimersByTimeAsync(3000);
    owner = { node: { id: 'b', boot: 'b1' }, epoch: 7 };
    kafka = 'there';
    await vi.advanceTimersByTimeAsync(3000);
    expect([tries, removed]).toEqual([5, 0]);
    owner = undefined;
    here = {} as Session;
    departures.begin(name);
    await vi.advanceTimersByTimeAsync(3000);
    expect(removed).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is taken out although the directory has not heard of its end', async () => {
    owner = { node: identity, epoch: 7 };
    departures.begin(name);
    await vi.advanceTimersByTimeAsync(0);
    expect(removed).toBe(1);
  });

  it('waits for a directory that cannot say whether its name is in use', async () => {
    find = async () => await Promise.reject(new DirectoryUnavailable('away'));
    departures.begin(name);
    await vi.advanceTimersByTimeAsync(3000);
    expect(removed).toBe(0);
    find = async () => undefined;
    await vi.advanceTimersByTimeAsync(1000);
    expect(removed).toBe(1);
  });

  it('is given up when its session is over anyway', async () => {
    kafka = 'away';
    departures.begin(name);
    await vi.advanceTimersByTimeAsync(120_000);
    expect(given).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
  });
});
