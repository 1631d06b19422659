import { describe, expect, test } from 'vitest';
import { compileJsonSchema as compile } from '../../src/json-schema/json-schema-codec.ts';
import { InvalidSchema } from '../../src/schema-errors.ts';
import { codecOf, drafts, mismatchOf } from './codec-of.ts';

function fits(schema: unknown, value: unknown, dependencies: Record<string, unknown> = {}): boolean {
  return mismatchOf(codecOf(schema, dependencies), JSON.stringify(value)) === undefined;
}

describe('a $ref leads', () => {
  test.each([
    [7, '#/definitions/d'],
    [7, '#/definitions/a%25b~1c~0'],
    [7, '#named'],
    [2020, '#anchored'],
    [2020, '#/$defs/d'],
  ] as const)('in draft %i to a place in the schema: %s', (draft, $ref) => {
    const integer = { type: 'integer' };
    const definitions = { d: integer, 'a%b/c~': integer, n: { $id: '#named', ...integer } };
    const $defs = { d: integer, a: { $anchor: 'anchored', ...integer } };
    const schema = { $schema: drafts[draft], properties: { a: { $ref } }, definitions, $defs };
    expect(fits(schema, { a: 1 })).toBe(true);
    expect(fits(schema, { a: 'x' })).toBe(false);
  });

  test('to the schema itself, as deep as the value goes', () => {
    const tree = {
      type: 'object',
      properties: { children: { type: 'array', items: { $ref: '#' } } },
      required: ['id'],
    };
    expect(fits(tree, { id: 1, children: [{ id: 2, children: [{ id: 3 }] }] })).toBe(true);
    const mismatch = mismatchOf(codecOf(tree), '{"id":1,"children":[{"id":2,"children":[{}]}]}');
    expect(mismatch?.message).toBe('#/children/0/children/0: required key [id] not found');
  });

  test.each([
    ['a reference by its name', {}, 'com.acme.Id'],
    ['a reference by the $id that it has', {}, 'http://acme.com/id.json'],
    ['a reference by its name as a URI beside the schema', { $id: 'http://acme.com/x/order.json' }, './com.acme.Id'],
    ['a reference by its name where the $id is no place', { $id: 'urn:acme:order' }, 'com.acme.Id'],
    ['into a reference', {}, 'com.acme.Id#/definitions/self'],
    ['into a reference by a name', {}, 'com.acme.Id#self'],
  ])('to %s', (_what, root, $ref) => {
    const id = {
      $id: 'http://acme.com/id.json',
      type: 'integer',
      definitions: { self: { $id: '#self', type: 'integer' } },
    };
    const schema = { ...root, properties: { id: { $ref } } };
    expect(fits(schema, { id: 1 }, { 'com.acme.Id': id })).toBe(true);
    expect(fits(schema, { id: 'x' }, { 'com.acme.Id': id })).toBe(false);
  });

  test('from one reference to another, and back', () => {
    const a = { properties: { b: { $ref: 'b.json' } }, required: ['x'] };
    const b = { properties: { a: { $ref: 'a.json' } } };
    const schema = { properties: { a: { $ref: 'a.json' } } };
    expect(fits(schema, { a: { x: 1, b: { a: { x: 1 } } } }, { 'b.json': b, 'a.json': a })).toBe(true);
    expect(fits(schema, { a: { x: 1, b: { a: {} } } }, { 'b.json': b, 'a.json': a })).toBe(false);
  });

  test('relative to the $id that it stands under', () => {
    const schema = {
      $id: 'http://acme.com/root.json',
      properties: { a: { $id: 'folder/', allOf: [{ $ref: 'item.json' }] } },
      definitions: { item: { $id: 'folder/item.json', type: 'integer' } },
    };
    expect(fits(schema, { a: 1 })).toBe(true);
    expect(fits(schema, { a: 'x' })).toBe(false);
  });

  test('from under an $id to the whole document, when nothing nearer is meant', () => {
    const schema = {
      $id: 'http://acme.com/root.json',
      properties: { a: { $id: '/properties/a', items: { $ref: '#/definitions/d' } } },
      definitions: { d: { type: 'integer' } },
    };
    expect(fits(schema, { a: [1] })).toBe(true);
    expect(fits(schema, { a: ['x'] })).toBe(false);
  });

  test.each(Object.values(drafts))('to the meta-schema %s, which nobody fetches', ($ref) => {
    const schema = { $schema: $ref, properties: { schema: { $ref } } };
    expect(fits(schema, { schema: { type: 'string', properties: { a: { minLength: 1 } } } })).toBe(true);
    expect(fits(schema, { schema: { properties: { a: { minLength: -1 } } } })).toBe(false);
  });

  test('where the scope says, when it is dynamic', () => {
    const list = {
      $id: 'http://acme.com/list',
      items: { $dynamicRef: '#item' },
      $defs: { any: { $dynamicAnchor: 'item' } },
    };
    const strings = {
      $schema: drafts[2020],
      $id: 'http://acme.com/strings',
      $ref: 'list',
      $defs: { item: { $dynamicAnchor: 'item', type: 'string' } },
    };
    expect(fits(strings, ['a'], { list })).toBe(true);
    expect(fits(strings, [1], { list })).toBe(false);
    expect(fits({ ...list, $schema: drafts[2020] }, [1])).toBe(true);
  });

  test('where the scope says, when it is recursive', () => {
    const tree = {
      $id: 'http://acme.com/tree',
      $recursiveAnchor: true,
      properties: { children: { items: { $recursiveRef: '#' } } },
    };
    const strict = {
      $schema: drafts[2019],
      $id: 'http://acme.com/strict-tree',
      $recursiveAnchor: true,
      $ref: 'tree',
      required: ['id'],
    };
    expect(fits(strict, { id: 1, children: [{ id: 2 }] }, { tree })).toBe(true);
    expect(fits(strict, { id: 1, children: [{}] }, { tree })).toBe(false);
  });
});

