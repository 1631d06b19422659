import type { Batch } from './delivery-tracker.ts';

/** What becomes of a batch: the client has it, or its records are to be read again. */
export type Settle = (batch: Batch, complete: boolean) => void;

/** The connection that a read came in on. */
export type Connection = Readonly<{ destroyed: boolean }>;

/** How long the word of a node may take under load; one that is frozen will not say it. */
const PROOF_WAIT_MS = 2000;
/** And of one that has closed the connection: most likely it has died. */
const LAST_WORD_MS = 200;

/**
 * A read that another node sent here for its client. When its answer is lost on the way between the nodes it is sent once
 * more under the same id, and gets the same records: a second read would take the next ones for a client that has not
 * seen the first.
 */
export class SentRead {
  readonly requestId: string;
  readonly #reads: SentReads;
  readonly #connection: Connection;
  readonly #abort = new AbortController();
  #batch: Batch | undefined;
  /** The word of the other node may be faster than that of the own connection. */
  #isDelivered = false;

  constructor(requestId: string, connection: Connection, reads: SentReads) {
    this.requestId = requestId;
    this.#connection = connection;
    this.#reads = reads;
  }

  /** Aborts when the answer is not wanted any more. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** The answer has left, and nobody has said yet that the client has it. */
  get isUnproven(): boolean {
    return this.#batch?.state === 'sent';
  }

  /** How long it is worth waiting for the word that the client has the answer, in ms. */
  get patienceMs(): number {
    return this.#connection.destroyed ? LAST_WORD_MS : PROOF_WAIT_MS;
  }

  /** Its answer is on its way. */
  answering(batch: Batch): void {
    this.#batch = batch;
  }

  /** The answer has left for the other node, or was cut off. What holds no records needs no proof. */
  onSent(complete: boolean): void {
    const batch = this.#batch;
    if (batch === undefined || batch.state === 'aborted') return;
    if (complete && batch.extents.size > 0 && !this.#isDelivered) batch.state = 'sent';
    else this.#reads.end(this, batch, complete);
  }

  delivered(): void {
    this.#isDelivered = true;
    if (this.#batch?.state === 'sent') this.#reads.end(this, this.#batch, true);
  }

  /** It has failed, or another node is to do it: there is no answer to prove. */
  failed(): void {
    this.#reads.end(this, undefined, false);
  }

  /** Its answer did not arrive, and will not: the records in it are to be read again. */
  abandon(): void {
    this.#abort.abort();
    this.#reads.end(this, this.#batch, false);
  }
}

/**
 * The reads of an instance that came by way of other nodes. Such an answer is only proven when the node says that the
 * client has it: a node that is frozen or killed with the answer in hand has taken it, and the client's next request,
 * by another node, would prove what is not true.
 */
export class SentReads {
  readonly #settle: Settle;
  readonly #reads = new Map<string, SentRead>();
  readonly #waiting = new Set<() => void>();

  constructor(settle: Settle) {
    this.#settle = settle;
  }

  /** Begins a read that was sent here; the one before it under the same id is over. */
  begin(requestId: string, connection: Connection): SentRead {
    this.#reads.get(requestId)?.abandon();
    const read = new SentRead(requestId, connection, this);
    this.#reads.set(requestId, read);
    return read;
  }

  /** The clients have these answers. */
  delivered(requestIds: readonly string[]): void {
    for (const id of requestIds) this.#reads.get(id)?.delivered();
  }

  /** The client does not have that answer. */
  undelivered(requestId: string): void {
    this.#reads.get(requestId)?.abandon();
  }

  /** Nothing that was answered is in doubt, which is nearly always so. */
  get isProven(): boolean {
    for (const read of this.#reads.values()) if (read.isUnproven) return false;
    return true;
  }

  /** What is in doubt now is proven, or given up after two seconds at most: its records are read again. */
  async untilProven(): Promise<void> {
    const doubtful = [...this.#reads.values()].filter(({ isUnproven }) => isUnproven);
    const end = performance.now() + Math.max(...doubtful.map(({ patienceMs }) => patienceMs));
    while (doubtful.some(({ isUnproven }) => isUnproven) && performance.now() < end) {
      await this.#nextEnd(end - performance.now());
    }
    for (const read of doubtful) if (read.isUnproven) read.abandon();
  }

  /** It is over; to be called by the read itself. */
  end(read: SentRead, batch: Batch | undefined, complete: boolean): void {
    if (this.#reads.get(read.requestId) === read) this.#reads.delete(read.requestId);
    if (batch !== undefined) this.#settle(batch, complete);
    for (const wake of this.#waiting) wake();
  }

  #nextEnd(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, timeoutMs);
      this.#waiting.add(wake);
    });
  }
}
