import {
  type ClaimRequest,
  type CreateOutcome,
  type CreateRequest,
  type Directory,
  DirectoryUnavailable,
  type HeldInstance,
  type InstanceName,
  type InstanceRecord,
  type NodeIdentity,
  type Ownership,
} from '@sluice/directory';
import type { Principal } from '@sluice/kafka';
import { ApiError, type Attempt } from '@sluice/protocol';
import { sourceOf } from '../sessions/journal.ts';
import { NotHeld } from '../sessions/not-held.ts';
import type { Session } from '../sessions/session.ts';
import type { SessionRegistry } from '../sessions/session-registry.ts';
import type { SessionSettings } from '../sessions/session-settings.ts';
import { isSubscriptionText } from '../sessions/source.ts';
import { firstState, lastActiveAt } from './held-store.ts';
import { configText } from './instance-record.ts';
import { Tombstones } from './tombstones.ts';

/** Makes sessions of instances that this node holds. */
export interface SessionFactory {
  make(
    settings: SessionSettings,
    held: HeldInstance,
    given: { readonly config: string; readonly term: number },
  ): Session;
  /** The term of this node's lease. What the directory gives counts from the term in which it was asked for it. */
  readonly term: number;
  /** Whether this version can go on with it. */
  understands(record: InstanceRecord): boolean;
  /** @throws Error for a record that it does not understand */
  restore(record: InstanceRecord, term: number): Promise<Session>;
}

export interface InstancesOptions {
  readonly directory: Directory;
  readonly identity: NodeIdentity;
  readonly sessions: SessionRegistry;
  readonly factory: SessionFactory;
  readonly instanceTimeoutMs: number;
  /** Whether there are other nodes. */
  readonly isShared: boolean;
  /** No new ones are taken any more. */
  readonly draining: () => boolean;
  /** Whether a lease that is over may be believed to be. */
  readonly mayTakeOver: () => boolean;
  /** Milliseconds on a clock that never goes back, and since 1970. */
  readonly now: () => number;
  readonly wallClock: () => number;
  /** A term has begun while an instance arrived: it was not asserted with the others. */
  readonly onLateArrival: () => void;
  /** An instance of a dead node has ended: nobody else can leave its group for it. */
  readonly onEnded: (name: InstanceName) => void;
  readonly onTakeover: (reason: ClaimRequest['reason'], outcome: string, seconds: number) => void;
}

function keyOf({ group, instance }: InstanceName): string {
  return JSON.stringify([group, instance]);
}

function unavailable(error: unknown): never {
  if (!(error instanceof DirectoryUnavailable)) throw error;
  throw new ApiError('unavailable', {
    message: 'Redis does not answer, and without it no consumer instance can be made. Try again.',
    retryAfterSeconds: 1,
    cause: error,
  });
}

/** Where it is cannot be told now: whoever asks may ask again soon. */
function laterElsewhere(error: unknown): never {
  if (!(error instanceof DirectoryUnavailable)) throw error;
  throw new NotHeld(undefined, { moving: true });
}

/**
 * The consumer instances that this node holds: made here, or taken over from a node that is gone or goes. The directory
 * has the last word on who holds what.
 */
export class Instances {
  readonly #options: InstancesOptions;
  readonly #tombstones: Tombstones;
  /** Creates and take-overs under way, by name: whoever asks meanwhile waits for them. */
  readonly #arriving = new Map<string, Promise<Session | undefined>>();