describe('a $ref that leads nowhere is named', () => {
  test.each([
    '#/definitions/none',
    '#none',
    'none.json',
    'http://127.0.0.1:1/none.json',
    'file:///etc/passwd',
    'http://json-schema.org/draft-07/schema#/definitions/none',
    'http://json-schema.org/draft/2020-12/none',
    'http://[bad',
    '#/properties/__proto__',
    '#/constructor',
    '#/%',
  ])('%s', ($ref) => {
    expect(() => codecOf({ properties: { a: { $ref } } })).toThrow(InvalidSchema);
    expect(() => codecOf({ properties: { a: { $ref } } })).toThrow(
      `#/properties/a/$ref: "${$ref}" is not in this schema`,
    );
  });

  test('also in a reference, when it is reached', () => {
    const other = { definitions: { bad: { $ref: 'none' }, good: {} } };
    expect(fits({ $ref: 'other#/definitions/good' }, 1, { other })).toBe(true);
    expect(() => codecOf({ $ref: 'other#/definitions/bad' }, { other })).toThrow('other#/definitions/bad/$ref: "none"');
  });

  test('and a reference that is no schema as well', () => {
    expect(() => codecOf({ $ref: 'other' }, { other: 5 })).toThrow('other#: expected a schema, found: Integer');
    const source = { type: 'JSON', text: '{}', references: [], dependencies: [{ name: 'other', text: '{' }] } as const;
    expect(() => codecOf('{}', {})).not.toThrow();
    expect(() => compile(source)).toThrow('Reference "other": Unexpected end-of-input');
  });
});

test('an $id where no schema stands names nothing', () => {
  const schema = {
    enum: [{ $id: 'http://acme.com/x', type: 'integer' }],
    properties: { $id: { type: 'string' }, a: { const: { $id: 'y' } } },
  };
  expect(() => codecOf({ ...schema, allOf: [{ $ref: 'http://acme.com/x' }] })).toThrow(InvalidSchema);
  expect(fits({ properties: { $ref: { type: 'string' } } }, { $ref: 'x' })).toBe(true);
});
