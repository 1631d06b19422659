import type { produceV11 } from '@platformatic/kafka';
import { PARTITION_UNSET, type RecordBatch, TIMESTAMP_UNSET } from '@sluice/protocol';

import type { Delivery } from './delivery.ts';
import type { KafkaError } from './kafka-error.ts';
import type { Partitioner } from './key-partitioner.ts';
import { headerBytes } from './record-headers.ts';

export type ExactMessage = produceV11.ProduceRequest[2][number];

/** A broker bounds a batch; librdkafka's are as large. */
const BATCH_BYTES = 65_536;
const RECORD_OVERHEAD_BYTES = 100;
/** Times of a batch are written as differences to the first; the client library writes those beyond 31 bits wrongly. */
const TIME_SPAN_MS = 2 ** 30;

function bytesOf({ keys, values, headers }: RecordBatch, index: number): number {
  const payload = (keys[index]?.length ?? 0) + (values[index]?.length ?? 0);
  return payload + headerBytes(headers?.[index]) + RECORD_OVERHEAD_BYTES;
}

function timestampOf({ timestamps }: RecordBatch, index: number, now: number): number {
  const timestamp = timestamps?.[index] ?? TIMESTAMP_UNSET;
  return timestamp === TIMESTAMP_UNSET ? now : timestamp;
}

interface Place {
  readonly topic: string;
  readonly partition: number;
}

function messageOf(batch: RecordBatch, index: number, place: Place, now: number): ExactMessage {
  const { keys, values, headers } = batch;
  // Each key is an object of its own, so that several of one name stay several; null goes out as null.
  const own = headers?.[index]?.map(({ key, value }) => [Buffer.from(key), value] as [Buffer, Buffer]);
  return {
    ...place,
    key: (keys[index] ?? null) as Buffer,
    value: (values[index] ?? null) as Buffer,
    timestamp: BigInt(timestampOf(batch, index, now)),
    ...(own === undefined ? {} : { headers: new Map(own) }),
  };
}

interface OpenRecordsOptions {
  readonly delivery: Delivery;
  readonly batch: RecordBatch;
  /** How many partitions the topic has. */
  readonly count: number;
  /** The partition of those that may go anywhere: they stay together. */
  readonly anywhere: number;
  readonly partitioner: Partitioner;
}

/** The records of one partition, in order, of which those before `next` are settled. */
interface Line {
  readonly indexes: number[];
  next: number;
}

/** The partitions of one request's records, and which of them are still to be written. */
export class OpenRecords {
  readonly #delivery: Delivery;
  readonly #batch: RecordBatch;
  /** The time of records that have none of their own. */
  readonly #now = Date.now();
  readonly #lines = new Map<number, Line>();

  constructor({ delivery, batch, count, anywhere, partitioner }: OpenRecordsOptions) {
    this.#delivery = delivery;
    this.#batch = batch;
    for (let index = 0; index < batch.count; index += 1) {
      if (delivery.errors?.has(index) === true) continue;
      const asked = batch.partitions[index] ?? PARTITION_UNSET;
      const chosen = asked === PARTITION_UNSET ? partitioner(batch.keys[index] ?? null, count) : asked;
      const partition = chosen ?? anywhere;
      const line = this.#lines.get(partition);
      if (line === undefined) this.#lines.set(partition, { indexes: [index], next: 0 });
      else line.indexes.push(index);
    }
  }

  get partitions(): readonly number[] {
    return [...this.#lines.keys()];
  }

  /** All that a partition still has open. */
  of(partition: number): readonly number[] {
    const line = this.#lines.get(partition);
    return line?.indexes.slice(line.next) ?? [];
  }

  /** As many from the front as make a batch; one at least. */
  nextBatch(partition: number): readonly number[] {
    const { indexes, next } = this.#lines.get(partition) as Line;
    const first = timestampOf(this.#batch, indexes[next] ?? 0, this.#now);
    let bytes = 0;
    let end = next;
    for (; end < indexes.length; end += 1) {
      const index = indexes[end] as number;
      bytes += bytesOf(this.#batch, index);
      const isFar = Math.abs(timestampOf(this.#batch, index, this.#now) - first) > TIME_SPAN_MS;
      if (end > next && (bytes > BATCH_BYTES || isFar)) break;
    }
    return indexes.slice(next, end);
  }

  messages(topic: string, batches: ReadonlyMap<number, readonly number[]>): ExactMessage[] {
    return [...batches].flatMap(([partition, indexes]) =>
      indexes.map((index) => messageOf(this.#batch, index, { topic, partition }, this.#now)),
    );
  }

  /** The next ones of a partition are written, from this offset on. */
  acknowledge(partition: number, indexes: readonly number[], baseOffset: bigint): void {
    for (const [i, index] of indexes.entries()) {
      this.#delivery.acknowledge(index, partition, Number(baseOffset) + i);
    }
    this.#settle(partition, indexes.length);
  }

  /** The next ones of a partition are not written, or nobody knows. */
  fail(partition: number, indexes: readonly number[], error: KafkaError): void {
    for (const index of indexes) this.#delivery.fail(index, error);
    this.#settle(partition, indexes.length);
  }

  #settle(partition: number, count: number): void {
    const line = this.#lines.get(partition);
    if (line === undefined) return;
    line.next += count;
    if (line.next >= line.indexes.length) this.#lines.delete(partition);
  }
}
