import type { Socket } from 'node:net';
import { Redis } from 'ioredis';
import {
  type ClaimOutcome,
  type ClaimRequest,
  type CreateAttempt,
  type CreateOutcome,
  type CreateRequest,
  type Directory,
  type DirectoryEvent,
  DirectoryUnavailable,
  type HeldInstance,
  type HoldOutcome,
  type InstanceName,
  type InstanceRecord,
  type LeaseOutcome,
  type NodeIdentity,
  type NodeRecord,
  type Ownership,
  type StateWrite,
} from './directory.ts';
import { instanceKey, instanceOfKey } from './instance-key.ts';
import { ListedNodes } from './listed-nodes.ts';
import { redisClient } from './redis-client.ts';
import { RedisEvents } from './redis-events.ts';
import { RedisKeys } from './redis-keys.ts';
import { RedisMemory } from './redis-memory.ts';
import { type RedisClient, runScript, type Script, scripts } from './redis-scripts.ts';
import type { RedisAddress } from './redis-url.ts';

export interface RedisDirectoryOptions {
  readonly address: RedisAddress;
  readonly cluster: string;
  readonly leaseMs: number;
  /** Records of instances that nobody writes to, and tombstones, are kept so long: garbage collection, not expiry. */
  readonly retentionMs: number;
  /** Longest wait for an answer; default 500 ms. */
  readonly commandTimeoutMs?: number;
  /** Of the authorities that Redis' certificate may come from, PEM; without them those that Node knows. */
  readonly certificateAuthorities?: string | undefined;
  /** The connection came or went. */
  readonly onConnection?: (connected: boolean, error: Error | undefined) => void;
}

const COMMAND_TIMEOUT_MS = 500;
/** Records that are asserted at once: ten thousand in one go kept Redis from all others for seconds. */
const ASSERT_CHUNK = 500;

/** The directory of a cluster, in Redis. What must happen in one step is a script in `lua`. */
export class RedisDirectory implements Directory {
  readonly #options: RedisDirectoryOptions;
  readonly #client: RedisClient;
  readonly #events: RedisEvents;
  readonly #keys: RedisKeys;
  readonly #memory: RedisMemory;
  readonly #listed: ListedNodes;
  /** Grows whenever Redis may have lost what was written before: with each connection, and each new memory. */
  #lapses = 0;
  /** As it was when the lease was renewed last. */
  #renewedAt = 0;
  #lastError: Error | undefined;

