/** No partition was asked for: the partitioner chooses. */
export const PARTITION_UNSET = -1;

/** No time was given: the record has that of its sending. */
export const TIMESTAMP_UNSET = -1;

/** Kafka allows several of one key, and null for a value. */
export interface RecordHeader {
  readonly key: string;
  readonly value: Buffer | null;
}

/**
 * The records of one produce request, column by column: a record costs three array slots and no object.
 * `null` as key or value is Kafka's null (a value of null is a tombstone); a zero-length Buffer is zero bytes.
 */
export interface RecordBatch {
  readonly count: number;
  readonly keys: readonly (Buffer | null)[];
  readonly values: readonly (Buffer | null)[];
  /** Partition asked for by each record, or PARTITION_UNSET. */
  readonly partitions: readonly number[];
  /** Absent where no record has any, as is each record's own. */
  readonly headers?: readonly (readonly RecordHeader[] | undefined)[];
  /** Milliseconds since 1970, or TIMESTAMP_UNSET; absent where no record has any. */
  readonly timestamps?: readonly number[];
}

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

export interface TopicPartitionOffset extends TopicPartition {
  readonly offset: number;
}
