import * as z from 'zod';
import { coerceInstant } from './instants.ts';
import { coerceInt32, coerceInt64, coerceString } from './json-coercion.ts';
import type { RequestSchemaName } from './route.ts';

/**
 * The shapes of request bodies, as they come over the wire. Every scalar is read with Jackson's leniency, null counts
 * as absent, and a property that is not listed is an error. What the values must be is judged in requests.ts.
 * Source: rest-v1-v2 contract A.4 to A.10, C.3 and C.4.
 */

/** A scalar that `coerce` reads from whatever JSON value stands there; `json` describes it in the OpenAPI document. */
function lenient<Value>(coerce: (value: unknown) => Value, json: Readonly<Record<string, unknown>>): z.ZodType<Value> {
  return z
    .unknown()
    .transform(coerce)
    .meta({ ...json });
}

const text = lenient(coerceString, { type: 'string' }).optional();
const int32 = lenient(coerceInt32, { type: 'integer', format: 'int32' }).optional();
const int64 = lenient(coerceInt64, { type: 'integer', format: 'int64' }).optional();
const instant = lenient(coerceInstant, { type: ['string', 'number'], format: 'date-time' }).optional();

export interface TopicPartitionBody {
  topic?: string | undefined;
  partition?: number | undefined;
}
export interface OffsetBody extends TopicPartitionBody {
  offset?: number | undefined;
  metadata?: string | undefined;
}
export interface TimestampBody extends TopicPartitionBody {
  timestamp?: number | undefined;
  metadata?: string | undefined;
}
export interface CreateConsumerBody {
  id?: string | undefined;
  name?: string | undefined;
  format?: string | undefined;
  'auto.offset.reset'?: string | undefined;
  'auto.commit.enable'?: string | undefined;
  'fetch.min.bytes'?: number | undefined;
  responseMinBytes?: number | undefined;
  'consumer.request.timeout.ms'?: number | undefined;
  requestWaitMs?: number | undefined;
}
export interface SubscriptionBody {
  topics?: (string | undefined)[] | null | undefined;
  topic_pattern?: string | undefined;
}
export interface PartitionsBody {
  partitions?: (TopicPartitionBody | null)[] | null | undefined;
}
export interface CommitBody {
  offsets?: (OffsetBody | null)[] | null | undefined;
}
export interface SeekBody {
  offsets?: (OffsetBody | null)[] | null | undefined;
  timestamps?: (TimestampBody | null)[] | null | undefined;
}

const topicPartition = z.strictObject({ topic: text, partition: int32 });
const offset = topicPartition.extend({ offset: int64, metadata: text });
const timestamp = topicPartition.extend({ timestamp: instant, metadata: text });

export const rootBody: z.ZodType<Record<string, string | undefined>> = z.record(
  z.string(),
  lenient(coerceString, { type: 'string' }),
);
export const createConsumerBody: z.ZodType<CreateConsumerBody> = z.strictObject({
  id: text,
  name: text,
  format: text,
  'auto.offset.reset': text,
  'auto.commit.enable': text,
  'fetch.min.bytes': int32,
  responseMinBytes: int32,
  'consumer.request.timeout.ms': int32,
  requestWaitMs: int32,
});
export const subscriptionBody: z.ZodType<SubscriptionBody> = z.strictObject({
  topics: z.array(lenient(coerceString, { type: 'string' })).nullish(),
  topic_pattern: text,
});
export const partitionsBody: z.ZodType<PartitionsBody> = z.strictObject({
  partitions: z.array(topicPartition.nullable()).nullish(),
});
export const commitBody: z.ZodType<CommitBody> = z.strictObject({ offsets: z.array(offset.nullable()).nullish() });
export const seekBody: z.ZodType<SeekBody> = z.strictObject({
  offsets: z.array(offset.nullable()).nullish(),
  timestamps: z.array(timestamp.nullable()).nullish(),
});

export const v1CommitBody: z.ZodType<object> = z.strictObject({});

const producedRecord = z.strictObject({ key: z.unknown().optional(), value: z.unknown().optional() });

/** Read by produce-request.ts, in one pass over the bytes; these shapes are for the OpenAPI document alone. */
function produceBody(record: z.ZodObject): z.ZodType {
  return z.strictObject({
    records: z.array(record).min(1),
    key_schema: text,
    key_schema_id: int32,
    value_schema: text,
    value_schema_id: int32,
  });
}

export const requestSchemas: Readonly<Record<RequestSchemaName, z.ZodType>> = {
  RootRequest: rootBody,
  ProduceRequest: produceBody(producedRecord.extend({ partition: int32 })),
  CreateConsumerRequest: createConsumerBody,
  SubscriptionRequest: subscriptionBody,
  AssignmentRequest: partitionsBody,
  SeekToOffsetRequest: seekBody,
  SeekToEdgeRequest: partitionsBody,
  CommitOffsetsRequest: commitBody,
  CommittedOffsetsRequest: partitionsBody,
  V1PartitionProduceRequest: produceBody(producedRecord),
  V1CommitRequest: v1CommitBody,
};
