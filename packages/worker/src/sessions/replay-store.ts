import type { Batch } from './delivery-tracker.ts';
import type { Session } from './session.ts';

/** The last answer of an instance to a read that carried an Idempotency-Key. */
export interface KeptAnswer {
  readonly key: string;
  readonly batch: Batch;
  /** Undefined once it had to make room: the records are then read from Kafka again. */
  body: readonly Buffer[] | undefined;
  readonly contentType: string;
}

function bytesOf({ body }: KeptAnswer): number {
  return body === undefined ? 0 : body.reduce((sum, piece) => sum + piece.length, 0);
}

/**
 * Keeps the last keyed answer of each instance, so that a client that lost it gets the very same one. The bodies of
 * all instances share one budget; the oldest make room.
 */
export class ReplayStore {
  readonly #answers = new Map<Session, KeptAnswer>();
  readonly #limitBytes: number;
  #bytes = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  find(session: Session, key: string): KeptAnswer | undefined {
    const answer = this.#answers.get(session);
    return answer?.key === key ? answer : undefined;
  }

  keep(session: Session, answer: KeptAnswer): void {
    this.forget(session);
    this.#answers.set(session, answer);
    this.#bytes += bytesOf(answer);
    for (const older of this.#answers.values()) {
      if (this.#bytes <= this.#limitBytes) return;
      this.#drop(older);
    }
  }

  forget(session: Session): void {
    const answer = this.#answers.get(session);
    if (answer !== undefined) this.#drop(answer);
    this.#answers.delete(session);
  }

  #drop(answer: KeptAnswer): void {
    this.#bytes -= bytesOf(answer);
    answer.body = undefined;
  }
}
