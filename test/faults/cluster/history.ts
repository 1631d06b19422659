/** What the instances of the loads are called. */
export interface InstanceName {
  readonly group: string;
  readonly instance: string;
}

export interface PartitionOffset {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** A record that was acknowledged, or read: where it is said to stand, and what it holds. */
export interface PlacedRecord extends PartitionOffset {
  readonly value: string;
}

/** How a request ended, as its client saw it. */
export type Outcome =
  | {
      readonly type: 'answered';
      readonly status: number;
      readonly errorCode: number | undefined;
      /** `x-request-id` of the answer. */
      readonly requestId: string | undefined;
      /** Whether a 503 said when to try again, and so that nothing was done. */
      readonly retryAfter: boolean;
      /** `x-sluice-node` of the answer, where a build tells it: node, boot and epoch, joined by semicolons. */
      readonly node: string | undefined;
    }
  /** No answer, or half of one. ECONNREFUSED: nobody took the request. */
  | { readonly type: 'failed'; readonly code: string };

interface Request {
  readonly client: string;
  /** Which public address it went to. */
  readonly url: string;
  /** `x-request-id` as sent; each attempt has its own. */
  readonly requestId: string;
  /** Monotonic, in milliseconds since the history began; the two enclose whatever the request did. */
  readonly sentAt: number;
  readonly endedAt: number;
  readonly outcome: Outcome;
}

export interface ProduceCall extends Request {
  readonly operation: 'produce';
  readonly topic: string;
  readonly sent: readonly { readonly partition: number; readonly value: string }[];
  readonly acknowledged: readonly PlacedRecord[];
}

export interface ReadCall extends Request, InstanceName {
  readonly operation: 'read';
  /** Sent with an Idempotency-Key, and repeated with it until it is answered. */
  readonly keyed: boolean;
  readonly records: readonly PlacedRecord[];
}

export interface CommitCall extends Request, InstanceName {
  readonly operation: 'commit';
  /** The records that it names, as the API wants it: the group goes on one behind. Undefined: what was delivered. */
  readonly offsets: readonly PartitionOffset[] | undefined;
}

export interface LifeCall extends Request, InstanceName {
  readonly operation: 'create' | 'subscribe' | 'assign' | 'delete';
}

export type InstanceCall = ReadCall | CommitCall | LifeCall;
export type Call = ProduceCall | InstanceCall;
export type Operation = Call['operation'];

/** Committed offsets as Kafka itself gave them, asked for beside the proxy. */
export interface Observation {
  readonly operation: 'observe';
  readonly group: string;
  readonly sentAt: number;
  readonly endedAt: number;
  readonly offsets: readonly PartitionOffset[];
}

export type Entry = Call | Observation;

/** What all clients of a run sent and saw, in the order in which they knew the outcome. */
export class History {
  readonly #start = performance.now();
  readonly #entries: Entry[] = [];

  /** Monotonic, in milliseconds since the history began. */
  now(): number {
    return performance.now() - this.#start;
  }

  append(entry: Entry): void {
    this.#entries.push(entry);
  }

  get entries(): readonly Entry[] {
    return this.#entries;
  }
}

/** 2xx. */
export function succeeded(entry: Entry): boolean {
  if (entry.operation === 'observe') return true;
  return entry.outcome.type === 'answered' && entry.outcome.status >= 200 && entry.outcome.status < 300;
}

/** The client may count on it that nothing was done: nobody took it, or it was told to come back. */
export function refused(call: Call): boolean {
  const { outcome } = call;
  return outcome.type === 'failed' ? outcome.code === 'ECONNREFUSED' : outcome.status === 503 && outcome.retryAfter;
}

/** Whether the entry shows that its operation gets on, not just that it is answered. */
export function isProgress(entry: Entry): boolean {
  if (!succeeded(entry)) return false;
  if (entry.operation === 'read') return entry.records.length > 0;
  return entry.operation !== 'produce' || entry.acknowledged.length > 0;
}
