import { describe, expect, test } from 'vitest';
import { codecOf, drafts, mismatchOf, problemOf } from './codec-of.ts';

const address = { type: 'object', properties: { a: { type: 'integer' }, b: { type: 'integer' } }, required: ['a'] };

/** Schema, value and message: all of these were checked against everit-org/json-schema 1.14.4. */
const worded: [schema: unknown, value: unknown, message: string][] = [
  [{ type: 'integer' }, 'x', '#: expected type: Integer, found: String'],
  [{ type: 'integer' }, 1.5, '#: expected type: Integer, found: Double'],
  [{ type: 'integer', minimum: 5 }, 1.5, '#: expected type: Integer, found: Double'],
  [{ type: 'string' }, 3_000_000_000, '#: expected type: String, found: Long'],
  [{ type: 'string' }, 1e20, '#: expected type: String, found: BigInteger'],
  [{ type: 'string' }, null, '#: expected type: String, found: null'],
  [{ properties: { a: { type: 'string' } } }, { a: null }, '#/a: expected type: String, found: Null'],
  [{ type: 'number' }, true, '#: expected type: Number, found: Boolean'],
  [{ type: 'boolean' }, 0, '#: expected type: Boolean, found: Integer'],
  [{ type: 'object' }, [], '#: expected type: JSONObject, found: JSONArray'],
  [{ type: 'array' }, {}, '#: expected type: JSONArray, found: JSONObject'],
  [{ type: 'null' }, 1, '#: expected: null, found: Integer'],
  [{ type: ['string', 'null'] }, 1, '#: #: no subschema matched out of the total 2 subschemas'],
  [{ items: { type: ['string', 'null'], minLength: 2 } }, [1, 'x'], '#: 4 schema violations found'],
  [{ items: { allOf: [{ minimum: 5 }, { maximum: 9 }] } }, [1, 4], '#: 2 schema violations found'],
  [{ items: { anyOf: [{ minimum: 5 }, { type: 'string' }] } }, [1, 4], '#: 4 schema violations found'],
  [{ items: { oneOf: [{ minimum: 1 }, { maximum: 5 }] } }, [3, 4], '#: 2 schema violations found'],
  [{ items: { not: { minimum: 1 } } }, [3, 4, 'x'], '#: 3 schema violations found'],
  [{ type: ['null'] }, 1, '#: #: no subschema matched out of the total 1 subschemas'],
  [{ required: ['x'] }, {}, '#: required key [x] not found'],
  [address, {}, '#: required key [a] not found'],
  [address, { b: 'x' }, '#: 2 schema violations found'],
  [{ properties: { 'x/y~': address } }, { 'x/y~': { a: 'x', b: 'x' } }, '#/x~1y~0: 2 schema violations found'],
  [{ items: { type: 'integer' } }, [1, 'x'], '#/1: expected type: Integer, found: String'],
  [{ minimum: 10 }, 5, '#: 5 is not greater or equal to 10'],
  [{ exclusiveMinimum: 5 }, 5, '#: 5 is not greater than 5'],
  [{ maximum: 3.5 }, 4, '#: 4 is not less or equal to 3.5'],
  [{ exclusiveMaximum: 3 }, 3, '#: 3 is not less than 3'],
  [{ $schema: drafts[4], minimum: 5, exclusiveMinimum: true }, 5, '#: 5 is not greater than 5'],
  [{ $schema: drafts[4], maximum: 5, exclusiveMaximum: true }, 6, '#: 6 is not less than 5'],
  [{ multipleOf: 2 }, 5, '#: 5 is not a multiple of 2'],
  [{ minLength: 3 }, 'ab', '#: expected minLength: 3, actual: 2'],
  [{ maxLength: 1 }, 'ab😀', '#: expected maxLength: 1, actual: 3'],
  [{ pattern: '^a' }, 'xa', '#: string [xa] does not match pattern ^a'],
  [{ enum: ['a', 1] }, 'b', '#: b is not a valid enum value'],
  [{ enum: [[]] }, [1], '#: [1] is not a valid enum value'],
  [{ uniqueItems: true }, [1, { a: 1, b: 2 }, { b: 2, a: 1 }], '#: array items are not unique'],
  [{ minItems: 2 }, [1], '#: expected minimum item count: 2, found: 1'],
  [{ maxItems: 0 }, [1], '#: expected maximum item count: 0, found: 1'],
  [{ items: [{}], additionalItems: false }, [1, 2], '#: expected: [1] array items, found: [2]'],
  [{ contains: { type: 'string' } }, [1], "#: expected at least one array item to match 'contains' schema"],
  [{ minProperties: 1 }, {}, '#: minimum size: [1], found: [0]'],
  [{ maxProperties: 0 }, { a: 1 }, '#: maximum size: [0], found: [1]'],
  [{ additionalProperties: false }, { x: 1 }, '#: extraneous key [x] is not permitted'],
  [{ additionalProperties: { type: 'string' } }, { x: 1 }, '#/x: expected type: String, found: Integer'],
  [{ patternProperties: { '^x': { type: 'string' } } }, { xy: 1 }, '#/xy: expected type: String, found: Integer'],
  [
    { properties: { x: { type: 'string' } }, patternProperties: { x: {}, '^x': { type: 'null' } } },
    { x: 1 },
    '#: 2 schema violations found',
  ],
  [
    { properties: { x: { type: 'string' } }, patternProperties: { x: {} } },
    { x: 1 },
    '#/x: expected type: String, found: Integer',
  ],
  [{ propertyNames: { maxLength: 1 } }, { xy: 1 }, '#/xy: expected maxLength: 1, actual: 2'],
  [{ dependencies: { a: ['b'] } }, { a: 1 }, '#: property [b] is required'],
  [{ dependencies: { a: { required: ['b'] } } }, { a: 1 }, '#: required key [b] not found'],
  [{ allOf: [{ minimum: 5 }, { maximum: 9 }] }, 1, '#: #: only 1 subschema matches out of 2'],
  [
    { properties: { a: { anyOf: [{ type: 'string' }, { minimum: 5 }] } } },
    { a: 1 },
    '#/a: #: no subschema matched out of the total 2 subschemas',
  ],
  [{ oneOf: [{ minimum: 1 }, { maximum: 5 }] }, 3, '#: #: 2 subschemas matched instead of one'],
  [{ anyOf: [{ type: 'string' }, {}], maximum: 1 }, 5, '#: #: only 1 subschema matches out of 2'],
  [{ oneOf: [{ type: 'string' }, {}], maximum: 1 }, 5, '#: #: only 1 subschema matches out of 2'],
  [{ not: { type: 'string' }, maximum: 1 }, 5, '#: #: only 1 subschema matches out of 2'],
  [{ if: { type: 'string' }, else: {}, maximum: 1 }, 5, '#: #: only 1 subschema matches out of 2'],
  [{ contains: { type: 'string' }, maxItems: 1 }, [1, 'x'], '#: expected maximum item count: 1, found: 2'],
  [{ type: 'integer', enum: [1] }, 'x', '#: #: only 0 subschema matches out of 2'],
  [{ type: 'integer', additionalItems: false }, 'x', '#: #: only 1 subschema matches out of 2'],
  ['{"if":{"type":"string"},"then":{"minLength":2}}', 'x', '#: input is invalid against the "then" schema'],
  [{ if: { type: 'string' }, else: { minimum: 2 } }, 1, '#: input is invalid against both the "if" and "else" schema'],
  [{ properties: { a: false } }, { a: 1 }, '#/a: false schema always fails'],
  [
    { properties: { a: { $ref: '#/definitions/d' } }, definitions: { d: { minLength: 2 } } },
    { a: '' },
    '#/a: expected minLength: 2, actual: 0',
  ],
  [{ items: address }, [{ a: 1 }, {}, { a: 'x', b: 'x' }], '#: 3 schema violations found'],
  [{ format: 'date' }, 'x', '#: [x] is not a valid date. Expected [yyyy-MM-dd]'],
  [{ format: 'email' }, 'x', '#: [x] is not a valid email address'],
  [{ format: 'ipv4' }, 'x', '#: [x] is not a valid ipv4 address'],
  [{ format: 'ipv6' }, 'x', '#: [x] is not a valid ipv6 address'],
  [{ format: 'hostname' }, '-x', '#: [-x] is not a valid hostname'],
  [{ format: 'uri' }, 'a b', '#: [a b] is not a valid URI'],
  [{ format: 'uri-reference' }, 'a b', '#: [a b] is not a valid URI reference'],
  [{ format: 'uri-template' }, '{a', '#: [{a] is not a valid URI template'],
  [{ format: 'json-pointer' }, 'a', '#: [a] is not a valid JSON pointer'],
  [{ format: 'relative-json-pointer' }, 'a', '#: [a] is not a valid relative JSON Pointer'],
  [{ format: 'regex' }, '((', '#: [((] is not a valid regular expression'],
  [
    { format: 'date-time' },
    'x',
    "#: [x] is not a valid date-time. Expected [yyyy-MM-dd'T'HH:mm:ssZ, yyyy-MM-dd'T'HH:mm:ss.[0-9]{1,9}Z, yyyy-MM-dd'T'HH:mm:ss[+-]HH:mm, yyyy-MM-dd'T'HH:mm:ss.[0-9]{1,9}[+-]HH:mm]",
  ],
  [
    { format: 'time' },
    'x',
    '#: [x] is not a valid time. Expected [HH:mm:ssZ, HH:mm:ss.[0-9]{1,9}Z, HH:mm:ss[+-]HH:mm, HH:mm:ss.[0-9]{1,9}[+-]HH:mm]',
  ],
];

