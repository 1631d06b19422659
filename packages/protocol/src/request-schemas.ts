import * as z from 'zod';
import type { Dialect } from './dialects/spoken-dialect.ts';
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
  'enable.auto.commit'?: string | undefined;
  'isolation.level'?: string | undefined;
}
export interface NewTopicBody {
  topic_name?: string | undefined;
  partitions_count?: number | undefined;
  replication_factor?: number | undefined;
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
const createConsumer = z.strictObject({
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
export const createConsumerBody: z.ZodType<CreateConsumerBody> = createConsumer;
/** With names of Kafka's consumer, which Strimzi takes. */
export const kafkaNamedConsumerBody: z.ZodType<CreateConsumerBody> = createConsumer.extend({
  'enable.auto.commit': text,
  'isolation.level': text,
});
export const newTopicBody: z.ZodType<NewTopicBody> = z.strictObject({
  topic_name: text,
  partitions_count: int32,
  replication_factor: int32,
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

const header = z.strictObject({
  key: z.string(),
  value: z.base64().nullable().optional().describe('null is not the same as empty'),
});

type Shapes = Readonly<Record<RequestSchemaName, z.ZodType>>;

/** The shapes of a dialect, for the OpenAPI document. */
export function requestSchemasOf(dialect: Pick<Dialect, 'hasHeaders' | 'hasTimestamps' | 'takesKafkaNames'>): Shapes {
  const { hasHeaders, hasTimestamps, takesKafkaNames } = dialect;
  const record = producedRecord.extend({
    partition: int32,
    ...(hasHeaders ? { headers: z.array(header).nullish() } : {}),
    ...(hasTimestamps ? { timestamp: int64.describe('Milliseconds since 1970') } : {}),
  });
  return {
    ...requestSchemas,
    ProduceRequest: produceBody(record),
    ...(takesKafkaNames ? { CreateConsumerRequest: kafkaNamedConsumerBody } : {}),
  };
}

const requestSchemas: Shapes = {
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
  NewTopicRequest: newTopicBody,
};
