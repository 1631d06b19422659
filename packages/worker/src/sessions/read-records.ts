import { type Consumer, recordBytes } from '@sluice/kafka';
import { ApiError } from '@sluice/protocol';
import { AnswerRecords, type AnswerRecordsOptions, type Appended, unreadable } from '../formats/answer-records.ts';
import { PoisonData, type SchemaNeeded } from '../formats/record-format.ts';
import { kafkaAnswer } from '../http/kafka-answers.ts';
import { within } from '../within.ts';
import type { Batch } from './delivery-tracker.ts';
import type { ReadScheduler } from './read-scheduler.ts';
import type { Session } from './session.ts';

export interface ReadRequest {
  /** The `timeout` of the request in ms, already cut to what the server allows; undefined when not given. */
  readonly timeoutMs: number | undefined;
  /** Raw key and value bytes that the answer may hold; the first record goes out whatever its size. */
  readonly maxBytes: number;
  /** The client named its size: such a read gathers up to it. */
  readonly sizeGiven: boolean;
  readonly signal: AbortSignal;
}

export interface ReadLimits {
  /** Longest wait of a read without `timeout` for the assignment of a new subscription, in ms. */
  readonly firstReadTimeoutMs: number;
  /** A read that nobody gave a size for is answered from here on, in raw bytes. */
  readonly targetBytes: number;
  /** Raw bytes that no answer exceeds. */
  readonly maxBytes: number;
}

export interface ReadOutcome {
  readonly body: readonly Buffer[];
  readonly records: number;
  /** Raw key and value bytes. */
  readonly bytes: number;
  readonly batch: Batch;
  /**
   * Gives the memory of the answer back to the budget; to be called once.
   * @param unused nobody reads the body any more, so the next answer may be written to its memory
   */
  readonly release: (unused: boolean) => void;
}

/**
 * How much larger than its keys and values an answer may be, by which of its limits applies. Raw bytes say nothing
 * about an answer full of tombstones: they count for nothing, and a topic of them came as one answer of 272 MB.
 */
const TARGET_FACTOR = 4;
const LIMIT_FACTOR = 2;

/** Records taken from the client by one call. */
const FILL_RECORDS_MAX = 1000;
/** How often a read that waits for a schema looks whether there is still something to wait for. */
const LOOK_MS = 50;
/** How long a known backlog may keep a read waiting for its next record. */
const GATHER_WAIT_MS = 10;

type Full = Exclude<Appended, 'taken'> | 'drained';

/** One read of an instance: waits for the first record, then gathers what the broker is known to have. */
class Read {
  readonly #session: Session;
  readonly #request: ReadRequest;
  readonly #context: ReadContext;
  readonly #targetBytes: number;
  readonly #memoryMax: number;
  readonly #startedAt: number;
  readonly #answer: AnswerRecords;
  readonly #batch: Batch;
  /** The state of the session that this read has looked at. */
  #changes = 0;
  /** When this read first saw its assignment: the usual wait counts from there. */
  #assignedAt: number | undefined;

  constructor(session: Session, request: ReadRequest, context: ReadContext) {
    this.#session = session;
    this.#request = request;
    this.#context = context;
    const wanted = request.sizeGiven ? Number.POSITIVE_INFINITY : context.limits.targetBytes;
    this.#targetBytes = Math.max(wanted, session.settings.fetchMinBytes);
    this.#memoryMax = Math.min(TARGET_FACTOR * this.#targetBytes, LIMIT_FACTOR * context.limits.maxBytes);
    this.#startedAt = context.now();
    this.#answer = new AnswerRecords(context);
    this.#batch = session.offsets.deliveries.open();
  }

