import {
  type ClaimRequest,
  type CreateOutcome,
  type CreateRequest,
  DirectoryUnavailable,
  type InstanceName,
  type Ownership,
  sameNode,
} from '@sluice/directory';
import type { Principal } from '@sluice/kafka';
import { ApiError, type Attempt } from '@sluice/protocol';
import { NotHeld } from '../sessions/not-held.ts';
import type { Session } from '../sessions/session.ts';
import type { SessionSettings } from '../sessions/session-settings.ts';
import { laterElsewhere, noneMade } from './directory-unavailable.ts';
import { firstState } from './held-store.ts';
import { configText } from './instance-record.ts';
import { Takeover, type TakeoverOptions } from './takeover.ts';
import { Tombstones } from './tombstones.ts';

export interface InstancesOptions extends Omit<TakeoverOptions, 'bury'> {
  /** Whether there are other nodes. */
  readonly isShared: boolean;
}

function keyOf({ group, instance }: InstanceName): string {
  return JSON.stringify([group, instance]);
}

/**
 * The consumer instances that this node holds: made here, or taken over from a node that is gone or goes. The directory
 * has the last word on who holds what.
 */
export class Instances {
  readonly #options: InstancesOptions;
  readonly #tombstones: Tombstones;
  readonly #takeover: Takeover;
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
    this.#takeover = new Takeover({ ...options, bury: (held) => this.#tombstones.bury(held) });
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
    const giveBack = this.#options.sessions.reserve();
    await this.#arrival(name, () => this.#create(name, settings, requestId)).finally(giveBack);
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

  /**
   * What becomes of the delete that this request has asked for before, under way or done: it resolves or rejects as
   * `delete`. Undefined when it asked for none, or in vain.
   */
  deletion(requestId: string): Promise<void> | undefined {
    return this.#tombstones.deletion(requestId);
  }

  /**
   * Ends an instance for good.
   * @throws NotHeld when another node had taken it over already: it is that node's to delete
   */
  async delete(session: Session, requestId: string): Promise<void> {
    await this.#tombstones.delete(requestId, async () => {
      await this.#options.sessions.delete(session);
      if (session.movedTo !== undefined) throw new NotHeld(session.movedTo.owner);
    });
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
    return await this.#arrival(name, () => this.#takeover.claim({ name, from, to: this.#options.identity, reason }));
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
    if (!sameNode(owner.node, this.#options.identity)) throw new NotHeld(owner);
    // Its end was not heard of, or its create was cut short.
    if (await this.#tombstones.settle(name).catch(laterElsewhere)) return undefined;
    // It was taken over, and nobody here was told: the answer came too late. So it is taken over once more.
    return await this.claim(name, owner, 'handover');
  }

  async #create(name: InstanceName, settings: SessionSettings, requestId: string): Promise<Session | undefined> {
    const { identity, factory, sessions, wallClock, onLateArrival } = this.#options;
    const config = configText(settings);
    const request = { name, node: identity, config, state: firstState(wallClock()), requestId };
    await this.#tombstones.clear(name).catch(noneMade);
    const { term } = factory;
    let answer = await this.#ask(request);
    if (answer.outcome === 'exists' && (await this.#takeover.removeExpired(name))) answer = await this.#ask(request);
    if (answer.outcome === 'exists') throw new ApiError('consumerAlreadyExists');
    if (answer.outcome === 'unsettled') {
      throw new ApiError('unavailable', {
        message: 'Redis came back without its last writes, and instances are still being restored. Try again.',
        retryAfterSeconds: Math.max(1, Math.ceil(answer.retryAfterMs / 1000)),
      });
    }
    const { node, epoch } = answer.owner;
    // The same request was served by another node before its answer was lost.
    if (!sameNode(node, identity)) return undefined;
    const session = factory.make(settings, { name, node: identity, epoch }, { config, term });
    session.createdBy = requestId;
    try {
      sessions.add(session);
    } catch (error) {
      await this.#tombstones.bury({ name, node: identity, epoch });
      throw error;
    }
    if (term !== factory.term) onLateArrival();
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
      return noneMade(error);
    }
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
