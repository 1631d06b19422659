import { describe, expect, it } from 'vitest';
import { mismatchOf, record } from './codecs.ts';

const fixed = { type: 'fixed', name: 'F', size: 2 };
const enumeration = { type: 'enum', name: 'n.E', symbols: ['A', 'B'] };
const ints = { type: 'array', items: 'int' };
const counts = { type: 'map', values: 'int' };
const ab = record(['a', 'int'], ['b', 'string']);
const nullable = record(['u', ['null', 'string', enumeration]]);
const nested = record(
  ['a', 'int'],
  [
    'n',
    {
      type: 'record',
      name: 'S',
      fields: [
        { name: 'x', type: 'int' },
        { name: 'y', type: ['null', 'string'] },
      ],
    },
  ],
  ['l', { type: 'array', items: 'S' }],
);

/** The messages are those that Avro 1.12.0 for Java has, run on the same schemas and values. */
describe('a value that does not fit', () => {
  it.each([
    ['null', '1', 'Expected null. Got VALUE_NUMBER_INT'],
    ['boolean', 'null', 'Expected boolean. Got VALUE_NULL'],
    ['int', 'true', 'Expected int. Got VALUE_TRUE'],
    ['int', 'false', 'Expected int. Got VALUE_FALSE'],
    ['int', '1.5', 'Expected int. Got VALUE_NUMBER_FLOAT'],
    ['int', '"1"', 'Expected int. Got VALUE_STRING'],
    ['int', '1e400', 'Expected int. Got VALUE_STRING'],
    ['long', '0.1', 'Expected long. Got VALUE_NUMBER_FLOAT'],
    ['long', '"1"', 'Expected long. Got VALUE_STRING'],
    ['float', '"NaN"', 'Expected float. Got VALUE_STRING'],
    ['double', '1e400', 'Expected double. Got VALUE_STRING'],
    ['double', '[]', 'Expected double. Got START_ARRAY'],
    ['string', '1', 'Expected string. Got VALUE_NUMBER_INT'],
    ['string', '12345678901234567890', 'Expected string. Got VALUE_NUMBER_INT'],
    ['bytes', '{}', 'Expected bytes. Got START_OBJECT'],
    [record(['b', 'bytes']), '{"b":1}', 'Expected bytes. Got VALUE_NUMBER_INT'],
    [fixed, '[1]', 'Expected fixed. Got START_ARRAY'],
    [fixed, '"abc"', 'Expected fixed length 2, but got3'],
    [fixed, '"😀"', 'Expected fixed length 2, but got1'],
    [enumeration, '1', 'Expected fixed. Got VALUE_NUMBER_INT'],
    [enumeration, '"C"', 'Unknown symbol in enum C'],
    [enumeration, '"constructor"', 'Unknown symbol in enum constructor'],
    [ints, '{}', 'Expected array-start. Got START_OBJECT'],
    [ints, '[1,"x"]', 'Expected int. Got VALUE_STRING'],
    [counts, '[1]', 'Expected map-start. Got START_ARRAY'],
    [counts, '{"a":null}', 'Expected int. Got VALUE_NULL'],
    [ab, '[]', 'Expected record-start. Got START_ARRAY'],
    [ab, 'null', 'Expected record-start. Got VALUE_NULL'],
    [ab, '{"a":"s","b":"x"}', 'Expected int. Got VALUE_STRING'],
    [['null', 'int'], '1', 'Expected start-union. Got VALUE_NUMBER_INT'],
    [['null', 'int'], '{}', 'Expected start-union. Got END_OBJECT'],
    [['null', 'int'], '{"a":1}', 'Unknown union branch a'],
    [['null', 'int'], '{"__proto__":1}', 'Unknown union branch __proto__'],
    [['null', 'int'], '{"toString":1}', 'Unknown union branch toString'],
    [['null', 'int'], '{"int":null}', 'Expected int. Got VALUE_NULL'],
    [['null', 'int'], '{"null":1}', 'Expected null. Got VALUE_NUMBER_INT'],
    [['int', 'string'], 'null', 'Unknown union branch null'],
    [[], 'null', 'Unknown union branch null'],
    [nullable, '{"u":"x"}', 'Expected start-union. Got VALUE_STRING'],
    [nullable, '{"u":{"E":"A"}}', 'Unknown union branch E'],
    [nullable, '{"u":{"n.E":"Z"}}', 'Unknown symbol in enum Z'],
  ])('%j has no %s', (schema, json, message) => {
    expect(mismatchOf(schema, json).message).toBe(message);
  });

  it.each([
    ['int', '2147483648', 'Numeric value (2147483648) out of range of int (-2147483648 - 2147483647)'],
    ['int', '-2147483649', 'Numeric value (-2147483649) out of range of int (-2147483648 - 2147483647)'],
    [
      'int',
      '99999999999999999999',
      'Numeric value (99999999999999999999) out of range of int (-2147483648 - 2147483647)',
    ],
    ['int', '1e10', 'Numeric value (10000000000) out of range of int (-2147483648 - 2147483647)'],
    [
      'long',
      '9223372036854775808',
      'Numeric value (9223372036854775808) out of range of long (-9223372036854775808 - 9223372036854775807)',
    ],
    [
      'long',
      '-9223372036854775809',
      'Numeric value (-9223372036854775809) out of range of long (-9223372036854775808 - 9223372036854775807)',
    ],
    [
      'long',
      '9223372036854775807.0',
      'Numeric value (9223372036854775808) out of range of long (-9223372036854775808 - 9223372036854775807)',
    ],
  ])('%s is no larger than it is: %s', (schema, json, message) => {
    expect(mismatchOf(schema, json).message).toBe(message);
  });

  it.each([
    [ab, '{}', 'Expected int. Got END_OBJECT'],
    [ab, '{"a":1}', 'Expected string. Got END_OBJECT'],
    [ab, '{"b":"x"}', 'Expected field name not found: a'],
    [ab, '{"c":1,"d":2,"a":1}', 'Expected string. Got END_OBJECT'],
    [ab, '{"a":1,"c":1}', 'Expected field name not found: b'],
    [nested, '{"a":1,"n":{"x":1},"l":[]}', 'Expected start-union. Got END_OBJECT'],
    [nested, '{"a":1,"n":{"y":null},"l":[]}', 'Expected field name not found: x'],
    [nested, '{"a":1,"n":{"x":1,"y":null}}', 'Expected array-start. Got END_OBJECT'],
    [nested, '{"n":{"x":1,"y":null},"a":1}', 'Expected array-start. Got END_OBJECT'],
    [nested, '{"n":{"x":1,"y":null},"l":[]}', 'Expected field name not found: a'],
    [record(['constructor', 'int'], ['b', 'int']), '{"b":2}', 'Expected field name not found: constructor'],
    [record(['__proto__', 'int']), '{}', 'Expected int. Got END_OBJECT'],
    [record(['e', enumeration]), '{}', 'Expected fixed. Got END_OBJECT'],
    [record(['r', { type: 'record', name: 'E', fields: [] }]), '{}', 'Expected record-start. Got END_OBJECT'],
  ])('all fields must be there: %j, %s', (schema, json, message) => {
    expect(mismatchOf(schema, json).message).toBe(message);
  });

  it('does not take the default for a field that is not there', () => {
    const schema = { type: 'record', name: 'R', fields: [{ name: 'u', type: ['null', 'int'], default: null }] };
    expect(mismatchOf(schema, '{"x":1}').message).toBe('Expected field name not found: u');
  });

  it.each([
    ['int', '"x"', ''],
    [ab, '{"a":1,"b":2}', '/b'],
    [ab, '{"a":1}', '/b'],
    [ints, '[1,2,"x"]', '/2'],
    [counts, '{"a/b~c":"x"}', '/a~1b~0c'],
    [nullable, '{"u":{"string":5}}', '/u/string'],
    [nested, '{"a":1,"n":{"x":1,"y":null},"l":[{"x":1,"y":null},{"x":1,"y":{"string":0}}]}', '/l/1/y/string'],
  ])('the error says where: %j, %s', (schema, json, path) => {
    expect(mismatchOf(schema, json).path).toBe(path);
  });

  it('quotes no more than a hundred characters of what was sent', () => {
    const name = 'n'.repeat(1000);
    expect(mismatchOf(enumeration, `"${name}"`).message).toBe(`Unknown symbol in enum ${'n'.repeat(100)}…`);
    expect(mismatchOf(['null'], `{"${name}":1}`).message).toBe(`Unknown union branch ${'n'.repeat(100)}…`);
  });

  it('leaves nothing behind for the next value', () => {
    expect(mismatchOf(ints, '[1,2,3,"x"]').message).toBe('Expected int. Got VALUE_STRING');
    expect(mismatchOf(ints, '["x"]').path).toBe('/0');
  });
});
