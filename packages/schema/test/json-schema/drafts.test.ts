import { describe, expect, test } from 'vitest';
import { codecOf, drafts, mismatchOf } from './codec-of.ts';

function fits(schema: unknown, value: unknown, dependencies: Record<string, unknown> = {}): boolean {
  return mismatchOf(codecOf(schema, dependencies), JSON.stringify(value)) === undefined;
}

/** A condition, from draft 7 on. In a literal it would look like a promise. */
const refusing = JSON.parse('{"if":true,"then":false}') as object;

describe('the draft', () => {
  test('is chosen by $schema, however that is written', () => {
    const exclusive = { minimum: 1, exclusiveMinimum: true };
    for (const uri of ['http://json-schema.org/draft-04/schema#', 'https://json-schema.org/draft-04/schema']) {
      expect(fits({ $schema: uri, ...exclusive }, 1)).toBe(false);
    }
    expect(fits({ $schema: 'http://json-schema.org/draft/2020-12/schema#', prefixItems: [false] }, [1])).toBe(false);
  });

  test.each([undefined, 'http://example.org/none', 'http://json-schema.org/draft-03/schema#'])(
    'is 7 where $schema is %s',
    ($schema) => {
      expect(fits({ $schema, if: true, else: false }, 1)).toBe(true);
      expect(fits({ $schema, ...refusing }, 1)).toBe(false);
      expect(fits({ $schema, prefixItems: [false] }, [1])).toBe(true);
      expect(fits({ $schema, format: 'ipv4' }, 'x')).toBe(false);
    },
  );

  test.each([
    [4, { const: 1 }, 2, true],
    [6, { const: 1 }, 2, false],
    [6, refusing, 1, true],
    [7, { dependentRequired: { a: ['b'] } }, { a: 1 }, true],
    [2019, { dependentRequired: { a: ['b'] } }, { a: 1 }, false],
    [2019, { dependencies: { a: ['b'] } }, { a: 1 }, false],
    [2019, { items: [{ type: 'string' }], additionalItems: false }, ['a', 1], false],
    [2020, { items: { type: 'string' }, additionalItems: false }, ['a', 'b'], true],
    [2020, { prefixItems: [true], items: { type: 'string' } }, [1, 2], false],
    [7, { unevaluatedProperties: false }, { a: 1 }, true],
    [2019, { unevaluatedProperties: false }, { a: 1 }, false],
    [2019, { contains: true, minContains: 2 }, [1], false],
  ] as const)('%i knows its own keywords: %j, %j', (draft, schema, value, expected) => {
    expect(fits({ $schema: drafts[draft], ...schema }, value)).toBe(expected);
  });

  test('decides what stands beside a $ref: up to 7 it is ignored', () => {
    const schema = { properties: { a: { $ref: '#/definitions/any', maxLength: 1 } }, definitions: { any: {} } };
    for (const draft of [4, 6, 7] as const) expect(fits({ $schema: drafts[draft], ...schema }, { a: 'xx' })).toBe(true);
    for (const draft of [2019, 2020] as const) {
      expect(fits({ $schema: drafts[draft], ...schema }, { a: 'xx' })).toBe(false);
    }
  });

  test('of a reference is its own, or that of the schema', () => {
    const other = { items: { minimum: 1, exclusiveMinimum: true } };
    const schema = { $schema: drafts[4], $ref: 'other' };
    expect(fits(schema, [1], { other })).toBe(false);
    expect(fits({ $schema: drafts[7], $ref: 'other' }, [1], { other: { $schema: drafts[4], ...other } })).toBe(false);
  });

  test('may be a meta-schema of the user that leaves assertions out', () => {
    const meta = {
      $id: 'https://example.org/meta',
      $schema: drafts[2020],
      $vocabulary: { 'https://json-schema.org/draft/2020-12/vocab/applicator': true },
    };
    const schema = { $schema: 'https://example.org/meta', properties: { a: { minimum: 10 }, b: false } };
    expect(fits(schema, { a: 1 }, { 'https://example.org/meta': meta })).toBe(true);
    expect(fits(schema, { b: 1 }, { 'https://example.org/meta': meta })).toBe(false);
  });
});

