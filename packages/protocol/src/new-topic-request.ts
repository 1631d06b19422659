import { ApiError } from './errors.ts';
import { readEntity, violation } from './request-entity.ts';
import { newTopicBody } from './request-schemas.ts';

/** The body of Strimzi's POST /admin/topics; undefined numbers take the broker's defaults. */
export interface NewTopicRequest {
  readonly name: string;
  readonly partitions: number | undefined;
  readonly replicas: number | undefined;
}

/** A broker answers for each partition of a topic that it makes, and for these it takes seconds. */
const PARTITIONS_MAX = 10_000;
const REPLICAS_MAX = 32_767;

function countOf(value: number | undefined, name: string, max: number): number | undefined {
  if (value === undefined || (value >= 1 && value <= max)) return value;
  throw violation(`createTopic.request.${name}`, `must be from 1 to ${max}`, String(value));
}

/** @throws ApiError */
export function parseNewTopicRequest(body: Buffer, depthMax: number): NewTopicRequest {
  const entity = readEntity(body, depthMax, { schema: newTopicBody, type: 'NewTopic' });
  if (entity === undefined) {
    throw new ApiError('unprocessable', { message: 'createTopic.request must not be null (was null)' });
  }
  const { topic_name: name, partitions_count: partitions, replication_factor: replicas } = entity;
  if (name === undefined) throw violation('createTopic.request.topic_name', 'must not be null', 'null');
  return {
    name,
    partitions: countOf(partitions, 'partitions_count', PARTITIONS_MAX),
    replicas: countOf(replicas, 'replication_factor', REPLICAS_MAX),
  };
}
