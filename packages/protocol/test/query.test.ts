import { int64Parameter, parseInt32, parseInt64, queryParameter } from '@sluice/protocol';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

describe('a query parameter', () => {
  it('is found by name, first value first', () => {
    expect(queryParameter('a=1&b=2&a=3', 'a')).toBe('1');
    expect(queryParameter('a=1&b=2&a=3', 'b')).toBe('2');
    expect(queryParameter('a=1', 'c')).toBeUndefined();
    expect(queryParameter('', 'a')).toBeUndefined();
  });

  it('may be empty, with or without an equals sign', () => {
    expect(queryParameter('a=&b', 'a')).toBe('');
    expect(queryParameter('a=&b', 'b')).toBe('');
    expect(queryParameter('b&c=1', 'b')).toBe('');
  });

  it('is decoded, name and value, and keeps what is not valid encoding', () => {
    expect(queryParameter('m%61x=a+b%20c%3D', 'max')).toBe('a b c=');
    expect(queryParameter('a=%zz', 'a')).toBe('%zz');
    expect(queryParameter('a=b=c', 'a')).toBe('b=c');
  });

  it('is not looked for without end', () => {
    expect(queryParameter(`${'x=1&'.repeat(63)}a=1`, 'a')).toBe('1');
    expect(queryParameter(`${'x=1&'.repeat(64)}a=1`, 'a')).toBeUndefined();
  });

  it('agrees with URLSearchParams on whatever that has encoded', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.string({ minLength: 1 }), fc.string()), { maxLength: 8 }), (pairs) => {
        const parameters = new URLSearchParams(pairs);
        for (const [name] of pairs) expect(queryParameter(parameters.toString(), name)).toBe(parameters.get(name));
      }),
    );
  });
});

describe('a 64-bit parameter', () => {
  it('is its number, or undefined when absent or empty', () => {
    expect(int64Parameter('timeout=3000', 'timeout')).toBe(3000);
    expect(int64Parameter('timeout=-2', 'timeout')).toBe(-2);
    expect(int64Parameter('timeout=', 'timeout')).toBeUndefined();
    expect(int64Parameter('max_bytes=1', 'timeout')).toBeUndefined();
    expect(int64Parameter('', 'timeout')).toBeUndefined();
  });

  it.each(['abc', '1.5', '9223372036854775808', '1e3', '+ 1', '%zz', '1 '])('%j answers 404', (text) => {
    expect(() => int64Parameter(`timeout=${text}`, 'timeout')).toThrow(
      expect.objectContaining({ status: 404, code: 404, message: 'HTTP 404 Not Found' }) as Error,
    );
  });
});

describe('integers are read as Java reads them', () => {
  it('accepts every integer within 32 or 64 bits, and none beyond', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 65n), max: 2n ** 65n }), fc.nat({ max: 5 }), (value, zeros) => {
        const sign = value < 0n ? '-' : '';
        const text = sign + '0'.repeat(zeros) + String(value < 0n ? -value : value);
        expect(parseInt64(text)).toBe(BigInt.asIntN(64, value) === value ? Number(value) : undefined);
        expect(parseInt32(text)).toBe(BigInt.asIntN(32, value) === value ? Number(value) : undefined);
      }),
    );
  });

  it('knows the edges', () => {
    expect(parseInt64('9223372036854775807')).toBe(2 ** 63);
    expect(parseInt64('9223372036854775808')).toBeUndefined();
    expect(parseInt64('-9223372036854775808')).toBe(-(2 ** 63));
    expect(parseInt64('-9223372036854775809')).toBeUndefined();
    expect(parseInt64('+0')).toBe(0);
    expect(Object.is(parseInt64('-0'), 0)).toBe(true);
    expect(parseInt32('-000')).toBe(0);
  });

  it.each(['', '+', '-', '--1', '1_000', ' 1', '0x10', '1.0', 'NaN', 'Infinity', '١'])('refuses %j', (text) => {
    expect(parseInt64(text)).toBeUndefined();
    expect(parseInt32(text)).toBeUndefined();
  });
});
