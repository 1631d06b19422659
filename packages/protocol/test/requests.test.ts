import {
  ApiError,
  parseAssignmentRequest,
  parseCommitRequest,
  parseCommittedOffsetsRequest,
  parseCreateConsumerRequest,
  parseRootRequest,
  parseSeekRequest,
  parseSeekToEdgeRequest,
  parseSubscriptionRequest,
} from '@sluice/protocol';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const DEPTH_MAX = 100;
type Parser<Result> = (body: Buffer, depthMax: number) => Result;

const parsers: Readonly<Record<string, Parser<unknown>>> = {
  root: parseRootRequest,
  create: parseCreateConsumerRequest,
  subscribe: parseSubscriptionRequest,
  assign: parseAssignmentRequest,
  seek: parseSeekRequest,
  beginning: (body, depthMax) => parseSeekToEdgeRequest(body, depthMax, 'beginning'),
  end: (body, depthMax) => parseSeekToEdgeRequest(body, depthMax, 'end'),
  commit: parseCommitRequest,
  committed: parseCommittedOffsetsRequest,
};

function only(entries: readonly unknown[], ...fields: readonly string[]): unknown[] {
  return entries.map((entry) => Object.fromEntries(fields.map((field) => [field, (entry as never)[field]])));
}

function parse(name: string, body: string): unknown {
  const parser = parsers[name];
  if (parser === undefined) throw new Error(`no parser ${name}`);
  return parser(Buffer.from(body), DEPTH_MAX);
}

function refusal(name: string, body: string): string {
  try {
    parse(name, body);
  } catch (error) {
    if (error instanceof ApiError) return `${error.status}/${error.code} ${error.message}`;
    throw error;
  }
  throw new Error(`accepted: ${name} ${body}`);
}

const TP = '"topic":"t","partition":1';
const mustNotBeNull = (path: string) => `422/422 ${path} must not be null (was null)`;

describe('every request body', () => {
  it.each(Object.keys(parsers))('%s is refused when it is not JSON, or not an object', (name) => {
    expect(refusal(name, '{')).toMatch(/^400\/400 Unexpected end-of-input/);
    expect(refusal(name, '{} x')).toMatch(/^400\/400 Unexpected character/);
    expect(refusal(name, '[]')).toMatch(/^400\/400 Cannot deserialize value of type `\w+` from Array value/);
    expect(refusal(name, '"x"')).toMatch(/^400\/400 Cannot deserialize value of type `\w+` from String value/);
    expect(refusal(name, `{"a":${'['.repeat(200)}`)).toMatch(/^400\/400 Document nesting depth/);
  });

  it.each(Object.keys(parsers).filter((name) => name !== 'root'))('%s is refused with an unknown property', (name) => {
    expect(refusal(name, '{"foo":1}')).toBe('422/422 Unrecognized field: foo');
    expect(refusal(name, '{"__proto__":1}')).toBe('422/422 Unrecognized field: __proto__');
  });

  it('is refused with an unknown property inside of a list', () => {
    expect(refusal('assign', `{"partitions":[{${TP},"x":1}]}`)).toBe('422/422 Unrecognized field: x');
    expect(refusal('commit', `{"offsets":[{${TP},"offset":1,"timestamp":1}]}`)).toBe(
      '422/422 Unrecognized field: timestamp',
    );
  });

  it('is refused when a list or a scalar is something else', () => {
    expect(refusal('subscribe', '{"topics":"t"}')).toBe(
      '400/400 Cannot deserialize value of type `List` from String value (token `JsonToken.VALUE_STRING`)',
    );
    expect(refusal('assign', '{"partitions":[1]}')).toMatch(
      /^400\/400 Cannot deserialize value of type `Object` from Integer value/,
    );
    expect(refusal('assign', '{"partitions":[{"topic":{},"partition":0}]}')).toMatch(/type `String` from Object value/);
    expect(refusal('commit', '{"offsets":[{"topic":"t","partition":"x"}]}')).toBe(
      '400/400 Cannot deserialize value of type `Integer` from String "x": not a valid `java.lang.Integer` value',
    );
    expect(refusal('commit', `{"offsets":[{${TP},"offset":"x"}]}`)).toMatch(/type `Long` from String "x"/);
    expect(refusal('commit', `{"offsets":[{${TP},"offset":1e30}]}`)).toMatch(
      /^400\/400 Numeric value \(1e\+30\) out of range of long/,
    );
    expect(refusal('commit', `{"offsets":[{${TP},"offset":true}]}`)).toMatch(
      /type `Long` from Boolean value \(token `JsonToken.VALUE_TRUE`\)/,
    );
  });

  it('is never the end of the process: any body is accepted or refused with a documented status', () => {
    const soup = fc.json().map((json) => Buffer.from(json));
    const field = fc.constantFrom(
      'topics',
      'topic_pattern',
      'partitions',
      'offsets',
      'timestamps',
      'name',
      'format',
      'fetch.min.bytes',
    );
    const element = fc.oneof(
      fc.jsonValue(),
      fc.record({ topic: fc.jsonValue(), partition: fc.jsonValue(), offset: fc.jsonValue() }),
    );
    const shaped = fc
      .dictionary(field, fc.oneof(fc.jsonValue(), fc.array(element)))
      .map((value) => Buffer.from(JSON.stringify(value)));
    fc.assert(
      fc.property(
        fc.constantFrom(...Object.values(parsers)),
        fc.oneof(soup, shaped, fc.uint8Array()),
        (parser, bytes) => {
          try {
            parser(Buffer.from(bytes), DEPTH_MAX);
          } catch (error) {
            expect(error).toBeInstanceOf(ApiError);
            expect([400, 404, 409, 422]).toContain((error as ApiError).status);
          }
        },
      ),
      { numRuns: 2000 },
    );
  });
});

