import { describe, expect, it } from 'vitest';
import { acceptsGzip } from '../../src/http/answer.ts';
import { ByteBudget } from '../../src/http/byte-budget.ts';

describe('acceptsGzip', () => {
  it.each([
    ['gzip', true],
    ['deflate, gzip;q=0.5', true],
    ['*', true],
    ['GZIP', true],
    ['gzip;q=0', false],
    ['*;q=0', false],
    ['gzip;q=0, *', false],
    ['identity', false],
    ['', false],
    [undefined, false],
  ])('%s → %s', (header, expected) => {
    expect(acceptsGzip(header)).toBe(expected);
  });
});

describe('ByteBudget', () => {
  it('refuses what does not fit and takes nothing then', () => {
    const budget = new ByteBudget(10);
    expect(budget.reserve(8)).toBe(true);
    expect(budget.reserve(3)).toBe(false);
    expect(budget.used).toBe(8);
    budget.release(8);
    expect(budget.reserve(10)).toBe(true);
  });
});
