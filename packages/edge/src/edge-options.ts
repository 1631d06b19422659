import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Directory, InstanceName, NodeIdentity, NodeRecord, Ownership } from '@sluice/directory';
import type { Attempt, Dialect } from '@sluice/protocol';
import type { PeerTls } from '@sluice/runtime';
import type { LookupSource } from './owner-lookup.ts';

/** The worker in the same process (role `node`): what it holds is served without a hop. */
export interface LocalNode {
  readonly identity: NodeIdentity;
  /** Since when it holds the instance; undefined when it does not. Asked for each request: it must cost next to nothing. */
  epochOf(name: InstanceName): number | undefined;
  /** Never rejects. */
  serve(request: IncomingMessage, response: ServerResponse, attempt: LocalAttempt): Promise<Served>;
}

export interface LocalAttempt extends Attempt {
  /** The whole body, when it was read already. */
  readonly body?: Buffer | undefined;
}

export type Served =
  | { readonly type: 'answered' }
  | {
      /** Nothing was done, and the client has heard nothing. */
      readonly type: 'declined';
      /** Who holds the instance, as far as the node knows. */
      readonly owner: Ownership | undefined;
      /** The body, if it was read. */
      readonly body: Buffer | undefined;
      /** It drains: somebody else may do it. */
      readonly busy: boolean;
      /** It has no place for another instance. */
      readonly full?: boolean;
    };

/** Calls to other nodes' internal listeners. */
export interface Peers {
  /** Rejects when the node could not be asked in time. */
  call(
    node: Pick<NodeRecord, 'id' | 'boot' | 'address'>,
    name: string,
    body: unknown,
    options: {
      readonly timeoutMs: number;
      /** Over a connection of its own. */
      readonly fresh?: boolean;
    },
  ): Promise<{ readonly status: number; readonly body: unknown }>;
}

/** Why a request is tried again. */
export type RetryReason =
  /** The node's port refused, or it could not be reached: nothing was sent. */
  | 'unreachable'
  | 'declined'
  /** Too many requests of this edge are under way at the node: nothing was sent. */
  | 'full'
  /** Sent, and no answer came. */
  | 'failed';

/** What was tried last for a request that could not be brought to the holder of its instance. */
export interface LastTry {
  /** Who was asked, as its holder or to take it over from that one. */
  readonly owner: Ownership | undefined;
  /** The status with which it declined, or why there was no answer. */
  readonly outcome: number | 'unreachable' | 'unknown owner';
  /** Whom the one who declined believes to be the holder. */
  readonly told: Ownership | undefined;
}

/** For the metrics and the log. Each is called synchronously and must not throw. */
export interface EdgeHooks {
  /** Where the answer to "who holds this instance?" came from. */
  readonly onLookup?: (source: LookupSource) => void;
  /** A node did nothing and said so: 421, 503 while it drains, or 429 when it is full. */
  readonly onDeclined?: (status: number) => void;
  readonly onRetry?: (reason: RetryReason) => void;
  /** A request that waited while its instance moved goes on, or is answered 503. */
  readonly onHeld?: (seconds: number, outcome: 'served' | 'refused' | 'abandoned') => void;
  /** A request was answered 503 because its instance was nowhere to be had in time. */
  readonly onGivenUp?: (name: InstanceName, requestId: string, last: LastTry | undefined) => void;
  /** A node was asked to take an instance over. */
  readonly onTakeover?: (reason: 'expired' | 'refused') => void;
  /** A node has answered nothing for a while, and no ping. */
  readonly onSilent?: () => void;
  /** One try at one node. */
  readonly onForwarded?: (outcome: 'answered' | 'declined' | 'failed' | 'abandoned', seconds: number) => void;
  /** An answer did not reach its client, and its node was told. */
  readonly onUndelivered?: () => void;
  /** All nodes were asked who holds an instance. */
  readonly onScatter?: (found: boolean) => void;
  /** The directory could not be asked for the nodes, or a fault of this program. */
  readonly onError?: (error: unknown) => void;
}

export interface EdgeOptions {
  readonly directory: Pick<Directory, 'find' | 'nodes' | 'watch'>;
  /** Absent in role `edge`. */
  readonly local?: LocalNode | undefined;
  /** Absent in a proxy that stands alone. */
  readonly peers?: Peers | undefined;
  /** The routes and words that clients are served with; Confluent's by default. */
  readonly dialect?: Dialect;
  /** `sluice.cluster.secret`; empty: nodes know each other by certificates alone. */
  readonly secret: string;
  /** Undefined: in clear. */
  readonly tls?: PeerTls | undefined;
  /** `sluice.lease.ms`: requests are held for so long and two seconds more. */
  readonly leaseMs: number;
  /** `sluice.edge.held.max`: requests waiting at once; each further one is answered 503. */
  readonly heldMax: number;
  /** `sluice.edge.buffer.max.bytes`: larger bodies are passed on as they come, and cannot be sent again. */
  readonly bufferMaxBytes: number;
  /** `sluice.edge.owners.max`. */
  readonly ownersMax: number;
  /** All bodies kept at once; beyond it they are passed on as they come. 128 MiB by default. */
  readonly bufferTotalMaxBytes?: number;
  /** A body must have come within so many ms; 30000 by default. */
  readonly bodyTimeoutMs?: number;
  /** Longest silence of a node that was sent a read of records, which may wait; 75000 by default. */
  readonly pollTimeoutMs?: number;
  /** Longest silence of a node that was sent anything else; 60000 by default. */
  readonly callTimeoutMs?: number;
  /** A client that takes nothing of its answer for so long is cut off; 30000 by default. */
  readonly clientStallMs?: number;
  /** Requests under way at one node at once: reads that wait (8192 by default), and all others (4096). */
  readonly pollsMax?: number;
  readonly callsMax?: number;
  readonly hooks?: EdgeHooks;
  /** From 0 to 1, as `Math.random`. */
  readonly random?: () => number;
}
