import {
  AuthenticationError,
  MultipleErrors,
  NetworkError,
  ResponseError,
  TimeoutError,
  UserError,
} from '@platformatic/kafka';
import { describe, expect, it } from 'vitest';

import { kafkaErrorFromAdmin } from '../src/admin-error-mapping.ts';
import { kafkaErrorFromClient, kafkaErrorFromCode } from '../src/error-mapping.ts';
import { codeOfLibrdkafkaText } from '../src/error-text.ts';

/** A delivery report's error as node-rdkafka makes it: the code is lost, the text lower-cased. */
const report = (message: string): Error => Object.assign(new Error(message), { code: -1 });

describe('errors of node-rdkafka', () => {
  it.each([
    ['unknown topic or partition', 3, 'unknownTopicOrPartition', true],
    ['message size too large', 10, 'tooLarge', false],
    ['invalid topic', 17, 'invalidTopic', false],
    ['topic authorization failed', 29, 'authorization', false],
    ['broker failed to validate record', 87, 'other', false],
    ['invalid timestamp', 32, 'other', false],
    ['not enough in-sync replicas', 19, 'retriable', true],
    ['message timed out', -192, 'retriable', true],
    ['unknown partition', -190, 'unknownTopicOrPartition', true],
    ['unknown topic', -188, 'unknownTopicOrPartition', true],
    ['purged in queue', -152, 'retriable', true],
    ['fatal error', -150, 'retriable', true],
    ['static consumer fenced by other consumer with same group.instance.id', 82, 'fenced', false],
  ])('get the code of the report "%s" back', (text, code, family, retriable) => {
    expect(kafkaErrorFromClient(report(text))).toMatchObject({ code, family, retriable });
  });

  it('keep the code that a thrown error carries', () => {
    const thrown = Object.assign(new Error('Broker: Group authorization failed'), { code: 30 });
    expect(kafkaErrorFromClient(thrown, { group: 'g' })).toMatchObject({
      code: 30,
      family: 'authorization',
      message: 'Not authorized to access group: g',
    });
  });

  it('of an unknown kind keep their text and are not retriable', () => {
    expect(kafkaErrorFromClient(report('never heard of'))).toMatchObject({
      code: -1,
      family: 'other',
      retriable: false,
      message: 'never heard of',
    });
  });

  it('that only say "not connected" are retriable', () => {
    expect(kafkaErrorFromClient(new Error('Producer not connected'))).toMatchObject({ code: -172, retriable: true });
  });

  it('know every description of librdkafka, with and without its prefix', () => {
    expect(codeOfLibrdkafkaText('Broker: Not leader for partition')).toBe(6);
    expect(codeOfLibrdkafkaText('not leader for partition')).toBe(6);
    expect(codeOfLibrdkafkaText('Local: Queue full')).toBe(-184);
    expect(codeOfLibrdkafkaText('nonsense')).toBeUndefined();
  });
});

describe('messages', () => {
  it.each([
    [3, {}, 'This server does not host this topic-partition.'],
    [3, { topic: 'x', metadataTimeoutMs: 2000 }, 'Topic x not present in metadata after 2000 ms.'],
    [-188, { topic: 'x', metadataTimeoutMs: 2000 }, 'Topic x not present in metadata after 2000 ms.'],
    [
      -190,
      { topic: 't', partition: 99, partitionCount: 3, metadataTimeoutMs: 2000 },
      'Partition 99 of topic t with partition count 3 is not present in metadata after 2000 ms.',
    ],
    [10, {}, 'The request included a message larger than the max message size the server will accept.'],
    [17, {}, 'The request attempted to perform an operation on an invalid topic.'],
    [29, { topic: 't' }, 'Not authorized to access topics: [t]'],
    [29, {}, 'Topic authorization failed.'],
    // A fatal error takes along what waits to be sent again (bug: it was said not to have been sent).
    [-152, {}, 'The record was not acknowledged; it may still be written.'],
    [-192, { deliveryTimeoutMs: 9000 }, 'The record was not acknowledged within 9000 ms; it may still be written.'],
    [-185, {}, 'Timed out.'],
  ])('of code %i with %j are those of the Java client', (code, context, message) => {
    expect(kafkaErrorFromCode(code, context).message).toBe(message);
  });
});

describe('families', () => {
  it.each([
    ['authentication', [33, 34, 58, -169, -181]],
    ['authorization', [29, 30, 31, 53, 65]],
    ['badRequest', [-1, 35, 36, 37, 38, 40, 42, 44, 54, 73]],
    ['brokerNotAvailable', [8]],
    ['throttled', [89]],
    ['retriable', [5, 6, 7, 13, 14, 15, 16, 19, 20, -195, -187]],
    ['other', [1, 18, 25, 87]],
  ])('%s', (family, codes) => {
    expect(codes.map((code) => kafkaErrorFromCode(code).family)).toEqual(codes.map(() => family));
  });
});

describe('error trees of the admin client', () => {
  it("are mapped by the broker's answer, wherever it stands in the tree", () => {
    const answer = new ResponseError(3, 12, { '/topics/0': [29, null] }, {});
    const tree = new MultipleErrors('failed 2 times', [new NetworkError('gone'), answer]);
    expect(kafkaErrorFromAdmin(tree, { topic: 't' })).toMatchObject({
      code: 29,
      family: 'authorization',
      message: 'Not authorized to access topics: [t]',
      cause: tree,
    });
  });

  it("use the broker's own words when it sent some", () => {
    const answer = new ResponseError(19, 7, { '/topics/0': [36, "Topic 'x' already exists."] }, {});
    expect(kafkaErrorFromAdmin(answer)).toMatchObject({ family: 'badRequest', message: "Topic 'x' already exists." });
  });

  it('with a refused identity below a network error are authentication failures', () => {
    const refused = new AuthenticationError('SASL authentication failed.', {
      cause: new ResponseError(36, 2, { '': [58, 'Authentication failed: Invalid username or password'] }, {}),
    });
    const tree = new MultipleErrors('Cannot connect to any broker.', [new NetworkError('failed', { cause: refused })]);
    expect(kafkaErrorFromAdmin(tree)).toMatchObject({
      family: 'authentication',
      message: 'Authentication failed: Invalid username or password',
    });
  });

  it('with a refused certificate are authentication failures', () => {
    const refused = Object.assign(new Error('self signed'), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
    expect(kafkaErrorFromAdmin(new NetworkError('failed', { cause: refused })).family).toBe('authentication');
  });

  it.each([new NetworkError('Connection closed'), new TimeoutError('Request timed out')])(
    'of the network are retriable: %s',
    (error) => {
      expect(kafkaErrorFromAdmin(error)).toMatchObject({ family: 'retriable', retriable: true });
    },
  );

  it('of another kind are not retriable', () => {
    expect(kafkaErrorFromAdmin(new UserError('no'))).toMatchObject({ family: 'other', retriable: false });
    expect(kafkaErrorFromAdmin('text')).toMatchObject({ family: 'other', message: 'text' });
  });
});
