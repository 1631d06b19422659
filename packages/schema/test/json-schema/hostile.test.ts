import { describe, expect, test } from 'vitest';
import { InvalidSchema } from '../../src/schema-errors.ts';
import { codecOf, drafts, mismatchOf } from './codec-of.ts';

const prototypeNames = ['__proto__', 'constructor', 'toString', 'valueOf', 'hasOwnProperty'];

describe.each(prototypeNames)('the name %s', (name) => {
  const value = `{"${name}":"x"}`;

  test('is a property like any other', () => {
    expect(mismatchOf(codecOf(`{"properties":{"${name}":{"type":"string"}}}`), value)).toBeUndefined();
    expect(mismatchOf(codecOf(`{"properties":{"${name}":{"type":"number"}}}`), value)?.path).toBe(`/${name}`);
    expect(mismatchOf(codecOf(`{"properties":{"${name}":{"type":"number"}}}`), '{}')).toBeUndefined();
  });

  test('is required, depended on and counted', () => {
    const required = codecOf({ required: [name] });
    expect(mismatchOf(required, value)).toBeUndefined();
    expect(mismatchOf(required, '{}')?.message).toBe(`#: required key [${name}] not found`);
    expect(mismatchOf(codecOf(`{"dependencies":{"${name}":["b"]}}`), value)).toBeDefined();
    expect(mismatchOf(codecOf(`{"dependencies":{"${name}":["b"]}}`), '{}')).toBeUndefined();
    expect(mismatchOf(codecOf({ maxProperties: 0 }), value)).toBeDefined();
  });

  test('is additional, unevaluated and matches patterns', () => {
    expect(mismatchOf(codecOf({ additionalProperties: false }), value)?.message).toContain(`[${name}]`);
    expect(mismatchOf(codecOf({ properties: { a: {} }, additionalProperties: { type: 'null' } }), value)).toBeDefined();
    expect(mismatchOf(codecOf({ patternProperties: { '.': { type: 'null' } } }), value)).toBeDefined();
    expect(mismatchOf(codecOf({ propertyNames: { maxLength: 3 } }), value)).toBeDefined();
    const unevaluated = { $schema: drafts[2020], anyOf: [{ properties: { a: true } }], unevaluatedProperties: false };
    expect(mismatchOf(codecOf(unevaluated), value)?.message).toBe('#: #: only 1 subschema matches out of 2');
  });

  test('is compared', () => {
    expect(mismatchOf(codecOf(`{"const":{"${name}":{"a":1}}}`), `{"${name}":{"a":1}}`)).toBeUndefined();
    expect(mismatchOf(codecOf(`{"const":{"${name}":{"a":1}}}`), '{}')).toBeDefined();
    expect(mismatchOf(codecOf(`{"enum":[{}]}`), value)).toBeDefined();
    expect(mismatchOf(codecOf({ uniqueItems: true }), `[{},${value}]`)).toBeUndefined();
    expect(mismatchOf(codecOf({ uniqueItems: true }), `[${value},${value}]`)).toBeDefined();
  });

  test('names a definition', () => {
    const schema = `{"$ref":"#/definitions/${name}","definitions":{"${name}":{"type":"number"}}}`;
    expect(mismatchOf(codecOf(schema), '"x"')).toBeDefined();
  });
});

test('the last of equal names is the one that is validated', () => {
  const codec = codecOf({ properties: { a: { type: 'integer' } } });
  expect(mismatchOf(codec, '{"a":"x","a":1}')).toBeUndefined();
  expect(mismatchOf(codec, '{"a":1,"a":"x"}')).toBeDefined();
});

/** `levels` schemas, each of which asks for the next one twice. */
function doubling(levels: number): object {
  const definitions: Record<string, object> = { [`d${levels}`]: { type: 'object' } };
  for (let i = 0; i < levels; i++) {
    const next = { $ref: `#/definitions/d${i + 1}` };
    definitions[`d${i}`] = { allOf: [next, next] };
  }
  return { $ref: '#/definitions/d0', definitions };
}

