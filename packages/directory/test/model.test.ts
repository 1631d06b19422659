import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RedisServer, startRedis } from '../../../test/harness/redis.ts';
import type { Directory, HeldInstance, HoldOutcome, InstanceName, NodeIdentity, Ownership } from '../src/directory.ts';
import { sameOwner } from '../src/epoch.ts';
import { MemoryDirectory } from '../src/memory-directory.ts';
import { RedisDirectory } from '../src/redis-directory.ts';
import { RedisKeys } from '../src/redis-keys.ts';
import { parseRedisUrl } from '../src/redis-url.ts';
import { nodeOf } from './conformance.ts';
import { SETTLE } from './settle.ts';

const TIMES = { leaseMs: 10_000, retentionMs: 600_000 };
const NODES = 2;
const NAMES = 2;

/** `ghost`: a life of a node that held the instance once, and slept since, asserts it. */
type Action = 'create' | 'claim' | 'write' | 'assert' | 'remove' | 'ghost';

/** One step of a history: what a node does to an instance, or what happens to a node. */
type Step =
  | { readonly type: Action; readonly node: number; readonly name: number }
  | { readonly type: 'expire' | 'renew' | 'reboot'; readonly node: number };

const someNode = fc.nat({ max: NODES - 1 });

const steps = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        type: fc.constantFrom<Action>('create', 'claim', 'write', 'assert', 'remove', 'ghost'),
        node: someNode,
        name: fc.nat({ max: NAMES - 1 }),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ type: fc.constantFrom('expire', 'renew', 'renew', 'reboot'), node: someNode }),
    },
  ),
  { maxLength: 60, size: 'max' },
);

/** A node with a memory of its own: what it believes to hold, and whether its lease counts on its own clock. */
interface Node {
  identity: NodeIdentity;
  leaseHeld: boolean;
  term: number;
  readonly believes: Map<number, { readonly held: HeldInstance; readonly term: number }>;
}

interface World {
  readonly directory: Directory;
  readonly expire: (node: NodeIdentity) => Promise<void>;
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
    this.#nodes = Array.from({ length: NODES }, (_, i) => {
      return { identity: identityOf(i, 0), leaseHeld: true, term: 1, believes: new Map() };
    });
  }

  async run(history: readonly Step[]): Promise<void> {
    for (const { identity } of this.#nodes) await this.#world.directory.register(nodeOf(identity.id, identity.boot));
    for (const step of history) {
      const node = this.#nodes[step.node] as Node;
      if ('name' in step) await this.#act(node, step.type, step.name);
      else await this.#live(node, step);
      for (let index = 0; index < NAMES; index++) await this.#check(index);
    }
  }

  async #live(node: Node, { type, node: index }: Step): Promise<void> {
    const { directory, expire } = this.#world;
    if (type === 'expire') {
      // The node gives its lease up on its own clock before the directory does.
      node.leaseHeld = false;
      await expire(node.identity);
      return;
    }
    if (type === 'reboot') {
      this.#boots += 1;
      node.identity = identityOf(index, this.#boots);
      node.believes.clear();
    }
    const record = nodeOf(node.identity.id, node.identity.boot);
    const outcome = type === 'reboot' ? await directory.register(record) : await directory.renew(record);
    if (outcome === 'restored') node.term += 1;
    node.leaseHeld = outcome !== 'replaced';
  }

  async #act(node: Node, action: Action, index: number): Promise<void> {
    if (action === 'create' || action === 'claim') {
      if (node.leaseHeld) await this.#gain(node, action, index);
      return;
    }
    const name = this.#name(index);
    const { directory } = this.#world;
    if (action === 'ghost') {
      const ghosts = this.#ghosts.filter((held) => held.name.instance === name.instance);
      const ghost = ghosts[Math.floor(ghosts.length / 2)];
      if (ghost !== undefined) await directory.assert([{ ...ghost, config: '', state: {} }]);
      return;
    }
    const held = node.believes.get(index)?.held;
    if (held === undefined) return;
    const [outcome] = await this.#change(action, held);
    if (outcome?.outcome === 'lost' || action === 'remove') node.believes.delete(index);
    else if (action === 'assert') this.#learn(node, index, held);
    if (outcome?.outcome !== 'lost' && action === 'remove') this.#deleted.set(index, held.epoch);
  }

  async #gain(node: Node, action: 'create' | 'claim', index: number): Promise<void> {
    const { directory } = this.#world;
    const name = this.#name(index);
    const from = await directory.find(name);
    if (action === 'create') {
      this.#requests += 1;
      const answer = await directory.create({ name, node: node.identity, config: '', requestId: `${this.#requests}` });
      if (from !== undefined) expect(answer).toEqual({ outcome: 'exists', owner: from });
      else if (answer.outcome === 'created') this.#learn(node, index, { name, ...answer.owner });
      else expect.fail(`${answer.outcome}, and nobody has it`);
    } else if (from !== undefined && from.node.id !== node.identity.id) {
      const answer = await directory.claim({ name, from, to: node.identity, reason: 'expired' });
      if (answer.outcome === 'claimed') this.#learn(node, index, answer.record);
      else expect(answer.outcome).toBe('alive');
    }
  }

  async #change(action: 'write' | 'assert' | 'remove', held: HeldInstance): Promise<readonly HoldOutcome[]> {
    const { directory } = this.#world;
    if (action === 'write') return await directory.write([{ held, change: { set: { field: '1' } } }]);
    if (action === 'assert') return await directory.assert([{ ...held, config: '', state: {} }]);
    return [await directory.remove(held)];
  }

  #learn(node: Node, index: number, held: HeldInstance): void {
    node.believes.set(index, { held, term: node.term });
    this.#ghosts.push(held);
  }

  async #check(index: number): Promise<void> {
    // Never two holders whose leases both run on their own clocks.
    const holders = this.#nodes.filter(
      ({ leaseHeld, term, believes }) => leaseHeld && believes.get(index)?.term === term,
    );
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
        await new Play({ directory, expire }, 'g').run(history);
      }),
      { numRuns: 500 },
    );
  });

  it('keeps its promises in Redis', async () => {
    const keys = new RedisKeys('model');
    const directory = new RedisDirectory({ address: parseRedisUrl(server.url), cluster: 'model', ...TIMES });
    await expect.poll(async () => await directory.nodes().catch(() => undefined)).toEqual([]);
    const expire = async ({ id }: NodeIdentity): Promise<void> => void (await server.command('DEL', keys.node(id)));
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(steps, async (history) => {
        await server.command('FLUSHALL');
        await server.command('EVAL', SETTLE, '1', keys.generation);
        runs += 1;
        await new Play({ directory, expire }, `g${runs}`).run(history);
      }),
      { numRuns: 200 },
    );
    await directory.close();
  }, 60_000);
});
