import { ApiError } from './errors.ts';
import { type TopicPartition, type TopicPartitionOffset } from './records.ts';
import { readEntity, violation } from './request-entity.ts';
import {
  commitBody,
  type OffsetBody,
  partitionsBody,
  rootBody,
  seekBody,
  subscriptionBody,
  type TimestampBody,
  type TopicPartitionBody,
} from './request-schemas.ts';

/**
 * The small request bodies of the v2 API, read and judged. Source: rest-v1-v2 contract A.8 to A.10, observed (c), (e).
 *
 * Where Confluent crashes on bad input with a plain 500, the answers are these:
 *
 * | input | answer |
 * |---|---|
 * | a list that the request is about is absent or null (`{}` for commit, assign, committed offsets, beginning, end) | 422/422 `… must not be null (was null)` |
 * | a null element of a list; a null or absent topic, partition (assign, commit), offset (commit) | 422/422 `… must not be null (was null)` |
 * | a negative partition, offset or timestamp; an offset beyond 2^53 - 1 | 422/422 `… must be …` |
 * | a blank topic in a subscription | 422/422 `… must not be blank` |
 * | a topic with control characters, which a C library would cut off at NUL | 400/40002 |
 * | a pattern that is no regular expression, or a huge one | 422/422 `… must be a valid regular expression` |
 */

export type SubscriptionRequest =
  | { readonly kind: 'topics'; readonly topics: readonly string[] }
  /** A regular expression for whole topic names; who evaluates it checks it. */
  | { readonly kind: 'pattern'; readonly pattern: string }
  /** Neither was given: the subscription stays as it is. */
  | { readonly kind: 'none' };

export interface TopicPartitionTimestamp extends TopicPartition {
  readonly timestampMs: number;
}

export interface SeekRequest {
  readonly offsets: readonly TopicPartitionOffset[];
  /** To be applied after the offsets. */
  readonly timestamps: readonly TopicPartitionTimestamp[];
}

/** How large a request may be whose body holds a list; beyond the first 400, beyond the second 413. */
export interface RequestLimits {
  /** How deep the JSON may nest. */
  readonly jsonDepthMax: number;
  /**
   * Topics or partitions in one list. The client library looks each up among all the others, while everybody waits: an
   * assignment of 100,000 partitions stopped the process for 24 seconds.
   */
  readonly partitionsMax: number;
}

const MUST_NOT_BE_NULL = 'must not be null';
const CONTROL_CHARACTER = /\p{Cc}/u;

function missing(path: string): ApiError {
  return violation(path, MUST_NOT_BE_NULL, 'null');
}

function required<Value>(value: Value | null | undefined, path: string): Value {
  if (value === null || value === undefined) throw missing(path);
  return value;
}

/** @throws ApiError payloadTooLarge when the list is longer than it may be */
function bounded<Entry>(entries: readonly Entry[], { partitionsMax }: RequestLimits, path: string): readonly Entry[] {
  if (entries.length <= partitionsMax) return entries;
  throw new ApiError('payloadTooLarge', {
    message: `${path} holds ${entries.length} entries; one request may name at most ${partitionsMax}.`,
  });
}

/** @throws ApiError unprocessable unless `value` is an integer that doubles hold exactly, and not negative */
function natural(value: number, path: string): number {
  if (value < 0) throw violation(path, 'must be greater than or equal to 0', String(value));
  if (value > Number.MAX_SAFE_INTEGER) {
    throw violation(path, `must be less than or equal to ${Number.MAX_SAFE_INTEGER}`, String(value));
  }
  return value;
}

function legalTopic(topic: string): string {
  if (!CONTROL_CHARACTER.test(topic)) return topic;
  throw new ApiError('kafkaBadRequest', {
    message: 'The request attempted to perform an operation on an invalid topic.',
  });
}

function topicPartition(entry: TopicPartitionBody | null, path: string): TopicPartition {
  const { topic, partition } = required(entry, path);
  return {
    topic: legalTopic(required(topic, `${path}.topic`)),
    partition: natural(required(partition, `${path}.partition`), `${path}.partition`),
  };
}

function topicPartitions(
  entries: readonly (TopicPartitionBody | null)[] | null | undefined,
  limits: RequestLimits,
  path: string,
): TopicPartition[] {
  return bounded(required(entries, path), limits, path).map((entry, i) => topicPartition(entry, `${path}[${i}]`));
}

/**
 * The body of POST /: an object of strings, or nothing. Its content means nothing.
 * @throws ApiError
 */
export function parseRootRequest(body: Buffer, depthMax: number): void {
  readEntity(body, depthMax, { schema: rootBody, type: 'Map' });
}

/**
 * The body of POST …/subscription. Names win over a pattern when both are given.
 * @throws ApiError
 */
export function parseSubscriptionRequest(body: Buffer, limits: RequestLimits): SubscriptionRequest {
  const path = 'subscribe.subscription';
  const shape = { schema: subscriptionBody, type: 'ConsumerSubscriptionRecord' };
  const entity = required(readEntity(body, limits.jsonDepthMax, shape), path);
  if (entity.topics !== null && entity.topics !== undefined) {
    const topics = bounded(entity.topics, limits, `${path}.topics`).map((topic, index) => {
      const name = required(topic, `${path}.topics[${index}]`);
      if (name.trim() === '') throw violation(`${path}.topics[${index}]`, 'must not be blank', name);
      return legalTopic(name);
    });
    return { kind: 'topics', topics };
  }
  if (entity.topic_pattern === undefined) return { kind: 'none' };
  return { kind: 'pattern', pattern: entity.topic_pattern };
}

