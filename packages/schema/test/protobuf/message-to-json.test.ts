import { describe, expect, it } from 'vitest';

import { codecOf, codecWith, decoded } from './codecs.ts';

/** The bytes of a field with the number 1 that is a double or a float. */
function fixed(codec: 'double' | 'float', value: number): Buffer {
  const bytes = Buffer.alloc(codec === 'double' ? 9 : 5);
  if (codec === 'double') {
    bytes[0] = 0x09;
    bytes.writeDoubleLE(value, 1);
  } else {
    bytes[0] = 0x0d;
    bytes.writeFloatLE(value, 1);
  }
  return bytes;
}

describe('what is not there', () => {
  it('is printed with the default, but messages, members of oneofs and what is marked optional', () => {
    const codec = codecWith(`
      double d = 1; float f = 2; int32 i = 3; int64 l = 4; uint64 u = 5; bool b = 6; string s = 7; bytes by = 8; E e = 9;
      repeated int32 r = 10; map<string, M> m = 11; M sub = 12; optional int32 o = 13; oneof x { int32 x1 = 14; M x2 = 15; }
      enum E { FIRST = 0; SECOND = 1; }`);
    expect(decoded(codec, '')).toBe(
      '{"d":0.0,"f":0.0,"i":0,"l":"0","u":"0","b":false,"s":"","by":"","e":"FIRST","r":[],"m":{}}',
    );
  });

  it('is printed in proto2 too, with the default that the schema gives it', () => {
    const codec = codecOf(`
      message M {
        optional int32 a = 1; optional int64 b = 2 [default = -0x10]; optional string c = 3 [default = 'a"\\n\\303\\251'];
        optional bytes d = 4 [default = "\\001\\xff"]; optional E e = 5 [default = Y]; optional E f = 6;
        optional double g = 7 [default = -inf]; optional float h = 8 [default = 1e10]; optional bool i = 9 [default = true];
        optional M j = 10; oneof k { int32 l = 11; } optional group Grp = 12 {} optional uint64 m = 13 [default = 0xffffffffffffffff];
      }
      enum E { X = 1; Y = 2; }`);
    expect(decoded(codec, '')).toBe(
      '{"a":0,"b":"-16","c":"a\\"\\né","d":"Af8=","e":"Y","f":"X","g":"-Infinity","h":1.0E10,"i":true,"m":"18446744073709551615"}',
    );
  });

  it('is an empty object where a message has no fields', () => {
    expect(decoded(codecWith(''), '')).toBe('{}');
    expect(decoded(codecWith('M m = 1;'), '0a00')).toBe('{"m":{}}');
  });
});

describe('fields', () => {
  it('stand in the order of their numbers, by their JSON names', () => {
    const codec = codecWith('int32 foo_bar = 3; int32 x = 1 [json_name = "a \\"b"]; int32 second_ = 2;');
    expect(decoded(codec, '180310020801')).toBe('{"a \\"b":1,"second":2,"fooBar":3}');
  });

  it('that the schema does not know are passed', () => {
    const codec = codecWith('int32 a = 1; repeated int32 b = 2 [packed = false];');
    const unknown = ['7801', '79ffffffffffffffff', '7a0161', '7b0801 7b7c 7c', '7dffffffff', 'f8ffffff0f00'];
    expect(decoded(codec, `0801 ${unknown.join('')} 1001 ${unknown.join('')} 1002`)).toBe('{"a":1,"b":[1,2]}');
    // So are those whose kind of wire is another one.
    expect(decoded(codec, '0d00000000 0a0131 1001 15ffffffff')).toBe('{"a":0,"b":[1]}');
  });

  it('are read from runs and one by one, whatever the schema says', () => {
    for (const packed of [true, false]) {
      const codec = codecWith(`repeated int32 a = 1 [packed = ${packed}]; repeated float b = 2 [packed = ${packed}];`);
      expect(decoded(codec, '0801 0a020203 0a00 0804 150000803f 12080000803f00000040')).toBe(
        '{"a":[1,2,3,4],"b":[1.0,1.0,2.0]}',
      );
    }
  });

  it('may have the names of what every object has', () => {
    const codec = codecWith(
      'int32 __proto__ = 1 [json_name = "__proto__"]; E constructor = 2; enum E { toString = 0; }',
    );
    expect(decoded(codec, '0801')).toBe('{"__proto__":1,"constructor":"toString"}');
  });
});

