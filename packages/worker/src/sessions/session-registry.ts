import type { Ownership } from '@sluice/directory';
import { ApiError } from '@sluice/protocol';
import type { Session } from './session.ts';

/** Why an instance is no longer here. */
export type EndReason = 'deleted' | 'expired' | 'shutdown' | 'moved';

export interface SessionRegistryOptions {
  /** Instances that may live at once. */
  readonly instancesMax: number;
  /** Idle time in ms after which an instance ends. */
  readonly instanceTimeoutMs: number;
  /** Milliseconds on a clock that never goes back. */
  readonly now: () => number;
  /** The instance has left its group for good: nobody shall go on with it. Resolves when that is known, or never rejects. */
  readonly onLeft: (session: Session, reason: 'deleted' | 'expired') => Promise<void>;
  readonly onClosed: (session: Session, reason: EndReason, error: unknown) => void;
  /** Whether instances are left to other nodes when this process ends, or leave their groups. */
  readonly outlived: boolean;
}

interface Named {
  readonly group: string;
  readonly instance: string;
}

const SWEEP_INTERVAL_MS = 1000;

function keyOf({ group, instance }: Named): string {
  return JSON.stringify([group, instance]);
}

/** The consumer instances of this process: unique by group and name, bounded in number, ended when idle. */
export class SessionRegistry {
  readonly #options: SessionRegistryOptions;
  readonly #sessions = new Map<string, Session>();
  /** Instances being closed still hold a Kafka handle: they count against the limit until they are gone. */
  readonly #closing = new Set<Promise<void>>();
  /** Places that are kept for instances on their way. */
  #reserved = 0;
  #sweeper: NodeJS.Timeout | undefined;
  #draining = false;

  constructor(options: SessionRegistryOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#sessions.size;
  }

  get closing(): number {
    return this.#closing.size;
  }

  [Symbol.iterator](): IterableIterator<Session> {
    return this.#sessions.values();
  }

  get(name: Named): Session | undefined {
    return this.#sessions.get(keyOf(name));
  }

  /** The process ends: nothing comes in any more. */
  get isClosed(): boolean {
    return this.#draining;
  }

  get hasRoom(): boolean {
    const taken = this.#sessions.size + this.#closing.size + this.#reserved;
    return !this.#draining && taken < this.#options.instancesMax;
  }

  /** @throws ApiError 409/40902 when the name is taken here, 429 when there are too many, 503 while the process ends */
  assertRoom(name: Named): void {
    this.#assertOpen(name);
    if (!this.hasRoom) {
      throw new ApiError('tooManyRequests', {
        message: `This server holds ${this.#options.instancesMax} consumer instances (sluice.consumer.instances.max). Delete instances that are no longer used, or try again later.`,
        retryAfterSeconds: 10,
      });
    }
  }

  /**
   * Keeps a place for an instance on its way, whether there is room or not: who must not come is turned away before.
   * @returns what gives the place back, to be called once the instance is here or will not come
   */
  reserve(): () => void {
    this.#reserved += 1;
    return () => {
      this.#reserved -= 1;
    };
  }

  /**
   * Takes an instance into the place that was kept for it.
   * @throws ApiError 409/40902 when the name is taken here, 503 while the process ends
   */
  add(session: Session): void {
    this.#assertOpen(session.settings);
    this.#sessions.set(keyOf(session.settings), session);
    this.#sweeper ??= setInterval(() => this.#sweep(), SWEEP_INTERVAL_MS).unref();
  }

  /** Ends an instance at its client's wish: resolves once what it delivered is committed and its group is left. */
  async delete(session: Session): Promise<void> {
    await this.#end(session, 'deleted', session.leave(true));
  }

  /** Ends an instance that was deleted elsewhere: it leaves its group, and commits nothing any more. */
  async discard(session: Session): Promise<void> {
    if (this.#sessions.get(keyOf(session.settings)) !== session) return;
    await this.#end(session, 'deleted', session.discard());
  }

  /** Lets go of an instance that another node holds now; one that is ending anyway is left to its end. */
  async release(session: Session, owner: Ownership | undefined): Promise<void> {
    if (this.#sessions.get(keyOf(session.settings)) !== session) return;
    await this.#end(session, 'moved', session.detach(owner));
  }

  /** Ends all instances; new ones are refused from now on. */
  async closeAll(): Promise<void> {
    this.#draining = true;
    clearInterval(this.#sweeper);
    for (const session of this.#sessions.values()) {
      const left = this.#options.outlived ? session.detach(undefined) : session.leave(false);
      void this.#end(session, 'shutdown', left);
    }
    await Promise.all(this.#closing);
  }

  #assertOpen(name: Named): void {
    if (this.#sessions.has(keyOf(name))) throw new ApiError('consumerAlreadyExists');
    if (this.#draining) {
      throw new ApiError('unavailable', { message: 'This server is shutting down.', retryAfterSeconds: 1 });
    }
  }

  /** Resolves when the group is left, with or without an error; the handle is freed behind that. */
  async #end(session: Session, reason: EndReason, left: Promise<void>): Promise<void> {
    // Ended twice at once: by its client, and by what found it idle.
    if (this.#sessions.get(keyOf(session.settings)) === session) this.#sessions.delete(keyOf(session.settings));
    const gone = left.catch(() => undefined).then(() => this.#tellLeft(session, reason));
    const ended = this.#free(session, Promise.all([left, gone]))
      .then(
        () => this.#options.onClosed(session, reason, undefined),
        (error: unknown) => this.#options.onClosed(session, reason, error),
      )
      .finally(() => this.#closing.delete(ended));
    this.#closing.add(ended);
    await gone;
  }

  async #tellLeft(session: Session, reason: EndReason): Promise<void> {
    if (reason === 'deleted' || reason === 'expired') await this.#options.onLeft(session, reason);
  }

  async #free(session: Session, left: Promise<unknown>): Promise<void> {
    try {
      await left;
    } finally {
      await session.free();
    }
  }

  #sweep(): void {
    const limit = this.#options.now() - this.#options.instanceTimeoutMs;
    for (const session of this.#sessions.values()) {
      if (session.activeRequests === 0 && session.touchedAt < limit) {
        // Only a DELETE proves that the last answer arrived.
        void this.#end(session, 'expired', session.leave(false));
      }
    }
    if (this.#sessions.size > 0) return;
    clearInterval(this.#sweeper);
    this.#sweeper = undefined;
  }
}
