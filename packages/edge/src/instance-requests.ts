import { type InstanceName, type NodeRecord, type Ownership, sameNode, takeoverOrder } from '@sluice/directory';
import type { Attempt, PeerClaim } from '@sluice/protocol';
import { answerDeleted, answerUnavailable, answerUnknownOutcome } from './answers.ts';
import type { AnyNodeRequests } from './any-node-requests.ts';
import type { EdgeHooks, LastTry, LocalNode, RetryReason } from './edge-options.ts';
import type { EdgeRequest } from './edge-request.ts';
import type { ForwardFailure } from './forward-attempt.ts';
import type { Holding } from './holding.ts';
import type { KnownNodes, NodeLink } from './known-nodes.ts';
import type { OwnerCache } from './owner-cache.ts';
import type { OwnerLookup } from './owner-lookup.ts';
import type { PeerForwarding, PeerOutcome } from './peer-forwarding.ts';
import type { Scatter } from './scatter.ts';
import type { UndeliveredAnswers } from './undelivered.ts';

export interface InstanceRequestsOptions {
  readonly local: LocalNode | undefined;
  readonly nodes: KnownNodes;
  readonly cache: OwnerCache;
  readonly lookup: OwnerLookup;
  readonly scatter: Scatter;
  readonly forwarding: PeerForwarding;
  readonly undelivered: UndeliveredAnswers;
  readonly holding: Holding;
  readonly anyNode: AnyNodeRequests;
  readonly hooks: EdgeHooks;
}

/** Looks without a pause between them; then whoever is wrong gets time to notice. */
const LOOKS_MAX = 4;
/** Nodes that are asked to take an instance over at each look. */
const TAKERS_MAX = 3;
/** What was sent and not answered is sent once more. */
const REPEATS_MAX = 1;

const ANSWERED_HERE: PeerOutcome = { type: 'answered', status: 200, delivered: true, awaited: false };

/** `look`: at once, something is known now. `wait`: it will be known in a moment, perhaps. */
type Step = 'done' | 'look' | 'wait';

interface Progress {
  readonly r: EdgeRequest;
  readonly name: InstanceName;
  /** A try was sent and not answered: it may have been done. */
  isUnanswered: boolean;
  /** Where the last such try went, until an answer came: it may count records as read that the client never got. */
  unansweredAt: NodeRecord | undefined;
  /** Such tries, those apart that ended with the lease of their node, or in the queue of a dying one. */
  failures: number;
  /** One went into a port that nobody accepts at any more. */
  wasQueued: boolean;
  looks: number;
  /** The epoch whose holder keeps it until its lease is over, though its port refuses: it is not Kafka that fences it. */
  keptEpoch: number | undefined;
  /** The directory was asked anew since the owner's port refused. */
  isOwnerConfirmed: boolean;
  last: LastTry | undefined;
}

const NO_PROGRESS = {
  isUnanswered: false,
  unansweredAt: undefined,
  failures: 0,
  wasQueued: false,
  looks: 0,
  keptEpoch: undefined,
  isOwnerConfirmed: false,
  last: undefined,
};

/** What a node said to a try at it. */
interface Reply {
  readonly outcome: PeerOutcome;
  readonly owner?: Ownership | undefined;
  /** Undefined: the one in this process. */
  readonly by?: NodeRecord | undefined;
}

/** Requests for a consumer instance: they go to the node that holds it, wherever it is by now. */
export class InstanceRequests {
  readonly #options: InstanceRequestsOptions;

  constructor(options: InstanceRequestsOptions) {
    this.#options = options;
  }

  async serve(r: EdgeRequest, name: InstanceName): Promise<void> {
    const { local, holding, undelivered } = this.#options;
    const told = local?.epochOf(name) === undefined ? undelivered.pending(name) : undefined;
    if (told !== undefined) await told;
    const progress: Progress = { r, name, ...NO_PROGRESS };
    let hold: ReturnType<Holding['begin']>;
    try {
      for (;;) {
        const step = await this.#look(progress);
        if (step === 'done' || r.isOver) return;
        if (r.bodyState === 'streamed') return this.#giveUp(progress);
        progress.looks += 1;
        if (step === 'look' && progress.looks % LOOKS_MAX !== 0) continue;
        hold ??= holding.begin(r);
        const outcome = hold === undefined ? 'over' : await hold.pause();
        if (outcome === 'look') continue;
        return outcome === 'gone' ? undefined : this.#giveUp(progress);
      }
    } finally {
      if (hold !== undefined) holding.end(hold);
      this.#tellUnanswered(progress);
    }
  }

