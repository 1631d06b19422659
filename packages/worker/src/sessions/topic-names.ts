import type { AdminPool, Principal } from '@sluice/kafka';
import type { SessionRegistry } from './session-registry.ts';

/** How often the topics are listed again for the instances that follow a pattern, in ms. */
const REFRESH_INTERVAL_MS = 10_000;

/** Keeps pattern subscriptions up to date with the topics that exist: one listing a principal serves all of them. */
export class TopicNames {
  readonly #admins: AdminPool;
  readonly #onError: (error: unknown) => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(admins: AdminPool, onError: (error: unknown) => void) {
    this.#admins = admins;
    this.#onError = onError;
  }

  /** @throws KafkaError when the topics cannot be listed */
  list(principal: Principal): Promise<readonly string[]> {
    return this.#admins.of(principal).topics();
  }

  /** From now on until `stop`; does nothing while no instance follows a pattern. */
  follow(sessions: SessionRegistry): void {
    this.#timer = setInterval(() => {
      this.#refresh(sessions).catch(this.#onError);
    }, REFRESH_INTERVAL_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #refresh(sessions: SessionRegistry): Promise<void> {
    const followers = [...sessions].filter((session) => session.reading.followsPattern);
    const principals = new Map(followers.map(({ settings }) => [settings.principal.id, settings.principal]));
    for (const principal of principals.values()) {
      const topics = await this.list(principal);
      const mine = followers.filter(({ settings }) => settings.principal.id === principal.id);
      await Promise.all(mine.map((session) => session.reading.refreshPattern(topics)));
    }
  }
}
