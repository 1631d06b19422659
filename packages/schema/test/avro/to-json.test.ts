import { describe, expect, it } from 'vitest';
import { codecOf, decode, framed, payloadErrorOf, record } from './codecs.ts';

const enumeration = { type: 'enum', name: 'E', symbols: ['A', 'B'] };
const mixed = ['null', 'int', 'string', { type: 'fixed', name: 'n.F', size: 2 }, enumeration, 'bytes'];

describe('Avro to JSON', () => {
  it.each([
    ['null', '', 'null'],
    ['boolean', '01', 'true'],
    ['boolean', '00', 'false'],
    ['boolean', '02', 'false'],
    ['int', '01', '-1'],
    ['int', 'ffffffff0f', '-2147483648'],
    ['int', 'feffffff0f', '2147483647'],
    ['int', 'd00f', '1000'],
    ['long', '8001', '64'],
    ['long', '80d8e2cbbe63', '1709208000000'],
    ['long', 'ffffffffffffff1f', '-9007199254740992'],
    ['long', '8280808080808020', '9007199254740993'],
    ['long', 'feffffffffffffffff01', '9223372036854775807'],
    ['long', 'ffffffffffffffffff01', '-9223372036854775808'],
    ['long', 'ffffffffffffffffff7f', '-9223372036854775808'],
    ['double', '0000000000001440', '5.0'],
    ['float', '3333bb41', '23.399999618530273'],
    ['float', '00000080', '0.0'],
    ['double', '0000000000000080', '-0.0'],
    ['double', '000000000000f87f', '"NaN"'],
    ['float', '0000807f', '"Infinity"'],
    ['double', '000000000000f0ff', '"-Infinity"'],
    ['string', '0c2261c3a95c0a', '"\\"aé\\\\\\n"'],
    ['string', '04007f', '"\\u0000\x7f"'],
    ['string', '08f09f9880', '"😀"'],
    [{ type: 'fixed', name: 'F', size: 3 }, '61ff22', '"aÿ\\""'],
    [enumeration, '02', '"B"'],
    [{ type: 'array', items: 'int' }, '04020400', '[1,2]'],
    [{ type: 'array', items: 'null' }, '0600', '[null,null,null]'],
    [{ type: 'array', items: 'int' }, '00', '[]'],
    [{ type: 'map', values: 'int' }, '0402610202620400', '{"a":1,"b":2}'],
    [{ type: 'map', values: ['null', 'int'] }, '00', '{}'],
    [record(), '', '{}'],
    [record(['b', 'boolean'], ['a', 'null'], ['__proto__', 'int']), '0102', '{"b":true,"a":null,"__proto__":1}'],
  ])('%j reads %s', (schema, hex, json) => {
    expect(decode(schema, hex)).toBe(json);
  });

  it('reads blocks one after the other, with their size or without', () => {
    expect(decode({ type: 'array', items: 'int' }, '020204040600')).toBe('[1,2,3]');
    expect(decode({ type: 'array', items: 'int' }, '03040204020600')).toBe('[1,2,3]');
    expect(decode({ type: 'map', values: 'int' }, '03080261020262040202630600')).toBe('{"a":1,"b":2,"c":3}');
  });

  it('tells the branch of a union inside of a value', () => {
    const items = { type: 'array', items: mixed };
    expect(decode(items, '0c00020204026106616208020a02ff00')).toBe(
      '[null,{"int":1},{"string":"a"},{"n.F":"ab"},{"E":"B"},{"bytes":"ÿ"}]',
    );
    expect(decode(record(['u', ['null', { type: 'map', values: ['int', 'string'] }]]), '02020261000400')).toBe(
      '{"u":{"map":{"a":{"int":2}}}}',
    );
  });

  it('does not tell the branch of a union that is the value as a whole', () => {
    expect(decode(mixed, '00')).toBe('null');
    expect(decode(mixed, '0202')).toBe('1');
    expect(decode(mixed, '066162')).toBe('"ab"');
    expect(decode(mixed, '0a04ff22')).toBe('"ÿ\\""');
    expect(decode(['null', { type: 'array', items: ['null', 'int'] }], '020402040000')).toBe('[{"int":2},null]');
    expect(decode(['null', record(['u', ['null', 'int']])], '020202')).toBe('{"u":{"int":1}}');
  });

  it('does not tell the branch in the values of a map that is the value as a whole', () => {
    const values = { type: 'map', values: ['null', 'int'] };
    expect(decode(values, '040261020602620000')).toBe('{"a":3,"b":null}');
    expect(decode(['null', values], '02020261020600')).toBe('{"a":3}');
    expect(decode({ type: 'map', values }, '02026102026202020000')).toBe('{"a":{"b":1}}');
    expect(decode({ type: 'map', values: { type: 'array', items: ['null', 'int'] } }, '0202610202020000')).toBe(
      '{"a":[{"int":1}]}',
    );
  });

  it('reads bytes as a whole without a length', () => {
    expect(decode('bytes', '06ff22')).toBe('"\\u0006ÿ\\""');
    expect(decode('bytes', '')).toBe('""');
    expect(decode({ type: 'bytes', logicalType: 'decimal', precision: 4 }, '0102')).toBe('"\\u0001\\u0002"');
  });

  it('reads U+FFFD for what is no UTF-8', () => {
    expect(decode('string', '04e961')).toBe('"\ufffda"');
    expect(decode('string', '04c328')).toBe('"\ufffd("');
  });

  it('does not look at what stands behind the value', () => {
    expect(decode('int', '02ffff')).toBe('1');
  });

  it.each([
    ['int', ''],
    ['int', '80'],
    ['long', '8080'],
    ['float', '000000'],
    ['double', '00000000000000'],
    ['boolean', ''],
    ['string', '0661'],
    ['string', 'feffffffffffffffff01'],
    [record(['b', 'bytes']), '04ff'],
    [{ type: 'fixed', name: 'F', size: 2 }, '61'],
    [{ type: 'fixed', name: 'F', size: 2_147_483_639 }, '61'],
    [{ type: 'array', items: 'int' }, '04'],
    [{ type: 'array', items: 'int' }, '040204'],
    [{ type: 'map', values: 'int' }, '02026102'],
    [['null', 'int'], '02'],
    [record(['a', 'int'], ['b', 'int']), '02'],
  ])('%j says that %s is cut off', (schema, hex) => {
    expect(payloadErrorOf(schema, hex)).toBe('The payload ends before the value does.');
  });

  it.each([
    ['int', '808080808001', 'An int takes more than 5 bytes.'],
    ['long', 'ffffffffffffffffffff01', 'A long takes more than 10 bytes.'],
    ['string', '03', 'A length is negative: -2.'],
    [['null', 'int'], '04', 'A union of 2 has no branch 2.'],
    [['null', 'int'], '01', 'A union of 2 has no branch -1.'],
    [[], '00', 'A union of 0 has no branch 0.'],
    [enumeration, '04', 'An enum of 2 has no symbol 2.'],
    [enumeration, '01', 'An enum of 2 has no symbol -1.'],
  ])('%j does not take %s', (schema, hex, message) => {
    expect(payloadErrorOf(schema, hex)).toBe(message);
  });

  it('says that there is no frame', () => {
    expect(() => codecOf('null').decode(framed('').subarray(0, 4))).toThrow('The magic byte and the id');
  });

  it('gives strings that do not change when the next value is read', () => {
    const codec = codecOf('string');
    const first = codec.decode(framed('0661c3a9'));
    codec.decode(framed('06787878'));
    expect(first).toBe('"aé"');
  });
});
