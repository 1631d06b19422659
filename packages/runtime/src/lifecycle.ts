import type { Logger } from './logger.ts';

export type LifecycleState = 'starting' | 'ready' | 'draining' | 'stopped';

/** The part of `process` that a life cycle needs. */
export interface HostProcess {
  on(event: string, listener: (...values: unknown[]) => void): unknown;
  removeListener(event: string, listener: (...values: unknown[]) => void): unknown;
  exit(code: number): void;
  readonly pid: number;
  kill(pid: number, signal: NodeJS.Signals): unknown;
}

export interface LifecycleOptions {
  /** From the first signal, or from the end of the last step with a time of its own, to the end of the process, in ms. */
  readonly gracefulMs: number;
  /** Before that, in ms: unready already, and still serving as before. None by default, and none when the process is sick. */
  readonly unreadyMs?: number;
  readonly log: Logger;
  /** `process` by default. */
  readonly host?: HostProcess;
  /** A monotonic clock in ms; `performance.now` by default. */
  readonly now?: () => number;
}

/** Something to be done before the end, within the ms given. What it has not done by then is left behind. */
export type DrainStep = (budgetMs: number) => Promise<void> | void;

interface Step {
  readonly name: string;
  readonly run: DrainStep;
  /** A time of its own, which takes nothing away from the others. */
  readonly ownMs: number | undefined;
}

/** A step is told of less time than it has: one that uses it up and ends by itself is not one that hangs. */
const TOLD_SHARE = 0.95;
/** What every later step is sure to get, as a share of the whole time: one slow step must not starve the rest. */
const RESERVED_SHARE = 0.1;
const CALLS_LEFT_CHECK_MS = 20;

/**
 * The states of a process, starting → ready → draining → stopped, and its way through them.
 *
 * SIGTERM or SIGINT drains and exits with 0; a second signal exits with 1 at once. An error that nobody caught is
 * logged, and the process drains and exits with 1: its state may be broken, but requests in flight are not to blame.
 */
export class Lifecycle {
  #state: LifecycleState = 'starting';
  readonly #steps: Step[] = [];
  readonly #unready: (() => void)[] = [];
  #callsLeft: () => number = () => 0;
  /** When the graceful time is over. */
  #end = 0;
  readonly #options: Required<LifecycleOptions>;
  #drained: Promise<void> | undefined;
  readonly #handlers: readonly (readonly [string, (...values: unknown[]) => void])[] = [
    ['SIGTERM', () => this.#onSignal('SIGTERM')],
    ['SIGINT', () => this.#onSignal('SIGINT')],
    ['uncaughtException', (error) => this.#onCrash('uncaught exception', error)],
    ['unhandledRejection', (error) => this.#onCrash('unhandled rejection', error)],
  ];

  constructor(options: LifecycleOptions) {
    this.#options = { unreadyMs: 0, host: process, now: () => performance.now(), ...options };
  }

  get state(): LifecycleState {
    return this.#state;
  }

  /** From here on signals and uncaught errors are ours. */
  install(): void {
    for (const [event, handler] of this.#handlers) this.#options.host.on(event, handler);
  }

  uninstall(): void {
    for (const [event, handler] of this.#handlers) this.#options.host.removeListener(event, handler);
  }

  /** Everything is started. Without effect when the end has begun meanwhile. */
  ready(): void {
    if (this.#state === 'starting') this.#state = 'ready';
  }

  /** Adds what is to be done as soon as a signal came: clients are still served, and should begin to go elsewhere. */
  onUnready(run: () => void): void {
    this.#unready.push(run);
  }

  /**
   * Adds a step to the end. Steps run one after another, in the order in which they were added.
   * @param ownMs a time of its own; the graceful time of the others begins behind it
   */
  onDrain(name: string, run: DrainStep, ownMs?: number): void {
    this.#steps.push({ name, run, ownMs });
  }

  /**
   * `exit` waits for the calls that are under way in threads of libuv's pool, however long they take: to leave a group
   * whose coordinator nobody may ask takes 45 s. While there are any the process is ended by SIGKILL in its place.
   */
  countCallsLeft(count: () => number): void {
    this.#callsLeft = count;
  }

  /** Runs all steps; a second call waits for the first. Never rejects: a failed step is logged and passed over. */
  async drain(reason: string): Promise<void> {
    this.#drained ??= this.#runSteps(reason);
    await this.#drained;
  }

  /** Whoever sends requests here has to notice that it must not, before they are refused. */
  async #leaveAndDrain(reason: string): Promise<void> {
    const { unreadyMs, log } = this.#options;
    this.#state = 'draining';
    log.info({ reason, unreadyMs }, 'unready');
    for (const run of this.#unready) run();
    if (unreadyMs > 0) await new Promise((resolve) => setTimeout(resolve, unreadyMs));
    await this.#runSteps(reason);
  }

  #onSignal(signal: string): void {
    if (this.#state === 'draining') {
      this.#options.log.warn({ signal }, 'second signal: stopping at once');
      this.#exit(1);
      return;
    }
    // What is not ready yet has nobody sent here.
    this.#drained ??= this.#state === 'ready' ? this.#leaveAndDrain(signal) : this.#runSteps(signal);
    void this.#drained.then(() => this.#exitInTime(0));
  }

  #onCrash(what: string, error: unknown): void {
    this.#options.log.fatal({ error }, what);
    if (this.#state === 'draining') {
      this.#exit(1);
      return;
    }
    void this.drain(what).then(() => this.#exitInTime(1));
  }

  async #exitInTime(code: number): Promise<void> {
    while (this.#callsLeft() > 0 && this.#options.now() < this.#end) {
      await new Promise((resolve) => setTimeout(resolve, CALLS_LEFT_CHECK_MS));
    }
    this.#exit(code);
  }

  #exit(code: number): void {
    const { host, log } = this.#options;
    const calls = this.#callsLeft();
    if (calls === 0) {
      host.exit(code);
      return;
    }
    log.warn({ calls }, 'Calls to Kafka do not end: the process is killed.');
    host.kill(host.pid, 'SIGKILL');
  }

  async #runSteps(reason: string): Promise<void> {
    const { gracefulMs, log, now } = this.#options;
    this.#end = now() + gracefulMs;
    this.#state = 'draining';
    log.info({ reason, gracefulMs }, 'draining');
    for (const [index, step] of this.#steps.entries()) {
      const reservedMs = (this.#steps.length - 1 - index) * gracefulMs * RESERVED_SHARE;
      await this.#runStep(step, step.ownMs ?? Math.max(0, this.#end - now() - reservedMs));
      if (step.ownMs !== undefined) this.#end = now() + gracefulMs;
    }
    this.#state = 'stopped';
    log.info({ reason }, 'stopped');
  }

  async #runStep(step: Step, budgetMs: number): Promise<void> {
    const { log } = this.#options;
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<'late'>((resolve) => {
      timer = setTimeout(() => resolve('late'), budgetMs);
    });
    try {
      const outcome = await Promise.race([Promise.resolve(step.run(budgetMs * TOLD_SHARE)), timeout]);
      if (outcome === 'late') log.error({ step: step.name, budgetMs }, 'a drain step took too long and is left behind');
    } catch (error) {
      log.error({ step: step.name, error }, 'a drain step failed');
    } finally {
      clearTimeout(timer);
    }
  }
}
