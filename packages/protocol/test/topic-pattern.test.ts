import { matchTopics } from '@sluice/protocol';
import { describe, expect, it } from 'vitest';

describe('a topic pattern', () => {
  const topics = ['orders', 'orders-eu', 'Orders', 'payments', 'a.b'];

  it('matches whole names, as Java’s matches() does', () => {
    expect(matchTopics('orders', topics)).toEqual(['orders']);
    expect(matchTopics('orders.*', topics)).toEqual(['orders', 'orders-eu']);
    expect(matchTopics('^orders.*$', topics)).toEqual(['orders', 'orders-eu']);
    expect(matchTopics('orders|payments', topics)).toEqual(['orders', 'payments']);
    expect(matchTopics('(?i)orders', topics)).toEqual(['orders', 'Orders']);
    expect(matchTopics('nothing', topics)).toEqual([]);
  });

  it('that backtracks without end is stopped, and the next one works', () => {
    const long = 'a'.repeat(200);
    expect(() => matchTopics('(a+)+', [`${long}!`])).toThrow(
      expect.objectContaining({
        status: 422,
        code: 422,
        message: 'The topic pattern takes too long to evaluate',
      }) as Error,
    );
    expect(matchTopics('a+', [long])).toEqual([long]);
  });
});
