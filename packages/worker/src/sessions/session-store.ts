import type { Journal } from './journal.ts';

/** Where a session keeps what its successor needs, should another node have to go on with it. */
export interface SessionStore {
  /** At which this node holds the instance. */
  readonly epoch: number;
  /**
   * What the journal holds now is safe when this resolves: a successor will know it.
   * @throws ApiError 503 when it could not be made safe; nothing is known of whether it was
   */
  save(journal: Journal): Promise<void>;
  /** Something has changed that is written with the next of the regular writes. */
  touch(journal: Journal): void;
  /**
   * Whether no other node can have taken the instance over by now. Without it an instance with an assignment of its own
   * must not commit: no broker would refuse it.
   */
  readonly owned: boolean;
  /**
   * Asked before a consumer is made anew after a fatal error: the broker fences whoever was replaced.
   * @throws NotHeld when another node holds the instance
   */
  assertHeld(): Promise<void>;
}

/** Of a proxy that stands alone: there is no successor. */
export function localStore(epoch: number): SessionStore {
  return {
    epoch,
    save: () => Promise.resolve(),
    touch: () => undefined,
    owned: true,
    assertHeld: () => Promise.resolve(),
  };
}
