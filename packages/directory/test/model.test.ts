import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type RedisServer, startRedis } from '../../../test/harness/redis.ts';
import {
  type Directory,
  DirectoryUnavailable,
  type HeldInstance,
  type HoldOutcome,
  type InstanceName,
  type NodeIdentity,
  type Ownership,
} from '../src/directory.ts';
import { sameOwner } from '../src/epoch.ts';
import { MemoryDirectory } from '../src/memory-directory.ts';
import { NodeLease } from '../src/node-lease.ts';
import { RedisDirectory } from '../src/redis-directory.ts';
import { RedisKeys } from '../src/redis-keys.ts';
import { parseRedisUrl } from '../src/redis-url.ts';
import { aroundCommands } from './commands.ts';
import { nodeOf } from './conformance.ts';
import { SETTLE } from './settle.ts';

const TIMES = { leaseMs: 10_000, retentionMs: 600_000 };
const NODES = 2;
const NAMES = 2;

/** `ghost`: a life of a node that held the instance once, and slept since, asserts it. */
type Action = 'create' | 'claim' | 'write' | 'assert' | 'remove' | 'ghost';

/** Its answer is lost on the way unless it is heard. */
interface Act<Type extends Action = Action> {
  readonly type: Type;
  readonly name: number;
  readonly heard: boolean;
}

interface Race {
  readonly type: 'race';
  readonly node: number;
  readonly name: number;
  /** They renew their leases and assert what they hold, or are not answered and renew them once more. */
  readonly heard: boolean;
  readonly delaysMs: readonly number[];
}

/** One step of a history: what a node does to an instance, or what happens to a node. */
type Step =
  | (Act & { readonly node: number })
  | { readonly type: 'expire' | 'renew' | 'renew unheard' | 'reboot'; readonly node: number }
  /** It claims, while the others, whose leases are over, wake up. */
  | Race;

const someNode = fc.nat({ max: NODES - 1 });
const someName = fc.nat({ max: NAMES - 1 });

const steps = fc.array(
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({
        type: fc.constantFrom<Action>('create', 'claim', 'write', 'assert', 'remove', 'ghost'),
        node: someNode,
        name: someName,
        heard: fc.oneof({ weight: 5, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) }),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        type: fc.constantFrom(
          'expire' as const,
          'expire' as const,
          'renew' as const,
          'renew unheard' as const,
          'reboot' as const,
        ),
        node: someNode,
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        type: fc.constant('race' as const),
        node: someNode,
        name: someName,
        heard: fc.boolean(),
        delaysMs: fc.array(fc.constantFrom(0, 0, 3, 9), { minLength: 8, maxLength: 8 }),
      }),
    },
  ),
  { maxLength: 60, size: 'max' },
);

/** A node with a memory of its own: its lease, on its own clock, and what it believes to hold. */
class Node {
  readonly identity: NodeIdentity;
  readonly lease: NodeLease;
  readonly believes = new Map<number, { readonly held: HeldInstance; readonly term: number }>();
  clock = 0;
  /** Answers to its renewals reach it. */
  hears = true;

  constructor(identity: NodeIdentity, directory: Directory) {
    this.identity = identity;
    this.lease = new NodeLease({
      directory: {
        register: async (record) => await directory.register(record),
        renew: async (record) => {
          const outcome = await directory.renew(record);
          if (!this.hears) throw new DirectoryUnavailable('too late');
          return outcome;
        },
        leave: async (node) => await directory.leave(node),
      },
      describe: () => nodeOf(identity.id, identity.boot),
      leaseMs: TIMES.leaseMs,
      onTerm: () => undefined,
      onFenced: () => undefined,
      onReplaced: () => undefined,
      now: () => this.clock,
    });
  }
}

interface World {
  readonly directory: Directory;
  readonly expire: (node: NodeIdentity) => Promise<void>;
  /** The next commands to the directory are sent so much later, each. */
  readonly delay: (delaysMs: readonly number[]) => void;
}

