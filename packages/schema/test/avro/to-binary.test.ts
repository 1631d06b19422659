import { describe, expect, it } from 'vitest';
import { codecOf, compile, encode, record } from './codecs.ts';

const enumeration = { type: 'enum', name: 'Suit', symbols: ['SPADES', 'toString', '__proto__'] };
const fixed = { type: 'fixed', name: 'x.y.Fx', size: 2 };
const recursive = {
  type: 'record',
  name: 'LongList',
  fields: [
    { name: 'value', type: 'long' },
    { name: 'next', type: ['null', 'LongList'] },
  ],
};

describe('JSON to Avro', () => {
  it.each([
    // The examples of the specification.
    ['int', '0', '00'],
    ['int', '-1', '01'],
    ['int', '1', '02'],
    ['int', '-64', '7f'],
    ['int', '64', '8001'],
    ['string', '"foo"', '06666f6f'],
    [record(['a', 'long'], ['b', 'string']), '{"a":27,"b":"foo"}', '3606666f6f'],
    [{ type: 'array', items: 'long' }, '[3,27]', '04063600'],
    [['null', 'string'], 'null', '00'],
    [['null', 'string'], '{"string":"a"}', '020261'],
    [['string', 'null'], 'null', '02'],
    // All that there is else.
    ['null', 'null', ''],
    ['boolean', 'true', '01'],
    ['boolean', 'false', '00'],
    ['float', '1.5', '0000c03f'],
    ['double', '-0.1', '9a9999999999b9bf'],
    [{ type: 'array', items: 'int' }, '[]', '00'],
    [{ type: 'map', values: 'int' }, '{}', '00'],
    [{ type: 'map', values: 'int' }, '{"a":1,"__proto__":2}', '04026102125f5f70726f746f5f5f0400'],
    [enumeration, '"SPADES"', '00'],
    [enumeration, '"toString"', '02'],
    [enumeration, '"__proto__"', '04'],
    [fixed, '"a\\u00ff"', '61ff'],
    [record(['b', 'bytes']), '{"b":"\\u0000\\u00ff"}', '0400ff'],
    [record(), '{}', ''],
    [recursive, '{"value":1,"next":{"LongList":{"value":2,"next":null}}}', '02020400'],
  ])('%j takes %s', (schema, json, hex) => {
    expect(encode(schema, json)).toBe(hex);
  });

  it('puts the id of the schema in front', () => {
    expect(codecOf('int').encode(Buffer.from('1'), 0x01020304).toString('hex')).toBe('000102030402');
  });

  it.each([
    ['int', '2147483647', 'feffffff0f'],
    ['int', '-2147483648', 'ffffffff0f'],
    ['int', '1.0', '02'],
    ['int', '1e3', 'd00f'],
    ['long', '9223372036854775807', 'feffffffffffffffff01'],
    ['long', '-9223372036854775808', 'ffffffffffffffffff01'],
    ['long', '9007199254740993', '8280808080808020'],
    ['long', '1e18', '8080a0f6f4acdbe01b'],
    ['long', '4503599627370497', '8280808080808010'],
    ['float', '16777217', '0000804b'],
    ['float', '1e39', '0000807f'],
    ['float', '5', '0000a040'],
    ['double', '5', '0000000000001440'],
    ['double', '123456789012345678901234567890', '3e376cff90eef845'],
    ['double', '9007199254740993', '0000000000004043'],
  ])('keeps numbers as exact as %s has them: %s', (schema, json, hex) => {
    expect(encode(schema, json)).toBe(hex);
  });

  it('writes bytes as a whole without their length', () => {
    expect(encode('bytes', '"\\u00ff\\u0001"')).toBe('ff01');
    expect(encode({ type: 'bytes', logicalType: 'decimal', precision: 4 }, '""')).toBe('');
    expect(encode(['null', 'bytes'], '{"bytes":"ab"}')).toBe('02046162');
  });

  it('makes a ? of each character beyond ISO-8859-1', () => {
    expect(encode('bytes', '"\\u0100a"')).toBe('3f61');
    expect(encode('bytes', '"a😀"')).toBe('613f');
    expect(encode(fixed, '"a😀"')).toBe('613f');
    expect(encode('bytes', '"\\ud83d"')).toBe('3f');
  });

  it('makes a ? of half a surrogate pair in a string', () => {
    expect(encode('string', '"😀"')).toBe('08f09f9880');
    expect(encode('string', '"\\ud83d"')).toBe('023f');
    expect(encode('string', '"\\ude00x"')).toBe('043f78');
    expect(encode({ type: 'map', values: 'null' }, '{"\\ud83d":null}')).toBe('02023f00');
  });

  it('writes strings of any length', () => {
    for (const length of [63, 64, 5000, 100_000]) {
      for (const character of ['a', 'é', '日']) {
        const text = character.repeat(length);
        const codec = codecOf('string');
        expect(codec.decode(codec.encode(Buffer.from(JSON.stringify(text)), 1))).toBe(JSON.stringify(text));
      }
    }
  });

  it('takes fields in any order, and passes over what is no field', () => {
    const inner = { type: 'record', name: 'Inner', fields: [{ name: 'x', type: 'int' }] };
    const outer = record(['a', 'int'], ['n', inner]);
    expect(encode(outer, '{"n":{"x":2},"a":1}')).toBe('0204');
    expect(encode(outer, '{"z":[{}],"a":1,"n":{"z":{},"x":2},"y":null}')).toBe('0204');
  });

  it('takes a field by one of its aliases, unless that is the name of another field', () => {
    const schema = {
      type: 'record',
      name: 'R',
      fields: [
        { name: 'a', type: 'int', aliases: ['z', 'b', 'y'] },
        { name: 'b', type: 'int' },
      ],
    };
    expect(encode(schema, '{"z":1,"b":2}')).toBe('0204');
    expect(encode(schema, '{"b":2,"y":1}')).toBe('0204');
    expect(encode(schema, '{"z":3,"a":1,"b":2}')).toBe('0204');
    expect(() => encode(schema, '{"b":2}')).toThrow('Expected field name not found: a');
  });

  it('takes names that every object of JavaScript has', () => {
    const schema = record(['__proto__', 'int'], ['constructor', 'string'], ['toString', 'null']);
    expect(encode(schema, '{"toString":null,"constructor":"x","__proto__":1}')).toBe('020278');
  });

  it('takes a branch of a union by its full name', () => {
    const schema = ['null', { type: 'array', items: 'int' }, { type: 'map', values: 'int' }, fixed, enumeration, 'int'];
    expect(encode(schema, '{"array":[1]}')).toBe('02020200');
    expect(encode(schema, '{"map":{"a":1}}')).toBe('040202610200');
    expect(encode(schema, '{"x.y.Fx":"ab"}')).toBe('066162');
    expect(encode(schema, '{"Suit":"SPADES"}')).toBe('0800');
    expect(encode(schema, '{"null":null}')).toBe('00');
  });

  it('does not interpret logical types', () => {
    expect(encode({ type: 'int', logicalType: 'date' }, '19782')).toBe('8cb502');
    expect(encode({ type: 'string', logicalType: 'uuid' }, '"no uuid"')).toBe('0e6e6f2075756964');
  });

  it('writes one value after another in the same memory', () => {
    const codec = compile('"string"');
    const first = codec.encode(Buffer.from('"first"'), 1);
    codec.encode(Buffer.from('"other"'), 2);
    expect(first.toString('latin1')).toBe('\0\0\0\0\x01\x0afirst');
  });
});