describe("a violation is told in the words of Confluent's validator", () => {
  test.each(worded)('%j, %j: %s', (schema, value, message) => {
    expect(problemOf(schema, value)).toBe(message);
  });

  test('where that says nothing, or prints Java objects, it is told in our own', () => {
    expect(problemOf({ const: 5 }, 'x')).toBe('#: x is not the only valid value 5');
    expect(problemOf({ not: { type: 'string' } }, 'x')).toBe(
      '#: subject must not be valid against schema {"type":"string"}',
    );
  });

  test('what only later drafts have is told likewise', () => {
    const of2020 = (schema: object): object => ({ $schema: drafts[2020], ...schema });
    expect(problemOf(of2020({ dependentRequired: { a: ['b'] } }), { a: 1 })).toBe('#: property [b] is required');
    expect(problemOf(of2020({ contains: true, maxContains: 1 }), [1, 2])).toBe(
      "#: expected at most 1 array items to match 'contains' schema, found: 2",
    );
    expect(problemOf(of2020({ unevaluatedProperties: false }), { a: 1 })).toBe('#/a: false schema always fails');
    expect(problemOf(of2020({ prefixItems: [true], items: false }), [1, 2])).toBe('#/1: false schema always fails');
  });
});

describe('the place of a violation', () => {
  test('is a JSON Pointer, empty for the value itself', () => {
    const codec = codecOf({ type: 'object', properties: { 'a/b~c': { items: { type: 'string' } } } });
    expect(mismatchOf(codec, '{"a/b~c":["x",5]}')?.path).toBe('/a~1b~0c/1');
    expect(mismatchOf(codec, '5')?.path).toBe('');
  });

  test('is that of the innermost value that holds all violations', () => {
    const codec = codecOf({ properties: { a: { items: { type: 'string' } } } });
    const mismatch = mismatchOf(codec, '{"a":[1,2]}');
    expect(mismatch?.path).toBe('/a');
    expect(mismatch?.message).toBe('#/a: 2 schema violations found');
  });
});

describe('no more than 200 characters of a client stand in a message', () => {
  const long = 'x'.repeat(100_000);

  test.each([
    [{ maxLength: 1, pattern: '^y' }, long],
    [{ pattern: '^y' }, long],
    [{ enum: [1] }, { a: long }],
    [{ const: 1 }, long],
    [{ format: 'email' }, long],
    [{ additionalProperties: false }, { [long]: 1 }],
    [{ additionalProperties: { type: 'string' } }, { [long]: 1 }],
    [{ required: [long] }, {}],
    [{ maximum: 1 }, 1.7e308],
  ])('%#', (schema, value) => {
    expect(problemOf(schema, value)?.length).toBeLessThan(500);
  });
});