/** A history as it is played: what each node believes, and what has been seen of each instance so far. */
class Play {
  readonly #world: World;
  readonly #group: string;
  readonly #nodes: Node[];
  readonly #owners = new Map<number, Ownership>();
  readonly #deleted = new Map<number, number>();
  /** Whoever held an instance once, as they remember it. */
  readonly #ghosts: HeldInstance[] = [];
  #requests = 0;
  #boots = 0;

  constructor(world: World, group: string) {
    this.#world = world;
    this.#group = group;
    this.#nodes = Array.from({ length: NODES }, (_, i) => new Node(identityOf(i, 0), world.directory));
  }

  async run(history: readonly Step[]): Promise<void> {
    try {
      for (const { lease } of this.#nodes) await lease.start();
      for (const step of history) {
        await this.#step(step);
        for (let index = 0; index < NAMES; index++) await this.#check(index);
      }
    } finally {
      for (const { lease } of this.#nodes) await lease.end();
    }
  }

  async #step(step: Step): Promise<void> {
    const node = this.#nodes[step.node] as Node;
    if (step.type === 'race') await this.#race(node, step);
    else if ('name' in step) await this.#act(node, step);
    else await this.#live(node, step);
  }

  async #race(claimer: Node, { name, heard, delaysMs }: Race): Promise<void> {
    const wake = async (node: Node): Promise<void> => {
      await this.#renew(node, heard);
      if (heard) await this.#act(node, { type: 'assert', name, heard });
      else await this.#renew(node, true);
    };
    const others = this.#nodes.filter((node) => node !== claimer);
    for (const node of others) await this.#expire(node);
    this.#world.delay(delaysMs);
    await Promise.all([this.#act(claimer, { type: 'claim', name, heard: true }), ...others.map(wake)]);
    this.#world.delay([]);
  }

  async #renew(node: Node, heard: boolean): Promise<void> {
    node.hears = heard;
    await node.lease.renewNow();
    node.hears = true;
  }

  async #expire(node: Node): Promise<void> {
    node.clock += TIMES.leaseMs;
    await this.#world.expire(node.identity);
  }

  async #live(node: Node, { type, node: index }: Step): Promise<void> {
    const { directory } = this.#world;
    if (type === 'expire') await this.#expire(node);
    else if (type === 'reboot') {
      this.#boots += 1;
      const next = new Node(identityOf(index, this.#boots), directory);
      this.#nodes[index] = next;
      await next.lease.start();
      await node.lease.end();
    } else await this.#renew(node, type === 'renew');
  }

  async #act(node: Node, act: Act): Promise<void> {
    const { type } = act;
    if (type === 'ghost') await this.#haunt(act.name);
    else if (type !== 'create' && type !== 'claim') await this.#hold(node, { ...act, type });
    else if (node.lease.held) await this.#gain(node, { ...act, type });
  }

