import type { Batch } from './delivery-tracker.ts';
import type { Session } from './session.ts';

/**
 * A read that another node sent here for its client. When its answer is lost on the way between the nodes it is sent once
 * more under the same id, and gets the same records: a second read would take the next ones for a client that has not
 * seen the first.
 */
export class SentRead {
  readonly requestId: string;
  readonly #abort = new AbortController();
  #batch: Batch | undefined;

  constructor(requestId: string) {
    this.requestId = requestId;
  }

  /** Aborts when the answer is not wanted any more. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Its answer is on its way. */
  answering(batch: Batch): void {
    this.#batch = batch;
  }

  /** Its answer did not arrive, and will not: the records in it are to be read again. */
  abandon(session: Session): void {
    this.#abort.abort();
    if (this.#batch !== undefined) session.settle(this.#batch, false);
  }
}

/** Begins a read that was sent here; the one before it under the same id is over. */
export function beginSentRead(session: Session, requestId: string): SentRead {
  if (session.sentRead?.requestId === requestId) session.sentRead.abandon(session);
  const read = new SentRead(requestId);
  session.sentRead = read;
  return read;
}
