import type { KafkaError, KafkaErrorFamily } from '@sluice/kafka';
import { ApiError, type ErrorName } from '@sluice/protocol';

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

export function kafkaAnswer(error: KafkaError): ApiError {
  const kind = error.family === 'queueFull' && !error.retriable ? 'payloadTooLarge' : kinds[error.family];
  return new ApiError(kind, {
    message: error.message,
    cause: error,
    ...(kind === 'unavailable' || kind === 'kafkaThrottled' ? { retryAfterSeconds: 1 } : {}),
  });
}
