import type { Delivery } from './delivery.ts';
import { LONGEST_TIMER_MS } from './longest-timer.ts';

export interface OverdueWatchOptions {
  /** After how many milliseconds a request is answered without its reports. */
  readonly limitMs: number;
  /** Requests with reports still to come, oldest first. */
  readonly outstanding: () => Iterable<Delivery>;
  readonly onOverdue: (delivery: Delivery) => void;
  /** Reports are missing after twice the limit: the client does not work any more. */
  readonly onStuck: () => void;
}

/**
 * The deadline of our own behind librdkafka's: no request waits for ever, whatever the client does. One timer
 * for all requests, set for the oldest, because they all get the same time.
 */
export class OverdueWatch {
  readonly #options: OverdueWatchOptions;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: OverdueWatchOptions) {
    this.#options = options;
  }

  /** A request was sent. */
  watch(): void {
    if (this.#timer === undefined) {
      this.#arm(this.#options.limitMs);
    }
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #arm(delayMs: number): void {
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        this.#check(performance.now());
      },
      Math.min(delayMs, LONGEST_TIMER_MS),
    );
  }

  #check(now: number): void {
    const { limitMs, outstanding, onOverdue, onStuck } = this.#options;
    let nextAt = Number.POSITIVE_INFINITY;
    for (const delivery of outstanding()) {
      const age = now - delivery.startedAt;
      if (age >= 2 * limitMs) {
        onStuck();
        return;
      }
      nextAt = Math.min(nextAt, delivery.startedAt + (age >= limitMs ? 2 : 1) * limitMs);
      if (age < limitMs) {
        break;
      }
      onOverdue(delivery);
    }
    if (nextAt !== Number.POSITIVE_INFINITY) {
      this.#arm(nextAt - now);
    }
  }
}
