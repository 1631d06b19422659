/** What the scheduler polls: one consumer instance. */
export interface Pollable {
  /** Takes records that are ready, without waiting. Answers whether there are any for a read. */
  poll(): Promise<boolean>;
  /** The poll of an instance that nobody reads: keeps it in its group. */
  service(): Promise<void>;
  /** While true the instance is waiting for its group and is serviced more often. */
  readonly joining: boolean;
  /** While true it has not been read for a while, fetches nothing, and is serviced less often. */
  readonly parked: boolean;
}

export interface ReadSchedulerOptions {
  /** Milliseconds between two service polls of an idle instance; default 1000. */
  readonly serviceIntervalMs?: number;
  readonly now?: () => number;
}

interface Waiter {
  readonly wake: () => void;
  polling: boolean;
  polledAt: number;
}

/** How many of its intervals a parked instance lets pass: all that a service poll does for it is let its group rebalance. */
const PARKED_INTERVALS = 2;
const TICK_MS = 50;
/**
 * Idle instances are serviced in bursts, of this size or at this tick, whichever comes first. Each burst wakes the
 * threads of the pool, and few large ones cost half as much as many small ones: a thousand idle instances took a tenth
 * of a core for nothing else.
 */
const BURST_SIZE = 128;
const BURST_TICKS = 4;
/** Bounds of the poll interval of waiting reads. */
const INTERVAL_MIN_MS = 2;
const INTERVAL_MAX_MS = 25;
/** A group takes seconds to form by default; to look every 2 ms for its answer cost as much as reading 20,000 records. */
const JOINING_INTERVAL_MS = 10;

/**
 * Nobody waits for these: a thousand instances that joined at once were polled four thousand times a second, and held up
 * their own look-ups so long that hundreds ran out of time.
 */
const JOINING_SERVICE_MAX_MS = 500;

/** A few waiting reads are polled every 2 ms; the interval grows with their number so that the CPU cost stays flat. */
export function pollIntervalMs(waiting: number): number {
  return Math.min(INTERVAL_MAX_MS, Math.max(INTERVAL_MIN_MS, Math.round(waiting / 8)));
}

/** At each tick for up to two dozen instances that join while nobody reads them; beyond that at a flat cost. */
export function joiningServiceIntervalMs(joining: number): number {
  return Math.min(JOINING_SERVICE_MAX_MS, joining * 2);
}

/**
 * Polls all waiting reads and all idle instances of a worker from two timers. No read ever holds a thread while it
 * waits: with a blocking call each, a few dozen waiting reads would take the whole thread pool.
 */
export class ReadScheduler {
  readonly #serviceIntervalMs: number;
  readonly #now: () => number;
  readonly #waiting = new Map<Pollable, Set<Waiter>>();
  readonly #idle = new Map<Pollable, { readonly servicedAt: number; polling: boolean }>();
  #pollTimer: NodeJS.Timeout | undefined;
  #serviceTimer: NodeJS.Timeout | undefined;
  #ticks = 0;
  /** Idle instances that joined a group at the last tick. */
  #joining = 0;

  constructor(options: ReadSchedulerOptions = {}) {
    this.#serviceIntervalMs = options.serviceIntervalMs ?? 1000;
    this.#now = options.now ?? ((): number => performance.now());
  }

  /** Reads that wait now. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** From now on the instance is serviced until `remove`. */
  add(pollable: Pollable): void {
    // Spread over the interval, or a thousand instances made at once would all be polled in the same tick.
    const jitter = Math.random() * this.#serviceIntervalMs;
    this.#idle.set(pollable, { servicedAt: this.#now() - jitter, polling: false });
    this.#serviceTimer ??= setInterval(() => this.#serviceDue(), TICK_MS).unref();
  }

  remove(pollable: Pollable): void {
    this.#idle.delete(pollable);
    this.wake(pollable);
    if (this.#idle.size > 0) return;
    clearInterval(this.#serviceTimer);
    this.#serviceTimer = undefined;
  }

  /** Resolves when records came, when `wake` is called, when the time is over or the signal aborts. Never rejects. */
  wait(pollable: Pollable, timeoutMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const waiters = this.#waiting.get(pollable) ?? new Set();
      this.#waiting.set(pollable, waiters);
      const waiter: Waiter = {
        polling: false,
        polledAt: Number.NEGATIVE_INFINITY,
        wake: () => {
          clearTimeout(timer);
          signal.removeEventListener('abort', waiter.wake);
          waiters.delete(waiter);
          if (waiters.size === 0 && this.#waiting.get(pollable) === waiters) this.#waiting.delete(pollable);
          resolve();
        },
      };
      const timer = setTimeout(waiter.wake, Math.max(0, timeoutMs));
      signal.addEventListener('abort', waiter.wake);
      waiters.add(waiter);
      if (signal.aborted) waiter.wake();
      else this.#schedulePoll();
    });
  }

  /** Something about the instance changed: its waiting reads look again. */
  wake(pollable: Pollable): void {
    for (const waiter of this.#waiting.get(pollable) ?? []) waiter.wake();
  }

  /** All waiting reads look again: the process is about to end. */
  wakeAll(): void {
    for (const pollable of this.#waiting.keys()) this.wake(pollable);
  }

  #schedulePoll(): void {
    if (this.#pollTimer !== undefined || this.#waiting.size === 0) return;
    this.#pollTimer = setTimeout(() => {
      this.#pollTimer = undefined;
      this.#pollWaiting();
      this.#schedulePoll();
    }, pollIntervalMs(this.#waiting.size));
  }

  #pollWaiting(): void {
    const now = this.#now();
    for (const [pollable, waiters] of this.#waiting) {
      // The first waiter stands for the instance: one poll at a time.
      const [waiter] = waiters;
      if (waiter === undefined || waiter.polling) continue;
      if (pollable.joining && now - waiter.polledAt < JOINING_INTERVAL_MS) continue;
      waiter.polledAt = now;
      void this.#poll(pollable, waiter);
    }
  }

  async #poll(pollable: Pollable, waiter: Waiter): Promise<void> {
    waiter.polling = true;
    // A poll that fails is no news to the scheduler: the read looks itself, and has somebody to tell.
    const ready = await pollable.poll().catch(() => true);
    waiter.polling = false;
    if (ready) this.wake(pollable);
  }

  #serviceDue(): void {
    const now = this.#now();
    const joiningInterval = joiningServiceIntervalMs(this.#joining);
    const due: Pollable[] = [];
    this.#ticks += 1;
    this.#joining = 0;
    for (const [pollable, { servicedAt, polling }] of this.#idle) {
      if (this.#waiting.has(pollable)) continue;
      const { joining } = pollable;
      if (joining) this.#joining += 1;
      if (polling || now - servicedAt < (joining ? joiningInterval : this.#idleInterval(pollable))) continue;
      if (joining) this.#service(pollable, now);
      else due.push(pollable);
    }
    if (due.length < BURST_SIZE && this.#ticks % BURST_TICKS !== 0) return;
    for (const pollable of due) this.#service(pollable, now);
  }

  #idleInterval(pollable: Pollable): number {
    return pollable.parked ? PARKED_INTERVALS * this.#serviceIntervalMs : this.#serviceIntervalMs;
  }

  #service(pollable: Pollable, now: number): void {
    const state = { servicedAt: now, polling: true };
    this.#idle.set(pollable, state);
    void pollable.service().then(() => {
      state.polling = false;
    });
  }
}
