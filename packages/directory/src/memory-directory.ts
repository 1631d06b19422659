import type {
  ClaimOutcome,
  ClaimRequest,
  CreateAttempt,
  CreateOutcome,
  CreateRequest,
  Directory,
  DirectoryEvent,
  HeldInstance,
  HoldOutcome,
  InstanceName,
  InstanceRecord,
  LeaseOutcome,
  NodeIdentity,
  NodeRecord,
  Ownership,
  StateChange,
  StateWrite,
} from './directory.ts';
import { epochAfter, sameNode, sameOwner } from './epoch.ts';
import { instanceKey } from './instance-key.ts';
import { Listeners } from './listeners.ts';

export interface MemoryDirectoryOptions {
  readonly leaseMs: number;
  /** An instance that nobody writes to is forgotten after so long: garbage collection, not expiry. */
  readonly retentionMs: number;
  /** Wall clock in ms since 1970. */
  readonly now?: () => number;
}

interface Lease {
  readonly record: NodeRecord;
  readonly endsAt: number;
}

interface Content {
  readonly config: string;
  readonly state: Map<string, string>;
}

interface Entry {
  readonly name: InstanceName;
  owner: Ownership;
  requestId: string;
  /** Undefined: a tombstone. */
  content: Content | undefined;
  endsAt: number;
}

const SWEEP_EVERY = 1000;

/** The directory of a single process, and the model that the others are held against. */
export class MemoryDirectory implements Directory {
  readonly #options: MemoryDirectoryOptions;
  readonly #now: () => number;
  readonly #leases = new Map<string, Lease>();
  readonly #entries = new Map<string, Entry>();
  readonly #listeners = new Listeners<DirectoryEvent>();
  #operations = 0;

