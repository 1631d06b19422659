import type { ErrorName } from './errors.ts';

/** What routes can answer when they cannot do what was asked for, in groups: the route table is made of them. */

/** Of every route: the request is not as it should be, whoever it is for, or there is a bug (contract A.3, B.4). */
export const commonErrors: readonly ErrorName[] = [
  'badRequest',
  'notFound',
  'notAcceptable',
  'requestTimeout',
  'unsupportedMediaType',
  'internal',
];

/**
 * Of every route, where several servers are one proxy: no node took the request, what it asks for could not be made
 * safe, or the node that was asked is gone.
 */
export const clusterErrors: readonly ErrorName[] = ['badGateway', 'unavailable'];

/** Of a route that reads a body, which may be too large, or too large for now. */
export const bodyErrors: readonly ErrorName[] = ['badRequest', 'payloadTooLarge', 'unavailable'];
/** Of a route whose body has fields. */
export const fieldErrors: readonly ErrorName[] = [...bodyErrors, 'unprocessable'];

/** Of a route that asks Kafka. */
export const kafkaErrors: readonly ErrorName[] = [
  'kafkaBadRequest',
  'kafkaAuthentication',
  'kafkaAuthorization',
  'kafka',
  'kafkaRetriable',
];
export const topicErrors: readonly ErrorName[] = [...kafkaErrors, 'unknownTopicOrPartition'];
export const partitionErrors: readonly ErrorName[] = [...topicErrors, 'partitionNotFound'];

/** The same of v1, which has a code of its own for a topic that does not exist. */
export const v1TopicErrors: readonly ErrorName[] = [...kafkaErrors, 'topicNotFound'];
export const v1PartitionErrors: readonly ErrorName[] = [...v1TopicErrors, 'partitionNotFound'];

/** What Kafka says of single records stands in the produce response; a producer that ends fails the whole request. */
export const produceErrors: readonly ErrorName[] = [
  ...fieldErrors,
  'kafkaRetriable',
  'keySchemaMissing',
  'valueSchemaMissing',
  'invalidSchema',
  // Of the registry.
  'kafkaAuthorization',
  'registryNotConfigured',
  'schemaSerialization',
];

/** Of v1: what does not fit a schema has a code of its own, and so has a registry that does not help. */
export const v1ProduceErrors: readonly ErrorName[] = [...produceErrors, 'conversionFailed', 'serialization'];

/** Of a route that makes a consumer instance. */
export const createErrors: readonly ErrorName[] = [
  ...fieldErrors,
  'consumerConfigOutOfRange',
  'invalidConsumerConfig',
  'registryNotConfigured',
  'consumerAlreadyExists',
  'tooManyRequests',
];
/** Of a route of a consumer instance. */
export const instanceErrors: readonly ErrorName[] = ['consumerInstanceNotFound'];
/** Of one that needs the instance's Kafka consumer. */
export const consumerErrors: readonly ErrorName[] = [...instanceErrors, ...kafkaErrors];
/** Of one that says what the instance reads. */
export const sourceErrors: readonly ErrorName[] = [...fieldErrors, 'illegalState', ...consumerErrors];
export const seekErrors: readonly ErrorName[] = [...sourceErrors, 'unknownTopicOrPartition'];
