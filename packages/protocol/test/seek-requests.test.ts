import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mustNotBeNull, parse, refusal, TP } from './request-parsing.ts';

describe('seek to the beginning and to the end', () => {
  it('gives partitions; none means all', () => {
    expect(parse('beginning', `{"partitions":[{${TP}}]}`)).toEqual([{ topic: 't', partition: 1 }]);
    expect(parse('end', '{"partitions":[]}')).toEqual([]);
  });

  it('names its own method in what it refuses', () => {
    expect(refusal('beginning', '')).toBe(mustNotBeNull('seekToBeginning.seekToRequest'));
    expect(refusal('end', 'null')).toBe(mustNotBeNull('seekToEnd.seekToRequest'));
    expect(refusal('end', '{}')).toBe(mustNotBeNull('seekToEnd.seekToRequest.partitions'));
  });
});

describe('seek', () => {
  it.each(['{}', '{"offsets":[]}', '{"offsets":null,"timestamps":[]}'])('%s asks for nothing', (body) => {
    expect(parse('seek', body)).toEqual({ offsets: [], timestamps: [] });
  });

  it('gives offsets as they are, 0 where one is left out', () => {
    expect(parse('seek', `{"offsets":[{${TP},"offset":5,"metadata":"m"},{"topic":"t"}]}`)).toEqual({
      offsets: [
        { topic: 't', partition: 1, offset: 5 },
        { topic: 't', partition: 0, offset: 0 },
      ],
      timestamps: [],
    });
  });

  it.each([
    ['"2020-01-01T00:00:00Z"', 1_577_836_800_000],
    ['"2020-01-01T01:00:00.123456789+01:00"', 1_577_836_800_123],
    ['1577836800', 1_577_836_800_000],
    ['1577836800.001', 1_577_836_800_001],
    ['"1577836800.5"', 1_577_836_800_500],
    ['0', 0],
    ['"1970-01-01T00:00:00Z"', 0],
  ])('reads the instant %s', (json, timestampMs) => {
    expect(parse('seek', `{"timestamps":[{${TP},"timestamp":${json}}]}`)).toEqual({
      offsets: [],
      timestamps: [{ topic: 't', partition: 1, timestampMs }],
    });
  });

  it('reads any instant that a Date can print', () => {
    fc.assert(
      fc.property(fc.date({ min: new Date(0), max: new Date(8e12), noInvalidDate: true }), (date) => {
        const body = `{"timestamps":[{${TP},"timestamp":"${date.toISOString()}"},{"topic":"u","timestamp":${date.getTime() / 1000}}]}`;
        const timestampMs = date.getTime();
        expect(parse('seek', body)).toMatchObject({ timestamps: [{ timestampMs }, { timestampMs }] });
      }),
    );
  });

  it.each([
    '"yesterday"',
    '"2020-02-30T00:00:00Z"',
    '"2020-01-01T00:00:00"',
    '"2020-01-01"',
    '1e300',
    '"0x10"',
    '"1e3"',
  ])('refuses the instant %s', (json) => {
    expect(refusal('seek', `{"timestamps":[{${TP},"timestamp":${json}}]}`)).toMatch(
      /^400\/400 Cannot deserialize value of type `Instant` from ".*": allowed is an ISO-8601 instant/,
    );
  });

  it.each([
    ['', mustNotBeNull('seekToOffset.request')],
    ['{"offsets":[{"offset":1}]}', '400/400 Cannot construct instance of `PartitionOffset`, problem: Null topic'],
    [
      '{"timestamps":[{"timestamp":1}]}',
      '400/400 Cannot construct instance of `PartitionTimestamp`, problem: Null topic',
    ],
    [
      `{"offsets":[{${TP},"offset":-5}]}`,
      '422/422 seekToOffset.request.offsets[0].offset must be greater than or equal to 0 (was -5)',
    ],
    [
      `{"timestamps":[{${TP},"timestamp":-1}]}`,
      '422/422 seekToOffset.request.timestamps[0].timestamp must be greater than or equal to 0 (was -1000)',
    ],
    [`{"timestamps":[{${TP}}]}`, mustNotBeNull('seekToOffset.request.timestamps[0].timestamp')],
    ['{"offsets":[null]}', mustNotBeNull('seekToOffset.request.offsets[0]')],
    [`{"timestamps":[{${TP},"timestamp":1},{${TP},"timestamp":2}]}`, '409/40903 Illegal state: Duplicate key t-1'],
    [
      `{"offsets":[{${TP},"offset":9223372036854775807}]}`,
      '422/422 seekToOffset.request.offsets[0].offset must be less than or equal to 9007199254740991 (was 9223372036854776000)',
    ],
  ])('refuses %s', (body, expected) => {
    expect(refusal('seek', body)).toBe(expected);
  });
});
