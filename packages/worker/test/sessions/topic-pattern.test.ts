import { createHash } from 'node:crypto';
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

  it('are refused when a few characters become thousands of steps (bug: they stopped the process)', () => {
    expect(() => compileTopicPattern('(\\pL?){900}b')).toThrow(/too long to match/);
    expect(() => compileTopicPattern(`(${'topic|'.repeat(150)}x)`)).not.toThrow();
  });

  it('let others have their turn, and give up in time', async () => {
    const pattern = compileTopicPattern('.*a.{900}');
    // Names of digests in two letters: no two have much in common that could be remembered.
    const names = Array.from({ length: 10_000 }, (_, i) =>
      [...createHash('sha256').update(String(i)).digest()].map((byte) => byte.toString(2)).join(''),
    ).map((bits) => bits.replaceAll('0', 'a').replaceAll('1', 'b'));
    let turns = 0;
    const others = setInterval(() => {
      turns += 1;
    }, 0);
    await expect(pattern.among(names)).rejects.toMatchObject({ status: 422 });
    clearInterval(others);
    expect(turns).toBeGreaterThan(10);
    expect(await pattern.among([`a${'b'.repeat(900)}`, 'b'])).toHaveLength(1);
  });

  it('answer 422 with the reason when they are no regular expression', () => {
    expect(() => compileTopicPattern('log-(')).toThrow(ApiError);
    expect(() => compileTopicPattern('log-(')).toThrow(/regular expression/);
    expect(() => compileTopicPattern('a'.repeat(1001))).toThrow(/1000/);
  });
});
