import {
  ApiError,
  MESSAGES_MAX,
  parseCreateConsumerRequest,
  parseMessagesQuery,
  parseProduceRequest,
  parseV1CommitRequest,
} from '@sluice/protocol';
import { describe, expect, it } from 'vitest';

/** `400/400 …`, as the client sees it. */
function refusal(parse: () => unknown): string {
  try {
    parse();
  } catch (error) {
    if (error instanceof ApiError) return `${error.status}/${error.code} ${error.message}`;
    throw error;
  }
  throw new Error('it was taken');
}

describe('the query of the simple consumer', () => {
  it.each([
    ['offset=3', { from: { offset: 3 }, count: 1 }],
    ['count=7&offset=0', { from: { offset: 0 }, count: 7 }],
    ['offset=9007199254740991&count=0', { from: { offset: 9_007_199_254_740_991 }, count: 0 }],
    ['offset=1&timestamp=&count=', { from: { offset: 1 }, count: 1 }],
    ['timestamp=2020-01-01T00:00:00Z', { from: { timestampMs: 1_577_836_800_000 }, count: 1 }],
    ['timestamp=2020-01-01T01:00:00%2B01:00', { from: { timestampMs: 1_577_836_800_000 }, count: 1 }],
    ['timestamp=1969-12-31T23:59:59.999Z', { from: { timestampMs: 0 }, count: 1 }],
  ])('%s', (query, expected) => {
    expect(parseMessagesQuery(query)).toEqual(expected);
  });

  const whole = (name: string, max: number, was: string) =>
    `400/400 The query parameter \`${name}\` must be a whole number from 0 to ${max} (was ${was}).`;
  const instant = (was: string) =>
    `400/400 The query parameter \`timestamp\` must be an ISO-8601 instant such as 2020-01-01T00:00:00Z (was ${was}).`;

  it.each([
    ['', '400/400 Either `offset` or `timestamp` query parameters must be set.'],
    ['offset=&timestamp=', '400/400 Either `offset` or `timestamp` query parameters must be set.'],
    [
      'offset=1&timestamp=2020-01-01T00:00:00Z',
      '400/400 Either `offset` or `timestamp` query parameters must be set, and not both of them.',
    ],
    ['offset=-1', whole('offset', Number.MAX_SAFE_INTEGER, '-1')],
    ['offset=x', whole('offset', Number.MAX_SAFE_INTEGER, 'x')],
    ['offset=1.5', whole('offset', Number.MAX_SAFE_INTEGER, '1.5')],
    ['offset=9007199254740992', whole('offset', Number.MAX_SAFE_INTEGER, '9007199254740992')],
    ['offset=9223372036854775808', whole('offset', Number.MAX_SAFE_INTEGER, '9223372036854775808')],
    ['offset=0&count=-1', whole('count', MESSAGES_MAX, '-1')],
    ['offset=0&count=100001', whole('count', MESSAGES_MAX, '100001')],
    ['offset=0&count=many', whole('count', MESSAGES_MAX, 'many')],
    ['timestamp=yesterday', instant('yesterday')],
    ['timestamp=1577836800000', instant('1577836800000')],
  ])('%s is refused', (query, expected) => {
    expect(refusal(() => parseMessagesQuery(query))).toBe(expected);
  });
});

describe('a commit', () => {
  it.each(['', 'null', '{}'])('takes %j', (body) => {
    expect(() => parseV1CommitRequest(Buffer.from(body), 100)).not.toThrow();
  });

  it.each([
    ['{"offsets":[]}', '422/422 Unrecognized field: offsets'],
    ['[]', /^400\/400 Cannot deserialize value of type `ConsumerOffsetCommitRequest` from Array value/],
  ])('refuses %s', (body, expected) => {
    expect(refusal(() => parseV1CommitRequest(Buffer.from(body), 100))).toMatch(expected);
  });
});

describe('a new instance', () => {
  const parse = (fields: object) => parseCreateConsumerRequest(Buffer.from(JSON.stringify(fields)), 100, 'v1');

  it.each([
    ['smallest', 'earliest'],
    ['largest', 'latest'],
  ])('%s means %s', (sent, meant) => {
    expect(parse({ 'auto.offset.reset': sent }).autoOffsetReset).toBe(meant);
  });

  it.each([
    [
      { 'auto.offset.reset': 'earliest' },
      '422/42204 Invalid consumer configuration: Wrong value earliest of auto.offset.reset in ConsumerConfig; Valid values are smallest and largest',
    ],
    [{ format: 'protobuf' }, '422/422 Invalid format type.'],
  ])('of %j is refused', (fields, expected) => {
    expect(refusal(() => parse(fields))).toBe(expected);
  });
});

describe('a produce request', () => {
  const parse = (record: string, toPartition = false) =>
    parseProduceRequest(Buffer.from(`{"records":[${record}]}`), {
      format: 'binary',
      recordsMax: 10,
      depthMax: 100,
      api: 'v1',
      toPartition,
    }).batch;

  it.each([
    ['"AQID"', [1, 2, 3]],
    ['"AQ"', [1]],
    ['"AR=="', [1]],
    ['"AQ\\r\\nID"', [1, 2, 3]],
    ['" A Q I D "', [1, 2, 3]],
    ['"-_-_"', [251, 255, 191]],
    ['""', []],
  ])('takes %s in base64', (text, bytes) => {
    expect([...(parse(`{"value":${text}}`).values[0] ?? [])]).toEqual(bytes);
  });

  it.each([
    ['{"value":"!!!"}', '422/422 Record value contains invalid base64 encoding'],
    ['{"key":"A","value":null}', '422/422 Record key contains invalid base64 encoding'],
    ['{"value":"A=Q="}', '422/422 Record value contains invalid base64 encoding'],
    ['{"value":12}', '422/422 Record value contains invalid base64 encoding'],
    [
      '{"value":{}}',
      '400/400 Cannot deserialize value of type `String` from Object value (token `JsonToken.START_OBJECT`)',
    ],
  ])('refuses %s', (record, expected) => {
    expect(refusal(() => parse(record))).toBe(expected);
  });

  it('has partitions in its records for a topic, and not for a partition', () => {
    expect(parse('{"value":"AQ==","partition":2}').partitions).toEqual([2]);
    expect(refusal(() => parse('{"value":"AQ==","partition":2}', true))).toBe('422/422 Unrecognized field: partition');
  });
});
