import type { IncomingMessage } from 'node:http';
import type { InstanceName } from '@sluice/directory';
import { ApiError, type Attempt, formatAttempt, peerHeaders } from '@sluice/protocol';
import type { PeerTls } from '@sluice/runtime';
import { answerError } from './answers.ts';
import type { DeliveredAnswers } from './delivered.ts';
import { EarlyAnswers } from './early-answers.ts';
import type { EdgeHooks, Peers } from './edge-options.ts';
import type { EdgeRequest } from './edge-request.ts';
import type { ForwardOutcome } from './forward-attempt.ts';
import { Forwarder } from './forwarder.ts';
import type { NodeLink } from './known-nodes.ts';
import type { RequestBodies } from './request-body.ts';
import { SilentNodes } from './silent-nodes.ts';
import type { UndeliveredAnswers } from './undelivered.ts';

export interface PeerForwardingOptions {
  readonly bodies: RequestBodies;
  readonly delivered: DeliveredAnswers;
  readonly undelivered: UndeliveredAnswers;
  readonly peers: Peers | undefined;
  /** All other nodes that are known. */
  readonly links: () => Iterable<NodeLink>;
  readonly secret: string;
  readonly tls?: PeerTls | undefined;
  readonly pollTimeoutMs: number;
  readonly callTimeoutMs: number;
  readonly clientStallMs: number;
  /** Requests under way at one node at once. */
  readonly pollsMax: number;
  readonly callsMax: number;
  readonly hooks: EdgeHooks;
}

export type PeerOutcome =
  | ForwardOutcome
  /** Too many requests are under way at the node: nothing was sent, and the client has heard nothing. */
  | { readonly type: 'full' };

interface Told {
  readonly id: string;
  readonly name: InstanceName;
  readonly link: NodeLink;
  /** What the request took along. */
  readonly delivered: readonly string[] | undefined;
}

const PING_TIMEOUT_MS = 1000;
const MISDIRECTED = 421;
const ABANDONED: ForwardOutcome = { type: 'abandoned', sent: false };
const FULL: PeerOutcome = { type: 'full' };
const UNSENT = { type: 'failed', sent: false, refused: false, reused: false, reset: false, givenUp: false } as const;
const SPENT: ForwardOutcome = { ...UNSENT, error: new Error('The body is gone with the try before.') };
const SILENT = { ...UNSENT, error: new Error('The node is silent, and does not answer a ping.') };

/** Sends requests to other nodes as one node to another. */
export class PeerForwarding {
  readonly #options: PeerForwardingOptions;
  readonly #forwarder: Forwarder;
  readonly #early: EarlyAnswers;
  readonly #silent: SilentNodes;

