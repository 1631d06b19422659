import { ApiError } from '@sluice/protocol';
import { describe, expect, it } from 'vitest';
import { compileTopicPattern } from '../../src/sessions/topic-pattern.ts';

describe('topic patterns', () => {
  it('match whole names, as Java does', () => {
    const pattern = compileTopicPattern('log-.*|audit');
    expect(pattern.matches('log-1')).toBe(true);
    expect(pattern.matches('audit')).toBe(true);
    expect(pattern.matches('my-log-1')).toBe(false);
    expect(pattern.matches('audit2')).toBe(false);
  });

  it('know the inline flags of Java', () => {
    expect(compileTopicPattern('(?i)LOG.*').matches('log-1')).toBe(true);
  });

  it('cannot be made to backtrack for ever', () => {
    const pattern = compileTopicPattern('(a+)+$');
    expect(pattern.matches(`${'a'.repeat(240)}!`)).toBe(false);
  });

  it('answer 422 with the reason when they are no regular expression', () => {
    expect(() => compileTopicPattern('log-(')).toThrow(ApiError);
    expect(() => compileTopicPattern('log-(')).toThrow(/regular expression/);
    expect(() => compileTopicPattern('a'.repeat(1001))).toThrow(/1000/);
  });
});
