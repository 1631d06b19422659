import type { Principal } from '@sluice/kafka';
import { ApiError } from '@sluice/protocol';
import { Session } from './session.ts';
import type { SessionDependencies, SessionSettings } from './session-settings.ts';

export interface SessionRegistryOptions {
  readonly dependencies: SessionDependencies;
  /** Instances that may live at once. */
  readonly instancesMax: number;
  /** Idle time in ms after which an instance ends. */
  readonly instanceTimeoutMs: number;
  readonly onClosed: (session: Session, reason: 'deleted' | 'expired' | 'shutdown', error: unknown) => void;
}

const SWEEP_INTERVAL_MS = 1000;

function keyOf(group: string, instance: string): string {
  return JSON.stringify([group, instance]);
}

/** The consumer instances of this process: unique by group and name, bounded in number, ended when idle. */
export class SessionRegistry {
  readonly #options: SessionRegistryOptions;
  readonly #sessions = new Map<string, Session>();
  /** Instances being closed still hold a Kafka handle: they count against the limit until they are gone. */
  readonly #closing = new Set<Promise<void>>();
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

  /** @throws ApiError 409/40902 when the name is taken, 429 when there are too many, 503 while the process ends */
  create(settings: SessionSettings): Session {
    const key = keyOf(settings.group, settings.instance);
    if (this.#sessions.has(key)) throw new ApiError('consumerAlreadyExists');
    if (this.#draining) {
      throw new ApiError('unavailable', { message: 'This server is shutting down.', retryAfterSeconds: 1 });
    }
    if (this.#sessions.size + this.#closing.size >= this.#options.instancesMax) {
      throw new ApiError('tooManyRequests', {
        message: `This server holds ${this.#options.instancesMax} consumer instances (sluice.consumer.instances.max). Delete instances that are no longer used, or try again later.`,
        retryAfterSeconds: 10,
      });
    }
    const session = new Session(settings, this.#options.dependencies);
    this.#sessions.set(key, session);
    this.#sweeper ??= setInterval(() => this.#sweep(), SWEEP_INTERVAL_MS).unref();
    return session;
  }

  /**
   * The instance, touched. An instance of another principal does not exist for this one: its name is no secret, and
   * whether it is taken is nobody else's business.
   * @throws ApiError 404/40403
   */
  get(group: string, instance: string, principal: Principal): Session {
    const session = this.#sessions.get(keyOf(group, instance));
    if (session === undefined || session.settings.principal.id !== principal.id) {
      throw new ApiError('consumerInstanceNotFound');
    }
    session.touchedAt = this.#options.dependencies.now();
    return session;
  }

  /** Ends an instance at its client's wish: resolves once what it delivered is committed and its group is left. */
  async delete(session: Session): Promise<void> {
    await this.#end(session, 'deleted');
  }

  /** Ends all instances; new ones are refused from now on. */
  async closeAll(): Promise<void> {
    this.#draining = true;
    clearInterval(this.#sweeper);
    for (const session of this.#sessions.values()) void this.#end(session, 'shutdown');
    await Promise.all(this.#closing);
  }

  /** Resolves when the group is left, with or without an error; the handle is freed behind that. */
  async #end(session: Session, reason: 'deleted' | 'expired' | 'shutdown'): Promise<void> {
    const { group, instance } = session.settings;
    this.#sessions.delete(keyOf(group, instance));
    // Only a DELETE proves that the last answer arrived.
    const left = session.leave(reason === 'deleted');
    const ended = this.#free(session, left)
      .then(
        () => this.#options.onClosed(session, reason, undefined),
        (error: unknown) => this.#options.onClosed(session, reason, error),
      )
      .finally(() => this.#closing.delete(ended));
    this.#closing.add(ended);
    await left.catch(() => undefined);
  }

  async #free(session: Session, left: Promise<void>): Promise<void> {
    try {
      await left;
    } finally {
      await session.free();
    }
  }

  #sweep(): void {
    const limit = this.#options.dependencies.now() - this.#options.instanceTimeoutMs;
    for (const session of this.#sessions.values()) {
      if (session.activeRequests === 0 && session.touchedAt < limit) void this.#end(session, 'expired');
    }
    if (this.#sessions.size > 0) return;
    clearInterval(this.#sweeper);
    this.#sweeper = undefined;
  }
}
