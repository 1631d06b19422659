import { DirectoryUnavailable } from '@sluice/directory';
import { servicePrincipal } from '@sluice/kafka';
import type { Attempt } from '@sluice/protocol';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { NotHeld } from '../../src/sessions/not-held.ts';
import type { Session } from '../../src/sessions/session.ts';
import { INSTANCE_TIMEOUT_MS, LEASE_MS, nodeOf, settingsOf, TestDirectory, type TestNode } from './cluster-nodes.ts';

const name = { group: 'g', instance: 'i' };
const codeOf = (code: number): unknown => expect.objectContaining({ code });

let at: TestDirectory;
let a: TestNode;
let b: TestNode;

beforeEach(async () => {
  vi.useFakeTimers();
  at = new TestDirectory();
  a = await nodeOf('a', at);
  b = await nodeOf('b', at);
});
afterEach(() => {
  a.instances.close();
  b.instances.close();
  vi.useRealTimers();
});

function find(node: TestNode, attempt: Partial<Attempt> = {}): Promise<Session> {
  return node.instances.find(name, servicePrincipal, { requestId: 'r', ...attempt });
}

async function notHeld(search: Promise<unknown>): Promise<NotHeld> {
  const error: unknown = await search.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof NotHeld)) throw new Error(`held, or ${String(error)}`);
  return error;
}

/** An instance on `a` that reads `source`; resolves with its epoch. */
async function created(source = '{"topics":["t"]}'): Promise<number> {
  await a.instances.create(settingsOf('i'), 'made');
  const epoch = a.instances.epochOf(name) as number;
  await at.memory.write([{ held: { name, node: a.identity, epoch }, change: { set: { source, at: String(at.now) } } }]);
  return epoch;
}

/** The next creates happen, and nobody hears of it. */
function loseAnswers(count: number): void {
  const make = at.memory.create.bind(at.memory);
  const create = vi.spyOn(at.memory, 'create');
  for (let i = 0; i < count; i += 1) {
    create.mockImplementationOnce(async (request) => {
      await make(request);
      throw new DirectoryUnavailable('slow');
    });
  }
}

/** The lease of `a` runs out; `b` keeps its own. */
async function expireA(): Promise<void> {
  at.now += LEASE_MS;
  await at.memory.register(b.record);
}

