import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { retryWait } from '../../src/registry/retry-wait.ts';

const OPTIONS = { retryWaitMs: 100, retryMaxWaitMs: 1000 };

test('the bound of a wait doubles up to the longest', () => {
  const random = vi.spyOn(Math, 'random').mockReturnValue(1);
  try {
    const waits = [0, 1, 2, 3, 4, 2000].map((round) => retryWait(round, undefined, OPTIONS));
    expect(waits).toEqual([100, 200, 400, 800, 1000, 1000]);
  } finally {
    random.mockRestore();
  }
});

test('those who failed together do not come again together', () => {
  const waits = Array.from({ length: 100 }, () => retryWait(3, undefined, OPTIONS));
  expect(new Set(waits).size).toBeGreaterThan(90);
});

test('what the registry asks for is the least', () => {
  expect(retryWait(0, '3', OPTIONS)).toBe(3000);
  const inAMinute = new Date(Date.now() + 60_000).toUTCString();
  expect(retryWait(0, inAMinute, OPTIONS)).toBeGreaterThan(50_000);
  expect(retryWait(0, 'Thu, 01 Jan 1970 00:00:00 GMT', OPTIONS)).toBeLessThanOrEqual(100);
});

test('no header makes a wait that is none', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.constantFrom('-1', '1e9', 'NaN', 'Infinity')), fc.nat(50), (header, round) => {
      expect(retryWait(round, header, OPTIONS)).toBeGreaterThanOrEqual(0);
    }),
  );
});
