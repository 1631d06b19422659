import { KafkaError, type KafkaErrorFamily } from '@sluice/kafka';
import { describe, expect, it } from 'vitest';
import { kafkaAnswer } from '../../src/http/kafka-answers.ts';

function failed(family: KafkaErrorFamily, retriable = false): KafkaError {
  return new KafkaError(1, family, 'the words of the broker', { retriable });
}

/** Contract B.3, each family of errors; which errors are of which family is held by the tests of packages/kafka. */
describe('a failure in Kafka that ends the whole request', () => {
  it.each([
    ['authentication', 401, 40_101],
    ['authorization', 403, 40_301],
    ['brokerNotAvailable', 503, 50_302],
    ['badRequest', 400, 40_002],
    ['invalidTopic', 400, 40_002],
    ['tooLarge', 413, 413],
    ['unknownTopicOrPartition', 404, 40_403],
    ['throttled', 429, 42_901],
    ['retriable', 500, 50_003],
    ['fenced', 500, 50_002],
    ['other', 500, 50_002],
  ] as const)('%s is %i/%i in v2, in the words of the broker', (family, status, code) => {
    const answer = kafkaAnswer(failed(family), 'v2');
    expect(answer).toMatchObject({ status, code, message: 'the words of the broker' });
    expect(answer.retryAfterSeconds).toBe(family === 'throttled' ? 1 : undefined);
  });

  it.each([
    ['unknownTopicOrPartition', 404, 40_401, 'Topic not found.'],
    ['invalidTopic', 404, 40_401, 'Topic not found.'],
    ['authorization', 403, 40_301, 'the words of the broker'],
    ['other', 500, 50_002, 'the words of the broker'],
  ] as const)('%s is %i/%i in v1', (family, status, code, message) => {
    expect(kafkaAnswer(failed(family), 'v1')).toMatchObject({ status, code, message });
  });

  it('for which there is no room now is 503, and 413 where there never will be', () => {
    expect(kafkaAnswer(failed('queueFull', true), 'v2')).toMatchObject({
      status: 503,
      code: 503,
      retryAfterSeconds: 1,
    });
    expect(kafkaAnswer(failed('queueFull'), 'v2')).toMatchObject({
      status: 413,
      code: 413,
      retryAfterSeconds: undefined,
    });
  });
});