  #giveUp({ r, name, isUnanswered, last }: Progress): void {
    this.#options.hooks.onGivenUp?.(name, r.id, last);
    const why = 'The instance is on its way to another node.';
    answerUnavailable(r, { why, isDone: isUnanswered ? 'perhaps' : 'no' });
  }

  /** The client got an error, or went: what the node may have sent is to be read again, and not lost. */
  #tellUnanswered({ r, name, unansweredAt }: Progress): void {
    if (unansweredAt === undefined || r.kind !== 'poll') return;
    const { nodes, undelivered } = this.#options;
    // What its successor reads begins at what was committed.
    undelivered.tell(unansweredAt, name, r.id, () => nodes.find(unansweredAt) !== undefined);
  }

  async #look(progress: Progress): Promise<Step> {
    const { local, lookup, scatter, cache, anyNode } = this.#options;
    const { r, name } = progress;
    const epoch = local?.epochOf(name);
    if (epoch !== undefined) return await this.#toLocal(progress, { requestId: r.id, epoch });
    const found = lookup.remembered(name) ?? (await lookup.find(name));
    switch (found.type) {
      case 'owner':
        return await this.#toOwner(progress, found.owner);
      case 'unknown':
        // What was not answered did happen.
        if (progress.isUnanswered && isDelete(r)) answerDeleted(r);
        else await anyNode.serve(r);
        return 'done';
      case 'unavailable': {
        const owner = await scatter.find(name);
        if (owner === undefined) {
          progress.last = { owner, outcome: 'unknown owner', told: undefined };
          return 'wait';
        }
        cache.set(name, owner);
        return await this.#toOwner(progress, owner);
      }
      case 'overloaded':
        answerUnavailable(r, { why: 'Too many instances are being looked for.' });
        return 'done';
      default:
        return found satisfies never;
    }
  }

  async #toOwner(progress: Progress, owner: Ownership): Promise<Step> {
    const { nodes, forwarding } = this.#options;
    const { r } = progress;
    const attempt = { requestId: r.id, epoch: owner.epoch };
    if (nodes.isSelf(owner.node)) return await this.#toLocal(progress, attempt, owner);
    const link = nodes.find(owner.node) ?? (await nodes.findNow(owner.node));
    if (link === undefined) return await this.#takeOver(progress, { from: owner, reason: 'expired' });
    const outcome = await forwarding.forward(r, link, attempt);
    if (outcome.type === 'failed' && !outcome.sent) return await this.#unreachable(progress, owner, link, outcome);
    return this.#judge(progress, { outcome, owner, by: link.record });
  }

  async #unreachable(progress: Progress, owner: Ownership, link: NodeLink, outcome: ForwardFailure): Promise<Step> {
    const { nodes, cache, hooks } = this.#options;
    hooks.onRetry?.('unreachable');
    void nodes.recheck();
    progress.last = { owner, outcome: 'unreachable', told: undefined };
    if (!progress.isOwnerConfirmed) {
      progress.isOwnerConfirmed = true;
      cache.drop(progress.name, owner);
    }
    const isGone = outcome.refused && link.refused(performance.now());
    if (!isGone || progress.keptEpoch === owner.epoch) return 'wait';
    return await this.#takeOver(progress, { from: owner, reason: 'refused' });
  }

  async #toLocal(progress: Progress, attempt: Attempt, owner?: Ownership): Promise<Step> {
    return this.#judge(progress, { outcome: await this.#tryLocal(progress.r, attempt), owner });
  }

  async #tryLocal(r: EdgeRequest, attempt: Attempt): Promise<PeerOutcome> {
    const { local, hooks } = this.#options;
    if (local === undefined) return { type: 'declined', status: 421, owner: undefined };
    const served = await local.serve(r.request, r.response, { ...attempt, body: r.bodyRead });
    if (served.type === 'answered') return ANSWERED_HERE;
    if (served.body !== undefined) r.keep(served.body);
    const status = served.busy ? 503 : 421;
    hooks.onDeclined?.(status);
    return { type: 'declined', status, owner: served.owner };
  }

  /** Asks the nodes that come first for this instance to take it over and serve the request. */
  async #takeOver(progress: Progress, claim: PeerClaim): Promise<Step> {
    const { nodes, forwarding, hooks } = this.#options;
    const { r, name } = progress;
    const attempt = { requestId: r.id, claim };
    const order = takeoverOrder(nodes.nodes, name).filter((node) => !sameNode(node, claim.from.node));
    for (const node of order.slice(0, TAKERS_MAX)) {
      const link = nodes.find(node);
      if (link === undefined && !nodes.isSelf(node)) continue;
      hooks.onTakeover?.(claim.reason);
      const outcome =
        link === undefined ? await this.#tryLocal(r, attempt) : await forwarding.forward(r, link, attempt);
      const reason = passedOn(outcome);
      if (reason === undefined) return this.#judge(progress, { outcome, owner: claim.from, by: link?.record });
      hooks.onRetry?.(reason);
      if (isKept(outcome, claim)) {
        // All others would say the same, each after a look at the whole of its state.
        progress.keptEpoch = claim.from.epoch;
        break;
      }
      if (r.bodyState === 'streamed') break;
    }
    return 'wait';
  }

  /** What to do after a try. */
  #judge(progress: Progress, { outcome, owner, by }: Reply): Step {
    const { hooks } = this.#options;
    switch (outcome.type) {
      case 'answered':
        progress.unansweredAt = undefined;
        return 'done';
      case 'abandoned':
        // Its node is told already.
        if (outcome.sent) progress.unansweredAt = undefined;
        return 'done';
      case 'failed': {
        const before = progress.unansweredAt;
        progress.unansweredAt = by;
        if (before === by && isQueued(outcome, progress)) return 'wait';
        return this.#unanswered(progress, outcome, owner);
      }
      case 'full':
        // It lives and holds the instance: there is nothing to look for, or to wait for in line.
        answerFull(progress);
        return 'done';
      case 'declined':
        hooks.onRetry?.('declined');
        return this.#declined(progress, outcome, owner);
      default:
        return outcome satisfies never;
    }
  }

  #unanswered(progress: Progress, outcome: ForwardFailure, owner: Ownership | undefined): Step {
    const { cache, hooks } = this.#options;
    progress.isUnanswered = true;
    // One that is given up with its node's lease is not a second failure: nobody has heard of the first.
    if (!outcome.givenUp) progress.failures += 1;
    if (owner !== undefined) cache.drop(progress.name, owner);
    if (progress.failures <= REPEATS_MAX && progress.r.bodyState !== 'streamed') {
      hooks.onRetry?.('failed');
      return 'look';
    }
    answerUnknownOutcome(progress.r);
    return 'done';
  }

  #declined(
    progress: Progress,
    outcome: Extract<PeerOutcome, { type: 'declined' }>,
    asked: Ownership | undefined,
  ): Step {
    const { cache } = this.#options;
    const { name } = progress;
    const { owner } = outcome;
    progress.last = { owner: asked, outcome: outcome.status, told: owner };
    if (owner === undefined) {
      // Not even the node knows: the directory has to be asked.
      if (asked !== undefined) cache.drop(name, asked);
      return progress.looks === 0 ? 'look' : 'wait';
    }
    cache.set(name, owner);
    return asked !== undefined && owner.epoch <= asked.epoch ? 'wait' : 'look';
  }
}