  constructor(options: RedisDirectoryOptions) {
    this.#options = options;
    this.#keys = new RedisKeys(options.cluster);
    const { address, commandTimeoutMs = COMMAND_TIMEOUT_MS, certificateAuthorities } = options;
    const connection = { address, commandTimeoutMs, certificateAuthorities };
    this.#client = redisClient(connection);
    // A connection that is subscribed takes no other commands.
    this.#events = new RedisEvents(redisClient(connection), this.#keys.events);
    const onLapse = (): void => {
      this.#lapses += 1;
      this.#events.tell({ type: 'lapse' });
    };
    this.#memory = new RedisMemory({
      client: this.#client,
      key: this.#keys.generation,
      leaseMs: options.leaseMs,
      onLapse,
    });
    this.#listed = new ListedNodes({
      leaseMs: options.leaseMs,
      mayHaveForgotten: async () => (await this.#memory.at(this.#keys.nodeList)).unsettledMs > 0,
    });
    this.#events.watch((event) => {
      if (event.type === 'node' && event.state === 'gone') this.#listed.left(event.node);
    });
    this.#client.on('ready', () => {
      options.onConnection?.(true, undefined);
      onLapse();
    });
    this.#client.on('error', (error: Error) => {
      this.#lastError = error;
    });
    this.#client.on('close', () => options.onConnection?.(false, this.#lastError));
  }

  register(node: NodeRecord): Promise<LeaseOutcome> {
    return this.#lease(node, 'register');
  }

  renew(node: NodeRecord): Promise<LeaseOutcome> {
    return this.#lease(node, 'renew');
  }

  async leave({ id, boot }: NodeIdentity): Promise<void> {
    await this.#run(scripts.leave, [this.#keys.node(id), this.#keys.nodeList], [id, boot, this.#keys.events]);
  }

  async nodes(): Promise<readonly NodeRecord[]> {
    return await this.#asked(async () => {
      const ids = await this.#client.zrange(this.#keys.nodeList, '0', '-1');
      const records = await Promise.all(ids.map((id) => this.#client.hget(this.#keys.node(id), 'record')));
      const nodes = records.flatMap((record) => (record === null ? [] : [JSON.parse(record) as NodeRecord]));
      return await this.#listed.complete(nodes);
    });
  }

  async create({ name, node, config, state = {}, requestId }: CreateRequest): Promise<CreateOutcome> {
    const key = instanceKey(name);
    const keys = this.#keys.instance(name);
    const memory = await this.#asked(() => this.#memory.at(keys[0]));
    const [answer] = await Promise.all([
      this.#run(scripts.create, keys, [
        node.id,
        node.boot,
        requestId,
        config,
        this.#options.retentionMs,
        this.#keys.events,
        key,
        memory.unsettledMs,
        memory.name,
        ...Object.entries(state).flat(),
      ]),
      this.#asked(() => this.#client.sadd(this.#keys.held(node), key)),
    ]);
    const [outcome, ...owner] = answer as ['created' | 'repeated' | 'exists' | 'unsettled', ...string[]];
    if (outcome === 'exists' || outcome === 'unsettled') this.#forget(node, key);
    if (outcome === 'unsettled') return { outcome, retryAfterMs: memory.unsettledMs || this.#options.leaseMs };
    return { outcome, owner: ownerOf(owner) };
  }

  async undo({ name, node, requestId }: CreateAttempt): Promise<HeldInstance | undefined> {
    const key = instanceKey(name);
    const parameters = [node.id, node.boot, requestId, this.#options.retentionMs, this.#keys.events, key];
    const epoch = await this.#run(scripts.undo, this.#keys.instance(name), parameters);
    if (epoch === null) return undefined;
    this.#forget(node, key);
    return { name, node: { id: node.id, boot: node.boot }, epoch: Number(epoch) };
  }

  async find(name: InstanceName): Promise<Ownership | undefined> {
    const [own] = this.#keys.instance(name);
    const [id, boot, epoch, deleted] = await this.#asked(() => {
      return this.#client.hmget(own, 'node', 'boot', 'epoch', 'deleted');
    });
    if (id != null && deleted == null) return ownerOf([id, boot ?? '', epoch ?? '']);
    await this.#refuseUnsettled(name);
    return undefined;
  }

  async read(name: InstanceName): Promise<InstanceRecord | undefined> {
    const [outcome, ...more] = (await this.#run(scripts.read, this.#keys.instance(name), [])) as [string, ...string[]];
    if (outcome !== 'found') {
      await this.#refuseUnsettled(name);
      return undefined;
    }
    const [id, boot, epoch, config, ...fields] = more as [string, string, string, string, ...string[]];
    return { name, ...ownerOf([id, boot, epoch]), config, state: pairs(fields) };
  }

  async claim({ name, from, to, reason }: ClaimRequest): Promise<ClaimOutcome> {
    const key = instanceKey(name);
    const keys = this.#keys.instance(name);
    // Before its lease: should the holder wake up, renew and assert behind that look, the mark is another.
    const mark = reason === 'expired' ? await this.#asked(() => this.#client.hget(keys[0], 'asserted')) : undefined;
    if (reason === 'expired' && (await this.#leaseRuns(from.node))) return { outcome: 'alive', owner: from };
    const [answer] = await Promise.all([
      this.#run(scripts.claim, keys, [
        to.id,
        to.boot,
        from.node.id,
        from.node.boot,
        from.epoch,
        this.#options.retentionMs,
        this.#keys.events,
        key,
        reason,
        mark ?? '',
      ]),
      this.#asked(() => this.#client.sadd(this.#keys.held(to), key)),
    ]);
    const [outcome, ...more] = answer as [string, ...string[]];
    if (outcome !== 'claimed') {
      this.#forget(to, key);
      if (outcome === 'gone') await this.#refuseUnsettled(name);
      if (outcome === 'gone') return { outcome };
      return { outcome: outcome === 'alive' ? 'alive' : 'moved', owner: ownerOf(more) };
    }
    this.#forget(from.node, key);
    const [epoch, config = '', ...fields] = more;
    const record = { name, node: { id: to.id, boot: to.boot }, epoch: Number(epoch), config, state: pairs(fields) };
    return { outcome: 'claimed', record };
  }

  async write(writes: readonly StateWrite[]): Promise<readonly HoldOutcome[]> {
    return await this.#together(() =>
      writes.map(async ({ held, change: { replace = false, set = {}, remove = [] } }) => {
        const { node, epoch, name } = held;
        const answer = await this.#run(scripts.write, this.#keys.instance(name), [
          node.id,
          node.boot,
          epoch,
          this.#options.retentionMs,
          replace ? 1 : 0,
          remove.length,
          ...remove,
          ...Object.entries(set).flat(),
        ]);
        return holdOutcome(answer);
      }),
    );
  }

  /** Sends what is asked as one piece: packets for a few commands each would be as many round trips. */
  async #together<T>(ask: () => readonly Promise<T>[]): Promise<T[]> {
    // The client of a Redis cluster has a connection for each server, and no name for them.
    const stream: Socket | undefined = this.#client instanceof Redis ? this.#client.stream : undefined;
    stream?.cork();
    const answers = ask();
    stream?.uncork();
    return await Promise.all(answers);
  }

  async assert(records: readonly InstanceRecord[]): Promise<readonly HoldOutcome[]> {
    const outcomes: HoldOutcome[] = [];
    for (let first = 0; first < records.length; first += ASSERT_CHUNK) {
      const chunk = records.slice(first, first + ASSERT_CHUNK);
      outcomes.push(...(await this.#together(() => chunk.map((record) => this.#assert(record)))));
    }
    return outcomes;
  }

  async remove({ name, node, epoch }: HeldInstance): Promise<HoldOutcome> {
    const key = instanceKey(name);
    const parameters = [node.id, node.boot, epoch, this.#options.retentionMs, this.#keys.events, key];
    const outcome = holdOutcome(await this.#run(scripts.remove, this.#keys.instance(name), parameters));
    this.#forget(node, key);
    return outcome;
  }

  async heldBy(node: NodeIdentity): Promise<readonly InstanceName[]> {
    const keys = await this.#asked(() => this.#client.smembers(this.#keys.held(node)));
    return keys.map(instanceOfKey);
  }

  watch(listener: (event: DirectoryEvent) => void): () => void {
    return this.#events.watch(listener);
  }

  async close(): Promise<void> {
    this.#events.close();
    this.#client.disconnect();
  }

  async #lease(node: NodeRecord, mode: 'register' | 'renew'): Promise<LeaseOutcome> {
    const lapses = this.#lapses;
    const { leaseMs, retentionMs } = this.#options;
    const keys = [this.#keys.node(node.id), this.#keys.nodeList, this.#keys.held(node)];
    const parameters = [node.id, node.boot, JSON.stringify(node), node.state, leaseMs, retentionMs, mode];
    // Begins with the first node, so that a cluster is settled long before its first instance.
    const look = this.#asked(() => this.#memory.look());
    // From then on only a look aside: a server of a Redis cluster that is down must not hold up the leases at another.
    look.catch(() => undefined);
    const lease = this.#run(scripts.lease, keys, [...parameters, this.#keys.events]);
    const [outcome] = (await Promise.all([lease, mode === 'register' ? look : undefined])) as [LeaseOutcome, unknown];
    if (outcome === 'replaced') return outcome;
    const isSame = this.#renewedAt === lapses;
    this.#renewedAt = lapses;
    return isSame ? outcome : 'restored';
  }

  /** What is missing now, or was deleted once, may be restored yet: nobody may say that it does not exist. */
  async #refuseUnsettled(name: InstanceName): Promise<void> {
    const [key] = this.#keys.instance(name);
    const { unsettledMs } = await this.#asked(() => this.#memory.at(key));
    if (unsettledMs === 0) return;
    throw new DirectoryUnavailable('Redis came back without its last writes, and instances are still being restored');
  }

  async #leaseRuns({ id, boot }: NodeIdentity): Promise<boolean> {
    return (await this.#asked(() => this.#client.hget(this.#keys.node(id), 'boot'))) === boot;
  }

  async #assert({ name, node, epoch, config, state }: InstanceRecord): Promise<HoldOutcome> {
    const key = instanceKey(name);
    const parameters = [node.id, node.boot, epoch, this.#options.retentionMs, this.#keys.events, key, config];
    const [answer] = await Promise.all([
      this.#run(scripts.assert, this.#keys.instance(name), [...parameters, ...Object.entries(state).flat()]),
      this.#asked(() => this.#client.sadd(this.#keys.held(node), key)),
    ]);
    return holdOutcome(answer);
  }

  /** Takes an instance off the list of a node. Nobody waits for it: the list may name too many. */
  #forget(node: NodeIdentity, key: string): void {
    this.#client.srem(this.#keys.held(node), key).catch(() => undefined);
  }

  #run(script: Script, keys: readonly string[], parameters: readonly (string | number)[]): Promise<unknown> {
    return this.#asked(() => runScript(this.#client, script, keys, parameters));
  }

  async #asked<T>(ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new DirectoryUnavailable(`Redis did not answer: ${reason}`, { cause });
    }
  }
}

function ownerOf([id = '', boot = '', epoch = '']: readonly string[]): Ownership {
  return { node: { id, boot }, epoch: Number(epoch) };
}

function holdOutcome(answer: unknown): HoldOutcome {
  const [outcome, ...owner] = answer as ['held' | 'restored' | 'lost', ...string[]];
  if (outcome !== 'lost') return { outcome };
  return { outcome, owner: owner.length === 0 ? undefined : ownerOf(owner) };
}

function pairs(fields: readonly string[]): Record<string, string> {
  const state: Record<string, string> = {};
  for (let i = 0; i + 1 < fields.length; i += 2) state[fields[i] as string] = fields[i + 1] as string;
  return state;
}
