import { type MediaType, type OfferedType, v1MediaTypes } from './media-types.ts';
import type { Route } from './route.ts';
import * as errors from './route-errors.ts';

const { v1, binary, json, avro, kafka, plain, octets } = v1MediaTypes;

const GENERAL: readonly MediaType[] = [v1, kafka, plain, octets];
const GENERAL_OR_EMBEDDED: readonly MediaType[] = [...GENERAL, binary, avro, json];
const RECORDS: readonly MediaType[] = [binary, v1, kafka, plain, octets, json, avro];

const OFFERS_GENERAL: readonly OfferedType[] = [
  { mediaType: v1, qs: 0.9 },
  { mediaType: kafka, qs: 0.8 },
  { mediaType: plain, qs: 0.5 },
];
const OFFERS_ALL: readonly OfferedType[] = [
  ...OFFERS_GENERAL,
  { mediaType: binary, qs: 0.1 },
  { mediaType: json, qs: 0.1 },
  { mediaType: avro, qs: 0.1 },
];
const OFFERS_BINARY_FIRST: readonly OfferedType[] = [
  { mediaType: binary, qs: 1 },
  ...OFFERS_GENERAL,
  { mediaType: json, qs: 0.1 },
  { mediaType: avro, qs: 0.1 },
];

const TOPIC = '/topics/{topic}';
const PARTITION = '/topics/{topic}/partitions/{partition}';
const INSTANCE = '/consumers/{group}/instances/{instance}';

type Row = Omit<Route, 'api' | 'consumes' | 'produces'>;

const metadata = (row: Row): Route => ({ api: 'v1', consumes: GENERAL, produces: OFFERS_GENERAL, ...row });
const produce = (row: Pick<Row, 'operation' | 'template' | 'request' | 'summary'>): Route => ({
  api: 'v1',
  method: 'POST',
  consumes: RECORDS,
  produces: OFFERS_GENERAL,
  formatFrom: 'Content-Type',
  statuses: [200, 401, 403],
  response: 'ProduceResponse',
  errors: errors.v1ProduceErrors,
  ...row,
});
const consumer = (row: Row): Route => ({ api: 'v1', consumes: GENERAL_OR_EMBEDDED, produces: OFFERS_ALL, ...row });

/** The rows of v1, which Confluent's proxy had up to 5.5. Source: rest-v1-v2 contract C.1 and C.2. */
export const v1Routes: readonly Route[] = [
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
  metadata({
    operation: 'brokers.list',
    method: 'GET',
    template: '/brokers',
    statuses: [200],
    response: 'BrokerList',
    errors: errors.kafkaErrors,
    summary: 'List the ids of the live brokers',
  }),
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
    errors: errors.v1TopicErrors,
    summary: "Describe a topic: its configuration and its partitions' replicas",
  }),
  produce({
    operation: 'produce-to-topic',
    template: TOPIC,
    request: { schema: 'ProduceRequest', required: true },
    summary: 'Produce records to a topic',
  }),
  metadata({
    operation: 'partitions.list',
    method: 'GET',
    template: '/topics/{topic}/partitions',
    statuses: [200],
    response: 'PartitionList',
    errors: errors.v1TopicErrors,
    summary: 'List the partitions of a topic',
  }),
  metadata({
    operation: 'partitions.get',
    method: 'GET',
    template: PARTITION,
    statuses: [200],
    response: 'Partition',
    errors: errors.v1PartitionErrors,
    summary: 'Describe a partition',
  }),
  produce({
    operation: 'produce-to-partition',
    template: PARTITION,
    request: { schema: 'V1PartitionProduceRequest', required: true },
    summary: 'Produce records to a partition',
  }),
  {
    ...metadata({
      operation: 'partitions.consume',
      method: 'GET',
      template: `${PARTITION}/messages`,
      formatFrom: 'Accept',
      statuses: [200],
      response: 'ConsumerRecords',
      query: ['offset', 'timestamp', 'count'],
      errors: [
        'leaderNotAvailable',
        'registryNotConfigured',
        'serialization',
        'tooManyRequests',
        'unavailable',
        'noSimpleConsumer',
        ...errors.v1PartitionErrors,
      ],
      summary: 'Read records from an offset or a time, without a group and without an instance',
    }),
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
    operation: 'consumers.commit-offsets',
    method: 'POST',
    template: `${INSTANCE}/offsets`,
    statuses: [200],
    request: { schema: 'V1CommitRequest', required: false },
    response: 'V1CommitResponse',
    errors: [...errors.fieldErrors, ...errors.consumerErrors, 'topicNotFound'],
    summary: 'Commit everything that was returned',
  }),
  consumer({
    operation: 'consumers.delete',
    method: 'DELETE',
    template: INSTANCE,
    statuses: [204],
    errors: errors.instanceErrors,
    summary: 'Close a consumer instance',
  }),
  {
    ...consumer({
      operation: 'consumers.consume',
      method: 'GET',
      template: `${INSTANCE}/topics/{topic}`,
      formatFrom: 'Accept',
      statuses: [200],
      response: 'ConsumerRecords',
      query: ['max_bytes'],
      errors: [
        'formatMismatch',
        'serialization',
        'alreadySubscribed',
        'topicNotFound',
        'tooManyRequests',
        'unavailable',
        ...errors.consumerErrors,
      ],
      summary: 'Read the next records of a topic; the first read subscribes to it',
    }),
    produces: OFFERS_BINARY_FIRST,
  },
];
