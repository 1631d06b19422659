import { setTimeout } from 'node:timers/promises';
import type { InstanceName, NodeRecord } from '@sluice/directory';
import type { Peers } from './edge-options.ts';
import { instanceKey } from './instance-key.ts';

/** For one call: the next request of the instance waits for that, and for the repetitions if there are any. */
const TIMEOUT_MS = 1000;
/** A node that is out of reach for a moment, and goes on living, is told so many times in all, so far apart. */
const TRIES_MAX = 5;
const RETRY_AFTER_MS = 500;
/** Where its port refuses nothing is counted as delivered any more. Twice: it may just be opened again. */
const REFUSALS_MAX = 2;
const REFUSED_RETRY_AFTER_MS = 100;
/** Instances whose nodes are being told at once. Beyond it they learn from their broken connection alone. */
const PENDING_MAX = 10_000;

/**
 * Tells nodes which of their answers did not reach the client, before the next request of the same client could count
 * as proof that it did.
 */
export class UndeliveredAnswers {
  readonly #peers: Peers | undefined;
  readonly #onTold: (() => void) | undefined;
  readonly #pending = new Map<string, Promise<unknown>>();
  #isSettling = false;

  constructor(peers: Peers | undefined, onTold: (() => void) | undefined) {
    this.#peers = peers;
    this.#onTold = onTold;
  }

  /**
   * Returns at once.
   * @param isToBeRepeated while the node cannot be reached; without it the node is told once: it has seen the connection
   *   break, or is not there to count anything as delivered
   */
  tell(
    node: NodeRecord,
    { group, instance }: InstanceName,
    requestId: string,
    isToBeRepeated: () => boolean = never,
  ): void {
    const key = instanceKey({ group, instance });
    if (this.#peers === undefined || (this.#pending.size >= PENDING_MAX && !this.#pending.has(key))) return;
    this.#onTold?.();
    const before = this.#pending.get(key);
    const call = this.#call(node, { group, instance, request: requestId }, isToBeRepeated);
    const told = Promise.all([before, call]).finally(() => {
      if (this.#pending.get(key) === told) this.#pending.delete(key);
    });
    this.#pending.set(key, told);
  }

  /** Undefined when nothing has to be waited for, which is nearly always. */
  pending(name: InstanceName): Promise<unknown> | undefined {
    return this.#pending.size === 0 ? undefined : this.#pending.get(instanceKey(name));
  }

  /** All that is under way is told, or cannot be. */
  async settled(): Promise<void> {
    this.#isSettling = true;
    await Promise.all(this.#pending.values());
  }

  /** Never rejects. */
  async #call(node: NodeRecord, body: object, isToBeRepeated: () => boolean): Promise<void> {
    let refusals = 0;
    for (let tries = 1; ; tries += 1) {
      try {
        await this.#peers?.call(node, 'undelivered', body, { timeoutMs: TIMEOUT_MS });
        return;
      } catch (error) {
        refusals = isRefusal(error) ? refusals + 1 : 0;
        if (refusals === REFUSALS_MAX || tries >= TRIES_MAX || this.#isSettling || !isToBeRepeated()) return;
      }
      await setTimeout(refusals > 0 ? REFUSED_RETRY_AFTER_MS : RETRY_AFTER_MS);
    }
  }
}

function isRefusal(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  return (cause as NodeJS.ErrnoException | undefined)?.code === 'ECONNREFUSED';
}

function never(): boolean {
  return false;
}
