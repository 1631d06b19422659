import { describe, expect, it } from 'vitest';
import { mustNotBeNull, parse, refusal, TP } from './request-parsing.ts';

describe('subscribe', () => {
  it.each([
    ['{"topics":["a",1]}', { kind: 'topics', topics: ['a', '1'] }],
    ['{"topics":[]}', { kind: 'topics', topics: [] }],
    ['{"topic_pattern":"a.*"}', { kind: 'pattern', pattern: 'a.*' }],
    ['{"topics":["a"],"topic_pattern":"b"}', { kind: 'topics', topics: ['a'] }],
    ['{"topics":["a"],"topic_pattern":"("}', { kind: 'topics', topics: ['a'] }],
    ['{"topics":null,"topic_pattern":"b"}', { kind: 'pattern', pattern: 'b' }],
    ['{}', { kind: 'none' }],
  ])('takes %s', (body, expected) => {
    expect(parse('subscribe', body)).toEqual(expected);
  });

  it.each([
    ['', mustNotBeNull('subscribe.subscription')],
    ['null', mustNotBeNull('subscribe.subscription')],
    ['{"topics":[null]}', mustNotBeNull('subscribe.subscription.topics[0]')],
    ['{"topics":["a"," "]}', '422/422 subscribe.subscription.topics[1] must not be blank (was  )'],
    ['{"topics":["a\\u0000"]}', '400/40002 The request attempted to perform an operation on an invalid topic.'],
  ])('refuses %s', (body, expected) => {
    expect(refusal('subscribe', body)).toBe(expected);
  });
});

describe('assign', () => {
  it('gives topics and partitions', () => {
    expect(parse('assign', `{"partitions":[{${TP}},{"topic":"u","partition":"2"}]}`)).toEqual([
      { topic: 't', partition: 1 },
      { topic: 'u', partition: 2 },
    ]);
    expect(parse('assign', '{"partitions":[]}')).toEqual([]);
  });

  it.each([
    ['', mustNotBeNull('assign.assignmentRequest')],
    ['{}', mustNotBeNull('assign.assignmentRequest.partitions')],
    ['{"partitions":[null]}', mustNotBeNull('assign.assignmentRequest.partitions[0]')],
    ['{"partitions":[{"partition":1}]}', mustNotBeNull('assign.assignmentRequest.partitions[0].topic')],
    ['{"partitions":[{"topic":"t"}]}', mustNotBeNull('assign.assignmentRequest.partitions[0].partition')],
    [
      '{"partitions":[{"topic":"t","partition":-1}]}',
      '422/422 assign.assignmentRequest.partitions[0].partition must be greater than or equal to 0 (was -1)',
    ],
    [
      '{"partitions":[{"topic":"a\\u0000b","partition":0}]}',
      '400/40002 The request attempted to perform an operation on an invalid topic.',
    ],
  ])('refuses %s', (body, expected) => {
    expect(refusal('assign', body)).toBe(expected);
  });
});