  constructor(options: PeerForwardingOptions) {
    this.#options = options;
    this.#silent = new SilentNodes({
      links: options.links,
      ping: async (link) => await this.#ping(link),
      onSilent: (link, isNew) => this.#onSilent(link, isNew),
      now: () => performance.now(),
    });
    this.#forwarder = new Forwarder(options.tls, (heard) => this.#silent.look(heard));
    this.#early = new EarlyAnswers({ peers: options.peers, waiting: () => this.#forwarder.waiting() });
  }

  /** One try at one node; the client is answered when it says `answered` or `abandoned`. Never rejects. */
  async forward(r: EdgeRequest, link: NodeLink, attempt: Attempt): Promise<PeerOutcome> {
    const { pollsMax, callsMax } = this.#options;
    if (r.bodyState === 'unread' && !(await this.#prepare(r))) return ABANDONED;
    if (r.bodyState === 'streamed') return SPENT;
    if (this.#silent.isSilent(link)) return SILENT;
    if (r.kind === 'poll' ? link.polls >= pollsMax : link.calls >= callsMax) return FULL;
    return await this.#send(r, link, attempt);
  }

  /**
   * The node's lease is over: requests there that can be sent elsewhere need not wait for it. Others do as long as it
   * answers pings: it may have been cut off from the directory, or be about to end, and be answering them.
   */
  giveUp(link: NodeLink): void {
    const which = this.#silent.isSilent(link) ? 'all' : 'repeatable';
    this.#forwarder.giveUp(link, which, new Error("The node's lease is over."));
  }

  /** What is under way ends the connections of its clients with its answer. */
  retire(): void {
    this.#forwarder.retire();
  }

  /** From now on nodes answer the polls that are sent there at once. */
  answerPolls(): void {
    this.#early.begin();
  }

  close(): void {
    this.#early.end();
    this.#forwarder.close();
  }

  async #ping({ record }: NodeLink): Promise<boolean> {
    const { peers } = this.#options;
    try {
      // A connection that was kept may be what is broken.
      const answer = await peers?.call(record, 'ping', {}, { timeoutMs: PING_TIMEOUT_MS, fresh: true });
      return answer?.status !== MISDIRECTED;
    } catch {
      return false;
    }
  }

  #onSilent(link: NodeLink, isNew: boolean): void {
    if (isNew) this.#options.hooks.onSilent?.();
    const which = link.missingSince === undefined ? 'repeatable' : 'all';
    this.#forwarder.giveUp(link, which, SILENT.error);
  }

  async #prepare(r: EdgeRequest): Promise<boolean> {
    const outcome = await this.#options.bodies.prepare(r);
    if (outcome === 'late') answerError(r, new ApiError('requestTimeout'));
    return outcome === 'ready';
  }

  async #send(r: EdgeRequest, link: NodeLink, attempt: Attempt): Promise<ForwardOutcome> {
    const { hooks, pollTimeoutMs, callTimeoutMs, clientStallMs } = this.#options;
    const { kind, body, name } = r;
    const delivered = name === undefined ? undefined : this.#options.delivered.take(link, name);
    if (kind === 'poll') link.polls += 1;
    else link.calls += 1;
    if (body === undefined) r.stream();
    const startedAt = performance.now();
    const outcome = await this.#forwarder.forward({
      request: r.request,
      response: r.response,
      body,
      target: link,
      headers: this.#headersFor(r, link, delivered === undefined ? attempt : { ...attempt, delivered }),
      kind,
      // A node that ends closes all that it has; on a connection of its own the next try learns what is true.
      fresh: r.unanswered > 0,
      poll: kind === 'poll' && name !== undefined ? { link, name } : undefined,
      repeatable: r.isRepeatable,
      timeoutMs: kind === 'poll' ? pollTimeoutMs : callTimeoutMs,
      clientStallMs,
      onNodeDone: () => {
        if (kind === 'poll') link.polls -= 1;
        else link.calls -= 1;
      },
    });
    hooks.onForwarded?.(outcome.type, (performance.now() - startedAt) / 1000);
    if (outcome.type === 'declined') hooks.onDeclined?.(outcome.status);
    if (outcome.type === 'failed' && outcome.sent) r.unanswered += 1;
    if (name !== undefined) this.#tellAbout(outcome, { id: r.id, name, link, delivered });
    return outcome;
  }

  /** What the node has to know about this answer, and about those before it that it may not have heard of. */
  #tellAbout(outcome: ForwardOutcome, { id, name, link, delivered }: Told): void {
    // A node that did nothing, or whose client left, may not have read what went along.
    if (outcome.type !== 'answered' && delivered !== undefined) this.#options.delivered.tell(link, name, delivered);
    if (outcome.type === 'answered' && outcome.delivered && outcome.awaited) {
      this.#options.delivered.tell(link, name, [id]);
    } else if (isLost(outcome)) {
      this.#options.undelivered.tell(link.record, name, id);
    }
  }

  #headersFor({ request }: EdgeRequest, link: NodeLink, attempt: Attempt): Record<string, string> {
    const headers = formatAttempt(attempt);
    if (this.#options.secret !== '') headers[peerHeaders.secret] = this.#options.secret;
    headers[peerHeaders.target] = link.target;
    // Said as any proxy says it: links in the answer have the scheme that the client came with.
    if ('encrypted' in request.socket && request.headers['x-forwarded-proto'] === undefined) {
      headers['x-forwarded-proto'] = 'https';
    }
    if (request.headers.host === undefined) {
      const authority = localAuthority(request);
      headers[peerHeaders.authority] = authority;
      // Node would put the address of the node there.
      headers['host'] = authority;
    }
    return headers;
  }
}

/** The client has not got what the node may count as answered. */
function isLost(outcome: ForwardOutcome): boolean {
  return outcome.type === 'answered' ? !outcome.delivered : outcome.type === 'abandoned' && outcome.sent;
}

function localAuthority({ socket }: IncomingMessage): string {
  const { localAddress = '', localPort } = socket;
  return `${localAddress.includes(':') ? `[${localAddress}]` : localAddress}:${localPort}`;
}
