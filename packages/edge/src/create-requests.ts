import type { InstanceName, NodeRecord } from '@sluice/directory';
import { ApiError } from '@sluice/protocol';
import { answerError, answerUnavailable, answerUnknownOutcome } from './answers.ts';
import type { EdgeHooks, LocalNode } from './edge-options.ts';
import type { EdgeRequest } from './edge-request.ts';
import type { KnownNodes, NodeLink } from './known-nodes.ts';
import type { OwnerCache } from './owner-cache.ts';
import type { PeerForwarding } from './peer-forwarding.ts';
import type { Placement } from './placement.ts';

export interface CreateRequestsOptions {
  readonly local: LocalNode | undefined;
  readonly nodes: KnownNodes;
  readonly forwarding: PeerForwarding;
  readonly placement: Placement;
  readonly cache: OwnerCache;
  readonly hooks: EdgeHooks;
}

/** Nodes that one create is tried at. */
const NODES_MAX = 5;
/** A local node with this much more than the average leaves new instances to others. */
const LOCAL_BOUND = 1.25;

/** Instances come and go by and by: who asks again at once meets the same. */
const FULL_RETRY_AFTER_SECONDS = 10;
/** How a node that has no place for another instance declines. */
const FULL_STATUS = 429;

/** `next`: it could not be asked. `declined`, `full`: it said so itself, and did nothing. */
type Tried = 'answered' | 'next' | 'declined' | 'full' | 'failed';

/** Requests that make an instance: which node gets it is decided here. */
export class CreateRequests {
  readonly #options: CreateRequestsOptions;

  constructor(options: CreateRequestsOptions) {
    this.#options = options;
  }

  /** A create is idempotent by the request's id, so it may be sent again when no answer came: once. */
  async serve(r: EdgeRequest): Promise<void> {
    const { hooks } = this.#options;
    let isRepeated = false;
    const refusals = new Set<Tried>();
    const order = this.#order();
    for (const node of order.slice(0, NODES_MAX)) {
      let tried = await this.#try(r, node);
      if (tried === 'failed' && !isRepeated && r.bodyState !== 'streamed') {
        isRepeated = true;
        hooks.onRetry?.('failed');
        tried = await this.#try(r, node);
      }
      if (tried === 'answered' || r.isOver) return;
      if (tried === 'failed') {
        answerUnknownOutcome(r);
        return;
      }
      refusals.add(tried);
      if (r.bodyState === 'streamed') break;
    }
    const isFull = order.length === 0 ? this.#isAnyUp() : refusals.has('full') && !refusals.has('next');
    if (isRepeated) answerUnknownOutcome(r);
    else if (isFull) answerFull(r);
    else answerUnavailable(r, { why: 'No node could take the instance.' });
  }

  async #try(r: EdgeRequest, node: NodeRecord | 'local'): Promise<Tried> {
    const { local, nodes } = this.#options;
    if (node === 'local' || nodes.isSelf(node)) return local === undefined ? 'next' : await this.#tryHere(r, local);
    const link = nodes.find(node);
    return link === undefined ? 'next' : await this.#tryThere(r, link);
  }

  async #tryHere(r: EdgeRequest, local: LocalNode): Promise<Tried> {
    const served = await local.serve(r.request, r.response, { requestId: r.id, body: r.bodyRead });
    if (served.type === 'answered') return 'answered';
    if (served.body !== undefined) r.keep(served.body);
    this.#options.hooks.onRetry?.('declined');
    return served.full === true ? 'full' : 'declined';
  }

  async #tryThere(r: EdgeRequest, link: NodeLink): Promise<Tried> {
    const { forwarding, placement, hooks } = this.#options;
    // As it was before: what the node tells later may count the instance already.
    const { record } = link;
    const outcome = await forwarding.forward(r, link, { requestId: r.id });
    if (outcome.type === 'abandoned') return 'answered';
    if (outcome.type === 'answered') {
      if (outcome.status < 300) {
        placement.placed(record);
        this.#made(r);
      }
      return 'answered';
    }
    if (outcome.type === 'failed' && outcome.sent) return 'failed';
    hooks.onRetry?.(outcome.type === 'failed' ? 'unreachable' : outcome.type);
    if (outcome.type !== 'declined') return 'next';
    return outcome.status === FULL_STATUS ? 'full' : 'declined';
  }

  /** Whether those that the placement leaves out are full, and do not all drain. */
  #isAnyUp(): boolean {
    return this.#options.nodes.nodes.some(({ state }) => state === 'up');
  }

  /** Best first. */
  #order(): readonly (NodeRecord | 'local')[] {
    const { local, nodes, placement } = this.#options;
    const order = placement.order(nodes.nodes);
    if (local === undefined) return order;
    const own = nodes.nodes.find((node) => nodes.isSelf(node));
    if (own !== undefined && !isRoomier(own, nodes.nodes)) return order;
    return ['local', ...order.filter((node) => node !== own)];
  }

  /** That there is no instance of this name may be remembered here. */
  #made({ body, match }: EdgeRequest): void {
    const group = match?.kind === 'match' ? match.params.group : '';
    const instance = nameIn(body);
    if (instance !== undefined) this.#options.cache.made({ group, instance } satisfies InstanceName);
  }
}

function answerFull(r: EdgeRequest): void {
  const message = 'All nodes have as many consumer instances as they can take. Delete some, or try again later.';
  answerError(r, new ApiError('tooManyRequests', { message, retryAfterSeconds: FULL_RETRY_AFTER_SECONDS }));
}

/** Whether a node may take an instance without a look at the others. */
function isRoomier({ state, load }: NodeRecord, nodes: readonly NodeRecord[]): boolean {
  const up = nodes.filter((node) => node.state === 'up');
  const mean = up.reduce((sum, node) => sum + node.load.instances, 0) / Math.max(1, up.length);
  return state === 'up' && load.instances < load.instancesMax && load.instances <= LOCAL_BOUND * (mean + 1);
}

function nameIn(body: Buffer | undefined): string | undefined {
  if (body === undefined || body.length === 0) return undefined;
  try {
    const parsed: unknown = JSON.parse(body.toString());
    const name = typeof parsed === 'object' && parsed !== null && 'name' in parsed ? parsed.name : undefined;
    return typeof name === 'string' ? name : undefined;
  } catch {
    // A node took it, and only it knows how.
    return undefined;
  }
}