describe('creating an instance', () => {
  it('gives a name once, wherever it is asked for, and the same request its own again', async () => {
    await created();
    await expect(a.instances.create(settingsOf('i'), 'other')).rejects.toEqual(codeOf(40902));
    await expect(b.instances.create(settingsOf('i'), 'other')).rejects.toEqual(codeOf(40902));
    await a.instances.create(settingsOf('i'), 'made');
    // Its first answer was lost, and the edge tried the next node.
    await b.instances.create(settingsOf('i'), 'made');
    expect([a.sessions.size, b.sessions.size]).toEqual([1, 0]);
  });

  it('lets one of many at once have the name', async () => {
    const nodes = [a, b, a, b, a];
    const creates = nodes.map((node, i) => node.instances.create(settingsOf('i'), `r${i}`));
    const outcomes = await Promise.allSettled(creates);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(a.sessions.size + b.sessions.size).toBe(1);
  });

  it('answers 503 while the directory is away, and leaves nothing behind should it have happened all the same', async () => {
    const lost = at.memory.create.bind(at.memory);
    vi.spyOn(at.memory, 'create').mockImplementation(async (request) => {
      await lost(request);
      at.away = true;
      return await at.directory.create(request);
    });
    await expect(a.instances.create(settingsOf('i'), 'r')).rejects.toEqual(codeOf(503));
    expect(await at.memory.find(name)).toBeDefined();
    at.away = false;
    await vi.advanceTimersByTimeAsync(1500);
    expect(await at.memory.find(name)).toBeUndefined();
  });

  it('finds what a slow directory did and was too late to say (bug: 503, and 40902 to whoever tried again)', async () => {
    loseAnswers(1);
    await a.instances.create(settingsOf('i'), 'r');
    await vi.advanceTimersByTimeAsync(5000);
    expect(await at.memory.find(name)).toEqual({ node: a.identity, epoch: a.instances.epochOf(name) });
  });

  it('has the name free for the next try when it was answered 503 (bug: 40902 until it was undone)', async () => {
    loseAnswers(2);
    await expect(a.instances.create(settingsOf('i'), 'r1')).rejects.toEqual(codeOf(503));
    await a.instances.create(settingsOf('i'), 'r2');
    await vi.advanceTimersByTimeAsync(5000);
    expect(await at.memory.find(name)).toEqual({ node: a.identity, epoch: a.instances.epochOf(name) });
  });

  it('undoes its own create alone (bug: one that was answered 200 a moment later was removed with it)', async () => {
    const make = at.memory.create.bind(at.memory);
    const create = vi.spyOn(at.memory, 'create').mockRejectedValue(new DirectoryUnavailable('slow'));
    await expect(a.instances.create(settingsOf('i'), 'r1')).rejects.toEqual(codeOf(503));
    await vi.advanceTimersByTimeAsync(990);
    // Done, and its answer is on its way when the node looks what became of the first.
    create.mockImplementation(async (request) => {
      const outcome = await make(request);
      await new Promise((resolve) => setTimeout(resolve, 100));
      return outcome;
    });
    const second = a.instances.create(settingsOf('i'), 'r2');
    await vi.advanceTimersByTimeAsync(5000);
    await second;
    expect(await at.memory.find(name)).toEqual({ node: a.identity, epoch: a.instances.epochOf(name) });
  });

  it('takes the name of an instance that has expired on a node that is gone', async () => {
    await created();
    at.now += INSTANCE_TIMEOUT_MS + 1;
    await at.memory.register(b.record);
    await b.instances.create(settingsOf('i'), 'new');
    expect(b.sessions.size).toBe(1);
    expect(b.removed).toEqual(['g']);
  });

  it('leaves an expired name alone while leases that are over cannot be believed to be (bug: a living one was ended)', async () => {
    const epoch = await created();
    at.now += INSTANCE_TIMEOUT_MS + 1;
    await at.memory.register(b.record);
    b.mayTakeOver = false;
    await expect(b.instances.create(settingsOf('i'), 'new')).rejects.toEqual(codeOf(40902));
    expect(await at.memory.find(name)).toEqual({ node: a.identity, epoch });
    b.mayTakeOver = true;
    await b.instances.create(settingsOf('i'), 'new');
    expect(b.sessions.size).toBe(1);
  });

  it('takes the name of one whose node died before its first request (bug: blocked until Redis forgot it)', async () => {
    await a.instances.create(settingsOf('i'), 'made');
    at.now += INSTANCE_TIMEOUT_MS + 1;
    await at.memory.register(b.record);
    await b.instances.create(settingsOf('i'), 'new');
    expect(b.sessions.size).toBe(1);
  });

  it('is left to other nodes while this one drains', async () => {
    a.draining = true;
    expect((await notHeld(a.instances.create(settingsOf('i'), 'r'))).moving).toBe(true);
  });
});

