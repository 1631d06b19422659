import type { Route } from './route.ts';
import * as errors from './route-errors.ts';

/** A row of a version's table, without what is the same for all of its kind there. */
export type Row = Omit<Route, 'api' | 'consumes' | 'produces'>;

export const TOPIC = '/topics/{topic}';
export const PARTITION = '/topics/{topic}/partitions/{partition}';
export const INSTANCE = '/consumers/{group}/instances/{instance}';

// What v1 and v2 have in common. The errors of topics and partitions are each version's own.

export const rootGet: Row = {
  operation: 'root.get',
  method: 'GET',
  template: '/',
  statuses: [200],
  response: 'RootResponse',
  errors: [],
  summary: 'Answer an empty object',
};

export const rootPost: Row = {
  operation: 'root.post',
  method: 'POST',
  template: '/',
  statuses: [200],
  request: { schema: 'RootRequest', required: false },
  response: 'RootResponse',
  errors: errors.bodyErrors,
  summary: 'Answer an empty object',
};

export const listBrokers: Row = {
  operation: 'brokers.list',
  method: 'GET',
  template: '/brokers',
  statuses: [200],
  response: 'BrokerList',
  errors: errors.kafkaErrors,
  summary: 'List the ids of the live brokers',
};

export const listTopics: Row = {
  operation: 'topics.list',
  method: 'GET',
  template: '/topics',
  statuses: [200],
  response: 'TopicNames',
  errors: errors.kafkaErrors,
  summary: 'List the names of the topics',
};

export const getTopic: Omit<Row, 'errors'> = {
  operation: 'topics.get',
  method: 'GET',
  template: TOPIC,
  statuses: [200],
  response: 'Topic',
  summary: "Describe a topic: its configuration and its partitions' replicas",
};

export const listPartitions: Omit<Row, 'errors'> = {
  operation: 'partitions.list',
  method: 'GET',
  template: '/topics/{topic}/partitions',
  statuses: [200],
  response: 'PartitionList',
  summary: 'List the partitions of a topic',
};

export const getPartition: Omit<Row, 'errors'> = {
  operation: 'partitions.get',
  method: 'GET',
  template: PARTITION,
  statuses: [200],
  response: 'Partition',
  summary: 'Describe a partition',
};

type ProduceRow = Omit<Row, 'errors' | 'request'>;

const produce = {
  method: 'POST',
  formatFrom: 'Content-Type',
  // 401 and 403 carry a produce response as well: the first record's refusal becomes the status (contract A.6).
  statuses: [200, 401, 403],
  response: 'ProduceResponse',
} as const;

export const produceToTopic: ProduceRow = {
  ...produce,
  operation: 'produce-to-topic',
  template: TOPIC,
  summary: 'Produce records to a topic',
};

export const produceToPartition: ProduceRow = {
  ...produce,
  operation: 'produce-to-partition',
  template: PARTITION,
  summary: 'Produce records to a partition',
};

export const createConsumer: Row = {
  operation: 'consumers.create',
  method: 'POST',
  template: '/consumers/{group}',
  statuses: [200],
  request: { schema: 'CreateConsumerRequest', required: false },
  response: 'CreateConsumerResponse',
  errors: errors.createErrors,
  summary: 'Create a consumer instance in a group',
};

export const deleteConsumer: Row = {
  operation: 'consumers.delete',
  method: 'DELETE',
  template: INSTANCE,
  statuses: [204],
  errors: errors.instanceErrors,
  summary: 'Close a consumer instance',
};
