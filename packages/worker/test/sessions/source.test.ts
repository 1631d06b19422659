import { describe, expect, it } from 'vitest';
import {
  assertReplaceable,
  assignmentOf,
  isSameSubscription,
  noSource,
  refreshed,
  type Source,
  subscriptionTo,
  topicsOf,
} from '../../src/sessions/source.ts';
import { compileTopicPattern } from '../../src/sessions/topic-pattern.ts';

const pattern: Source = { kind: 'pattern', pattern: compileTopicPattern('log-.*'), topics: ['log-1'] };
const kinds: readonly Source[] = [subscriptionTo(['a']), pattern, assignmentOf([{ topic: 'a', partition: 0 }])];

describe('the source of an instance', () => {
  it('may be replaced by one of its kind, and by any once there is none', () => {
    for (const source of kinds) {
      expect(() => assertReplaceable(noSource, source)).not.toThrow();
      expect(() => assertReplaceable(source, source)).not.toThrow();
    }
  });

  it('answers 409/40903 when it would change its kind', () => {
    for (const current of kinds) {
      for (const next of kinds.filter((kind) => kind !== current)) {
        expect(() => assertReplaceable(current, next)).toThrow(
          expect.objectContaining({
            code: 40903,
            message: 'Illegal state: Subscription to topics, partitions and pattern are mutually exclusive',
          }),
        );
      }
    }
  });

  it('names each topic and partition once', () => {
    expect(topicsOf(subscriptionTo(['a', 'b', 'a']))).toEqual(['a', 'b']);
    const twice = { topic: 'a', partition: 1 };
    expect(assignmentOf([twice, { ...twice }])).toEqual({ kind: 'assignment', partitions: [twice] });
  });

  it('is the same subscription whatever the order of its topics', () => {
    expect(isSameSubscription(subscriptionTo(['a', 'b']), subscriptionTo(['b', 'a']))).toBe(true);
    expect(isSameSubscription(subscriptionTo(['a', 'b']), subscriptionTo(['a']))).toBe(false);
    expect(isSameSubscription(subscriptionTo(['a']), pattern)).toBe(false);
    expect(isSameSubscription(pattern, { ...pattern, topics: [] })).toBe(true);
  });

  it('follows its pattern when topics come and go, and only then', async () => {
    expect(await refreshed(pattern, ['log-1', 'other'])).toBeUndefined();
    expect(await refreshed(pattern, ['log-1', 'log-2', 'other'])).toMatchObject({ topics: ['log-1', 'log-2'] });
    expect(await refreshed(pattern, [])).toMatchObject({ topics: [] });
    expect(await refreshed(subscriptionTo(['log-1']), ['log-2'])).toBeUndefined();
  });
});
