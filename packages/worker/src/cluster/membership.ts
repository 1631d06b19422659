import {
  type Directory,
  DirectoryUnavailable,
  type HoldOutcome,
  type InstanceRecord,
  type LeaseOutcome,
  NodeLease,
  type NodeRecord,
  type Ownership,
} from '@sluice/directory';
import type { Session } from '../sessions/session.ts';
import type { SessionRegistry } from '../sessions/session-registry.ts';
import type { HeldStore } from './held-store.ts';

export interface MembershipOptions {
  readonly directory: Directory;
  readonly leaseMs: number;
  readonly describe: () => NodeRecord;
  readonly sessions: SessionRegistry;
  /** Another node holds it; without an owner: it was deleted. */
  readonly onLost: (session: Session, owner: Ownership | undefined) => Promise<void>;
  /** The directory may have lost its last writes: says again what has ended here. Never rejects. */
  readonly assertEnded: () => Promise<void>;
  readonly onRenewal: (outcome: LeaseOutcome | 'failed', tookMs: number) => void;
  readonly onFenced: () => void;
  /** Another process runs under this node's id: this one has to end. */
  readonly onReplaced: () => void;
  readonly onError: (error: unknown) => void;
}

/** Owners say that often what they hold: what nobody says for long is forgotten by the directory. */
const SWEEP_MS = 60_000;
/** Instances whose requests take long say that often that they are in use. */
const MARK_MS = 2500;
/** After an assertion that the directory did not hear. */
const RETRY_MS = 500;
/** Of a lease: a node renews its own within that time, once it can. */
const GRACE_SHARE = 0.5;

/**
 * This node's life in the directory: its lease, and what it holds. After each interruption everything is asserted anew,
 * and what another node has taken meanwhile is let go.
 */
export class Membership {
  readonly lease: NodeLease;
  readonly #options: MembershipOptions;
  #sweeper: NodeJS.Timeout | undefined;
  #marker: NodeJS.Timeout | undefined;
  #retry: NodeJS.Timeout | undefined;
  #asserting: Promise<void> | undefined;
  /** Something arrived while what is held was being said. */
  #again = false;
  #unwatch: (() => void) | undefined;
  #termBeganAt = performance.now();
  #ended = false;

  constructor(options: MembershipOptions) {
    this.#options = options;
    this.lease = new NodeLease({
      directory: options.directory,
      describe: options.describe,
      leaseMs: options.leaseMs,
      onTerm: () => {
        this.#termBeganAt = performance.now();
        void this.#assertUntilHeard();
        void this.#options.assertEnded();
      },
      onFenced: options.onFenced,
      onReplaced: options.onReplaced,
      onRenewal: options.onRenewal,
    });
  }

  /** Resolves after the first attempt to register, whether Redis answered or not. */
  async start(): Promise<void> {
    this.#sweeper = setInterval(() => void this.#assertUntilHeard(), SWEEP_MS).unref();
    this.#marker = setInterval(() => this.#markActive(), MARK_MS).unref();
    // Others may take for unknown what this node holds, until it says so.
    this.#unwatch = this.#options.directory.watch(({ type }) => {
      if (type === 'lapse') void this.lease.renewNow();
    });
    await this.lease.start();
  }

  /**
   * Whether a lease that is over may be believed to be. After an interruption of its own this node may simply be the first
   * that is back: the others renew theirs within moments, and are no more dead than it was.
   */
  get mayTakeOver(): boolean {
    const graceMs = this.lease.term <= 1 ? 0 : this.#options.leaseMs * GRACE_SHARE;
    return this.lease.held && performance.now() - this.#termBeganAt >= graceMs;
  }

  /** Says what is held here, apart from the regular times. */
  assert(): void {
    this.#again = true;
    void this.#assertUntilHeard();
  }

  /** The node's state has changed, and the others should know at once. */
  async announce(): Promise<void> {
    await this.lease.renewNow();
  }

  /** The last words: what is still held may be taken over at once. */
  async end(): Promise<void> {
    this.#ended = true;
    this.#unwatch?.();
    clearInterval(this.#sweeper);
    clearInterval(this.#marker);
    clearTimeout(this.#retry);
    await this.lease.end().catch((error: unknown) => {
      if (!(error instanceof DirectoryUnavailable)) throw error;
    });
  }

  /** A read may wait for longer than an unused instance lives: its successor must not take it for expired. */
  #markActive(): void {
    for (const session of this.#options.sessions) {
      if (session.activeRequests > 0) session.store.touch(session.journal);
    }
  }

  /** One at a time: a term that begins meanwhile is seen by the loop. */
  #assertUntilHeard(): Promise<void> {
    this.#asserting ??= this.#assertAll()
      .catch(this.#options.onError)
      .finally(() => {
        this.#asserting = undefined;
      });
    return this.#asserting;
  }

  async #assertAll(): Promise<void> {
    let term: number;
    do {
      term = this.lease.term;
      this.#again = false;
      const held = [...this.#options.sessions].map((session) => ({ session, store: session.store as HeldStore }));
      const records = held.map(({ session, store }): InstanceRecord => store.record(session.journal));
      let outcomes: readonly HoldOutcome[];
      try {
        outcomes = await this.#options.directory.assert(records);
      } catch (error) {
        if (!(error instanceof DirectoryUnavailable)) throw error;
        this.#retryLater();
        return;
      }
      for (const [i, outcome] of outcomes.entries()) {
        const entry = held[i];
        if (entry !== undefined) this.#settle(entry, outcome, term);
      }
    } while ((this.#again || term !== this.lease.term) && !this.#ended);
  }

  #retryLater(): void {
    if (this.#ended) return;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => void this.#assertUntilHeard(), RETRY_MS);
  }

  #settle({ session, store }: { session: Session; store: HeldStore }, outcome: HoldOutcome, term: number): void {
    if (outcome.outcome === 'lost') {
      void this.#options.onLost(session, outcome.owner);
      return;
    }
    if (outcome.outcome === 'held' && store.term === term) return;
    store.term = term;
    // An older state than ours may be there.
    store.forgetWritten();
    store.touch(session.journal);
  }
}
