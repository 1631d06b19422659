import { type MediaType, mediaTypes, type OfferedType } from './media-types.ts';
import type { Route } from './route.ts';
import * as errors from './route-errors.ts';
import * as rows from './shared-rows.ts';
import { INSTANCE, PARTITION, type Row } from './shared-rows.ts';

const { v2, binary, json, avro, jsonschema, protobuf } = mediaTypes;

const ONLY_V2: readonly MediaType[] = [v2];
const EMBEDDED: readonly MediaType[] = [binary, json, avro, jsonschema, protobuf];
const V2_OR_EMBEDDED: readonly MediaType[] = [v2, ...EMBEDDED];

const OFFERS_V2: readonly OfferedType[] = [{ mediaType: v2, qs: 1 }];
const OFFERS_V2_FIRST: readonly OfferedType[] = [
  { mediaType: v2, qs: 0.9 },
  ...EMBEDDED.map((mediaType) => ({ mediaType, qs: 0.1 })),
];
const OFFERS_BINARY_FIRST: readonly OfferedType[] = [
  { mediaType: binary, qs: 1 },
  { mediaType: v2, qs: 0.9 },
  { mediaType: json, qs: 0.1 },
  { mediaType: avro, qs: 0.1 },
  { mediaType: jsonschema, qs: 0.1 },
  { mediaType: protobuf, qs: 0.1 },
];

const metadata = (row: Row): Route => ({ api: 'v2', consumes: ONLY_V2, produces: OFFERS_V2, ...row });
const produce = (row: Omit<Row, 'errors'>): Route => ({
  api: 'v2',
  consumes: EMBEDDED,
  produces: OFFERS_V2,
  request: { schema: 'ProduceRequest', required: true },
  errors: errors.produceErrors,
  ...row,
});
const consumer = (row: Row): Route => ({ api: 'v2', consumes: V2_OR_EMBEDDED, produces: OFFERS_V2_FIRST, ...row });

/** The rows of v2. Source: rest-v1-v2 contract A.2. */
export const v2Routes: readonly Route[] = [
  metadata(rows.rootGet),
  metadata(rows.rootPost),
  { ...metadata(rows.listBrokers), consumes: 'anything' },
  metadata(rows.listTopics),
  metadata({ ...rows.getTopic, errors: errors.topicErrors }),
  produce(rows.produceToTopic),
  metadata({ ...rows.listPartitions, errors: errors.topicErrors }),
  metadata({ ...rows.getPartition, errors: errors.partitionErrors }),
  produce(rows.produceToPartition),
  metadata({
    operation: 'partitions.get-offsets',
    method: 'GET',
    template: `${PARTITION}/offsets`,
    statuses: [200],
    response: 'PartitionOffsets',
    errors: errors.partitionErrors,
    summary: 'Get the first offset and the end offset of a partition',
  }),
  {
    ...metadata({
      operation: 'partitions.read',
      method: 'GET',
      template: `${PARTITION}/records`,
      formatFrom: 'Accept',
      statuses: [200],
      response: 'ConsumerRecords',
      query: ['offset', 'timeout', 'max_bytes'],
      isAddition: true,
      errors: ['registryNotConfigured', 'serialization', 'tooManyRequests', 'unavailable', ...errors.partitionErrors],
      summary: 'Read records from an offset, without a group and without an instance',
    }),
    consumes: V2_OR_EMBEDDED,
    produces: OFFERS_BINARY_FIRST,
  },
  consumer(rows.createConsumer),
  consumer(rows.deleteConsumer),
  consumer({
    operation: 'consumers.subscribe',
    method: 'POST',
    template: `${INSTANCE}/subscription`,
    statuses: [204],
    request: { schema: 'SubscriptionRequest', required: true },
    errors: errors.sourceErrors,
    summary: 'Subscribe to topics by name or by pattern',
  }),
  consumer({
    operation: 'consumers.get-subscription',
    method: 'GET',
    template: `${INSTANCE}/subscription`,
    statuses: [200],
    response: 'SubscriptionResponse',
    errors: errors.instanceErrors,
    summary: 'List the subscribed topics',
  }),
  consumer({
    operation: 'consumers.unsubscribe',
    method: 'DELETE',
    template: `${INSTANCE}/subscription`,
    statuses: [204],
    errors: errors.consumerErrors,
    summary: 'Drop the subscription and any assignment',
  }),
  {
    ...consumer({
      operation: 'consumers.consume',
      method: 'GET',
      template: `${INSTANCE}/records`,
      formatFrom: 'Accept',
      statuses: [200],
      response: 'ConsumerRecords',
      query: ['timeout', 'max_bytes'],
      errors: [
        'formatMismatch',
        'serialization',
        'illegalState',
        'tooManyRequests',
        'unavailable',
        ...errors.consumerErrors,
      ],
      summary: 'Read the next records',
    }),
    produces: OFFERS_BINARY_FIRST,
  },
  consumer({
    operation: 'consumers.commit-offsets',
    method: 'POST',
    template: `${INSTANCE}/offsets`,
    statuses: [200],
    request: { schema: 'CommitOffsetsRequest', required: false },
    response: 'CommitResponse',
    errors: [...errors.fieldErrors, ...errors.consumerErrors, 'unknownTopicOrPartition'],
    summary: 'Commit the given offsets, or everything that was delivered',
  }),
  consumer({
    operation: 'consumers.get-committed-offsets',
    method: 'GET',
    template: `${INSTANCE}/offsets`,
    statuses: [200],
    request: { schema: 'CommittedOffsetsRequest', required: true },
    response: 'CommittedOffsetsResponse',
    errors: [...errors.fieldErrors, 'partitionNotFound', ...errors.consumerErrors],
    summary: 'Get the committed offsets of partitions',
  }),
  consumer({
    operation: 'consumers.seek-to-beginning',
    method: 'POST',
    template: `${INSTANCE}/positions/beginning`,
    statuses: [204],
    request: { schema: 'SeekToEdgeRequest', required: true },
    errors: errors.seekErrors,
    summary: 'Seek to the first offset of partitions',
  }),
  consumer({
    operation: 'consumers.seek-to-end',
    method: 'POST',
    template: `${INSTANCE}/positions/end`,
    statuses: [204],
    request: { schema: 'SeekToEdgeRequest', required: true },
    errors: errors.seekErrors,
    summary: 'Seek to the end of partitions',
  }),
  consumer({
    operation: 'consumers.seek-to-offset',
    method: 'POST',
    template: `${INSTANCE}/positions`,
    statuses: [204],
    request: { schema: 'SeekToOffsetRequest', required: true },
    errors: errors.seekErrors,
    summary: 'Seek to offsets or to points in time',
  }),
  consumer({
    operation: 'consumers.assign',
    method: 'POST',
    template: `${INSTANCE}/assignments`,
    statuses: [204],
    request: { schema: 'AssignmentRequest', required: true },
    errors: errors.sourceErrors,
    summary: 'Assign partitions by hand',
  }),
  consumer({
    operation: 'consumers.get-assignments',
    method: 'GET',
    template: `${INSTANCE}/assignments`,
    statuses: [200],
    response: 'AssignmentResponse',
    errors: errors.consumerErrors,
    summary: 'List the assigned partitions',
  }),
];
