import { type ConsumedRecord, recordBytes } from '@sluice/kafka';
import { ApiError } from '@sluice/protocol';
import type { ByteBudget } from '../http/byte-budget.ts';
import type { PiecePool } from './piece-pool.ts';
import { PoisonData, type RecordFormat, SchemaNeeded } from './record-format.ts';
import { RecordsBody } from './records-body.ts';
import { type RecordFields, WiderRecordsBody } from './wider-records-body.ts';

/** What a record needs in an answer around its topic, key and value: names, offsets, quotes and commas. */
const ENVELOPE_BYTES = 100;

/** Bytes that a record takes in an answer, base64 included; seldom more. */
function estimateOf(record: ConsumedRecord): number {
  return Math.ceil((recordBytes(record) * 4) / 3) + record.topic.length + ENVELOPE_BYTES;
}

/**
 * `full`: there is no memory for it, and there are others before it. `poison`: it cannot be read, and there are others
 * before it. `schema`: it cannot be read yet, see `needed`.
 */
export type Appended = 'taken' | 'full' | 'poison' | 'schema';

export interface AnswerRecordsOptions {
  readonly format: RecordFormat;
  /** Shared by all bodies in memory. */
  readonly budget: ByteBudget;
  readonly pieces: PiecePool;
  /** None by default. */
  readonly fields?: RecordFields | undefined;
}

/** The records of one answer, and the memory that they take. */
export class AnswerRecords {
  readonly #budget: ByteBudget;
  readonly #body: RecordsBody;
  #bytes = 0;
  #memory = 0;
  /** What the last record that was not taken needs. */
  needed: SchemaNeeded | undefined;

  constructor({ format, budget, pieces, fields }: AnswerRecordsOptions) {
    this.#budget = budget;
    this.#body = fields === undefined ? new RecordsBody(format, pieces) : new WiderRecordsBody(format, pieces, fields);
  }

  get count(): number {
    return this.#body.count;
  }

  /** Raw key and value bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** What the budget gave for the answer. */
  get memory(): number {
    return this.#memory;
  }

  /** @throws ApiError where not even one record has room, or the first one cannot be read */
  append(record: ConsumedRecord): Appended {
    const estimate = estimateOf(record);
    if (!this.#budget.reserve(estimate)) return this.#noRoom();
    let memory: number;
    try {
      memory = Math.max(estimate, this.#body.append(record));
    } catch (error) {
      this.#budget.release(estimate);
      return this.#notAppended(error);
    }
    // What a schema makes of a few bytes is known only now.
    if (memory > estimate && !this.#budget.reserve(memory - estimate)) {
      this.#budget.release(estimate);
      this.#body.takeBack();
      return this.#noRoom();
    }
    this.#bytes += recordBytes(record);
    this.#memory += memory;
    return 'taken';
  }

  finish(): readonly Buffer[] {
    return this.#body.finish();
  }

  /**
   * Gives the memory of the answer back to the budget; to be called once.
   * @param unused nobody reads the body any more, so the next answer may be written to its memory
   */
  release(unused: boolean): void {
    this.#budget.release(this.#memory);
    if (unused) this.#body.recycle();
  }

  #noRoom(): Appended {
    if (this.count > 0) return 'full';
    throw new ApiError('unavailable', {
      message: 'Too many answers are in memory (sluice.http.body.total.max.bytes). Nothing was read; try again.',
      retryAfterSeconds: 1,
    });
  }

  /** Good records before one that cannot be read are answered without it. */
  #notAppended(error: unknown): Appended {
    if (error instanceof SchemaNeeded) {
      this.needed = error;
      return 'schema';
    }
    if (!(error instanceof PoisonData)) throw error;
    if (this.count > 0) return 'poison';
    throw unreadable(error);
  }
}

/** What is answered where a record that cannot be read comes first. */
export function unreadable(error: PoisonData): ApiError {
  return new ApiError('serialization', { message: error.message, cause: error });
}
