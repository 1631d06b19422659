import type { InstanceName, NodeRecord } from '@sluice/directory';
import type { Peers } from './edge-options.ts';
import { instanceKey } from './instance-key.ts';

/** The next request of the instance waits for so long at most. */
const TIMEOUT_MS = 1000;
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

  constructor(peers: Peers | undefined, onTold: (() => void) | undefined) {
    this.#peers = peers;
    this.#onTold = onTold;
  }

  tell(node: NodeRecord, { group, instance }: InstanceName, requestId: string): void {
    const key = instanceKey({ group, instance });
    if (this.#peers === undefined || (this.#pending.size >= PENDING_MAX && !this.#pending.has(key))) return;
    this.#onTold?.();
    const before = this.#pending.get(key);
    const call = this.#peers
      .call(node, 'undelivered', { group, instance, request: requestId }, { timeoutMs: TIMEOUT_MS })
      // A node that cannot be told is not there to count anything as delivered, or has seen the connection break.
      .catch(() => undefined);
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
    await Promise.all(this.#pending.values());
  }
}