  async #haunt(index: number): Promise<void> {
    const name = this.#name(index);
    const ghosts = this.#ghosts.filter((held) => held.name.instance === name.instance);
    const ghost = ghosts[Math.floor(ghosts.length / 2)];
    if (ghost !== undefined) await this.#world.directory.assert([{ ...ghost, config: '', state: {} }]);
  }

  async #hold(node: Node, { type, name: index, heard }: Act<'write' | 'assert' | 'remove'>): Promise<void> {
    const held = node.believes.get(index)?.held;
    if (held === undefined) return;
    const { term } = node.lease;
    const [outcome] = await this.#change(type, held);
    // It ends what it deletes, whatever becomes of that.
    if (type === 'remove') node.believes.delete(index);
    if (!heard) return;
    if (outcome?.outcome === 'lost') node.believes.delete(index);
    else if (type === 'assert') this.#learn(node, { index, held, term });
    else if (type === 'remove') this.#deleted.set(index, held.epoch);
  }

  async #gain(node: Node, { type, name: index, heard }: Act<'create' | 'claim'>): Promise<void> {
    const { directory } = this.#world;
    const { identity, lease } = node;
    const { term } = lease;
    const name = this.#name(index);
    const from = await directory.find(name);
    if (type === 'create') {
      this.#requests += 1;
      const answer = await directory.create({ name, node: identity, config: '', requestId: `${this.#requests}` });
      if (from !== undefined) expect(answer).toEqual({ outcome: 'exists', owner: from });
      else if (answer.outcome !== 'created') expect.fail(`${answer.outcome}, and nobody has it`);
      else if (heard) this.#learn(node, { index, held: { name, ...answer.owner }, term });
    } else if (from !== undefined && from.node.id !== identity.id) {
      const answer = await directory.claim({ name, from, to: identity, reason: 'expired' });
      if (answer.outcome !== 'claimed') expect(answer.outcome).toBe('alive');
      else if (heard) this.#learn(node, { index, held: answer.record, term });
    }
  }

  async #change(action: 'write' | 'assert' | 'remove', held: HeldInstance): Promise<readonly HoldOutcome[]> {
    const { directory } = this.#world;
    if (action === 'write') return await directory.write([{ held, change: { set: { field: '1' } } }]);
    if (action === 'assert') return await directory.assert([{ ...held, config: '', state: {} }]);
    return [await directory.remove(held)];
  }

  #learn(node: Node, { index, held, term }: { index: number; held: HeldInstance; term: number }): void {
    node.believes.set(index, { held, term });
    this.#ghosts.push(held);
  }

  async #check(index: number): Promise<void> {
    // Never two holders whose leases both run on their own clocks.
    const holders = this.#nodes.filter(({ lease, believes }) => {
      return lease.held && believes.get(index)?.term === lease.term;
    });
    expect(holders.length).toBeLessThanOrEqual(1);
    const owner = await this.#world.directory.find(this.#name(index));
    const held = holders[0]?.believes.get(index)?.held;
    if (held !== undefined) expect(owner).toEqual({ node: held.node, epoch: held.epoch });
    if (owner === undefined) return;
    // Epochs grow with each change of hands, and what was deleted stays deleted.
    const before = this.#owners.get(index);
    if (before !== undefined && !sameOwner(before, owner)) expect(owner.epoch).toBeGreaterThan(before.epoch);
    expect(owner.epoch).toBeGreaterThan(this.#deleted.get(index) ?? 0);
    this.#owners.set(index, owner);
  }

  #name(index: number): InstanceName {
    return { group: this.#group, instance: `i${index}` };
  }
}

const identityOf = (index: number, boot: number): NodeIdentity => ({ id: `n${index}`, boot: `b${boot}` });

describe('any history of creates, claims, deletes, restarts and lost leases', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(async () => {
    await server.stop();
  });

  it('keeps its promises in memory', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (history) => {
        const directory = new MemoryDirectory(TIMES);
        const expire = async (node: NodeIdentity): Promise<void> => await directory.leave(node);
        await new Play({ directory, expire, delay: () => undefined }, 'g').run(history);
      }),
      { numRuns: 1000 },
    );
  });

  it('keeps its promises in Redis', async () => {
    const keys = new RedisKeys('model');
    const directory = new RedisDirectory({ address: parseRedisUrl(server.url), cluster: 'model', ...TIMES });
    await expect.poll(async () => await directory.nodes().catch(() => undefined)).toEqual([]);
    const expire = async ({ id }: NodeIdentity): Promise<void> => void (await server.command('DEL', keys.node(id)));
    let delaysMs: number[] = [];
    aroundCommands(async (_command, send) => {
      const ms = delaysMs.shift() ?? 0;
      if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms));
      return await send();
    });
    const delay = (next: readonly number[]): void => {
      delaysMs = [...next];
    };
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(steps, async (history) => {
        await server.command('FLUSHALL');
        await server.command('EVAL', SETTLE, '1', keys.generation);
        runs += 1;
        await new Play({ directory, expire, delay }, `g${runs}`).run(history);
      }),
      { numRuns: 200 },
    );
    vi.restoreAllMocks();
    await directory.close();
  }, 120_000);
});
