import { type MediaType, type OfferedType, v1MediaTypes } from './media-types.ts';
import type { Route } from './route.ts';
import * as errors from './route-errors.ts';
import * as rows from './shared-rows.ts';
import { INSTANCE, PARTITION, type Row } from './shared-rows.ts';

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

const metadata = (row: Row): Route => ({ api: 'v1', consumes: GENERAL, produces: OFFERS_GENERAL, ...row });
const produce = (row: Omit<Row, 'errors'>): Route => ({
  api: 'v1',
  consumes: RECORDS,
  produces: OFFERS_GENERAL,
  errors: errors.v1ProduceErrors,
  ...row,
});
const consumer = (row: Row): Route => ({ api: 'v1', consumes: GENERAL_OR_EMBEDDED, produces: OFFERS_ALL, ...row });

/** The rows of v1, which Confluent's proxy had up to 5.5. Source: rest-v1-v2 contract C.1 and C.2. */
export const v1Routes: readonly Route[] = [
  metadata(rows.rootGet),
  metadata(rows.rootPost),
  metadata(rows.listBrokers),
  metadata(rows.listTopics),
  metadata({ ...rows.getTopic, errors: errors.v1TopicErrors }),
  produce({ ...rows.produceToTopic, request: { schema: 'ProduceRequest', required: true } }),
  metadata({ ...rows.listPartitions, errors: errors.v1TopicErrors }),
  metadata({ ...rows.getPartition, errors: errors.v1PartitionErrors }),
  produce({ ...rows.produceToPartition, request: { schema: 'V1PartitionProduceRequest', required: true } }),
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
        'tooManyRequests',
        'unavailable',
        'noSimpleConsumer',
        ...errors.v1PartitionErrors,
      ],
      summary: 'Read records from an offset or a time, without a group and without an instance',
    }),
    produces: OFFERS_BINARY_FIRST,
  },
  consumer(rows.createConsumer),
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
  consumer(rows.deleteConsumer),
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
