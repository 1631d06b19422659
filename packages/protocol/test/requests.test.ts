import { ApiError } from '@sluice/protocol';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse, refusal, requestNames, TP } from './request-parsing.ts';

describe('every request body', () => {
  it.each(requestNames)('%s is refused when it is not JSON, or not an object', (name) => {
    expect(refusal(name, '{')).toMatch(/^400\/400 Unexpected end-of-input/);
    expect(refusal(name, '{} x')).toMatch(/^400\/400 Unexpected character/);
    expect(refusal(name, '[]')).toMatch(/^400\/400 Cannot deserialize value of type `\w+` from Array value/);
    expect(refusal(name, '"x"')).toMatch(/^400\/400 Cannot deserialize value of type `\w+` from String value/);
    expect(refusal(name, `{"a":${'['.repeat(200)}`)).toMatch(/^400\/400 Document nesting depth/);
  });

  it.each(requestNames.filter((name) => name !== 'root'))('%s is refused with an unknown property', (name) => {
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
      fc.property(fc.constantFrom(...requestNames), fc.oneof(soup, shaped, fc.uint8Array()), (name, bytes) => {
        try {
          parse(name, Buffer.from(bytes));
        } catch (error) {
          expect(error).toBeInstanceOf(ApiError);
          expect([400, 404, 409, 422]).toContain((error as ApiError).status);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('a list of topics or partitions', () => {
  const LIMITS = { jsonDepthMax: 100, partitionsMax: 3 };
  const list = (count: number, ...fields: readonly string[]): unknown[] =>
    Array.from({ length: count }, (_, partition) => {
      const entry = { topic: 't', partition, offset: 1, timestamp: 1 };
      return Object.fromEntries(Object.entries(entry).filter(([field]) => fields.includes(field)));
    });

  it.each([
    ['subscribe', (count: number) => ({ topics: Array.from({ length: count }, (_, i) => `t${i}`) })],
    ['assign', (count: number) => ({ partitions: list(count, 'topic', 'partition') })],
    ['beginning', (count: number) => ({ partitions: list(count, 'topic', 'partition') })],
    ['end', (count: number) => ({ partitions: list(count, 'topic', 'partition') })],
    ['committed', (count: number) => ({ partitions: list(count, 'topic', 'partition') })],
    ['commit', (count: number) => ({ offsets: list(count, 'topic', 'partition', 'offset') })],
    ['seek', (count: number) => ({ offsets: list(count, 'topic', 'partition', 'offset') })],
    ['seek', (count: number) => ({ timestamps: list(count, 'topic', 'partition', 'timestamp') })],
  ] as const)('of %s may not be longer than the limit (bug: 100,000 stopped the process)', (name, bodyOf) => {
    expect(() => parse(name, JSON.stringify(bodyOf(3)), LIMITS)).not.toThrow();
    expect(() => parse(name, JSON.stringify(bodyOf(4)), LIMITS)).toThrow(
      expect.objectContaining({ status: 413, message: expect.stringMatching(/holds 4 entries; .* at most 3\.$/) }),
    );
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
