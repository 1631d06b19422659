import {
  type ClaimRequest,
  type Directory,
  type HeldInstance,
  type InstanceName,
  type InstanceRecord,
  type NodeIdentity,
  type Ownership,
  sameNode,
} from '@sluice/directory';
import { sourceOf } from '../sessions/journal.ts';
import { NotHeld } from '../sessions/not-held.ts';
import type { Session } from '../sessions/session.ts';
import type { SessionRegistry } from '../sessions/session-registry.ts';
import { isSubscriptionText } from '../sessions/source.ts';
import { laterElsewhere, noneMade } from './directory-unavailable.ts';
import { lastActiveAt } from './held-store.ts';
import type { SessionFactory } from './session-factory.ts';

export interface TakeoverOptions {
  readonly directory: Directory;
  readonly identity: NodeIdentity;
  readonly sessions: SessionRegistry;
  readonly factory: SessionFactory;
  readonly instanceTimeoutMs: number;
  /** No new ones are taken any more. */
  readonly draining: () => boolean;
  /** Whether a lease that is over may be believed to be. */
  readonly mayTakeOver: () => boolean;
  /** Milliseconds on a clock that never goes back, and since 1970. */
  readonly now: () => number;
  readonly wallClock: () => number;
  /** Has the directory know that an instance has ended. Never rejects. */
  readonly bury: (held: HeldInstance) => Promise<Ownership | undefined>;
  /** A term has begun while an instance arrived: it was not asserted with the others. */
  readonly onLateArrival: () => void;
  /** An instance of a dead node has ended: nobody else can leave its group for it. */
  readonly onEnded: (name: InstanceName) => void;
  readonly onTakeover: (reason: ClaimRequest['reason'], outcome: string, seconds: number) => void;
}

/** How this node comes by an instance that another held, or ends it when its time is over. Not for two at once of one name. */
export class Takeover {
  readonly #options: TakeoverOptions;

  constructor(options: TakeoverOptions) {
    this.#options = options;
  }

  /**
   * Takes an instance over. Answers undefined for one that is no more.
   * @throws NotHeld when it is not to be had; Error for a record that cannot be understood
   */
  async claim(request: ClaimRequest): Promise<Session | undefined> {
    const { identity, sessions, draining, mayTakeOver } = this.#options;
    const here = sessions.get(request.name);
    if (here !== undefined && here.store.epoch >= request.from.epoch) return here;
    if (here !== undefined) await sessions.release(here, undefined);
    // Another node may have room. What is this node's already is served here, or by nobody.
    const isOwn = sameNode(request.from.node, identity);
    if (!isOwn && (draining() || !sessions.hasRoom)) throw new NotHeld(undefined, { moving: true });
    if (request.reason === 'expired' && !mayTakeOver()) throw new NotHeld(request.from, { moving: true });
    const giveBack = sessions.reserve();
    try {
      return await this.#claim(request);
    } finally {
      giveBack();
    }
  }

  /**
   * Ends an instance that nobody has used for longer than an instance lives, and whose node is gone. Answers whether its
   * name is free now.
   * @throws ApiError 503
   */
  async removeExpired(name: InstanceName): Promise<boolean> {
    const { directory, identity, mayTakeOver } = this.#options;
    try {
      const record = await directory.read(name);
      if (record === undefined) return true;
      // Its holder may live, and Redis may not have heard of it for as long as it was away.
      if (!this.#isExpired(record) || !mayTakeOver()) return false;
      const claim = await directory.claim({ name, from: record, to: identity, reason: 'expired' });
      if (claim.outcome === 'claimed') await this.#end(claim.record);
      return claim.outcome === 'claimed' || claim.outcome === 'gone';
    } catch (error) {
      return noneMade(error);
    }
  }

  async #claim(request: ClaimRequest): Promise<Session | undefined> {
    const { directory, factory, now, onTakeover } = this.#options;
    const startedAt = now();
    await this.#assertClaimable(request);
    const { term } = factory;
    const answer = await directory.claim(request).catch(laterElsewhere);
    onTakeover(request.reason, answer.outcome, (now() - startedAt) / 1000);
    switch (answer.outcome) {
      case 'gone':
        return undefined;
      case 'alive':
        throw new NotHeld(answer.owner, { moving: true });
      case 'moved':
        throw new NotHeld(answer.owner);
      case 'claimed':
        return await this.#settle(answer.record, term);
      default:
        return answer satisfies never;
    }
  }

  async #settle(record: InstanceRecord, term: number): Promise<Session | undefined> {
    const { factory, sessions, onLateArrival } = this.#options;
    if (this.#isExpired(record)) {
      await this.#end(record);
      return undefined;
    }
    const session = await factory.restore(record, term);
    // The process ends: whoever is asked next finds its lease ended.
    if (sessions.isClosed) throw new NotHeld(undefined, { moving: true });
    sessions.add(session);
    if (term !== factory.term) onLateArrival();
    return session;
  }

  /**
   * A record of a later version is for nodes that understand it. And where a port refuses, only the broker keeps two holders
   * apart: it refuses the commits of one that was replaced if it is the group that assigns its partitions.
   */
  async #assertClaimable({ name, from, reason }: ClaimRequest): Promise<void> {
    const { directory, factory } = this.#options;
    const record = await directory.read(name).catch(laterElsewhere);
    if (record === undefined) return;
    const isFenced = reason !== 'refused' || isSubscriptionText(sourceOf(record.state));
    if (!isFenced || !factory.understands(record)) throw new NotHeld(from, { moving: true });
  }

  async #end(record: InstanceRecord): Promise<void> {
    await this.#options.bury(record);
    this.#options.onEnded(record.name);
  }

  #isExpired({ state }: InstanceRecord): boolean {
    return lastActiveAt(state) > 0 && this.#options.wallClock() - lastActiveAt(state) > this.#options.instanceTimeoutMs;
  }
}
