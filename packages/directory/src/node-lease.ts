import type { Directory, LeaseOutcome, NodeRecord } from './directory.ts';

export interface NodeLeaseOptions {
  readonly directory: Pick<Directory, 'register' | 'renew' | 'leave'>;
  /** What the node tells about itself; asked at each renewal. */
  readonly describe: () => NodeRecord;
  readonly leaseMs: number;
  /** A new term has begun: what is held is to be asserted before it counts as owned again. */
  readonly onTerm: (term: number) => void;
  /** No renewal came through in time: from now on others may claim what this node holds. */
  readonly onFenced: () => void;
  /** Another process runs under this node's id. Nothing is renewed any more. */
  readonly onReplaced: () => void;
  /** A renewal failed, or went through after so many ms. */
  readonly onRenewal?: (outcome: LeaseOutcome | 'failed', tookMs: number) => void;
  /** A monotonic clock in ms. */
  readonly now?: () => number;
}

/** Shares of the lease: it is renewed this often, and after a failed renewal this soon. */
const RENEW_SHARE = 0.3;
const RETRY_SHARE = 0.05;
/**
 * The holder counts its lease from before the renewal and ends it this much earlier than the directory does: clocks run
 * at different speeds, and an answer takes its time.
 */
const FENCE_SHARE = 0.8;

/**
 * The lease of this node, kept as long as the node lives.
 *
 * A lease that was interrupted restores nothing: others may have claimed instances meanwhile. That is what terms are for:
 * each interruption begins a new one, and an instance is owned while the lease is held and the instance was created,
 * claimed or asserted in the current term. An interruption is one on this node's own clock: the directory may have told of
 * one that it saw in an answer that was lost, and say `kept` to the renewal after that.
 */
export class NodeLease {
  readonly #options: NodeLeaseOptions;
  readonly #now: () => number;
  #term = 0;
  #heldUntil = Number.NEGATIVE_INFINITY;
  #renewTimer: NodeJS.Timeout | undefined;
  #fenceTimer: NodeJS.Timeout | undefined;
  #registered = false;
  #ended = false;
  #running: Promise<void> = Promise.resolve();

  constructor(options: NodeLeaseOptions) {
    this.#options = options;
    this.#now = options.now ?? ((): number => performance.now());
  }

  /** Whether no other node can have claimed anything of this one by now. */
  get held(): boolean {
    return this.#now() < this.#heldUntil;
  }

  get term(): number {
    return this.#term;
  }

  /** Ms since the lease was last renewed; infinite before the first time. */
  get ageMs(): number {
    return this.#now() - (this.#heldUntil - this.#options.leaseMs * FENCE_SHARE);
  }

  /** Begins the life of the node; resolves after the first attempt. Attempts go on until `end`. */
  start(): Promise<void> {
    this.#running = this.#renew();
    return this.#running;
  }

  /** Renews now: the node has news about itself that others should not wait for. */
  renewNow(): Promise<void> {
    clearTimeout(this.#renewTimer);
    this.#running = this.#running.then(() => this.#renew());
    return this.#running;
  }

  /** Gives the lease back. What the node still holds may be claimed at once. */
  async end(): Promise<void> {
    this.#stop();
    await this.#running;
    // The instances go first: between the two nobody may believe that they are still this node's.
    this.#heldUntil = Number.NEGATIVE_INFINITY;
    if (this.#registered) await this.#options.directory.leave(this.#options.describe());
  }

  async #renew(): Promise<void> {
    if (this.#ended) return;
    clearTimeout(this.#renewTimer);
    const { directory, describe, leaseMs, onRenewal } = this.#options;
    const startedAt = this.#now();
    let outcome: LeaseOutcome | 'failed';
    try {
      outcome = this.#registered ? await directory.renew(describe()) : await directory.register(describe());
    } catch {
      outcome = 'failed';
    }
    onRenewal?.(outcome, this.#now() - startedAt);
    if (outcome === 'replaced') {
      this.#stop();
      this.#heldUntil = Number.NEGATIVE_INFINITY;
      this.#options.onReplaced();
      return;
    }
    if (outcome !== 'failed') this.#prolong(startedAt, outcome);
    if (this.#ended) return;
    const delayMs = leaseMs * (outcome === 'failed' ? RETRY_SHARE : RENEW_SHARE);
    this.#renewTimer = setTimeout(() => void this.renewNow(), delayMs);
  }

  #prolong(startedAt: number, outcome: LeaseOutcome): void {
    this.#registered = true;
    const isInterrupted = outcome === 'restored' || !this.held;
    this.#heldUntil = startedAt + this.#options.leaseMs * FENCE_SHARE;
    clearTimeout(this.#fenceTimer);
    if (!this.#ended) {
      this.#fenceTimer = setTimeout(() => this.#options.onFenced(), Math.max(0, this.#heldUntil - this.#now()));
    }
    if (!isInterrupted) return;
    this.#term += 1;
    this.#options.onTerm(this.#term);
  }

  #stop(): void {
    this.#ended = true;
    clearTimeout(this.#renewTimer);
    clearTimeout(this.#fenceTimer);
  }
}
