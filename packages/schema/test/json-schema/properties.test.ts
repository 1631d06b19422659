import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isMultiple } from '../../src/json-schema/exact-multiple.ts';
import { identityOf, type Json } from '../../src/json-schema/json.ts';
import { codecOf, drafts, mismatchOf } from './codec-of.ts';

const names = fc.constantFrom('a', 'b', '__proto__', 'x/y');
const scalars = fc.oneof(
  fc.constantFrom(null, true, false, '', 'a', 'abc', '😀'),
  fc.integer({ min: -5, max: 10 }),
  fc.constantFrom(0.1, 19.99, 1e20),
);
const { value: values } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    scalars,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.array(fc.tuple(names, tie('value')), { maxLength: 3 }).map((members) => Object.fromEntries(members)),
  ),
}));

/** Some of the keywords, each with an operand. */
function some(keywords: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<object> {
  const members = Object.entries(keywords).map(([name, operands]) => operands.map((operand) => ({ [name]: operand })));
  return fc.array(fc.oneof(...members), { maxLength: 3 }).map((parts) => Object.assign({}, ...parts));
}

const types = fc.constantFrom('string', 'integer', 'number', 'boolean', 'null', 'array', 'object');
const assertions = some({
  type: fc.oneof(types, fc.uniqueArray(types, { minLength: 1, maxLength: 3 })),
  minimum: fc.integer({ min: -2, max: 5 }),
  multipleOf: fc.constantFrom(2, 0.01),
  maxLength: fc.nat(3),
  pattern: fc.constantFrom('^a', '(?=a)'),
  enum: fc.array(values, { maxLength: 3 }),
  required: fc.uniqueArray(names, { maxLength: 2 }),
  uniqueItems: fc.boolean(),
  maxItems: fc.nat(3),
});
const { schema: schemas } = fc.letrec<{ schema: unknown }>((tie) => {
  const schema = tie('schema');
  const several = fc.array(schema, { minLength: 1, maxLength: 3 });
  const named = fc.array(fc.tuple(names, schema), { maxLength: 2 }).map((members) => Object.fromEntries(members));
  const each = (keywords: string, operands: fc.Arbitrary<unknown>): Record<string, fc.Arbitrary<unknown>> =>
    Object.fromEntries(keywords.split(' ').map((keyword) => [keyword, operands]));
  const applicators = some({
    ...each('properties dependentSchemas', named),
    ...each('allOf anyOf oneOf prefixItems', several),
    ...each('additionalProperties unevaluatedProperties items additionalItems contains unevaluatedItems', schema),
    ...each('not if then else', schema),
  });
  const both = fc.tuple(assertions, applicators).map(([own, inner]) => ({ ...own, ...inner }));
  return { schema: fc.oneof({ maxDepth: 3, withCrossShrink: true }, assertions, fc.boolean(), both, both) };
});
const uris = fc.constantFrom(...Object.values(drafts).slice(1));

function fits(schema: unknown, value: unknown): boolean {
  return mismatchOf(codecOf(schema), JSON.stringify(value)) === undefined;
}

describe('for any schema and value', () => {
  test('a refusal has words, and a place that is in the value', () => {
    fc.assert(
      fc.property(uris, schemas, values, ($schema, schema, value) => {
        const mismatch = mismatchOf(codecOf({ $schema, allOf: [schema] }), JSON.stringify(value));
        if (mismatch === undefined) return;
        expect(mismatch.message).toMatch(/^#.*: ./s);
        expect(mismatch.message).not.toContain('does not match the schema');
        let found: unknown = value;
        for (const token of mismatch.path.split('/').slice(1)) {
          const name = token.replaceAll('~1', '/').replaceAll('~0', '~');
          expect(Object.hasOwn(found as object, name)).toBe(true);
          found = (found as Record<string, unknown>)[name];
        }
      }),
      { numRuns: 1000 },
    );
  });

  test('not holds where the schema does not', () => {
    fc.assert(
      fc.property(uris, schemas, values, ($schema, schema, value) => {
        expect(fits({ $schema, not: schema }, value)).toBe(!fits({ $schema, allOf: [schema] }, value));
      }),
      { numRuns: 1000 },
    );
  });

  test('oneOf holds where exactly one does, also where annotations are asked for', () => {
    fc.assert(
      fc.property(fc.array(schemas, { minLength: 1, maxLength: 3 }), values, (oneOf, value) => {
        const $schema = drafts[2020];
        const matching = oneOf.filter((schema) => fits({ $schema, allOf: [schema] }, value));
        expect(fits({ $schema, oneOf }, value)).toBe(matching.length === 1);
        expect(fits({ $schema, oneOf, unevaluatedProperties: true }, value)).toBe(matching.length === 1);
        expect(fits({ $schema, anyOf: oneOf, unevaluatedItems: true }, value)).toBe(matching.length > 0);
      }),
      { numRuns: 500 },
    );
  });
});

/** Equality as the specification words it (2020-12, core, 4.2.2), by comparing each with each. */
function equals(a: Json, b: Json): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b;
  const entries = Object.entries(a);
  if (Array.isArray(a) !== Array.isArray(b) || entries.length !== Object.keys(b).length) return false;
  return entries.every(
    ([name, value]) => Object.hasOwn(b, name) && equals(value, (b as Record<string, Json>)[name] as Json),
  );
}

describe('equal values', () => {
  const json = values as fc.Arbitrary<Json>;

  test('have equal identities, and others have not', () => {
    fc.assert(
      fc.property(json, json, (a, b) => {
        expect(identityOf(a) === identityOf(b)).toBe(equals(a, b));
      }),
    );
  });

  test('are no unique items', () => {
    fc.assert(
      fc.property(fc.array(json, { maxLength: 5 }), (items) => {
        const isUnique = items.every((item, i) => items.slice(i + 1).every((other) => !equals(item, other)));
        expect(fits({ uniqueItems: true }, items)).toBe(isUnique);
      }),
    );
  });
});

test('a decimal is a multiple of another exactly when it is one in decimals', () => {
  const decimals = fc.tuple(fc.integer({ min: 1, max: 99_999 }), fc.integer({ min: -6, max: 6 }));
  fc.assert(
    fc.property(decimals, fc.integer({ min: -9999, max: 9999 }), fc.nat(1), ([unit, exponent], factor, off) => {
      const digits = unit * factor + off;
      const value = Number(`${digits}e${exponent}`);
      expect(isMultiple(value, Number(`${unit}e${exponent}`))).toBe(digits % unit === 0);
    }),
    { numRuns: 1000 },
  );
});