  constructor(options: InstancesOptions) {
    this.#options = options;
    this.#tombstones = new Tombstones({
      ...options,
      alone: async (name, work) => {
        await this.#arrival(name, async () => {
          await work();
          return undefined;
        });
      },
    });
  }

  /**
   * Makes an instance. Sent once more, the same request finds its own.
   * @throws ApiError 409/40902, 429, 503; NotHeld while this node takes nothing new
   */
  async create(settings: SessionSettings, requestId: string): Promise<void> {
    if (this.#options.draining()) throw new NotHeld(undefined, { moving: true });
    const name = { group: settings.group, instance: settings.instance };
    const here = this.#options.sessions.get(name);
    if (here !== undefined && here.createdBy === requestId) return;
    if (this.#options.isShared && !this.#options.sessions.hasRoom) throw new NotHeld(undefined, { full: true });
    this.#options.sessions.assertRoom(name);
    await this.#arrival(name, () => this.#create(name, settings, requestId));
  }

  /**
   * The instance, for a request that came here; it is kept from expiring for a while. One of another principal does not
   * exist for this one: its name is no secret, and whether it is taken is nobody else's business.
   * @throws ApiError 404/40403; NotHeld when another node may know it
   */
  async find(name: InstanceName, principal: Principal, attempt: Attempt): Promise<Session> {
    const session = await this.#obtain(name, attempt);
    if (session === undefined || session.settings.principal.id !== principal.id) {
      throw new ApiError('consumerInstanceNotFound');
    }
    if (session.yielding) throw new NotHeld(undefined, { moving: true });
    session.touchedAt = this.#options.now();
    return session;
  }

  /** The epoch at which an instance is held here. */
  epochOf(name: InstanceName): number | undefined {
    return this.#options.sessions.get(name)?.store.epoch;
  }

  /** Whether the request that is asked to delete an instance has done so before. */
  wasDeletedBy(requestId: string): boolean {
    return this.#tombstones.wasDeletedBy(requestId);
  }

  /**
   * Ends an instance for good.
   * @throws NotHeld when another node had taken it over already: it is that node's to delete
   */
  async delete(session: Session, requestId: string): Promise<void> {
    this.#tombstones.deletedBy(requestId);
    await this.#options.sessions.delete(session);
    if (session.movedTo === undefined) return;
    this.#tombstones.notDeletedBy(requestId);
    throw new NotHeld(session.movedTo.owner);
  }

  /** It has left its group: no node shall go on with it. Never rejects; what Redis did not hear is said again later. */
  async bury(session: Session): Promise<void> {
    const { group, instance } = session.settings;
    const { epoch } = session.store;
    const owner = await this.#tombstones.bury({ name: { group, instance }, node: this.#options.identity, epoch });
    if (owner !== undefined) session.movedTo = { owner };
  }

  /** What has ended here is said again, to a directory that may have forgotten it. Never rejects. */
  async assertEnded(): Promise<void> {
    await this.#tombstones.repeat();
  }

  /** The directory says that another node holds it, or, without an owner, that it was deleted. */
  async lose(session: Session, owner: Ownership | undefined): Promise<void> {
    if (owner === undefined) await this.#options.sessions.discard(session);
    else await this.release(session, owner);
  }

  /** Another node holds it, or will. */
  async release(session: Session, owner: Ownership | undefined): Promise<void> {
    await this.#options.sessions.release(session, owner);
  }

  /**
   * Takes an instance over.
   * @throws ApiError 404/40403, 429; NotHeld when it is not to be had
   */
  async claim(name: InstanceName, from: Ownership, reason: ClaimRequest['reason']): Promise<Session | undefined> {
    return await this.#arrival(name, () => this.#claim({ name, from, to: this.#options.identity, reason }));
  }

  close(): void {
    this.#tombstones.close();
  }

  async #obtain(name: InstanceName, attempt: Attempt): Promise<Session | undefined> {
    const here = this.#options.sessions.get(name);
    if (here !== undefined) {
      const seen = attempt.epoch ?? attempt.claim?.from.epoch ?? 0;
      if (seen <= here.store.epoch) return here;
      // Somebody has seen a later holder: what is here is a relic.
      await this.release(here, undefined);
      if (attempt.claim === undefined) throw new NotHeld(undefined);
    }
    const arriving = this.#arriving.get(keyOf(name));
    if (arriving !== undefined) {
      await arriving.catch(() => undefined);
      const arrived = this.#options.sessions.get(name);
      if (arrived !== undefined) return arrived;
    }
    if (attempt.claim !== undefined) return await this.claim(name, attempt.claim.from, attempt.claim.reason);
    if (attempt.epoch === undefined) return undefined;
    return await this.#lookElsewhere(name);
  }

  /** Another node believes that it is here. */
  async #lookElsewhere(name: InstanceName): Promise<Session | undefined> {
    const owner = await this.#options.directory.find(name).catch(laterElsewhere);
    if (owner === undefined) return undefined;
    const { id, boot } = this.#options.identity;
    if (owner.node.id !== id || owner.node.boot !== boot) throw new NotHeld(owner);
    // Its end was not heard of, or its create was cut short.
    if (await this.#tombstones.settle(name).catch(laterElsewhere)) return undefined;
    // It was taken over, and nobody here was told: the answer came too late. So it is taken over once more.
    return await this.claim(name, owner, 'handover');
  }

  async #create(name: InstanceName, settings: SessionSettings, requestId: string): Promise<Session | undefined> {
    const { identity, factory, sessions, wallClock } = this.#options;
    const config = configText(settings);
    const request = { name, node: identity, config, state: firstState(wallClock()), requestId };
    await this.#tombstones.clear(name).catch(unavailable);
    const { term } = factory;
    let answer = await this.#ask(request);
    if (answer.outcome === 'exists' && (await this.#removeExpired(name))) answer = await this.#ask(request);
    if (answer.outcome === 'exists') throw new ApiError('consumerAlreadyExists');
    if (answer.outcome === 'unsettled') {
      throw new ApiError('unavailable', {
        message: 'Redis came back without its last writes, and instances are still being restored. Try again.',
        retryAfterSeconds: Math.max(1, Math.ceil(answer.retryAfterMs / 1000)),
      });
    }
    const { node, epoch } = answer.owner;
    // The same request was served by another node before its answer was lost.
    if (node.id !== identity.id || node.boot !== identity.boot) return undefined;
    const session = factory.make(settings, { name, node: identity, epoch }, { config, term });
    session.createdBy = requestId;
    try {
      sessions.add(session);
    } catch (error) {
      await this.#tombstones.bury({ name, node: identity, epoch });
      throw error;
    }
    this.#noteArrival(term);
    return session;
  }

  /** A slow directory may have done it, and said so too late: asked once more, it says what became of the request. */
  async #ask(request: CreateRequest): Promise<CreateOutcome> {
    const { directory } = this.#options;
    this.#tombstones.trust(request.requestId);
    try {
      return await directory.create(request).catch((error: unknown) => {
        if (!(error instanceof DirectoryUnavailable)) throw error;
        return directory.create(request);
      });
    } catch (error) {
      this.#tombstones.suspect(request.name, request.requestId);
      return unavailable(error);
    }
  }

  async #claim(request: ClaimRequest): Promise<Session | undefined> {
    const { directory, sessions, factory, draining, mayTakeOver, now, onTakeover } = this.#options;
    const here = sessions.get(request.name);
    if (here !== undefined && here.store.epoch >= request.from.epoch) return here;
    if (here !== undefined) await this.release(here, undefined);
    // Another node may have room.
    if (draining() || !sessions.hasRoom) throw new NotHeld(undefined, { moving: true });
    if (request.reason === 'expired' && !mayTakeOver()) throw new NotHeld(request.from, { moving: true });
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
    const { factory, sessions } = this.#options;
    if (this.#isExpired(record)) {
      await this.#end(record);
      return undefined;
    }
    const session = await factory.restore(record, term);
    // No room after all: the next request for it, here or at another node, finds it where it is.
    if (!sessions.hasRoom) throw new NotHeld(undefined, { moving: true });
    sessions.add(session);
    this.#noteArrival(term);
    return session;
  }

  #noteArrival(term: number): void {
    if (term !== this.#options.factory.term) this.#options.onLateArrival();
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

  /** The name is taken by an instance that nobody has used for longer than an instance lives, and whose node is gone. */
  async #removeExpired(name: InstanceName): Promise<boolean> {
    const { directory, identity } = this.#options;
    try {
      const record = await directory.read(name);
      if (record === undefined) return true;
      if (!this.#isExpired(record)) return false;
      const claim = await directory.claim({ name, from: record, to: identity, reason: 'expired' });
      if (claim.outcome === 'claimed') await this.#end(claim.record);
      return claim.outcome === 'claimed' || claim.outcome === 'gone';
    } catch (error) {
      return unavailable(error);
    }
  }

  async #end(record: InstanceRecord): Promise<void> {
    await this.#tombstones.bury(record);
    this.#options.onEnded(record.name);
  }

  #isExpired({ state }: InstanceRecord): boolean {
    return lastActiveAt(state) > 0 && this.#options.wallClock() - lastActiveAt(state) > this.#options.instanceTimeoutMs;
  }

  /** One arrival of a name at a time; those who come meanwhile share it. */
  #arrival(name: InstanceName, arrive: () => Promise<Session | undefined>): Promise<Session | undefined> {
    const key = keyOf(name);
    const arriving = (this.#arriving.get(key)?.catch(() => undefined) ?? Promise.resolve()).then(arrive).finally(() => {
      if (this.#arriving.get(key) === arriving) this.#arriving.delete(key);
    });
    this.#arriving.set(key, arriving);
    return arriving;
  }
}