describe('finding an instance', () => {
  it('answers 404 for one that nobody knows, and for one of another principal', async () => {
    await expect(find(a)).rejects.toEqual(codeOf(40403));
    await expect(find(a, { epoch: 5 })).rejects.toEqual(codeOf(40403));
    await created();
    const other = { ...servicePrincipal, id: 'other' };
    await expect(a.instances.find(name, other, { requestId: 'r' })).rejects.toEqual(codeOf(40403));
  });

  it('names the holder to who asks the wrong node', async () => {
    const epoch = await created();
    expect((await notHeld(find(b, { epoch }))).owner).toEqual({ node: a.identity, epoch });
  });

  it('lets go what somebody has seen a later holder of', async () => {
    const epoch = await created();
    expect((await find(a, { epoch })).settings.instance).toBe('i');
    await notHeld(find(a, { epoch: epoch + 1 }));
    expect(a.sessions.size).toBe(0);
  });

  it('goes on with what it has taken over without hearing of it (bug: it was buried, and its client got 404)', async () => {
    const epoch = await created();
    await expireA();
    await at.memory.claim({ name, from: { node: a.identity, epoch }, to: b.identity, reason: 'expired' });
    const owner = await at.memory.find(name);
    const session = await find(b, { epoch: owner?.epoch ?? 0 });
    expect(session.reading.topics).toEqual(['t']);
    expect((await at.memory.find(name))?.node).toEqual(b.identity);
  });

  it.each<[string, () => void]>([
    ['full', () => vi.spyOn(b.sessions, 'hasRoom', 'get').mockReturnValue(false)],
    ['draining', () => void (b.draining = true)],
  ])(
    'goes on with what is its own already, though it is %s (bug: nobody served it until its node ended)',
    async (_state, happen) => {
      const epoch = await created();
      await expireA();
      await at.memory.claim({ name, from: { node: a.identity, epoch }, to: b.identity, reason: 'expired' });
      const owner = await at.memory.find(name);
      happen();
      expect((await find(b, { epoch: owner?.epoch ?? 0 })).reading.topics).toEqual(['t']);
    },
  );

  it('keeps the place of what it takes over: others do not fill it meanwhile (bug: claimed, and then no room)', async () => {
    const epoch = await created();
    for (let i = 1; i < 10; i += 1) await b.instances.create(settingsOf(`other${i}`), `r${i}`);
    await expireA();
    const claim = { from: { node: a.identity, epoch }, reason: 'expired' } as const;
    const ask = at.memory.claim.bind(at.memory);
    let late: NotHeld | undefined;
    vi.spyOn(at.memory, 'claim').mockImplementation(async (request) => {
      late = await notHeld(b.instances.create(settingsOf('late'), 'late'));
      return await ask(request);
    });
    expect((await find(b, { claim })).settings.instance).toBe('i');
    expect(late?.full).toBe(true);
    await b.instances.delete(await find(b), 'deleting');
    await vi.advanceTimersByTimeAsync(10);
    await b.instances.create(settingsOf('late'), 'later');
    expect(b.sessions.hasRoom).toBe(false);
  });

  it('does not take a relic for what it is asked to take over (bug: it served the state of before)', async () => {
    const epoch = await created();
    await at.memory.claim({ name, from: { node: a.identity, epoch }, to: b.identity, reason: 'refused' });
    const later = (await at.memory.find(name)) ?? { node: b.identity, epoch: 0 };
    const relic = await find(a);
    const session = await a.instances.claim(name, later, 'handover');
    expect(session?.store.epoch).toBeGreaterThan(later.epoch);
    expect(session).not.toBe(relic);
    expect(relic.closed).toBe(true);
  });

  it('has its caller ask again while it is handed over, and while nobody can be asked', async () => {
    const epoch = await created();
    const session = await find(a);
    session.yield();
    expect((await notHeld(find(a))).moving).toBe(true);
    at.away = true;
    expect((await notHeld(find(b, { epoch }))).moving).toBe(true);
  });
});

describe('taking an instance over', () => {
  it('waits for the lease of its holder, and goes on with its state', async () => {
    const epoch = await created();
    const claim = { from: { node: a.identity, epoch }, reason: 'expired' } as const;
    expect((await notHeld(find(b, { claim }))).moving).toBe(true);
    await expireA();
    const session = await find(b, { claim });
    expect(session.reading.topics).toEqual(['t']);
    expect(session.settings).toEqual(settingsOf('i'));
    expect(session.store.epoch).toBeGreaterThan(epoch);
  });

  it('does not believe that a lease is over as long as its own was interrupted a moment ago (bug: living holders lost theirs)', async () => {
    const epoch = await created();
    await expireA();
    const claim = { from: { node: a.identity, epoch }, reason: 'expired' } as const;
    b.mayTakeOver = false;
    expect((await notHeld(find(b, { claim }))).moving).toBe(true);
    b.mayTakeOver = true;
    expect((await find(b, { claim })).settings.instance).toBe('i');
  });

  it('happens once: who comes second is told of the first', async () => {
    const epoch = await created();
    await expireA();
    const claim = { from: { node: a.identity, epoch }, reason: 'expired' } as const;
    const [one, other] = await Promise.all([find(b, { claim }), find(b, { claim })]);
    expect(one).toBe(other);
    const c = await nodeOf('c', at);
    expect((await notHeld(find(c, { claim }))).owner).toEqual({ node: b.identity, epoch: one.store.epoch });
  });

  it('does not wait where Kafka fences the holder: its port refuses, and the group assigns its partitions', async () => {
    const epoch = await created('{"topics":["t"]}');
    const session = await find(b, { claim: { from: { node: a.identity, epoch }, reason: 'refused' } });
    expect(session.store.epoch).toBeGreaterThan(epoch);
  });

  it('waits where nobody fences it: the client assigned the partitions', async () => {
    const epoch = await created('{"partitions":[{"topic":"t","partition":0}]}');
    const claim = { from: { node: a.identity, epoch }, reason: 'refused' } as const;
    expect((await notHeld(find(b, { claim }))).owner).toEqual({ node: a.identity, epoch });
    await expireA();
    const session = await find(b, { claim: { ...claim, reason: 'expired' } });
    expect(session.reading.assignments).toEqual([{ topic: 't', partition: 0 }]);
  });

  it('ends an instance that has expired meanwhile, and tells its group', async () => {
    const epoch = await created();
    at.now += INSTANCE_TIMEOUT_MS + 1;
    await at.memory.register(b.record);
    const claim = { from: { node: a.identity, epoch }, reason: 'expired' } as const;
    await expect(find(b, { claim })).rejects.toEqual(codeOf(40403));
    expect(b.removed).toEqual(['g']);
    expect(await at.memory.find(name)).toBeUndefined();
  });

  it('leaves a record of a later version to nodes that understand it', async () => {
    await at.memory.create({ name, node: a.identity, config: '{"v":99,"format":"json"}', requestId: 'r' });
    const owner = await at.memory.find(name);
    await expireA();
    const claim = { from: owner ?? { node: a.identity, epoch: 0 }, reason: 'expired' } as const;
    expect((await notHeld(find(b, { claim }))).moving).toBe(true);
  });
});