describe('formats', () => {
  test('are asserted up to draft 7, and annotations later', () => {
    for (const draft of [4, 6, 7] as const) expect(fits({ $schema: drafts[draft], format: 'ipv4' }, 'x')).toBe(false);
    for (const draft of [2019, 2020] as const) {
      expect(fits({ $schema: drafts[draft], format: 'ipv4' }, 'x')).toBe(true);
    }
  });

  test('that a draft does not have, or nobody, are ignored', () => {
    expect(fits({ $schema: drafts[6], format: 'date' }, 'x')).toBe(true);
    expect(fits({ $schema: drafts[7], format: 'date' }, 'x')).toBe(false);
    for (const format of ['uuid', 'int64', 'toString', '__proto__', 5]) expect(fits({ format }, 'x')).toBe(true);
  });

  test.each([
    [
      'date-time',
      '2024-02-29T23:59:59.123Z',
      '2024-05-06t07:08:09+02:00',
      '1998-12-31T23:59:60Z',
      '1998-12-31T15:59:60-08:00',
    ],
    ['date', '2024-02-29', '2000-02-29', '0000-01-01'],
    ['time', '00:00:00Z', '23:59:59.5-11:30'],
    ['email', 'a.b+c@example.com', 'jörg@example.com', '"a b"@example.com', 'a@[127.0.0.1]', 'a@bücher.example'],
    ['hostname', 'localhost', 'a-b.example.com', 'bücher.example'],
    ['ipv4', '127.0.0.1'],
    ['ipv6', '::1', '2001:db8::8a2e:370:7334', '::ffff:1.2.3.4'],
    ['uri', 'http://example.com/a?b#c', 'urn:isbn:1', 'mailto:a@b.c', 'http://example.com/é'],
    ['uri-reference', '/a/b', '#x', '', '../é'],
    ['uri-template', 'http://x/{a}{?b,c*}'],
    ['json-pointer', '', '/a~0~1b/0'],
    ['relative-json-pointer', '0', '1/a', '2#'],
    ['regex', '^(?=a)[a-z]+$'],
  ])('%s accepts what is one', (format, ...values) => {
    for (const value of values) expect(fits({ format }, value), value).toBe(true);
  });

  test.each([
    [
      'date-time',
      '2024-02-30T00:00:00Z',
      '2024-01-01 00:00:00Z',
      '2024-01-01T24:00:00Z',
      '2024-01-01T00:00:00',
      '2024-01-01T00:00:60Z',
      '2024-01-01T00:00:00+0100',
    ],
    [
      'date',
      '2023-02-29',
      '1900-02-29',
      '2024-13-01',
      '2024-00-01',
      '2024-01-00',
      '24-01-01',
      '2024-01-01 ',
      '২০২৪-01-01',
    ],
    ['time', '24:00:00Z', '00:60:00Z', '00:00:61Z', '00:00:00', '00:00:00+24:00'],
    ['email', 'a', '@b.c', 'a@b', 'a b@c.de', 'a@b..c', `${'a'.repeat(65)}@b.c`],
    ['hostname', '', '-a', 'a..b', 'a_b.com', 'a b', 'a\n', `${'a'.repeat(64)}.com`],
    ['ipv4', '256.0.0.1', '1.2.3', '01.2.3.4'],
    ['ipv6', '1::2::3', 'fe80::1%eth0', ':'],
    ['uri', '/a', '//a/b', 'a b:c', 'http://a/\\'],
    ['uri-reference', 'a b', '\\'],
    ['uri-template', '{a', 'a}'],
    ['json-pointer', 'a', '/~2', '#/a'],
    ['relative-json-pointer', '-1', '01', '/a'],
    ['regex', '((', '[a'],
  ])('%s refuses what is none', (format, ...values) => {
    for (const value of values) expect(fits({ format }, value), value).toBe(false);
  });

  test('hold for strings only', () => {
    expect(fits({ format: 'email' }, 5)).toBe(true);
  });
});
