import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Directory, HeldInstance, NodeIdentity, NodeRecord, Ownership } from '../src/directory.ts';

/** A directory under test, and what happens around it. */
export interface Subject {
  readonly directory: Directory;
  /** The lease of a node runs out. */
  readonly expire: (node: NodeIdentity) => Promise<void>;
  /** Everything is forgotten; `directory` may be another one afterwards. */
  readonly empty: () => Promise<void>;
  /** After everything was forgotten: creates are accepted again. */
  readonly settle: () => Promise<void>;
  readonly close: () => Promise<void>;
}

let count = 0;

/** A name that no other test uses, with all the characters that keys are made of. */
export function uniqueInstance(): { group: string; instance: string } {
  count += 1;
  return { group: `g{${process.pid}}|:%é\u0000`, instance: `i}${count}|{` };
}

export function nodeOf(id: string, boot = 'b1'): NodeRecord {
  const load = { instances: 0, instancesMax: 100, utilization: 0 };
  return { id, boot, address: `http://127.0.0.1/${id}`, state: 'up', recordVersion: 1, build: '0.1.0', load };
}

export async function created(
  directory: Directory,
  node: NodeIdentity,
  name: { group: string; instance: string } = uniqueInstance(),
): Promise<HeldInstance> {
  const answer = await directory.create({ name, node, config: '{"format":"json"}', requestId: 'r1' });
  if (answer.outcome !== 'created') throw new Error(`not created: ${answer.outcome}`);
  return { name, ...answer.owner };
}

const ownerOf = ({ node, epoch }: HeldInstance): Ownership => ({ node, epoch });
const identity = ({ id, boot }: NodeIdentity): NodeIdentity => ({ id, boot });

