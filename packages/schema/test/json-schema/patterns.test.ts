import { RE2JS } from 're2js';
import { describe, expect, test, vi } from 'vitest';
import { ClientPattern, EngineMemory } from '../../src/json-schema/client-pattern.ts';
import { Validation } from '../../src/json-schema/validation.ts';
import { codecOf, mismatchOf } from './codec-of.ts';

function matches(pattern: string, text: string): boolean {
  return mismatchOf(codecOf({ pattern }), JSON.stringify(text)) === undefined;
}

describe('a pattern', () => {
  test.each([
    ['o', 'foo', true],
    ['^o', 'foo', false],
    ['^[A-Z]{3}-\\d+$', 'ABC-12345', true],
    ['^a$', 'a\n', false],
    ['^.$', '😀', true],
    ['^\\u00e9\\/$', 'é/', true],
    ['^\\p{L}+$', 'Ünïcödé', true],
    ['^\\p{Letter}+$', 'Ünïcödé', true],
    ['^\\cA$', '\u0001', true],
    ['(?i)^abc$', 'ABC', true],
    ['', 'x', true],
  ])('is searched anywhere in the text, as JSON Schema wants it: %s in %j', (pattern, text, expected) => {
    expect(matches(pattern, text)).toBe(expected);
  });

  test.each([
    ['^(?=.*\\d)(?=.*[a-z]).{8,}$', 'abcdefg1', 'abcdefgh'],
    ['^(?!foo)', 'bar', 'foobar'],
    ['(?<=a)b', 'ab', 'cb'],
    ['^(a|b)\\1$', 'aa', 'ab'],
    ['^.{1,2000}$', 'x'.repeat(2000), 'x'.repeat(2001)],
    ['^\\-\\_$', '-_', '-'],
  ])('may have what RE2 has not: %s', (pattern, text, other) => {
    expect(matches(pattern, text)).toBe(true);
    expect(matches(pattern, other)).toBe(false);
  });

  test('that would take forever with backtracking takes linear time', () => {
    expect(matches('^(a+)+$', `${'a'.repeat(100_000)}b`)).toBe(false);
    expect(
      mismatchOf(codecOf({ patternProperties: { '^(a+)+$': false } }), `{"${'a'.repeat(1000)}b":1}`),
    ).toBeUndefined();
  });

  test('that takes forever is stopped, and says so', () => {
    const codec = codecOf({ pattern: '^(?=a)(a+)+$' });
    expect(mismatchOf(codec, JSON.stringify(`${'a'.repeat(50)}b`))?.message).toBe(
      '#: pattern ^(?=a)(a+)+$ takes too long to match',
    );
    expect(mismatchOf(codec, '"aaa"')).toBeUndefined();
  });

  test('that takes long has a limit for all of a value together', () => {
    const codec = codecOf({ items: { pattern: '^(?=a)(a+)+$' } });
    const slow = JSON.stringify(`${'a'.repeat(22)}b`);
    expect(mismatchOf(codec, `[${`${slow},`.repeat(2000)}""]`)?.message).toContain('takes too long to match');
  });

  test('with look-around may be tried on thousands of texts', () => {
    const codec = codecOf({ items: { pattern: '^(?=.*\\d)(?=.*[a-z]).{8,}$' } });
    expect(mismatchOf(codec, `[${'"abcdefg1",'.repeat(5000)}"12345678x"]`)).toBeUndefined();
  });

  test('is refused when it is longer than anybody writes one', () => {
    expect(() => codecOf({ pattern: '(a)'.repeat(3334) })).toThrow(
      '#/pattern: the pattern is longer than 10000 characters',
    );
    expect(() => codecOf({ pattern: '(a)'.repeat(3333) })).not.toThrow();
  });

  test('is refused when all of them together are too large', () => {
    const allOf = Array.from({ length: 100 }, (_, i) => ({ pattern: `^(\\pL?){9${String(i).padStart(2, '0')}}` }));
    expect(() => codecOf({ allOf })).toThrow('the patterns of the schema repeat too much');
    expect(() => codecOf({ allOf: allOf.slice(0, 1) })).not.toThrow();
  });
});

describe('what the engines remember', () => {
  const run = (): Validation => new Validation({ dynamicSchemas: new Map() }, 1000, false);

  test('is dropped when it grows: the pattern gets a new engine, and goes on to match', () => {
    const memory = new EngineMemory();
    const pattern = new ClientPattern('^a[ab]{20}$', '#', memory);
    const compile = vi.spyOn(RE2JS, 'compile');
    for (let i = 0; i < 20_000; i++) pattern.isIn('abababababababababab', run());
    expect(memory.generation).toBeGreaterThan(1);
    expect(compile).toHaveBeenCalledTimes(memory.generation);
    expect(pattern.isIn('ababababababababababa', run())).toBe(true);
    compile.mockRestore();
  });

  test('is dropped when a search was stopped: its engine may be in disorder', () => {
    const codec = codecOf({ items: { allOf: [{ pattern: '^b' }, { pattern: '^(?=a)(a+)+$' }] } });
    expect(mismatchOf(codec, '["b"]')).toBeDefined();
    const compile = vi.spyOn(RE2JS, 'compile');
    expect(mismatchOf(codec, `["${'a'.repeat(50)}b"]`)?.message).toContain('takes too long');
    expect(mismatchOf(codec, '["b"]')).toBeDefined();
    expect(compile).toHaveBeenCalledTimes(1);
    compile.mockRestore();
  });
});
