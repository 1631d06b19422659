import { describe, expect, test } from 'vitest';
import { codecOf, drafts, mismatchOf } from './codec-of.ts';

function fits(schema: object, value: unknown, draft: 2019 | 2020 = 2020): boolean {
  return mismatchOf(codecOf({ $schema: drafts[draft], ...schema }), JSON.stringify(value)) === undefined;
}

const a = { properties: { a: true } };
const b = { properties: { b: true } };

describe.each([2019, 2020] as const)('in %i a property is evaluated', (draft) => {
  const closed = (schema: object): object => ({ ...schema, unevaluatedProperties: false });

  test.each([
    ['where it is declared', a],
    ['where its name matches', { patternProperties: { a: true } }],
    ['where it is additional', { additionalProperties: true }],
    ['in all of several', { allOf: [a, {}] }],
    ['behind a reference', { $ref: '#/$defs/a', $defs: { a } }],
    ['by a condition that holds', { if: a }],
    ['by what depends on it', { dependentSchemas: { a } }],
    ['by an inner schema that is as strict', { allOf: [closed(a)] }],
  ])('%s', (_where, schema) => {
    expect(fits(closed(schema), { a: 1 }, draft)).toBe(true);
    expect(fits({ ...schema, unevaluatedProperties: { type: 'string' } }, { a: 1 }, draft)).toBe(true);
  });

  test.each([
    ['by a schema that does not hold', { anyOf: [{ properties: { a: true, b: { type: 'null' } } }, true] }],
    ['by a schema that must not hold', { not: { not: a } }],
    ['by a condition that does not hold', { if: { properties: { a: true, b: { type: 'null' } } } }],
    ['by a schema of another value', { properties: { b: a } }],
  ])('and not %s', (_where, schema) => {
    expect(fits(closed(schema), { a: 1, b: { a: 1 } }, draft)).toBe(false);
    expect(fits({ ...schema, unevaluatedProperties: { type: ['integer', 'object'] } }, { a: 1, b: {} }, draft)).toBe(
      true,
    );
  });

  test('by each schema that holds, also when one would do', () => {
    expect(fits(closed({ anyOf: [a, b] }), { a: 1, b: 1 }, draft)).toBe(true);
    expect(fits(closed({ anyOf: [a, b] }), { a: 1, c: 1 }, draft)).toBe(false);
  });

  test('for the schema around, and not for one beside', () => {
    expect(fits({ allOf: [a, closed({})] }, { a: 1 }, draft)).toBe(false);
    expect(fits({ allOf: [a, closed({})], unevaluatedProperties: true }, { a: 1 }, draft)).toBe(false);
    expect(fits({ ...closed({}), allOf: [a] }, { a: 1 }, draft)).toBe(true);
  });

  test('one level deeper for itself', () => {
    const inner = closed({ properties: { c: true }, not: { required: ['z'] } });
    const schema = closed({ properties: { a: inner }, allOf: [b] });
    expect(fits(schema, { a: { c: 1 }, b: 1 }, draft)).toBe(true);
    expect(fits(schema, { a: { b: 1 }, b: 1 }, draft)).toBe(false);
    expect(fits(schema, { a: {}, b: 1, c: 1 }, draft)).toBe(false);
  });
});

describe('an item is evaluated', () => {
  const closed = (schema: object): object => ({ ...schema, unevaluatedItems: false });

  test.each([
    [2019, 'in a tuple', { items: [true, true] }],
    [2019, 'beyond a tuple', { items: [true], additionalItems: true }],
    [2020, 'in a tuple', { prefixItems: [true, true] }],
    [2020, 'beyond a tuple', { prefixItems: [true], items: true }],
    [2020, 'where it is contained', { contains: { type: 'integer' } }],
    [2020, 'in any of several', { anyOf: [{ prefixItems: [true] }, { prefixItems: [true, true] }] }],
  ] as const)('in %i %s', (draft, _where, schema) => {
    expect(fits(closed(schema), [1, 2], draft)).toBe(true);
  });

  test.each([
    [2019, 'where it is contained', { items: [true], contains: { const: 2 } }],
    [2020, 'where it is not contained', { prefixItems: [true], contains: { const: 1 } }],
    [2020, 'by a tuple that is shorter', { prefixItems: [true] }],
    [2020, 'by a schema that does not hold', { anyOf: [{ prefixItems: [true, { type: 'string' }] }, true] }],
  ] as const)('and not in %i %s', (draft, _where, schema) => {
    expect(fits(closed(schema), [1, 2], draft)).toBe(false);
    expect(mismatchOf(codecOf({ $schema: drafts[draft], ...closed(schema) }), '[1,2]')).toBeDefined();
  });
});
