import { describe, expect, it } from 'vitest';
import { latenciesOf, median, percentile } from './statistics.ts';

describe('statistics', () => {
  it('takes the nearest rank as a percentile', () => {
    const values = Array.from({ length: 100 }, (_, index) => index + 1);
    expect(percentile(values, 50)).toBe(50);
    expect(percentile(values, 99)).toBe(99);
    expect(percentile(values, 100)).toBe(100);
    expect(percentile([7], 1)).toBe(7);
  });

  it('takes the middle of an odd number of values, the mean of two of an even one', () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([4, 1, 3, 2])).toBe(2.5);
  });

  it('sorts by value, not by text, and leaves its input alone', () => {
    const values = [100, 9, 20];
    expect(latenciesOf(values)).toEqual({ p50Ms: 20, p95Ms: 100, p99Ms: 100 });
    expect(values).toEqual([100, 9, 20]);
  });

  it('has no answer for no values', () => {
    expect(() => median([])).toThrow(RangeError);
    expect(() => percentile([], 50)).toThrow(RangeError);
  });
});