/**
 * A process that is killed closes its connections and its port one after the other: what is sent once more as soon as one
 * has ended may connect, and end in the port's queue. A moment later the port refuses.
 */
function isQueued({ reset, reused }: ForwardFailure, progress: Progress): boolean {
  if (!reset || reused || progress.failures === 0 || progress.wasQueued) return false;
  progress.wasQueued = true;
  return true;
}

/** Why another is asked: this one did nothing, and it may. */
function passedOn(outcome: PeerOutcome): RetryReason | undefined {
  if (outcome.type === 'failed' && !outcome.sent) return 'unreachable';
  return outcome.type === 'full' || (outcome.type === 'declined' && outcome.status === 503) ? outcome.type : undefined;
}

/** Whether a node that was asked to take it from a port that refuses says that its holder keeps it while the lease runs. */
function isKept(outcome: PeerOutcome, { from, reason }: PeerClaim): boolean {
  const isDeclined = outcome.type === 'declined' && outcome.status === 503;
  return isDeclined && reason === 'refused' && outcome.owner?.epoch === from.epoch;
}

function answerFull({ r, isUnanswered }: Progress): void {
  const why = 'Too many requests are under way at the node that holds the instance.';
  answerUnavailable(r, { why, isDone: isUnanswered ? 'perhaps' : 'no' });
}

function isDelete({ match }: EdgeRequest): boolean {
  return match?.kind === 'match' && match.operation === 'consumers.delete';
}