describe('a list of topics or partitions', () => {
  const partitions = (count: number): unknown[] =>
    Array.from({ length: count }, (_, partition) => ({ topic: 't', partition, offset: 1, timestamp: 1 }));

  it.each([
    ['subscribe', (count: number) => ({ topics: partitions(count).map((_, i) => `t${i}`) })],
    ['assign', (count: number) => ({ partitions: only(partitions(count), 'topic', 'partition') })],
    ['beginning', (count: number) => ({ partitions: only(partitions(count), 'topic', 'partition') })],
    ['committed', (count: number) => ({ partitions: only(partitions(count), 'topic', 'partition') })],
    ['commit', (count: number) => ({ offsets: only(partitions(count), 'topic', 'partition', 'offset') })],
    ['seek', (count: number) => ({ offsets: only(partitions(count), 'topic', 'partition', 'offset') })],
    ['seek', (count: number) => ({ timestamps: only(partitions(count), 'topic', 'partition', 'timestamp') })],
  ])('may hold 5000 entries in %s (bug: 100,000 stopped the process)', (name, bodyOf) => {
    expect(() => parse(name, JSON.stringify(bodyOf(5000)))).not.toThrow();
    expect(() => parse(name, JSON.stringify(bodyOf(5001)))).toThrow(expect.objectContaining({ status: 413 }));
  });
});

describe('POST /', () => {
  it.each(['', 'null', '{}', '{"a":"b","c":1,"d":null}'])('takes %j', (body) => {
    expect(parse('root', body)).toBeUndefined();
  });

  it('refuses values that are no strings', () => {
    expect(refusal('root', '{"a":{}}')).toMatch(/^400\/400 Cannot deserialize value of type `String` from Object/);
  });
});

