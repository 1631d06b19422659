import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseExactJson } from '../src/exact-json.ts';

const parse = (text: string) => parseExactJson(Buffer.from(text), 1000);

describe('exact JSON', () => {
  it('is what JSON.parse makes of a value without large integers', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);
        fc.pre(!/\d{16}/.test(text));
        expect(parse(text)).toEqual(JSON.parse(text));
      }),
    );
  });

  it.each([
    ['9007199254740993', 9_007_199_254_740_993n],
    ['-9223372036854775808', -9_223_372_036_854_775_808n],
    ['[1,9007199254740993]', [1, 9_007_199_254_740_993n]],
    ['{"a": 9007199254740993, "b": {"c":1}}', { a: 9_007_199_254_740_993n, b: { c: 1 } }],
    ['9007199254740991', Number.MAX_SAFE_INTEGER],
    ['1234567890123456.5', 1_234_567_890_123_456.5],
    ['1234567890123456e1', Number('1234567890123456e1')],
    ['"1234567890123456789"', '1234567890123456789'],
    ['{"id":"9007199254740993","n":9007199254740993}', { id: '9007199254740993', n: 9_007_199_254_740_993n }],
  ])('holds the integers of %s', (text, value) => {
    expect(parse(text)).toEqual(value);
  });

  it('takes a number of more digits than any integer has for what a double makes of it', () => {
    expect(parse('9'.repeat(1_000_000))).toBe(Number.POSITIVE_INFINITY);
  });

  it('keeps the last of equal names, and names of prototypes as they are', () => {
    const value = parse('{"a":1,"a":9007199254740993,"__proto__":{"x":1}}') as object;
    expect(Object.entries(value)).toEqual([
      ['a', 9_007_199_254_740_993n],
      ['__proto__', { x: 1 }],
    ]);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  });
});