/** What every directory does. */
export function describeDirectory(kind: string, start: () => Promise<Subject>): void {
  describe(`the directory ${kind}`, () => {
    const a = nodeOf('a');
    const b = nodeOf('b');
    let subject: Subject;
    let directory: Directory;

    beforeEach(async () => {
      subject = await start();
      directory = subject.directory;
      await directory.register(a);
      await directory.register(b);
      await subject.settle();
    });
    afterEach(async () => {
      await subject.close();
    });

    it('lists the nodes whose leases run, as they described themselves last', async () => {
      const draining = { ...b, state: 'draining' as const };
      expect(await directory.renew(draining)).toBe('kept');
      expect(await directory.nodes()).toEqual(expect.arrayContaining([a, draining]));
      await subject.expire(a);
      expect(await directory.nodes()).toEqual([draining]);
      await directory.leave(b);
      expect(await directory.nodes()).toEqual([]);
    });

    it('says whether a lease ran on, had a gap, or is another life of the node by now', async () => {
      expect(await directory.renew(a)).toBe('kept');
      await subject.expire(a);
      expect(await directory.renew(a)).toBe('restored');
      const next = nodeOf('a', 'b2');
      expect(await directory.register(next)).toBe('restored');
      expect(await directory.renew(a)).toBe('replaced');
      // Nor can the old life end the new one's lease.
      await directory.leave(a);
      expect(await directory.renew(next)).toBe('kept');
    });

    it('gives a name once', async () => {
      const held = await created(directory, a);
      expect(await directory.find(held.name)).toEqual(ownerOf(held));
      const again = { name: held.name, node: b, config: '{}', requestId: 'r2' };
      expect(await directory.create(again)).toEqual({ outcome: 'exists', owner: ownerOf(held) });
      const outcomes = await Promise.all(
        Array.from({ length: 20 }, async (_, i) => {
          return await directory.create({
            ...again,
            name: { group: held.name.group, instance: 'race' },
            requestId: `${i}`,
          });
        }),
      );
      expect(outcomes.filter(({ outcome }) => outcome === 'created')).toHaveLength(1);
    });

    it('gives an instance the state that it begins with', async () => {
      const name = uniqueInstance();
      const state = { at: '7', source: '{}' };
      await directory.create({ name, node: a, config: '{}', requestId: 'r1', state });
      expect((await directory.read(name))?.state).toEqual(state);
    });

    it('finds the instance of a request that is sent again', async () => {
      const held = await created(directory, a);
      const repeated = await directory.create({ name: held.name, node: b, config: '{}', requestId: 'r1' });
      expect(repeated).toEqual({ outcome: 'repeated', owner: ownerOf(held) });
    });

    it('undoes a create that nobody heard of, and no other', async () => {
      const held = await created(directory, a);
      const attempt = { name: held.name, node: a, requestId: 'r1' };
      expect(await directory.undo({ ...attempt, requestId: 'r2' })).toBeUndefined();
      expect(await directory.undo({ ...attempt, node: b })).toBeUndefined();
      expect(await directory.find(held.name)).toEqual(ownerOf(held));
      expect(await directory.undo(attempt)).toEqual(held);
      expect(await directory.find(held.name)).toBeUndefined();
      expect(await directory.undo(attempt)).toBeUndefined();
      expect(await directory.assert([{ ...held, config: '{}', state: {} }])).toMatchObject([{ outcome: 'lost' }]);
      await created(directory, b, held.name);
    });

    it('keeps names apart whatever their characters', async () => {
      const names = [
        { group: 'a|b', instance: 'c' },
        { group: 'a', instance: 'b|c' },
        { group: '{a}', instance: 'c' },
        { group: '%7Ba%7D', instance: 'c' },
      ];
      const held = await Promise.all(names.map(async (name) => await created(directory, a, name)));
      for (const [i, name] of names.entries())
        expect(await directory.find(name)).toEqual(ownerOf(held[i] as HeldInstance));
      expect(await directory.heldBy(a)).toEqual(expect.arrayContaining(names));
    });

    it('lets an instance be claimed when the lease of its holder is over, and gives all that is known of it', async () => {
      const held = await created(directory, a);
      const state = { subscription: '["t"]', 'p:t:0': '17', gone: 'x' };
      await directory.write([{ held, change: { set: state } }]);
      await directory.write([{ held, change: { set: { 'p:t:0': '18' }, remove: ['gone'] } }]);
      const claim = { name: held.name, from: ownerOf(held), to: b, reason: 'expired' as const };
      expect(await directory.claim(claim)).toEqual({ outcome: 'alive', owner: ownerOf(held) });
      await subject.expire(a);
      const claimed = await directory.claim(claim);
      if (claimed.outcome !== 'claimed') throw new Error(claimed.outcome);
      const { record } = claimed;
      expect(await directory.read(held.name)).toEqual(record);
      expect(record).toEqual({
        name: held.name,
        node: identity(b),
        epoch: record.epoch,
        config: '{"format":"json"}',
        state: { subscription: '["t"]', 'p:t:0': '18' },
      });
      expect(record.epoch).toBeGreaterThan(held.epoch);
      expect(await directory.find(held.name)).toEqual({ node: identity(b), epoch: record.epoch });
      expect(await directory.heldBy(b)).toContainEqual(held.name);
    });

    it('does not wait for the lease of a holder that was replaced, refused connections, or hands over', async () => {
      const [old, refusing, leaving] = [
        await created(directory, a),
        await created(directory, b),
        await created(directory, b),
      ];
      await directory.register(nodeOf('a', 'b2'));
      const taken = [
        await directory.claim({ name: old.name, from: ownerOf(old), to: b, reason: 'expired' }),
        await directory.claim({ name: refusing.name, from: ownerOf(refusing), to: a, reason: 'refused' }),
        await directory.claim({ name: leaving.name, from: ownerOf(leaving), to: a, reason: 'handover' }),
      ];
      expect(taken.map(({ outcome }) => outcome)).toEqual(['claimed', 'claimed', 'claimed']);
    });

    it('lets one of many claim, and tells the others who it was', async () => {
      const held = await created(directory, a);
      await subject.expire(a);
      const claims = await Promise.all(
        Array.from({ length: 12 }, async (_, i) => {
          return await directory.claim({
            name: held.name,
            from: ownerOf(held),
            to: nodeOf(`c${i}`),
            reason: 'expired',
          });
        }),
      );
      const winners = claims.flatMap((claim) => (claim.outcome === 'claimed' ? [claim.record] : []));
      expect(winners).toHaveLength(1);
      const owner = { node: winners[0]?.node, epoch: winners[0]?.epoch };
      expect(claims.filter(({ outcome }) => outcome === 'moved')).toEqual(
        Array.from({ length: 11 }, () => ({ outcome: 'moved', owner })),
      );
    });

    it('takes nothing from a holder that was claimed from', async () => {
      const held = await created(directory, a);
      await subject.expire(a);
      const claimed = await directory.claim({ name: held.name, from: ownerOf(held), to: b, reason: 'expired' });
      if (claimed.outcome !== 'claimed') throw new Error(claimed.outcome);
      const owner = { node: identity(b), epoch: claimed.record.epoch };
      const lost = { outcome: 'lost', owner };
      const record = { ...held, config: '{}', state: { stale: '1' } };
      expect(await directory.write([{ held, change: { set: { stale: '1' } } }])).toEqual([lost]);
      expect(await directory.assert([record])).toEqual([lost]);
      expect(await directory.remove(held)).toEqual(lost);
      // The same node in another life, with the epoch of this one, is another holder as well.
      expect(await directory.assert([{ ...record, ...owner, node: nodeOf('b', 'b0') }])).toEqual([lost]);
      const again = await directory.claim({ name: held.name, from: owner, to: a, reason: 'handover' });
      expect(again).toMatchObject({ outcome: 'claimed', record: { state: {} } });
    });

    it('replaces the whole state when a subscription replaces another', async () => {
      const held = await created(directory, a);
      await directory.write([{ held, change: { set: { subscription: '["t"]', 'p:t:0': '17' } } }]);
      await directory.write([{ held, change: { replace: true, set: { subscription: '["u"]' } } }]);
      const claimed = await directory.claim({ name: held.name, from: ownerOf(held), to: b, reason: 'handover' });
      expect(claimed).toMatchObject({ outcome: 'claimed', record: { state: { subscription: '["u"]' } } });
      expect(claimed.outcome === 'claimed' && Object.keys(claimed.record.state)).toEqual(['subscription']);
    });

    it('deletes for good: no holder brings the instance back, and a new one of its name is another', async () => {
      const held = await created(directory, a);
      expect(await directory.remove(held)).toEqual({ outcome: 'held' });
      expect(await directory.find(held.name)).toBeUndefined();
      expect(await directory.heldBy(a)).not.toContainEqual(held.name);
      const lost = { outcome: 'lost', owner: undefined };
      expect(await directory.assert([{ ...held, config: '{}', state: {} }])).toEqual([lost]);
      expect(await directory.write([{ held, change: {} }])).toEqual([lost]);
      const claim = { name: held.name, from: ownerOf(held), to: b, reason: 'refused' as const };
      expect(await directory.claim(claim)).toEqual({ outcome: 'gone' });
      // A DELETE that is sent again has been done.
      expect(await directory.remove(held)).toEqual({ outcome: 'held' });
      const successor = await created(directory, a, held.name);
      expect(successor.epoch).toBeGreaterThan(held.epoch);
      expect(await directory.remove(held)).toMatchObject({ outcome: 'lost' });
      expect(await directory.find(held.name)).toEqual(ownerOf(successor));
    });

    it('may be told of a removal again, however much it has forgotten, and a later holder of the name stays', async () => {
      const held = await created(directory, a);
      await directory.remove(held);
      const later = await created(directory, b, held.name);
      await subject.empty();
      directory = subject.directory;
      expect(await directory.remove(held)).toEqual({ outcome: 'held' });
      expect(await directory.assert([{ ...held, config: '{}', state: {} }])).toMatchObject([{ outcome: 'lost' }]);
      expect(await directory.assert([{ ...later, config: '{}', state: {} }])).toEqual([{ outcome: 'restored' }]);
      expect(await directory.remove(held)).toMatchObject({ outcome: 'lost' });
      expect(await directory.find(held.name)).toEqual(ownerOf(later));
    });

    it('knows nothing of an instance that nobody made', async () => {
      const name = uniqueInstance();
      const owner = { node: identity(a), epoch: 1 };
      expect(await directory.find(name)).toBeUndefined();
      expect(await directory.read(name)).toBeUndefined();
      expect(await directory.claim({ name, from: owner, to: b, reason: 'refused' })).toEqual({ outcome: 'gone' });
      expect(await directory.write([{ held: { name, ...owner }, change: {} }])).toEqual([
        { outcome: 'lost', owner: undefined },
      ]);
    });

    it('is restored by the holders when it has forgotten everything', async () => {
      const held = await created(directory, a);
      await directory.write([{ held, change: { set: { 'p:t:0': '5' } } }]);
      await subject.empty();
      directory = subject.directory;
      expect(await directory.renew(a)).toBe('restored');
      const record = { ...held, config: '{"format":"json"}', state: { 'p:t:0': '6' } };
      expect(await directory.assert([record, record])).toEqual([{ outcome: 'restored' }, { outcome: 'held' }]);
      expect(await directory.find(held.name)).toEqual(ownerOf(held));
      expect(await directory.heldBy(a)).toEqual([held.name]);
      const claimed = await directory.claim({ name: held.name, from: ownerOf(held), to: b, reason: 'handover' });
      expect(claimed).toMatchObject({ record: { config: record.config, state: record.state } });
    });

    it('takes the later holder when two assert themselves, in whatever order', async () => {
      const earlier = await created(directory, a);
      const claimed = await directory.claim({ name: earlier.name, from: ownerOf(earlier), to: b, reason: 'handover' });
      if (claimed.outcome !== 'claimed') throw new Error(claimed.outcome);
      const later = claimed.record;
      for (const order of [
        [earlier, later],
        [later, earlier],
      ]) {
        await subject.empty();
        directory = subject.directory;
        for (const held of order) await directory.assert([{ ...held, config: '{}', state: {} }]);
        expect(await directory.find(earlier.name)).toEqual(ownerOf(later));
      }
    });

    it('tells its watchers of owners and nodes', async () => {
      const events: unknown[] = [];
      const unwatch = directory.watch((event) => events.push(event));
      const held = await created(directory, a);
      await directory.leave(a);
      await directory.remove(held);
      await expect
        .poll(() => events)
        .toEqual(
          expect.arrayContaining([
            { type: 'owner', name: held.name, owner: ownerOf(held) },
            { type: 'node', node: identity(a), state: 'gone' },
            { type: 'owner', name: held.name, owner: undefined },
          ]),
        );
      unwatch();
      const { length } = events;
      await created(directory, b);
      expect(events).toHaveLength(length);
    });
  });
}