/**
 * The body of POST …/assignments.
 * @throws ApiError
 */
export function parseAssignmentRequest(body: Buffer, limits: RequestLimits): TopicPartition[] {
  const path = 'assign.assignmentRequest';
  const shape = { schema: partitionsBody, type: 'ConsumerAssignmentRequest' };
  const { partitions } = required(readEntity(body, limits.jsonDepthMax, shape), path);
  return topicPartitions(partitions, limits, `${path}.partitions`);
}

/**
 * The body of POST …/positions/beginning and …/positions/end; an empty list means all assigned partitions.
 * @throws ApiError
 */
export function parseSeekToEdgeRequest(
  body: Buffer,
  limits: RequestLimits,
  edge: 'beginning' | 'end',
): TopicPartition[] {
  const path = `${edge === 'beginning' ? 'seekToBeginning' : 'seekToEnd'}.seekToRequest`;
  const shape = { schema: partitionsBody, type: 'ConsumerSeekToRequest' };
  const { partitions } = required(readEntity(body, limits.jsonDepthMax, shape), path);
  return topicPartitions(partitions, limits, `${path}.partitions`);
}

/** Confluent fills in 0 for a partition or an offset that a seek leaves out, and so do we. */
function seekTarget(
  entry: OffsetBody | TimestampBody | null,
  path: string,
  type: 'PartitionOffset' | 'PartitionTimestamp',
): TopicPartition {
  const { topic, partition } = required(entry, path);
  if (topic === undefined) {
    throw new ApiError('badRequest', { message: `Cannot construct instance of \`${type}\`, problem: Null topic` });
  }
  return { topic: legalTopic(topic), partition: natural(partition ?? 0, `${path}.partition`) };
}

/** Two times for one partition contradict each other, and nothing says which of them was meant (contract A.9). */
function assertOnePerPartition(targets: readonly TopicPartition[]): void {
  const seen = new Set<string>();
  for (const { topic, partition } of targets) {
    const name = `${topic}-${partition}`;
    if (seen.has(name)) throw new ApiError('illegalState', { detail: `Duplicate key ${name}` });
    seen.add(name);
  }
}

/**
 * The body of POST …/positions: offsets are next to be read (not plus one), timestamps resolve to the first record at
 * or after them.
 * @throws ApiError
 */
export function parseSeekRequest(body: Buffer, limits: RequestLimits): SeekRequest {
  const path = 'seekToOffset.request';
  const shape = { schema: seekBody, type: 'ConsumerSeekRequest' };
  const entity = required(readEntity(body, limits.jsonDepthMax, shape), path);
  const offsets = bounded(entity.offsets ?? [], limits, `${path}.offsets`).map((entry, index) => {
    const target = seekTarget(entry, `${path}.offsets[${index}]`, 'PartitionOffset');
    return { ...target, offset: natural(entry?.offset ?? 0, `${path}.offsets[${index}].offset`) };
  });
  const timestamps = bounded(entity.timestamps ?? [], limits, `${path}.timestamps`).map((entry, index) => {
    const at = `${path}.timestamps[${index}]`;
    const target = seekTarget(entry, at, 'PartitionTimestamp');
    // Negative timestamps mean "latest" and "earliest" in Kafka's protocol and must never get there.
    return { ...target, timestampMs: natural(required(entry?.timestamp, `${at}.timestamp`), `${at}.timestamp`) };
  });
  assertOnePerPartition(timestamps);
  return { offsets, timestamps };
}

/**
 * The body of POST …/offsets: the last record consumed of each partition (Kafka's position is one more).
 * @returns undefined when there is no entity, which means everything that was delivered
 * @throws ApiError
 */
export function parseCommitRequest(body: Buffer, limits: RequestLimits): TopicPartitionOffset[] | undefined {
  const path = 'commitOffsets.offsetCommitRequest';
  const entity = readEntity(body, limits.jsonDepthMax, { schema: commitBody, type: 'ConsumerOffsetCommitRequest' });
  return (
    entity &&
    bounded(required(entity.offsets, `${path}.offsets`), limits, `${path}.offsets`).map((entry, index) => {
      const at = `${path}.offsets[${index}]`;
      const target = topicPartition(entry, at);
      return { ...target, offset: natural(required(entry?.offset, `${at}.offset`), `${at}.offset`) };
    })
  );
}

/**
 * The body of GET …/offsets.
 * @throws ApiError partitionNotFound without an entity, which is what Confluent says then (observed (e))
 */
export function parseCommittedOffsetsRequest(body: Buffer, limits: RequestLimits): TopicPartition[] {
  const entity = readEntity(body, limits.jsonDepthMax, { schema: partitionsBody, type: 'ConsumerCommittedRequest' });
  if (entity === undefined) throw new ApiError('partitionNotFound');
  return topicPartitions(entity.partitions, limits, 'getCommittedOffsets.request.partitions');
}