describe('deleting an instance', () => {
  it('is not taken for a loss by a write that comes too late (bug: its DELETE was answered 404)', async () => {
    await created();
    const session = await find(a);
    session.journal.resolved([{ topic: 't', partition: 0, offset: 3 }]);
    session.offsets.beginRead();
    await a.instances.delete(session, 'deleting');
    await a.flush.flush();
    expect(session.movedTo).toBeUndefined();
  });

  it('is for good, and the same request once more finds that it has done so', async () => {
    const epoch = await created();
    await a.instances.delete(await find(a), 'deleting');
    await expect(a.instances.deletion('deleting')).resolves.toBeUndefined();
    await expect(find(b, { epoch })).rejects.toEqual(codeOf(40403));
    expect((await at.memory.assert([{ name, node: a.identity, epoch, config: '{}', state: {} }]))[0]?.outcome).toBe(
      'lost',
    );
  });

  it('stays so when a failover brought its record back (bug: the next request for it took it up again)', async () => {
    const epoch = await created();
    await a.instances.delete(await find(a), 'deleting');
    const back = { name, node: a.identity, epoch, config: '{}', state: {} };
    at.forget();
    await at.memory.assert([back]);
    await expect(find(a, { epoch })).rejects.toEqual(codeOf(40403));
    at.forget();
    await at.memory.assert([back]);
    await a.instances.create(settingsOf('i'), 'again');
    expect(a.instances.epochOf(name)).toBeGreaterThan(epoch);
    // What was made later is not taken for it.
    expect((await find(a, { epoch })).settings.instance).toBe('i');
  });

  it('is left to the node that has taken it over already (bug: 204, and the instance lived on there)', async () => {
    const epoch = await created();
    const session = await find(a);
    await expireA();
    await at.memory.claim({ name, from: { node: a.identity, epoch }, to: b.identity, reason: 'expired' });
    expect((await notHeld(a.instances.delete(session, 'deleting'))).owner?.node).toEqual(b.identity);
    expect(a.instances.deletion('deleting')).toBeUndefined();
    expect((await at.memory.find(name))?.node).toEqual(b.identity);
  });

  it('is done when the first of two equal requests is told so, not before (bug: 204 for an instance that still read)', async () => {
    await created();
    const session = await find(a);
    let remove: () => void = () => undefined;
    const removing = new Promise<void>((resolve) => {
      remove = resolve;
    });
    const bury = at.memory.remove.bind(at.memory);
    vi.spyOn(at.memory, 'remove').mockImplementation(async (held) => {
      await removing;
      return await bury(held);
    });
    const first = a.instances.delete(session, 'deleting');
    let isTold = false;
    const second = a.instances.deletion('deleting')?.then(() => {
      isTold = true;
    });
    await vi.advanceTimersByTimeAsync(100);
    expect(isTold).toBe(false);
    remove();
    await Promise.all([first, second]);
    expect(isTold).toBe(true);
    expect(await at.memory.find(name)).toBeUndefined();
  });

  it('does not wait for a directory that is away, which hears of it later', async () => {
    await created();
    at.away = true;
    await a.instances.delete(await find(a), 'deleting');
    at.away = false;
    expect(await at.memory.find(name)).toBeDefined();
    await vi.advanceTimersByTimeAsync(1500);
    expect(await at.memory.find(name)).toBeUndefined();
  });
});
