import type { IncomingMessage, ServerResponse } from 'node:http';
import { ApiError, type Dialect, matchRoute, plainDialect } from '@sluice/protocol';
import { answerError } from './answers.ts';
import { AnyNodeRequests } from './any-node-requests.ts';
import { CreateRequests } from './create-requests.ts';
import { DeliveredAnswers } from './delivered.ts';
import type { EdgeHooks, EdgeOptions } from './edge-options.ts';
import { EdgeRequest } from './edge-request.ts';
import { cleanRequestHeaders } from './headers.ts';
import { Holding } from './holding.ts';
import { InstanceRequests } from './instance-requests.ts';
import { KnownNodes } from './known-nodes.ts';
import { OwnerCache } from './owner-cache.ts';
import { OwnerLookup } from './owner-lookup.ts';
import { PeerForwarding } from './peer-forwarding.ts';
import { Placement } from './placement.ts';
import { RequestBodies } from './request-body.ts';
import { Scatter } from './scatter.ts';
import { UndeliveredAnswers } from './undelivered.ts';

const OWNER_TTL_MS = 10_000;
/** Longer than the longest poll: an instance that is read from all the time has its owner always at hand. */
const OWNER_AGEING_MS = 60_000;
const OWNER_RENEWAL_MS = 1000;
const UNKNOWN_TTL_MS = 1000;
/** Look-ups under way at once. */
const LOOKUPS_MAX = 5000;
/** Look-ups that find nothing, in a second. */
const UNKNOWN_MAX = 1000;
/** The nodes are asked for that often within a lease, and at least. */
const REFRESHES_PER_LEASE = 10;
const REFRESH_MAX_MS = 1000;
/** After a node's lease is over another takes its instance: that takes a while, too. */
const TAKEOVER_MS = 2000;

const NO_HOOKS: EdgeHooks = {};

const DEFAULTS = {
  dialect: plainDialect,
  bufferTotalMaxBytes: 128 * 1024 * 1024,
  bodyTimeoutMs: 30_000,
  pollTimeoutMs: 75_000,
  callTimeoutMs: 60_000,
  clientStallMs: 30_000,
  pollsMax: 8192,
  callsMax: 4096,
  hooks: NO_HOOKS,
  random: Math.random,
};

/**
 * The listener of the public HTTP server in a cluster: finds out who is to serve a request, here or elsewhere, and
 * keeps at it while instances move. Holds nothing that matters: an edge may be killed at any time.
 */
export class Edge {
  readonly #directory: EdgeOptions['directory'];
  readonly #hooks: EdgeHooks;
  readonly #dialect: Dialect;
  /** Paths other than those of consumers need not be looked at. */
  readonly #hasLocal: boolean;
  readonly #cache: OwnerCache;
  readonly #lookup: OwnerLookup;
  readonly #nodes: KnownNodes;
  readonly #bodies: RequestBodies;
  readonly #delivered: DeliveredAnswers;
  readonly #undelivered: UndeliveredAnswers;
  readonly #forwarding: PeerForwarding;
  readonly #holding: Holding;
  readonly #anyNode: AnyNodeRequests;
  readonly #creates: CreateRequests;
  readonly #instances: InstanceRequests;
  #unwatch: (() => void) | undefined;
  #retired = false;

