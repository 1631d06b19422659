import { PARTITION_UNSET, type RecordBatch } from '@sluice/protocol';
import rdkafka from 'node-rdkafka';

import { KafkaError } from './kafka-error.ts';
import type { QueueSpace } from './queue-budget.ts';
import { headerBytes } from './record-headers.ts';

/** What librdkafka needs around a record, so that many tiny records cannot take more memory than was reserved. */
export const OVERHEAD_PER_RECORD_BYTES = 100;

/** The Java producer's error for a name that Kafka's rule forbids; not retriable. */
export function invalidTopics(topic: string): KafkaError {
  return new KafkaError(rdkafka.CODES.ERRORS.ERR_TOPIC_EXCEPTION, 'invalidTopic', `Invalid topics: [${topic}]`, {
    retriable: false,
  });
}

/** Length of a number in Kafka's zig-zag variable-length coding. */
function varintBytes(value: number): number {
  let rest = value * 2;
  let bytes = 1;
  while (rest >= 128) {
    rest = Math.floor(rest / 128);
    bytes += 1;
  }
  return bytes;
}

const fieldBytes = (field: Buffer | null): number => (field === null ? 1 : varintBytes(field.length) + field.length);

/** Batch header (61), upper bound of a record's own header (21), and an empty list of record headers (1). */
const BATCH_AND_RECORD_HEADER_BYTES = 83;

/** The size that the Java client compares with max.request.size (AbstractRecords.estimateSizeInBytesUpperBound). */
function serializedBytes(key: Buffer | null, value: Buffer | null): number {
  return BATCH_AND_RECORD_HEADER_BYTES + fieldBytes(key) + fieldBytes(value);
}

function tooLarge(bytes: number, limit: number): KafkaError {
  const message = `The message is ${bytes} bytes when serialized which is larger than ${limit}, which is the value of the max.request.size configuration.`;
  return new KafkaError(rdkafka.CODES.ERRORS.ERR_MSG_SIZE_TOO_LARGE, 'tooLarge', message, { retriable: false });
}

function negativePartition(partition: number): KafkaError {
  const message = `Invalid partition: ${partition}. Partition number should always be non-negative or null.`;
  return new KafkaError(rdkafka.CODES.ERRORS.ERR__INVALID_ARG, 'other', message, { retriable: false });
}

export interface CheckedBatch {
  /** How many records are good, and the memory that they take in the producer's queue. */
  readonly reserve: QueueSpace;
  /** Why the others are not, by index. */
  readonly errors: ReadonlyMap<number, KafkaError>;
}

/** The most that a length takes. */
const LENGTH_BYTES = 5;
/** Above every sum of header bytes, so that one comparison clears nearly all records. */
const HEADER_MARGIN_BYTES = 128;

function oversize({ keys, values, headers }: RecordBatch, index: number, limit: number): KafkaError | undefined {
  const own = headers?.[index];
  // Of a header at most: the lengths of its key and its value.
  const bytes =
    serializedBytes(keys[index] ?? null, values[index] ?? null) +
    headerBytes(own) +
    2 * LENGTH_BYTES * (own?.length ?? 0);
  return bytes > limit ? tooLarge(bytes, limit) : undefined;
}

/**
 * Finds what the broker must not be asked for: records over `maxRequestBytes`, and negative partitions, which
 * librdkafka would silently write to a partition of its own choice.
 */
export function checkBatch(batch: RecordBatch, maxRequestBytes: number): CheckedBatch {
  const errors = new Map<number, KafkaError>();
  let bytes = 0;
  for (let index = 0; index < batch.count; index += 1) {
    const key = batch.keys[index] ?? null;
    const value = batch.values[index] ?? null;
    const partition = batch.partitions[index] ?? PARTITION_UNSET;
    let payload = (key === null ? 0 : key.length) + (value === null ? 0 : value.length);
    const own = batch.headers?.[index];
    if (own !== undefined) payload += headerBytes(own) + own.length * 2 * LENGTH_BYTES;
    let error: KafkaError | undefined;
    if (partition < PARTITION_UNSET) {
      error = negativePartition(partition);
    } else if (payload > maxRequestBytes - HEADER_MARGIN_BYTES) {
      error = oversize(batch, index, maxRequestBytes);
    }
    if (error === undefined) {
      bytes += payload + OVERHEAD_PER_RECORD_BYTES;
    } else {
      errors.set(index, error);
    }
  }
  return { reserve: { records: batch.count - errors.size, bytes }, errors };
}
