import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { doubleText } from '../src/double-text.ts';

describe('a double', () => {
  /** As `Double.toString` prints them since Java 19, and observed (i). */
  it.each([
    [0, '0.0'],
    [-0, '-0.0'],
    [5, '5.0'],
    [-23.4, '-23.4'],
    [100, '100.0'],
    [9_999_999, '9999999.0'],
    [9_999_999.5, '9999999.5'],
    [1e7, '1.0E7'],
    [123_456_789.5, '1.234567895E8'],
    [0.001, '0.001'],
    [0.000_999_9, '9.999E-4'],
    [-1e-7, '-1.0E-7'],
    [1e21, '1.0E21'],
    [1e26, '1.0E26'],
    [2e23, '2.0E23'],
    [Number.MAX_VALUE, '1.7976931348623157E308'],
    [Number.MIN_VALUE, '4.9E-324'],
    [2 * Number.MIN_VALUE, '9.9E-324'],
    [Number.NaN, '"NaN"'],
    [Number.POSITIVE_INFINITY, '"Infinity"'],
    [Number.NEGATIVE_INFINITY, '"-Infinity"'],
  ])('%d is printed as in Java', (value, text) => {
    expect(doubleText(value)).toBe(text);
  });

  it('is the same when it is read again, and never looks like an integer', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const text = doubleText(value);
        expect(JSON.parse(text)).toBe(value);
        expect(text).toMatch(/^-?\d+\.\d+(E-?\d+)?$/u);
      }),
      { numRuns: 1000 },
    );
  });
});
