import type { KafkaError, KafkaErrorFamily } from '@sluice/kafka';
import { ApiError, type ApiVersion, type ErrorName } from '@sluice/protocol';

/** Which answer a failure in Kafka becomes when it ends the whole request. Source: contract B.3. */
const kinds: Readonly<Record<KafkaErrorFamily, ErrorName>> = {
  authentication: 'kafkaAuthentication',
  authorization: 'kafkaAuthorization',
  badRequest: 'kafkaBadRequest',
  unknownTopicOrPartition: 'unknownTopicOrPartition',
  invalidTopic: 'kafkaBadRequest',
  brokerNotAvailable: 'brokerNotAvailable',
  throttled: 'kafkaThrottled',
  tooLarge: 'payloadTooLarge',
  queueFull: 'unavailable',
  fenced: 'kafka',
  retriable: 'kafkaRetriable',
  other: 'kafka',
};

/** What v1 calls otherwise (contract C.2, observed (d)): with a message of its own, and not with the broker's. */
const v1Kinds: Readonly<Partial<Record<KafkaErrorFamily, ErrorName>>> = {
  unknownTopicOrPartition: 'topicNotFound',
  invalidTopic: 'topicNotFound',
};

export function kafkaAnswer(error: KafkaError, api: ApiVersion): ApiError {
  const ofV1 = api === 'v1' ? v1Kinds[error.family] : undefined;
  if (ofV1 !== undefined) return new ApiError(ofV1, { cause: error });
  const kind = error.family === 'queueFull' && !error.retriable ? 'payloadTooLarge' : kinds[error.family];
  return new ApiError(kind, {
    message: error.message,
    cause: error,
    ...(kind === 'unavailable' || kind === 'kafkaThrottled' ? { retryAfterSeconds: 1 } : {}),
  });
}
