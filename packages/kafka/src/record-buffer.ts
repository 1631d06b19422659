import type { TopicPartition } from '@sluice/protocol';
import { type NativeHeaders, nativeBytes } from './record-headers.ts';

/** A record as the client hands it over; key and value are null for Kafka's null. */
export interface ConsumedRecord extends TopicPartition {
  readonly offset: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** Milliseconds since the epoch, -1 when the record has none. */
  readonly timestamp: number;
  /** See `headersRead`; absent where there are none. */
  readonly headers?: NativeHeaders;
}

/** Bytes that a record counts for in limits: raw key plus raw value, as the contract counts `max_bytes`. */
export function recordBytes(record: ConsumedRecord): number {
  return (record.key?.length ?? 0) + (record.value?.length ?? 0);
}

/** The memory that a record keeps, headers included: a topic may have all of its bytes in them. */
function heldBytes(record: ConsumedRecord): number {
  return record.headers === undefined ? recordBytes(record) : recordBytes(record) + nativeBytes(record.headers);
}

/** Records that were taken and still stand in front; more than this, and than what is left, are cut off. */
const COMPACT_RECORDS = 1024;

/**
 * Records taken from the client and not yet handed to anybody, in order. A read takes from the front; what a
 * limit leaves behind stays first in line. Taking advances an index, so that a large batch is not shifted
 * record by record.
 */
export class RecordBuffer {
  #records: ConsumedRecord[] = [];
  #next = 0;
  #bytes = 0;

  get count(): number {
    return this.#records.length - this.#next;
  }

  /** Of keys, values and headers. */
  get bytes(): number {
    return this.#bytes;
  }

  /** At least so many records, or so many bytes. */
  holds(records: number, bytes: number): boolean {
    return this.count >= records || this.#bytes >= bytes;
  }

  push(records: readonly ConsumedRecord[]): void {
    if (this.#next === this.#records.length) {
      this.#records = [];
      this.#next = 0;
    }
    for (const record of records) {
      this.#records.push(record);
      this.#bytes += heldBytes(record);
    }
  }

  peek(): ConsumedRecord | undefined {
    return this.#records[this.#next];
  }

  /** Removes the record that `peek` returned. */
  drop(): void {
    const record = this.#records[this.#next];
    if (record === undefined) return;
    this.#bytes -= heldBytes(record);
    this.#next += 1;
    if (this.#next === this.#records.length) this.clear();
    // Else what was taken would be kept alive by what is never quite used up.
    else if (this.#next >= COMPACT_RECORDS && this.#next * 2 >= this.#records.length) {
      this.#records = this.#records.slice(this.#next);
      this.#next = 0;
    }
  }

  clear(): void {
    this.#records = [];
    this.#next = 0;
    this.#bytes = 0;
  }

  /** Keeps what `keep` accepts, in order. */
  retain(keep: (record: ConsumedRecord) => boolean): void {
    const kept = this.#records.slice(this.#next).filter(keep);
    this.clear();
    this.push(kept);
  }

  each(visit: (record: ConsumedRecord) => void): void {
    for (let i = this.#next; i < this.#records.length; i += 1) visit(this.#records[i] as ConsumedRecord);
  }
}