describe('integers', () => {
  it.each([
    ['int32', '08ffffffffffffffffff01', '-1'],
    ['int32', '08ffffffff0f', '-1'],
    ['int32', '0880808080800180', ''],
    ['uint32', '08ffffffff0f', '4294967295'],
    ['sint32', '08ffffffff0f', '-2147483648'],
    ['sint32', '08feffffff0f', '2147483647'],
    ['fixed32', '0dffffffff', '4294967295'],
    ['sfixed32', '0dffffffff', '-1'],
    ['int64', '0880808080808080808001', '"-9223372036854775808"'],
    ['int64', '08ffffffffffffffff7f', '"9223372036854775807"'],
    ['int64', '0880808080808080 10', '"9007199254740992"'],
    ['int64', '0881808080808080 10', '"9007199254740993"'],
    ['uint64', '08ffffffffffffffffff01', '"18446744073709551615"'],
    ['sint64', '08ffffffffffffffffff01', '"-9223372036854775808"'],
    ['sint64', '0803', '"-2"'],
    ['fixed64', '09ffffffffffffffff', '"18446744073709551615"'],
    ['sfixed64', '09feffffffffffffff', '"-2"'],
    ['bool', '0802', 'true'],
    ['bool', '0880808080808001', 'true'],
    ['bool', '088000', 'false'],
  ])('%s %s', (type, hex, text) => {
    if (text === '') expect(() => decoded(codecWith(`${type} a = 1;`), hex)).toThrow('The payload ends');
    else expect(decoded(codecWith(`${type} a = 1;`), hex)).toBe(`{"a":${text}}`);
  });
});

describe('floating point numbers', () => {
  it.each([
    ['double', 1, '1.0'],
    ['double', -0, '-0.0'],
    ['double', 1e7, '1.0E7'],
    ['double', 9999999, '9999999.0'],
    ['double', 0.001, '0.001'],
    ['double', 0.0001, '1.0E-4'],
    ['double', 123456789.5, '1.234567895E8'],
    ['double', 5e-324, '4.9E-324'],
    ['double', Number.NaN, '"NaN"'],
    ['double', Number.NEGATIVE_INFINITY, '"-Infinity"'],
    ['float', 0.1, '0.1'],
    ['float', 1e10, '1.0E10'],
    ['float', 3.4028234663852886e38, '3.4028235E38'],
    ['float', 1.1754943508222875e-38, '1.1754944E-38'],
    ['float', 1.401298464324817e-45, '1.4E-45'],
    ['float', 16777216, '1.6777216E7'],
    ['float', 1.25, '1.25'],
    ['float', 100.1, '100.1'],
    // In the middle between two decimals of eight digits: the even one.
    ['float', -3158791.25, '-3158791.2'],
    ['float', 3158791.75, '3158791.8'],
    ['float', Number.POSITIVE_INFINITY, '"Infinity"'],
  ] as const)('%s %d is printed as Java prints it: %s', (type, value, text) => {
    expect(decoded(codecWith(`${type} a = 1;`), fixed(type, value))).toBe(`{"a":${text}}`);
  });
});

