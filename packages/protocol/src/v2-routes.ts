import { type MediaType, mediaTypes, type OfferedType } from './media-types.ts';
import type { Route } from './route.ts';
import * as errors from './route-errors.ts';

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

const TOPIC = '/topics/{topic}';
const PARTITION = '/topics/{topic}/partitions/{partition}';
const INSTANCE = '/consumers/{group}/instances/{instance}';

type Row = Omit<Route, 'api' | 'consumes' | 'produces'>;

const metadata = (row: Row): Route => ({ api: 'v2', consumes: ONLY_V2, produces: OFFERS_V2, ...row });
const produce = (row: Pick<Row, 'operation' | 'template' | 'summary'>): Route => ({
  api: 'v2',
  method: 'POST',
  consumes: EMBEDDED,
  produces: OFFERS_V2,
  formatFrom: 'Content-Type',
  // 401 and 403 carry a produce response as well: the first record's refusal becomes the status (contract A.6).
  statuses: [200, 401, 403],
  request: { schema: 'ProduceRequest', required: true },
  response: 'ProduceResponse',
  errors: errors.produceErrors,
  ...row,
});
const consumer = (row: Row): Route => ({ api: 'v2', consumes: V2_OR_EMBEDDED, produces: OFFERS_V2_FIRST, ...row });

/** The rows of v2. Source: rest-v1-v2 contract A.2. */
export const v2Routes: readonly Route[] = [
  metadata({
    operation: 'root.get',
    method: 'GET',
    template: '/',
    statuses: [200],
    response: 'RootResponse',
    errors: [],
    summary: 'Answer an empty object',
  }),
  metadata({
    operation: 'root.post',
    method: 'POST',
    template: '/',
    statuses: [200],
    request: { schema: 'RootRequest', required: false },
    response: 'RootResponse',
    errors: errors.bodyErrors,
    summary: 'Answer an empty object',
  }),
  {
    ...metadata({
      operation: 'brokers.list',
      method: 'GET',
      template: '/brokers',
      statuses: [200],
      response: 'BrokerList',
      errors: errors.kafkaErrors,
      summary: 'List the ids of the live brokers',
    }),
    consumes: 'anything',
  },
  metadata({
    operation: 'topics.list',
    method: 'GET',
    template: '/topics',
    statuses: [200],
    response: 'TopicNames',
    errors: errors.kafkaErrors,
    summary: 'List the names of the topics',
  }),
  metadata({
    operation: 'topics.get',
    method: 'GET',
    template: TOPIC,
    statuses: [200],
    response: 'Topic',
    errors: errors.topicErrors,
    summary: "Describe a topic: its configuration and its partitions' replicas",
  }),
  produce({
    operation: 'produce-to-topic',
    template: TOPIC,
    summary: 'Produce records to a topic',
  }),
  metadata({
    operation: 'partitions.list',
    method: 'GET',
    template: '/topics/{topic}/partitions',
    statuses: [200],
    response: 'PartitionList',
    errors: errors.topicErrors,
    summary: 'List the partitions of a topic',
  }),
  metadata({
    operation: 'partitions.get',
    method: 'GET',
    template: PARTITION,
    statuses: [200],
    response: 'Partition',
    errors: errors.partitionErrors,
    summary: 'Describe a partition',
  }),
  produce({
    operation: 'produce-to-partition',
    template: PARTITION,
    summary: 'Produce records to a partition',
  }),
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
  consumer({
    operation: 'consumers.create',
    method: 'POST',
    template: '/consumers/{group}',
    statuses: [200],
    request: { schema: 'CreateConsumerRequest', required: false },
    response: 'CreateConsumerResponse',
    errors: errors.createErrors,
    summary: 'Create a consumer instance in a group',
  }),
  consumer({
    operation: 'consumers.delete',
    method: 'DELETE',
    template: INSTANCE,
    statuses: [204],
    errors: errors.instanceErrors,
    summary: 'Close a consumer instance',
  }),
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