  constructor(options: MemoryDirectoryOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  async register(record: NodeRecord): Promise<LeaseOutcome> {
    return this.#lease(record, 'restored');
  }

  async renew(record: NodeRecord): Promise<LeaseOutcome> {
    const current = this.#leaseOf(record.id);
    if (current === undefined) return this.#lease(record, 'restored');
    if (current.record.boot !== record.boot) return 'replaced';
    return this.#lease(record, 'kept');
  }

  async leave(node: NodeIdentity): Promise<void> {
    const current = this.#leases.get(node.id);
    if (current === undefined || current.record.boot !== node.boot) return;
    this.#leases.delete(node.id);
    this.#listeners.emit({ type: 'node', node: identity(node), state: 'gone' });
  }

  async nodes(): Promise<readonly NodeRecord[]> {
    const now = this.#now();
    return [...this.#leases.values()].filter(({ endsAt }) => endsAt > now).map(({ record }) => record);
  }

  async create({ name, node, config, state = {}, requestId }: CreateRequest): Promise<CreateOutcome> {
    const key = instanceKey(name);
    const entry = this.#entry(key);
    if (entry?.content !== undefined) {
      return { outcome: entry.requestId === requestId ? 'repeated' : 'exists', owner: entry.owner };
    }
    const owner = { node: identity(node), epoch: epochAfter(entry?.owner.epoch ?? 0, this.#now()) };
    const content = { config, state: new Map(Object.entries(state)) };
    this.#entries.set(key, { name, owner, requestId, content, endsAt: this.#end() });
    this.#announce(name, owner);
    return { outcome: 'created', owner };
  }

  async undo({ name, node, requestId }: CreateAttempt): Promise<HeldInstance | undefined> {
    const entry = this.#entry(instanceKey(name));
    if (entry?.content === undefined || entry.requestId !== requestId) return undefined;
    if (!sameNode(entry.owner.node, node)) return undefined;
    const undone = { name, ...entry.owner };
    await this.remove(undone);
    return undone;
  }

  async find(name: InstanceName): Promise<Ownership | undefined> {
    const entry = this.#entry(instanceKey(name));
    return entry?.content === undefined ? undefined : entry.owner;
  }

  async read(name: InstanceName): Promise<InstanceRecord | undefined> {
    const entry = this.#entry(instanceKey(name));
    return entry?.content === undefined ? undefined : recordOf(name, entry.owner, entry.content);
  }

  async claim({ name, from, to, reason }: ClaimRequest): Promise<ClaimOutcome> {
    const entry = this.#entry(instanceKey(name));
    if (entry?.content === undefined) return { outcome: 'gone' };
    if (!sameOwner(entry.owner, from)) return { outcome: 'moved', owner: entry.owner };
    const lease = this.#leaseOf(from.node.id);
    if (reason === 'expired' && lease !== undefined && sameNode(lease.record, from.node)) {
      return { outcome: 'alive', owner: entry.owner };
    }
    entry.owner = { node: identity(to), epoch: epochAfter(entry.owner.epoch, this.#now()) };
    entry.endsAt = this.#end();
    this.#announce(name, entry.owner);
    return { outcome: 'claimed', record: recordOf(name, entry.owner, entry.content) };
  }

  async write(writes: readonly StateWrite[]): Promise<readonly HoldOutcome[]> {
    return writes.map(({ held, change }) => {
      const entry = this.#entry(instanceKey(held.name));
      if (entry?.content === undefined || !sameOwner(entry.owner, held)) return lost(entry);
      apply(entry.content.state, change);
      entry.endsAt = this.#end();
      return { outcome: 'held' };
    });
  }

  async assert(records: readonly InstanceRecord[]): Promise<readonly HoldOutcome[]> {
    return records.map((record) => this.#assert(record));
  }

  async remove(held: HeldInstance): Promise<HoldOutcome> {
    const key = instanceKey(held.name);
    const entry = this.#entry(key);
    if (entry !== undefined && entry.content === undefined) return { outcome: 'held' };
    if (entry !== undefined && !sameOwner(entry.owner, held) && entry.owner.epoch >= held.epoch) return lost(entry);
    // Not by the clock: said again to a directory that came back empty, it must not keep a later holder from asserting.
    const owner = { node: identity(held.node), epoch: Math.max(held.epoch, entry?.owner.epoch ?? 0) + 1 };
    this.#entries.set(key, { name: held.name, owner, requestId: '', content: undefined, endsAt: this.#end() });
    this.#announce(held.name, undefined);
    return { outcome: 'held' };
  }

  async heldBy(node: NodeIdentity): Promise<readonly InstanceName[]> {
    const now = this.#now();
    return [...this.#entries.values()]
      .filter(({ owner, content, endsAt }) => content !== undefined && endsAt > now && sameNode(owner.node, node))
      .map(({ name }) => name);
  }

  watch(listener: (event: DirectoryEvent) => void): () => void {
    return this.#listeners.add(listener);
  }

  async close(): Promise<void> {
    this.#listeners.clear();
  }

  #lease(record: NodeRecord, outcome: 'kept' | 'restored'): LeaseOutcome {
    const before = this.#leases.get(record.id)?.record;
    this.#leases.set(record.id, { record, endsAt: this.#now() + this.#options.leaseMs });
    if (before === undefined || before.boot !== record.boot || before.state !== record.state) {
      this.#listeners.emit({ type: 'node', node: identity(record), state: record.state });
    }
    return outcome;
  }

  #leaseOf(id: string): Lease | undefined {
    const lease = this.#leases.get(id);
    return lease === undefined || lease.endsAt <= this.#now() ? undefined : lease;
  }

  #assert(record: InstanceRecord): HoldOutcome {
    const key = instanceKey(record.name);
    const entry = this.#entry(key);
    const known = entry?.owner.epoch ?? 0;
    if (entry !== undefined && known >= record.epoch) {
      if (entry.content === undefined || !sameOwner(entry.owner, record)) return lost(entry);
      entry.endsAt = this.#end();
      return { outcome: 'held' };
    }
    const owner = { node: identity(record.node), epoch: record.epoch };
    const content = { config: record.config, state: new Map(Object.entries(record.state)) };
    this.#entries.set(key, { name: record.name, owner, requestId: '', content, endsAt: this.#end() });
    this.#announce(record.name, owner);
    return { outcome: 'restored' };
  }

  #entry(key: string): Entry | undefined {
    this.#operations += 1;
    if (this.#operations % SWEEP_EVERY === 0) this.#sweep();
    const entry = this.#entries.get(key);
    return entry === undefined || entry.endsAt <= this.#now() ? undefined : entry;
  }

  #sweep(): void {
    const now = this.#now();
    for (const [key, { endsAt }] of this.#entries) if (endsAt <= now) this.#entries.delete(key);
    for (const [id, { endsAt }] of this.#leases) if (endsAt <= now) this.#leases.delete(id);
  }

  #end(): number {
    return this.#now() + this.#options.retentionMs;
  }

  #announce(name: InstanceName, owner: Ownership | undefined): void {
    this.#listeners.emit({ type: 'owner', name, owner });
  }
}

function identity({ id, boot }: NodeIdentity): NodeIdentity {
  return { id, boot };
}

function lost(entry: Entry | undefined): HoldOutcome {
  return { outcome: 'lost', owner: entry?.content === undefined ? undefined : entry.owner };
}

function recordOf(name: InstanceName, owner: Ownership, { config, state }: Content): InstanceRecord {
  return { name, ...owner, config, state: Object.fromEntries(state) };
}

function apply(state: Map<string, string>, { replace, set, remove }: StateChange): void {
  if (replace === true) state.clear();
  for (const field of remove ?? []) state.delete(field);
  for (const [field, value] of Object.entries(set ?? {})) state.set(field, value);
}