describe('texts, bytes and enums', () => {
  it('are JSON whatever is in them', () => {
    const codec = codecWith('string s = 1; bytes b = 2;');
    const text = 'a"\\/\b\f\n\r\t\u0001\u007f é漢😀\u2028';
    const bytes = Buffer.from(text);
    const json = decoded(
      codec,
      Buffer.concat([Buffer.from([0x0a, bytes.length]), bytes, Buffer.from('1203fbff00', 'hex')]),
    );
    expect(JSON.parse(json)).toEqual({ s: text, b: '+/8A' });
    expect(json).toContain('"+/8A"');
  });

  it('of every length come through', () => {
    const codec = codecWith('string s = 1;');
    for (const length of [1, 47, 48, 49, 127, 128, 300, 70_000]) {
      const text = `${'a'.repeat(length - 1)}"`;
      const record = codec.encode(Buffer.from(JSON.stringify({ s: text })), 1);
      expect(JSON.parse(codec.decode(record))).toEqual({ s: text });
    }
  });

  it('are the first of several names, or a number that has none', () => {
    const codec = codecWith(
      'E e = 1; repeated E r = 2; enum E { option allow_alias = true; A = 0; B = 1; ALSO_B = 1; MINUS = -1; }',
    );
    expect(decoded(codec, '0801 1207 00 01 07 80808008')).toBe('{"e":"B","r":["A","B",7,16777216]}');
    expect(decoded(codec, '08ffffffffffffffffff01')).toBe('{"e":"MINUS","r":[]}');
  });

  it('that a closed enum does not have are none', () => {
    const codec = codecOf(`
      message M { optional E e = 1; repeated E r = 2; repeated E run = 3 [packed = true]; map<string, E> m = 4; oneof o { E x = 5; int32 y = 6; } }
      enum E { A = 1; B = 2; }`);
    expect(decoded(codec, '0807 1002 1007 1001 1a03020701 2807 3001')).toBe(
      '{"e":"A","r":["B","A"],"run":["B","A"],"m":{},"y":1}',
    );
    expect(decoded(codec, '0802 0807 2802 2807')).toBe('{"e":"B","r":[],"run":[],"m":{},"x":"B"}');
    expect(decoded(codec, '1a020707 22050a01611007')).toBe('{"e":"A","r":[],"run":[],"m":{"a":"A"}}');
  });

  it('of proto2 may be no UTF-8, but in maps', () => {
    expect(decoded(codecOf('message M { optional string s = 1; }'), '0a01ff')).toBe('{"s":"\ufffd"}');
    const map = codecOf('message M { map<string, string> m = 1; }');
    expect(() => decoded(map, '0a060a01611201ff')).toThrow('not valid UTF-8');
    const replaced = '0a03efbfbd';
    expect(decoded(codecWith('string s = 1;'), replaced)).toBe('{"s":"\ufffd"}');
  });
});

describe('maps', () => {
  it.each([
    ['int32', 'string', '0a050805120161', '{"5":"a"}'],
    ['sint64', 'bool', '0a0408031001', '{"-2":true}'],
    ['bool', 'double', '0a0b080111000000000000f03f', '{"true":1.0}'],
    ['string', 'bytes', '0a070a012212020102', '{"\\"":"AQI="}'],
    ['uint64', 'E', '0a0d08ffffffffffffffffff011001', '{"18446744073709551615":"B"}'],
    ['fixed32', 'M', '0a07 0dffffffff 1200', '{"4294967295":{"m":{}}}'],
  ])('of %s to %s', (key, value, hex, text) => {
    expect(decoded(codecWith(`map<${key}, ${value}> m = 1; enum E { A = 0; B = 1; }`), hex)).toBe(`{"m":${text}}`);
  });

  it('keep the order of the record; of equal keys the last one counts', () => {
    const codec = codecWith('map<string, int32> m = 1; map<int32, M> n = 2;');
    const entry = (key: string, value: string): string => `0a050a01${Buffer.from(key).toString('hex')}10${value}`;
    expect(decoded(codec, entry('b', '01') + entry('a', '02') + entry('b', '03'))).toBe('{"m":{"b":3,"a":2},"n":{}}');
  });

  it('have defaults for a key or a value that is missing', () => {
    const codec = codecWith('map<string, int32> m = 1; map<int32, M> n = 2; map<bool, E> e = 3; enum E { A = 0; }');
    expect(decoded(codec, '0a00 1200 1a00')).toBe('{"m":{"":0},"n":{"0":{"m":{},"n":{},"e":{}}},"e":{"false":"A"}}');
    expect(decoded(codec, '0a021005 0a030a0161')).toBe('{"m":{"":5,"a":0},"n":{},"e":{}}');
    // Value before key, twice, and an unknown field between.
    expect(decoded(codec, '0a0b 1001 1801 0a0178 1002 1a00')).toBe('{"m":{"x":2},"n":{},"e":{}}');
  });

  it('are followed by other fields', () => {
    const codec = codecWith('map<int32, string> m = 1; repeated int32 r = 2; M sub = 3;');
    expect(decoded(codec, '0a05080112013412020102 1a021005')).toBe('{"m":{"1":"4"},"r":[1,2],"sub":{"m":{},"r":[5]}}');
  });
});
