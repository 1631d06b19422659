import { DirectoryUnavailable } from '@sluice/directory';
import { servicePrincipal } from '@sluice/kafka';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { HeldStore } from '../../src/cluster/held-store.ts';
import { Membership } from '../../src/cluster/membership.ts';
import { INSTANCE_TIMEOUT_MS, LEASE_MS, nodeOf, settingsOf, TestDirectory, type TestNode } from './cluster-nodes.ts';

const name = { group: 'g', instance: 'i' };
let at: TestDirectory;
let a: TestNode;
let membership: Membership;
let fenced: number;

beforeEach(async () => {
  vi.useFakeTimers();
  at = new TestDirectory();
  a = await nodeOf('a', at);
  fenced = 0;
  membership = new Membership({
    directory: at.directory,
    leaseMs: LEASE_MS,
    describe: () => a.record,
    sessions: a.sessions,
    onLost: (session, owner) => a.instances.lose(session, owner),
    assertEnded: () => a.instances.assertEnded(),
    onRenewal: () => undefined,
    onFenced: () => {
      fenced += 1;
    },
    onReplaced: () => undefined,
    onError: (error) => {
      throw error;
    },
  });
  await membership.start();
  await a.instances.create(settingsOf('i'), 'r');
});
afterEach(async () => {
  await membership.end();
  a.instances.close();
  vi.useRealTimers();
});

/** The clocks of the directory and of the node go on together. */
async function pass(ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 100) {
    at.now += 100;
    await vi.advanceTimersByTimeAsync(100);
  }
}

async function storeOfInstance(): Promise<HeldStore> {
  return (await a.instances.find(name, servicePrincipal, { requestId: 'r' })).store as HeldStore;
}

describe('a member of a cluster', () => {
  it('keeps its lease, and writes nothing about instances that nobody uses', async () => {
    const writes = vi.spyOn(at.memory, 'write');
    await pass(3 * LEASE_MS);
    expect(membership.lease.held).toBe(true);
    expect(fenced).toBe(0);
    expect(writes).not.toHaveBeenCalled();
  });

  it('restores what a directory that came back empty has forgotten, state included', async () => {
    const store = await storeOfInstance();
    const session = await a.instances.find(name, servicePrincipal, { requestId: 'r' });
    session.journal.resolved([{ topic: 't', partition: 0, offset: 7 }]);
    at.away = true;
    await pass(2 * LEASE_MS);
    expect(fenced).toBe(1);
    at.forget();
    at.away = false;
    await pass(LEASE_MS);
    expect((await at.memory.read(name))?.state).toMatchObject({ 'p:0/t': 'b7' });
    expect(store.term).toBe(membership.lease.term);
  });

  it('says at once what it holds when the directory may have lost it (bug: unknown, and free, up to the next renewal)', async () => {
    at.forget();
    at.lapse();
    await pass(100);
    expect((await at.memory.find(name))?.node).toEqual(a.identity);
  });

  it('deletes once more what a lost tombstone has brought back (bug: its name was taken until Redis forgot it)', async () => {
    const session = await a.instances.find(name, servicePrincipal, { requestId: 'r' });
    const record = (session.store as HeldStore).record(session.journal);
    await a.instances.delete(session, 'deleting');
    at.forget();
    await at.memory.assert([record]);
    at.lapse();
    await pass(100);
    await a.instances.create(settingsOf('i'), 'r2');
    // Nor is the new one of its name taken for the old, should that be said once more.
    at.forget();
    at.lapse();
    await pass(100);
    expect(await at.memory.find(name)).toEqual({ node: a.identity, epoch: a.instances.epochOf(name) });
  });

  it('says of an instance that it is in use for as long as a read waits (bug: a long one was expired for a successor)', async () => {
    const session = await a.instances.find(name, servicePrincipal, { requestId: 'r' });
    session.activeRequests = 1;
    for (let i = 0; i < 6; i += 1) {
      await pass(INSTANCE_TIMEOUT_MS / 5);
      await a.flush.flush();
    }
    const activeAt = Number((await at.memory.read(name))?.state['at']);
    expect(at.now - activeAt).toBeLessThan(10_000);
  });

  it('believes that others are dead only some time after it was cut off itself', async () => {
    expect(membership.mayTakeOver).toBe(true);
    at.away = true;
    await pass(2 * LEASE_MS);
    expect(membership.mayTakeOver).toBe(false);
    at.away = false;
    await pass(1000);
    expect(membership.lease.held).toBe(true);
    expect(membership.mayTakeOver).toBe(false);
    await pass(LEASE_MS / 2);
    expect(membership.mayTakeOver).toBe(true);
  });

  it('asserts again soon what a slow directory did not hear (bug: not owned for up to a minute)', async () => {
    const store = await storeOfInstance();
    at.away = true;
    await pass(2 * LEASE_MS);
    const deaf = vi.spyOn(at.memory, 'assert').mockRejectedValueOnce(new DirectoryUnavailable('slow'));
    at.away = false;
    await pass(2000);
    expect(deaf.mock.calls.length).toBeGreaterThan(1);
    expect(store.term).toBe(membership.lease.term);
  });

  it('asserts what arrives while the rest is being asserted', async () => {
    const asserting = vi.spyOn(at.memory, 'assert');
    membership.assert();
    await a.instances.create(settingsOf('j'), 'r2');
    const session = await a.instances.find({ group: 'g', instance: 'j' }, servicePrincipal, { requestId: 'r' });
    (session.store as HeldStore).term = 0;
    membership.assert();
    await pass(100);
    expect(session.store.owned).toBe(true);
    expect(asserting).toHaveBeenCalledTimes(2);
  });

  it('lets go what another node has taken while its lease was interrupted', async () => {
    const store = await storeOfInstance();
    at.away = true;
    await pass(2 * LEASE_MS);
    const to = { id: 'b', boot: 'b-boot' };
    const claim = { name, from: { node: a.identity, epoch: store.epoch }, to, reason: 'expired' } as const;
    expect((await at.memory.claim(claim)).outcome).toBe('claimed');
    at.away = false;
    await pass(LEASE_MS);
    expect(a.sessions.size).toBe(0);
    expect((await at.memory.find(name))?.node).toEqual(to);
  });
});
