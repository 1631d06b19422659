import { describe, expect, it } from 'vitest';
import { mustNotBeNull, parse, refusal, TP } from './request-parsing.ts';

describe('commit', () => {
  it.each(['', ' ', 'null'])('%j means everything delivered', (body) => {
    expect(parse('commit', body)).toBeUndefined();
  });

  it('gives the offsets as they were sent', () => {
    expect(parse('commit', `{"offsets":[{${TP},"offset":"2","metadata":"m"}]}`)).toEqual([
      { topic: 't', partition: 1, offset: 2 },
    ]);
    expect(parse('commit', '{"offsets":[]}')).toEqual([]);
  });

  it.each([
    ['{}', mustNotBeNull('commitOffsets.offsetCommitRequest.offsets')],
    [`{"offsets":[{${TP}}]}`, mustNotBeNull('commitOffsets.offsetCommitRequest.offsets[0].offset')],
    [
      `{"offsets":[{${TP},"offset":-5}]}`,
      '422/422 commitOffsets.offsetCommitRequest.offsets[0].offset must be greater than or equal to 0 (was -5)',
    ],
  ])('refuses %s', (body, expected) => {
    expect(refusal('commit', body)).toBe(expected);
  });
});

describe('committed offsets', () => {
  it('gives partitions, assigned or not', () => {
    expect(parse('committed', `{"partitions":[{${TP}}]}`)).toEqual([{ topic: 't', partition: 1 }]);
    expect(parse('committed', '{"partitions":[]}')).toEqual([]);
  });

  it('without a body are 404/40402, as Confluent has it', () => {
    expect(refusal('committed', '')).toBe('404/40402 Partition not found.');
    expect(refusal('committed', '{}')).toBe(mustNotBeNull('getCommittedOffsets.request.partitions'));
  });
});