describe('create consumer', () => {
  const defaults = {
    name: undefined,
    format: 'binary',
    autoOffsetReset: undefined,
    autoCommit: undefined,
    fetchMinBytes: undefined,
    requestTimeoutMs: undefined,
  };

  it.each(['', 'null', '{}', '{"format":null,"name":null,"fetch.min.bytes":null,"auto.commit.enable":null}'])(
    '%j means all defaults',
    (body) => {
      expect(parse('create', body)).toEqual(defaults);
    },
  );

  it('takes every field, with Jackson’s leniency', () => {
    const body = {
      name: 'c1',
      format: 'JSON',
      'auto.offset.reset': 'earliest',
      'auto.commit.enable': false,
      'fetch.min.bytes': '5',
      'consumer.request.timeout.ms': 3000.9,
    };
    expect(parse('create', JSON.stringify(body))).toEqual({
      name: 'c1',
      format: 'json',
      autoOffsetReset: 'earliest',
      autoCommit: false,
      fetchMinBytes: 5,
      requestTimeoutMs: 3000,
    });
  });

  it('takes id before name, and numbers as names', () => {
    expect(parse('create', '{"name":"a","id":"b"}')).toMatchObject({ name: 'b' });
    expect(parse('create', '{"name":7}')).toMatchObject({ name: '7' });
  });

  it('takes the fields by their other names', () => {
    expect(parse('create', '{"responseMinBytes":1,"requestWaitMs":2}')).toMatchObject({
      fetchMinBytes: 1,
      requestTimeoutMs: 2,
    });
  });

  it.each(['true', '"true"', '"True"', '" TRUE "'])('takes auto.commit.enable %s', (json) => {
    expect(parse('create', `{"auto.commit.enable":${json}}`)).toMatchObject({ autoCommit: true });
  });

  it.each([
    ['{"format":"xml"}', '422/422 Invalid format type.'],
    ['{"format":""}', '422/422 Invalid format type.'],
    ['{"format":5}', '422/422 Invalid format type.'],
    [
      '{"auto.offset.reset":"nope"}',
      '422/42204 Invalid consumer configuration: Invalid value nope for configuration auto.offset.reset: String must be one of: latest, earliest, none',
    ],
    [
      '{"auto.commit.enable":"maybe"}',
      '422/42204 Invalid consumer configuration: Invalid value maybe for configuration enable.auto.commit: Expected value to be either true or false',
    ],
    [
      '{"fetch.min.bytes":-5}',
      '422/40001 Invalid consumer configuration. It does not abide by the constraints: Invalid value -5 for configuration fetch.min.bytes: Value must be at least -1',
    ],
    [
      '{"fetch.min.bytes":10000001}',
      '422/40001 Invalid consumer configuration. It does not abide by the constraints: Invalid value 10000001 for configuration fetch.min.bytes: Value must be no more than 10000000',
    ],
    [
      '{"fetch.min.bytes":"abc"}',
      '400/400 Cannot deserialize value of type `Integer` from String "abc": not a valid `java.lang.Integer` value',
    ],
    ['{"isolation.level":"read_committed"}', '422/422 Unrecognized field: isolation.level'],
    ['{"name":""}', '422/422 createGroup.<return value>.instanceId must not be blank (was )'],
  ])('%s is refused', (body, expected) => {
    expect(refusal('create', body)).toBe(expected);
  });

  it('refuses names that nothing behind it can carry', () => {
    expect(refusal('create', '{"name":"a\\u0000b"}')).toBe(
      '422/422 createGroup.<return value>.instanceId must not hold control characters (was "a\\u0000b")',
    );
    expect(refusal('create', '{"name":"a\\n"}')).toMatch(/^422\/422 .* must not hold control characters/);
    expect(refusal('create', '{"name":"\\ud800"}')).toMatch(/^422\/422 .* must not hold control characters/);
    expect(refusal('create', `{"name":"${'x'.repeat(256)}"}`)).toMatch(/^422\/422 .* size must be between 1 and 255/);
    expect(parse('create', `{"name":"${'x'.repeat(255)}"}`)).toMatchObject({ name: 'x'.repeat(255) });
    expect(parse('create', '{"name":"a b/c 😀"}')).toMatchObject({ name: 'a b/c 😀' });
  });
});

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
