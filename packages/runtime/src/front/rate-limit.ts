import type { RateLimitConfig } from '../config.ts';
import { classOf, newerName } from './endpoint-names.ts';

/** So many seconds' worth of permits are saved up while nobody takes any. */
const SAVED_S = 1;

/**
 * Permits that come at a rate (contract D.1, `rate.limit.*`). As in Guava's limiter a request is let in as soon as the
 * permits of those before it are paid for, and what it costs beyond the saved ones the next one waits for.
 */
export class RateLimit {
  readonly #config: RateLimitConfig;
  /** In ms: from when on the next request is let in. What lies before now is saved. */
  #freeAt: number;

  /** @param now in ms, of a clock that never goes back */
  constructor(config: RateLimitConfig, now: number) {
    this.#config = config;
    this.#freeAt = now;
  }

  /** Permits that a request to an endpoint takes; 0: it is not limited. */
  costOf(name: string): number {
    const { costs, defaultCost } = this.#config;
    const priceOf = (one: string): number | undefined => costs.get(one) ?? costs.get(classOf(one));
    return priceOf(name) ?? priceOf(newerName(name) ?? name) ?? defaultCost;
  }

  /**
   * Takes permits.
   *
   * @param mayWait whether there is room for one that waits: else none are taken for it
   * @returns for how many ms the request has to wait, or, taking none, after how many it may come again
   */
  take(cost: number, now: number, mayWait = true): { readonly granted: boolean; readonly waitMs: number } {
    const { permitsPerSec } = this.#config;
    const timeoutMs = mayWait ? this.#config.timeoutMs : 0;
    if (cost === 0) return { granted: true, waitMs: 0 };
    this.#freeAt = Math.max(this.#freeAt, now - SAVED_S * 1000);
    const waitMs = Math.max(this.#freeAt - now, 0);
    if (waitMs > timeoutMs) return { granted: false, waitMs: waitMs - timeoutMs };
    this.#freeAt += (cost * 1000) / permitsPerSec;
    return { granted: true, waitMs };
  }
}