  constructor(given: EdgeOptions) {
    const options = { ...DEFAULTS, ...given };
    const { directory, local, peers, hooks, random } = options;
    const now = (): number => performance.now();
    const placement = new Placement({ random, now, forgetAfterMs: options.leaseMs });
    this.#directory = directory;
    this.#hooks = hooks;
    this.#dialect = options.dialect;
    this.#hasLocal = local !== undefined;
    this.#cache = new OwnerCache({
      ttlMs: OWNER_TTL_MS,
      ageingMs: OWNER_AGEING_MS,
      unknownTtlMs: UNKNOWN_TTL_MS,
      entriesMax: options.ownersMax,
      now,
    });
    this.#nodes = new KnownNodes({
      directory,
      refreshMs: Math.min(REFRESH_MAX_MS, options.leaseMs / REFRESHES_PER_LEASE),
      self: local?.identity,
      tls: options.tls,
      onChange: (nodes) => placement.keepOnly(nodes),
      onGone: (link) => this.#forwarding.giveUp(link),
      onError: hooks.onError,
      now,
    });
    this.#bodies = new RequestBodies({
      maxBytes: options.bufferMaxBytes,
      totalMaxBytes: options.bufferTotalMaxBytes,
      timeoutMs: options.bodyTimeoutMs,
    });
    this.#delivered = new DeliveredAnswers(peers);
    this.#undelivered = new UndeliveredAnswers(peers, hooks.onUndelivered);
    const told = { delivered: this.#delivered, undelivered: this.#undelivered };
    this.#forwarding = new PeerForwarding({
      ...options,
      ...told,
      peers,
      links: () => this.#nodes.links,
      bodies: this.#bodies,
    });
    this.#holding = new Holding({
      heldMax: options.heldMax,
      longestMs: options.leaseMs + TAKEOVER_MS,
      random,
      onHeld: hooks.onHeld,
    });
    const shared = { local, hooks, random, nodes: this.#nodes, cache: this.#cache, forwarding: this.#forwarding };
    this.#anyNode = new AnyNodeRequests(shared);
    this.#creates = new CreateRequests({ ...shared, placement });
    this.#lookup = new OwnerLookup({
      directory,
      cache: this.#cache,
      pendingMax: LOOKUPS_MAX,
      unknownMax: UNKNOWN_MAX,
      now,
      renewAfterMs: OWNER_RENEWAL_MS,
      ...(hooks.onLookup === undefined ? {} : { onLookup: hooks.onLookup }),
    });
    this.#instances = new InstanceRequests({
      ...shared,
      lookup: this.#lookup,
      scatter: new Scatter(this.#nodes, peers, hooks.onScatter),
      undelivered: this.#undelivered,
      holding: this.#holding,
      anyNode: this.#anyNode,
    });
  }

  /** Resolves when the directory was asked for the nodes, whether it answered or not. */
  async start(): Promise<void> {
    this.#unwatch = this.#directory.watch((event) => {
      this.#cache.hear(event);
      if (event.type === 'owner') this.#holding.wake(event.name);
    });
    await this.#nodes.start();
  }

  /** Requests that wait while their instances move. */
  get held(): number {
    return this.#holding.size;
  }

  /** Instances whose owners are remembered. */
  get owners(): number {
    return this.#cache.size;
  }

  /** The listener of the HTTP server. */
  serve(request: IncomingMessage, response: ServerResponse): void {
    cleanRequestHeaders(request);
    if (this.#retired) response.shouldKeepAlive = false;
    const url = request.url ?? '/';
    const isLocal = this.#hasLocal && !isForConsumers(url);
    const match = isLocal ? undefined : matchRoute(request.method ?? 'GET', url, this.#dialect);
    void this.#serve(new EdgeRequest(request, response, match));
  }

  /** Goes on serving. Connections end with their answers, where no others come behind: clients come back elsewhere. */
  retire(): void {
    this.#retired = true;
    this.#forwarding.retire();
  }

  /** Polls that wait at other nodes, or will, are answered with what there is: the process has no time for them. */
  answerPolls(): void {
    this.retire();
    this.#forwarding.answerPolls();
  }

  /** As `answerPolls`. Requests that wait for an instance are answered 503, and none waits any more; others are served. */
  drain(): void {
    this.answerPolls();
    this.#holding.drain();
  }

  /** After the HTTP server is closed. */
  async close(): Promise<void> {
    this.drain();
    this.#unwatch?.();
    this.#nodes.stop();
    this.#lookup.stop();
    await Promise.all([this.#delivered.settled(), this.#undelivered.settled()]);
    this.#forwarding.close();
  }

  async #serve(r: EdgeRequest): Promise<void> {
    const { match, name } = r;
    try {
      if (name !== undefined) await this.#instances.serve(r, name);
      else if (match?.kind === 'match' && match.operation === 'consumers.create') await this.#creates.serve(r);
      else await this.#anyNode.serve(r);
    } catch (error) {
      this.#hooks.onError?.(error);
      answerError(r, new ApiError('internal'));
    } finally {
      this.#bodies.release(r);
    }
  }
}

/** Whether it can be, at least: a request target may begin with a scheme and a host. */
function isForConsumers(url: string): boolean {
  return url.startsWith('/consumers/') || !url.startsWith('/');
}
