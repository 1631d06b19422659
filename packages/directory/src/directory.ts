/** A consumer instance as its clients name it. */
export interface InstanceName {
  readonly group: string;
  readonly instance: string;
}

/** One life of a node: the id stays through restarts, the boot id does not. */
export interface NodeIdentity {
  readonly id: string;
  readonly boot: string;
}

/** What a node tells about itself with each renewal of its lease. Plain data; nobody checks it. */
export interface NodeRecord extends NodeIdentity {
  /** Where its internal listener is. */
  readonly address: string;
  /** A draining node keeps what it holds until it is handed over, and gets nothing new. */
  readonly state: 'up' | 'draining';
  /** Version of the instance records that it writes; it reads this one and the one before. */
  readonly recordVersion: number;
  readonly build: string;
  readonly load: NodeLoad;
}

export interface NodeLoad {
  readonly instances: number;
  readonly instancesMax: number;
  /** Of the event loop, 0 to 1. */
  readonly utilization: number;
}

/** Who holds an instance. The epoch grows with every change of hands; with the boot id it tells two holders apart. */
export interface Ownership {
  readonly node: NodeIdentity;
  readonly epoch: number;
}

/** An instance in the hands of a node: what each change of its record names, and is refused without. */
export interface HeldInstance extends Ownership {
  readonly name: InstanceName;
}

/** What is known of an instance: enough for another node to go on with it. */
export interface InstanceRecord extends HeldInstance {
  /** What it was made with. Text that the directory does not look into. */
  readonly config: string;
  /** Subscription, assignment, positions: fields that the directory does not look into. */
  readonly state: Readonly<Record<string, string>>;
}

export interface CreateRequest {
  readonly name: InstanceName;
  readonly node: NodeIdentity;
  readonly config: string;
  /** The fields that it begins with. */
  readonly state?: Readonly<Record<string, string>>;
  /** Of the client's request: sent again, it finds its own instance and not somebody else's. */
  readonly requestId: string;
}

/** Names a create by what it was asked for with: whether it happened is not known. */
export type CreateAttempt = Pick<CreateRequest, 'name' | 'node' | 'requestId'>;

export type CreateOutcome =
  | { readonly outcome: 'created' | 'repeated'; readonly owner: Ownership }
  /** The name is taken. */
  | { readonly outcome: 'exists'; readonly owner: Ownership }
  /** The directory came back without its memory, or its last writes, and owners may still restore theirs. */
  | { readonly outcome: 'unsettled'; readonly retryAfterMs: number };

export interface ClaimRequest {
  readonly name: InstanceName;
  /** Whom the instance is taken from: refused when it has changed hands since. */
  readonly from: Ownership;
  readonly to: NodeIdentity;
  /**
   * `expired`: refused while the holder's lease runs. `refused`: its port refused twice, and Kafka fences whoever is
   * wrong (subscribed instances only). `handover`: the holder asks for it.
   */
  readonly reason: 'expired' | 'refused' | 'handover';
}

export type ClaimOutcome =
  | { readonly outcome: 'claimed'; readonly record: InstanceRecord }
  /** Somebody else was first. */
  | { readonly outcome: 'moved'; readonly owner: Ownership }
  | { readonly outcome: 'alive'; readonly owner: Ownership }
  | { readonly outcome: 'gone' };

export interface StateChange {
  /** Everything that was there goes first. */
  readonly replace?: boolean;
  readonly set?: Readonly<Record<string, string>>;
  readonly remove?: readonly string[];
}

export interface StateWrite {
  readonly held: HeldInstance;
  readonly change: StateChange;
}

/** `lost`: the instance is another's by now (whose is said when it is known), or deleted. Serve it no more. */
export type HoldOutcome =
  | { readonly outcome: 'held' }
  | { readonly outcome: 'restored' }
  | { readonly outcome: 'lost'; readonly owner: Ownership | undefined };

/**
 * `kept`: the lease ran on without a gap. `restored`: it had run out, or the directory may have forgotten things: others
 * may have claimed what this node held, so each instance is asserted before it is served as owned. `replaced`: another
 * process runs under this node's id; nothing was renewed.
 */
export type LeaseOutcome = 'kept' | 'restored' | 'replaced';

export type DirectoryEvent =
  | { readonly type: 'owner'; readonly name: InstanceName; readonly owner: Ownership | undefined }
  | { readonly type: 'node'; readonly node: NodeIdentity; readonly state: 'up' | 'draining' | 'gone' }
  /** Events may have been missed: nothing that was learned from them holds any more. */
  | { readonly type: 'gap' }
  /** The directory may have lost its last writes: what is held is to be said again. */
  | { readonly type: 'lapse' };

/**
 * Who holds which consumer instance, and where the nodes are. A soft index: the nodes that hold instances are the truth
 * and restore what is missing here; the highest epoch wins. All arguments and answers are plain data.
 *
 * Every call ends within the directory's own deadline.
 * @throws DirectoryUnavailable from each call
 */
export interface Directory {
  /** A new life of a node begins: whoever had its id before is replaced. */
  register(node: NodeRecord): Promise<LeaseOutcome>;
  /** Prolongs the lease by its whole length, counted from before the call. */
  renew(node: NodeRecord): Promise<LeaseOutcome>;
  /** Ends the lease at once. */
  leave(node: NodeIdentity): Promise<void>;
  /** The nodes whose leases run; while the directory may have forgotten some, those as well that were listed before. */
  nodes(): Promise<readonly NodeRecord[]>;

  create(request: CreateRequest): Promise<CreateOutcome>;
  /** Removes the instance if this very request made it. @returns what it had made */
  undo(attempt: CreateAttempt): Promise<HeldInstance | undefined>;
  /** @throws DirectoryUnavailable, too, for an unknown name while owners may still restore what was forgotten */
  find(name: InstanceName): Promise<Ownership | undefined>;
  /** All that is known of an instance. @throws as `find` */
  read(name: InstanceName): Promise<InstanceRecord | undefined>;
  claim(request: ClaimRequest): Promise<ClaimOutcome>;
  /** In order; one round trip for all of them. */
  write(writes: readonly StateWrite[]): Promise<readonly HoldOutcome[]>;
  /** The holder says again what it holds; what the directory has forgotten, or knows an older holder of, is restored. */
  assert(records: readonly InstanceRecord[]): Promise<readonly HoldOutcome[]>;
  /** For good: nobody who held the instance before can bring it back. */
  remove(held: HeldInstance): Promise<HoldOutcome>;
  /** What a life of a node was given and has not lost; may name instances that are gone. */
  heldBy(node: NodeIdentity): Promise<readonly InstanceName[]>;

  /** @returns a function that ends it */
  watch(listener: (event: DirectoryEvent) => void): () => void;
  close(): Promise<void>;
}

/** The directory did not answer. What was asked for may have happened all the same. */
export class DirectoryUnavailable extends Error {
  constructor(message: string, options?: { readonly cause: unknown }) {
    super(message, options);
    this.name = 'DirectoryUnavailable';
  }
}
