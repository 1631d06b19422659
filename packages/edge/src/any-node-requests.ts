import { answerUnavailable, answerUnknownOutcome } from './answers.ts';
import type { EdgeHooks, LocalNode, RetryReason } from './edge-options.ts';
import type { EdgeRequest } from './edge-request.ts';
import type { KnownNodes, NodeLink } from './known-nodes.ts';
import type { PeerForwarding, PeerOutcome } from './peer-forwarding.ts';

export interface AnyNodeRequestsOptions {
  readonly local: LocalNode | undefined;
  readonly nodes: KnownNodes;
  readonly forwarding: PeerForwarding;
  readonly hooks: EdgeHooks;
  readonly random: () => number;
}

/** Nodes that one request is tried at. */
const TRIES_MAX = 5;
/** A request that changes nothing, and was sent and not answered, is sent once more: it may be what kills nodes. */
const REPEATS_MAX = 1;

/** Requests that any node can serve: the one in this process if there is one, else the less busy of two. */
export class AnyNodeRequests {
  readonly #options: AnyNodeRequestsOptions;

  constructor(options: AnyNodeRequestsOptions) {
    this.#options = options;
  }

  async serve(r: EdgeRequest): Promise<void> {
    const { local, hooks } = this.#options;
    if (local !== undefined) {
      const served = await local.serve(r.request, r.response, { requestId: r.id, body: r.bodyRead });
      if (served.type === 'answered') return;
      if (served.body !== undefined) r.keep(served.body);
      hooks.onRetry?.('declined');
    }
    await this.#serveElsewhere(r);
  }

  /** What changes something is never sent twice: what has reached a node may have been done, and nobody can tell. */
  async #serveElsewhere(r: EdgeRequest): Promise<void> {
    const { forwarding, hooks } = this.#options;
    const tried: NodeLink[] = [];
    let failures = 0;
    while (tried.length < TRIES_MAX && r.bodyState !== 'streamed') {
      const link = this.#choose(tried);
      if (link === undefined || r.isOver) break;
      tried.push(link);
      const outcome = await forwarding.forward(r, link, { requestId: r.id });
      if (outcome.type === 'answered' || outcome.type === 'abandoned') return;
      const isUnanswered = outcome.type === 'failed' && outcome.sent;
      if (isUnanswered && !outcome.givenUp) failures += 1;
      if (isUnanswered && (!r.isSafe || failures > REPEATS_MAX)) {
        answerUnknownOutcome(r);
        return;
      }
      hooks.onRetry?.(reasonOf(outcome));
    }
    if (!r.isOver) answerUnavailable(r, { why: 'No node could take the request.' });
  }

  /** The less busy of two at random, as far as this edge made them so. */
  #choose(tried: readonly NodeLink[]): NodeLink | undefined {
    const { nodes, random } = this.#options;
    const open = tried.length === 0 ? nodes.open : nodes.open.filter((link) => !tried.includes(link));
    const { length } = open;
    const i = Math.min(length - 1, Math.floor(random() * length));
    const first = open[i];
    if (length < 2 || first === undefined) return first;
    const second = open[(i + 1 + Math.min(length - 2, Math.floor(random() * (length - 1)))) % length] as NodeLink;
    return first.calls + first.polls <= second.calls + second.polls ? first : second;
  }
}

function reasonOf(outcome: Extract<PeerOutcome, { type: 'failed' | 'declined' | 'full' }>): RetryReason {
  if (outcome.type !== 'failed') return outcome.type;
  return outcome.sent ? 'failed' : 'unreachable';
}