  async run(): Promise<ReadOutcome> {
    try {
      await this.#gather();
    } catch (error) {
      if (this.#answer.count === 0) this.#session.offsets.deliveries.discard(this.#batch);
      // What it has taken reaches nobody.
      else this.#session.settle(this.#batch, false);
      this.#answer.release(true);
      throw error;
    }
    return {
      body: this.#answer.finish(),
      records: this.#answer.count,
      bytes: this.#answer.bytes,
      batch: this.#batch,
      release: (unused) => this.#answer.release(unused),
    };
  }

  async #gather(): Promise<void> {
    while (!this.#isOver()) {
      const consumer = await this.#session.connected();
      if (this.#answer.count === 0) {
        // Noted before the look at the state, so that a change meanwhile is not slept through.
        this.#changes = this.#session.changes;
        await this.#session.reading.reclaimAborted(consumer);
      }
      const drained = this.#drain(consumer);
      if (drained === 'schema' && (await this.#loadSchema())) continue;
      if (drained !== 'drained') return;
      const { error } = this.#session.reading;
      if (this.#answer.count === 0 && error !== undefined) throw kafkaAnswer(error, this.#session.settings.api);
      const backlog = this.#answer.count === 0 ? 0 : consumer.knownBacklog(FILL_RECORDS_MAX);
      if ((backlog === 0 && this.#satisfied()) || this.#leftMs() <= 0) return;
      if (backlog === 0) await this.#awaitRecords(consumer);
      else if ((await this.#fetchKnown(consumer, backlog)) === 0 && this.#satisfied()) return;
    }
  }

  #isOver(): boolean {
    if (this.#request.signal.aborted || this.#context.ending()) return true;
    // Reading goes on elsewhere, or with another consumer: what follows is no continuation of what was taken.
    return this.#answer.count > 0 && this.#changes !== this.#session.changes;
  }

  /** Asking for no more than is there makes the call return with the last record and not with the time-out. */
  #fetchKnown(consumer: Consumer, backlog: number): Promise<number> {
    return consumer.fill(backlog, Math.min(GATHER_WAIT_MS, this.#leftMs()));
  }

  async #awaitRecords(consumer: Consumer): Promise<void> {
    await consumer.fill(FILL_RECORDS_MAX, 0);
    if (consumer.buffer.count > 0 || this.#changes !== this.#session.changes || this.#context.ending()) return;
    await this.#context.scheduler.wait(this.#session, this.#leftMs(), this.#request.signal);
  }

  /** Moves buffered records into the answer. */
  #drain(consumer: Consumer): Full {
    const { buffer } = consumer;
    for (let record = buffer.peek(); record !== undefined; record = buffer.peek()) {
      // Confluent's limit is exclusive; the first record is the exception, or the client would never get past it.
      const { count, bytes } = this.#answer;
      if (count > 0 && bytes + recordBytes(record) >= this.#request.maxBytes) return 'full';
      const appended = this.#answer.append(record);
      if (appended !== 'taken') return appended;
      buffer.drop();
      this.#batch.note(record.topic, record.partition, record.offset);
      if (this.#answer.bytes >= this.#targetBytes || this.#answer.memory >= this.#memoryMax) return 'full';
    }
    return 'drained';
  }

  /**
   * Has the missing schema fetched. A read that holds records does not wait for it: it is for the next one.
   * @returns whether to go on: the record can be tried again, or something else has changed meanwhile
   * @throws ApiError when it cannot be read
   */
  async #loadSchema(): Promise<boolean> {
    const loading = (this.#answer.needed as SchemaNeeded).load();
    // Who comes for the record hears of it.
    loading.catch(() => undefined);
    if (this.#answer.count > 0) return false;
    const state = { isLoaded: false };
    const loaded = loading.then(() => {
      state.isLoaded = true;
    });
    try {
      while (!state.isLoaded && this.#leftMs() > 0) {
        await within(Math.min(this.#leftMs(), LOOK_MS), loaded);
        if (this.#isOver() || this.#session.closed || this.#changes !== this.#session.changes) return true;
      }
    } catch (error) {
      if (!(error instanceof PoisonData)) throw error;
      throw unreadable(error);
    }
    return state.isLoaded;
  }

  #satisfied(): boolean {
    return this.#answer.count > 0 && this.#answer.bytes >= this.#session.settings.fetchMinBytes;
  }

  #leftMs(): number {
    return this.#deadline() - this.#context.now();
  }

  #deadline(): number {
    const { timeoutMs } = this.#request;
    if (timeoutMs !== undefined) return this.#startedAt + timeoutMs;
    if (this.#session.joining) return this.#startedAt + this.#context.limits.firstReadTimeoutMs;
    this.#assignedAt ??= this.#context.now();
    return this.#assignedAt + this.#session.settings.requestTimeoutMs;
  }
}

export interface ReadContext extends AnswerRecordsOptions {
  readonly limits: ReadLimits;
  readonly scheduler: ReadScheduler;
  /** True while the process ends: waiting reads answer with what they have. */
  readonly ending: () => boolean;
  /** Milliseconds on a clock that never goes back. */
  readonly now: () => number;
}

/**
 * Reads records of an instance (architecture: consumers, points 1 to 4).
 * @throws ApiError 409 when the instance reads nothing yet, 408/40801 when the next record is not of its format,
 * 404 when it is deleted meanwhile; KafkaError
 */
export async function readRecords(session: Session, request: ReadRequest, context: ReadContext): Promise<ReadOutcome> {
  if (!session.reading.hasSource) {
    throw new ApiError('illegalState', {
      detail: 'Consumer is not subscribed to any topics or assigned any partitions',
    });
  }
  session.offsets.beginRead();
  return await new Read(session, request, context).run();
}
