import type { InstanceName } from '@sluice/directory';
import type { EdgeRequest } from './edge-request.ts';
import { instanceKey } from './instance-key.ts';

export interface HoldingOptions {
  readonly heldMax: number;
  /** A request waits for so long in all. */
  readonly longestMs: number;
  readonly random: () => number;
  readonly onHeld: ((seconds: number, outcome: 'served' | 'refused' | 'abandoned') => void) | undefined;
}

/** Between two looks: many requests of many edges shall not look at the same moment. */
const PAUSE_MIN_MS = 50;
const PAUSE_MAX_MS = 150;

/** `look`: see whether it goes on now. */
export type PauseOutcome = 'look' | 'over' | 'draining' | 'gone';

/** The requests that wait while their instances move from node to node. */
export class Holding {
  readonly #options: HoldingOptions;
  readonly #held = new Set<Hold>();
  #draining = false;

  constructor(options: HoldingOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#held.size;
  }

  /** Undefined when no more may wait. */
  begin(r: EdgeRequest): Hold | undefined {
    if (this.#draining || this.#held.size >= this.#options.heldMax) return undefined;
    const hold = new Hold(r, this.#options);
    this.#held.add(hold);
    return hold;
  }

  end(hold: Hold): void {
    this.#held.delete(hold);
    hold.report();
  }

  /** Something has changed about the instance. */
  wake(name: InstanceName): void {
    if (this.#held.size === 0) return;
    const key = instanceKey(name);
    for (const hold of this.#held) if (hold.key === key) hold.wake('look');
  }

  /** Nobody waits here any more. */
  drain(): void {
    this.#draining = true;
    for (const hold of this.#held) hold.wake('draining');
  }
}

/** The waiting of one request. */
export class Hold {
  readonly key: string | undefined;
  readonly #r: EdgeRequest;
  readonly #options: HoldingOptions;
  readonly #startedAt = performance.now();
  #wake: ((outcome: PauseOutcome) => void) | undefined;
  #last: PauseOutcome = 'look';

  constructor(r: EdgeRequest, options: HoldingOptions) {
    this.#r = r;
    this.#options = options;
    this.key = r.name === undefined ? undefined : instanceKey(r.name);
  }

  /** Waits for a moment, if there is time left. */
  async pause(): Promise<PauseOutcome> {
    this.#last = await this.#pause();
    return this.#last;
  }

  wake(outcome: PauseOutcome): void {
    this.#last = outcome;
    this.#wake?.(outcome);
  }

  report(): void {
    const outcome = this.#last === 'look' ? 'served' : this.#last === 'gone' ? 'abandoned' : 'refused';
    this.#options.onHeld?.((performance.now() - this.#startedAt) / 1000, outcome);
  }

  #pause(): Promise<PauseOutcome> {
    const { socket } = this.#r.request;
    const { longestMs, random } = this.#options;
    const left = this.#startedAt + longestMs - performance.now();
    if (this.#last === 'draining') return Promise.resolve('draining');
    if (socket.destroyed) return Promise.resolve('gone');
    if (left <= 0) return Promise.resolve('over');
    return new Promise((resolve) => {
      const settle = (outcome: PauseOutcome): void => {
        clearTimeout(timer);
        socket.off('close', onClose);
        this.#wake = undefined;
        resolve(outcome);
      };
      const onClose = (): void => settle('gone');
      const pauseMs = PAUSE_MIN_MS + random() * (PAUSE_MAX_MS - PAUSE_MIN_MS);
      const timer = setTimeout(() => settle('look'), Math.min(left, pauseMs));
      socket.once('close', onClose);
      this.#wake = settle;
    });
  }
}
