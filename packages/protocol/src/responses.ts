import * as z from 'zod';
import type { Dialect } from './dialects/spoken-dialect.ts';
import type { ResponseSchemaName } from './route.ts';

/**
 * The shapes of answers, for the OpenAPI document and for tests: every property is always there, null included, in the
 * order listed here. Source: rest-v1-v2 contract A.5 to A.11, B.1 and C.4.
 */

const int32 = z.int32();
const int64 = z.int().meta({ format: 'int64' });

const replica = z.strictObject({ broker: int32, leader: z.boolean(), in_sync: z.boolean() });
const partition = z.strictObject({
  partition: int32,
  leader: int32.describe('Broker id of the leader, -1 when there is none'),
  replicas: z.array(replica).describe('In the order of their assignment'),
});
const topicPartition = z.strictObject({ topic: z.string(), partition: int32 });
const producedRecord = z.strictObject({
  partition: int32.nullable(),
  offset: int64.nullable(),
  error_code: int32.nullable(),
  error: z.string().nullable(),
});
const consumedRecord = z.strictObject({
  topic: z.string(),
  key: z.unknown().describe('In the format of the consumer instance'),
  value: z.unknown().describe('In the format of the consumer instance'),
  partition: int32,
  offset: int64,
});

const partitionsByTopic = z.record(z.string(), z.array(int32));
const writtenRecord = z.strictObject({ partition: int32, offset: int64 });
const header = z.strictObject({ key: z.string(), value: z.base64() });

type Shapes = Readonly<Record<ResponseSchemaName, z.ZodType>>;

/** The shapes of a dialect, for the OpenAPI document and for tests. */
export function responseSchemasOf({ name, hasHeaders, hasTimestamps, tellsPartitions }: Dialect): Shapes {
  const failedRecord = z.strictObject({ error_code: int32, [name === 'strimzi' ? 'message' : 'error']: z.string() });
  const offsets = z.array(z.union([writtenRecord, failedRecord]));
  const schemaIds = { key_schema_id: int32.nullable(), value_schema_id: int32.nullable() };
  const subscription = z.strictObject({ topics: z.array(z.string()), partitions: z.array(partitionsByTopic) });
  return {
    ...responseSchemas,
    ConsumerRecords: z.array(
      consumedRecord.extend({
        ...(hasTimestamps ? { timestamp: int64.nullable().describe('Milliseconds since 1970') } : {}),
        ...(hasHeaders ? { headers: z.array(header).optional().describe('Absent where there are none') } : {}),
      }),
    ),
    ...(name === 'strimzi' ? { ProduceResponse: z.strictObject({ offsets }) } : {}),
    ...(name === 'karapace' ? { ProduceResponse: z.strictObject({ ...schemaIds, offsets }) } : {}),
    ...(tellsPartitions ? { SubscriptionResponse: subscription } : {}),
  };
}

export const responseSchemas: Shapes = {
  RootResponse: z.strictObject({}),
  BrokerList: z.strictObject({ brokers: z.array(int32) }),
  TopicNames: z.array(z.string()),
  Topic: z.strictObject({
    name: z.string(),
    configs: z.record(z.string(), z.string().nullable()).describe('Sensitive values are null'),
    partitions: z.array(partition),
  }),
  PartitionList: z.array(partition),
  Partition: partition,
  PartitionOffsets: z.strictObject({ beginning_offset: int64, end_offset: int64 }),
  ProduceResponse: z.strictObject({
    offsets: z.array(producedRecord).describe('One entry a record, in the order of the request'),
    key_schema_id: int32.nullable(),
    value_schema_id: int32.nullable(),
  }),
  CreateConsumerResponse: z.strictObject({ instance_id: z.string(), base_uri: z.url() }),
  SubscriptionResponse: z.strictObject({ topics: z.array(z.string()) }),
  AssignmentResponse: z.strictObject({ partitions: z.array(topicPartition) }),
  ConsumerRecords: z.array(consumedRecord),
  CommitResponse: z.array(z.unknown()).max(0),
  CommittedOffsetsResponse: z.strictObject({
    offsets: z.array(topicPartition.extend({ offset: int64, metadata: z.string() })),
  }),
  V1CommitResponse: z.array(
    topicPartition.extend({
      consumed: int64.describe('Offset of the last record that was returned'),
      committed: int64.describe('Offset of the last record that counts as read in the group, -1 when there is none'),
    }),
  ),
  InformationResponse: z.strictObject({ bridge_version: z.string() }),
  HealthResponse: z.strictObject({ process_uptime_sec: int32, karapace_version: z.string() }),
  OpenApiResponse: z.looseObject({ openapi: z.string() }),
};

/** The one shape of every error. */
export const errorSchema: z.ZodType = z.strictObject({ error_code: int32, message: z.string() });