describe('a schema that explodes', () => {
  test('by asking twice at each level, is stopped', () => {
    expect(mismatchOf(codecOf(doubling(8)), '{}')).toBeUndefined();
    expect(mismatchOf(codecOf(doubling(100)), '{}')?.message).toBe('#: validation takes too long');
  });

  test('by asking twice at each level of the value, is stopped', () => {
    const codec = codecOf({ properties: { a: { anyOf: [{ allOf: [{ $ref: '#' }, { $ref: '#' }] }] } } });
    const nested = (depth: number): string => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;
    expect(mismatchOf(codec, nested(6))).toBeUndefined();
    expect(mismatchOf(codec, nested(100))?.message).toBe('#: validation takes too long');
  });

  test('over many items, is stopped', () => {
    const codec = codecOf({ items: { anyOf: Array.from({ length: 5000 }, (_, i) => ({ minLength: i + 1 })) } });
    expect(mismatchOf(codec, '["xxxxx"]')).toBeUndefined();
    expect(mismatchOf(codec, JSON.stringify(Array.from({ length: 5000 }, () => '')))).toBeDefined();
  });

  test.each([
    { $ref: '#' },
    { allOf: [{ $ref: '#' }, { $ref: '#' }] },
    { anyOf: [{ $ref: '#' }] },
    { not: { $ref: '#' } },
    { if: { $ref: '#' } },
    { $schema: drafts[2020], $dynamicAnchor: 'a', $dynamicRef: '#a' },
    { $schema: drafts[2019], $recursiveAnchor: true, $recursiveRef: '#' },
  ])('by referring to itself, is stopped: %j', (schema) => {
    expect(mismatchOf(codecOf(schema), '1')).toBeDefined();
  });

  test('by a long chain of references, is stopped', () => {
    const definitions: Record<string, object> = { d15000: {} };
    for (let i = 0; i < 15_000; i++) definitions[`d${i}`] = { $ref: `#/definitions/d${i + 1}` };
    const codec = codecOf({ $ref: '#/definitions/d0', definitions });
    expect(mismatchOf(codec, '1')?.message).toBe('#: the value or the schema nests too deeply');
  });

  test.each([
    ['too many subschemas', JSON.stringify({ anyOf: Array.from({ length: 20_000 }, () => ({})) }), 'More than 20000'],
    ['too deep', `${'{"not":'.repeat(501)}{}${'}'.repeat(501)}`, 'nesting depth (501)'],
    ['too long', `{"title":"${'x'.repeat(1024 * 1024)}"}`, 'longer than 1048576 characters'],
  ])('by its text, is refused: %s', (_what, text, reason) => {
    expect(() => codecOf(text)).toThrow(InvalidSchema);
    expect(() => codecOf(text)).toThrow(reason);
  });

  test('by the subschemas of what it refers to, is refused', () => {
    const other = { anyOf: Array.from({ length: 15_000 }, () => ({})) };
    expect(() => codecOf({ anyOf: other.anyOf }, { other })).toThrow('More than 20000');
  });

  test('with a deep text and a megabyte of escapes, is compacted', () => {
    const title = '\\"'.repeat(500_000);
    expect(codecOf(`{ "title" : "${title}" }`).text).toBe(`{"title":"${title}"}`);
  });
});

describe('a schema of long names', () => {
  test('cannot have each of its subschemas repeat an id that is longer than all of them (bug: 45 s for 138 KB)', () => {
    const parts = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`p${i}`, { $id: `p${i}.json` }]));
    const schema = (path: string) => ({ $id: `http://h/${path}/`, definitions: parts, $ref: 'p7.json' });
    expect(() => codecOf(schema('x'.repeat(100_000)))).toThrow('An id is longer than 2000 characters');
    expect(mismatchOf(codecOf(schema('x'.repeat(1000))), '{}')).toBeUndefined();
  });

  test('counts for the memory of its patterns, which may be large programs of short texts', () => {
    expect(codecOf({ pattern: '(?:a|b|x).{980}' }).extraBytes).toBeGreaterThan(200_000);
    expect(codecOf({ pattern: '^a' }).extraBytes).toBeLessThan(5000);
  });
});

describe('a value that explodes', () => {
  test('with many items that must differ, takes linear time', () => {
    const items = Array.from({ length: 100_000 }, (_, i) => `[${i}]`);
    expect(mismatchOf(codecOf({ uniqueItems: true }), `[${items.join()}]`)).toBeUndefined();
    expect(mismatchOf(codecOf({ uniqueItems: true }), `[${items.join()},[5]]`)).toBeDefined();
  });

  test('by being compared over and over, is stopped', () => {
    const allOf = Array.from({ length: 5000 }, () => ({ uniqueItems: true }));
    const codec = codecOf({ items: { allOf } });
    const item = `["${'x'.repeat(2000)}",["${'x'.repeat(2000)}"]]`;
    expect(mismatchOf(codecOf({ items: { allOf: allOf.slice(0, 10) } }), `[${item}]`)).toBeUndefined();
    expect(mismatchOf(codec, `[${item},${item},${item}]`)?.message).toBe('#: validation takes too long');
  });

  test('with many violations, is told their number', () => {
    const codec = codecOf({ items: { type: 'string' } });
    expect(mismatchOf(codec, `[${'1,'.repeat(100_000)}1]`)?.message).toBe('#: 100001 schema violations found');
  });

  test.each([{ items: { $ref: '#' } }, { uniqueItems: true }, { const: [] }])(
    'by its depth, is refused and not fatal: %j',
    (schema) => {
      const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;
      expect(mismatchOf(codecOf(schema), deep)?.message).toBe('#: the value or the schema nests too deeply');
      expect(mismatchOf(codecOf(schema), '[]')).toBeUndefined();
    },
  );

  test('with half of a surrogate pair, is validated', () => {
    const codec = codecOf({ minLength: 1, maxLength: 1, pattern: '^.$', enum: ['\ud800'] });
    expect(mismatchOf(codec, '"\\ud800"')).toBeUndefined();
    expect(mismatchOf(codec, '"\\udc00"')).toBeDefined();
  });
});
