/**
 * What kind of failure an error from Kafka is; the API layer picks status and code by it (contract B.3).
 * `queueFull` and `tooLarge` are raised here, before the broker saw anything.
 */
export type KafkaErrorFamily =
  | 'authentication'
  | 'authorization'
  | 'badRequest'
  | 'unknownTopicOrPartition'
  | 'invalidTopic'
  | 'brokerNotAvailable'
  | 'throttled'
  | 'tooLarge'
  | 'queueFull'
  | 'fenced'
  | 'retriable'
  | 'other';

/** A failure that Kafka or its client reported, with Kafka's own error name. */
export class KafkaError extends Error {
  /** Kafka's protocol error code (> 0), or librdkafka's local code (< 0). */
  readonly code: number;
  readonly family: KafkaErrorFamily;
  readonly retriable: boolean;

  constructor(
    code: number,
    family: KafkaErrorFamily,
    message: string,
    options: { readonly retriable: boolean; readonly cause?: unknown },
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'KafkaError';
    this.code = code;
    this.family = family;
    this.retriable = options.retriable;
  }
}
