import { describe, expect, it } from 'vitest';

import { codecOf, codecWith, encoded, ID, mismatchOf, payload } from './codecs.ts';

const scalars = codecWith(`
  int32 i32 = 1; int64 i64 = 2; uint32 u32 = 3; uint64 u64 = 4; float f = 5; double d = 6; bool b = 7;
  string s = 8; bytes by = 9; E e = 10; sint64 z = 11; fixed64 fx = 12; enum E { A = 0; B = 1; NEG = -1; }`);

describe('a record', () => {
  it('is a magic byte, the id of the schema, the index of the first message, the message', () => {
    const codec = codecOf('syntax = "proto3"; message A { int32 x = 1; } message B {}');
    expect(encoded(codec, { x: 5 }).toString('hex')).toBe('0000000102 00 0805'.replaceAll(' ', ''));
    expect(encoded(codec, { x: 5 }).readInt32BE(1)).toBe(ID);
  });

  it("tells the schema's text as it came and the first message's full name", () => {
    const text = ' syntax = "proto3"; package a.b;  message C { message D {} } message E {}';
    const codec = codecOf(text);
    expect(codec).toMatchObject({ type: 'PROTOBUF', text, recordName: 'a.b.C' });
  });

  it('is as long as it must be, whatever stood in the last one', () => {
    expect(payload(scalars, { s: 'x'.repeat(100_000) })).toHaveLength(2 * (1 + 3 + 100_000));
    expect(payload(scalars, { s: 'y' })).toBe('420179');
    expect(payload(scalars, { s: 'é'.repeat(300_000) })).toHaveLength(2 * (1 + 3 + 600_000));
    expect(payload(scalars, { s: 'z' })).toBe('42017a');
  });
});

// The examples of https://protobuf.dev/programming-guides/encoding/.
describe("the encoding guide's examples", () => {
  it.each([
    ['int32 a = 1;', { a: 150 }, '089601'],
    ['string b = 2;', { b: 'testing' }, '120774657374696e67'],
    ['M2 c = 3; message M2 { int32 a = 1; }', { c: { a: 150 } }, '1a03089601'],
    [
      'string d = 4; repeated int32 e = 6 [packed = false];',
      { d: 'hello', e: [1, 2, 3] },
      '220568656c6c6f300130023003',
    ],
    ['repeated int32 f = 6;', { f: [3, 270, 86942] }, '3206038e029ea705'],
    ['sint32 a = 1;', { a: -2 }, '0803'],
    ['int32 a = 1;', { a: -2 }, '08feffffffffffffffff01'],
    ['map<string, int32> g = 7;', { g: { a: 1 } }, '3a050a01611001'],
  ])('%s %j', (fields, json, hex) => {
    expect(payload(codecWith(fields), json)).toBe(hex);
  });
});

describe('fields', () => {
  it('are named in lower camel case, by json_name, or as the schema has them', () => {
    const codec = codecWith('int32 foo_bar = 1; int32 x = 2 [json_name = "why"]; int32 Odd__name_1 = 3;');
    const all = payload(codec, { fooBar: 1, why: 2, OddName1: 3 });
    expect(all).toBe('080110021803');
    expect(payload(codec, { foo_bar: 1, x: 2, Odd__name_1: 3 })).toBe(all);
  });

  it('are written ascending by number, in whatever order they come', () => {
    const codec = codecWith('int32 c = 3; int32 a = 1; int32 b = 2;');
    expect(payload(codec, '{"c":3,"b":2,"a":1}')).toBe('080110021803');
  });

  it('of the default value are left out, but where it can be told from none', () => {
    const zero = { i32: 0, i64: '0', u32: 0, f: 0, d: 0, b: false, s: '', by: '', e: 'A', z: 0, fx: 0 };
    expect(payload(scalars, zero)).toBe('');
    expect(payload(codecWith('optional int32 a = 1;'), { a: 0 })).toBe('0800');
    expect(payload(codecWith('oneof o { string a = 1; bool b = 2; }'), { a: '' })).toBe('0a00');
    expect(payload(codecWith('M2 a = 1; message M2 { int32 b = 1; }'), { a: { b: 0 } })).toBe('0a00');
    expect(payload(codecOf('message M { optional int32 a = 1; }'), { a: 0 })).toBe('0800');
    expect(payload(codecWith('double a = 1;'), '{"a":-0.0}')).toBe('090000000000000080');
  });

  it('that are null are unset', () => {
    const codec = codecWith(
      'int32 a = 1; repeated int32 b = 2; map<string, int32> c = 3; M d = 4; oneof o { int32 e = 5; int32 f = 6; }',
    );
    expect(payload(codec, { a: null, b: null, c: null, d: null, e: null, f: 1 })).toBe('3001');
  });

  it('may have the names of what every object has', () => {
    const codec = codecWith(
      'int32 constructor = 1; int32 toString = 2; map<string, int32> m = 3; int32 hasOwnProperty = 4; int32 __proto__ = 5 [json_name = "__proto__"];',
    );
    expect(payload(codec, '{"constructor":1,"toString":2,"hasOwnProperty":3,"__proto__":4}')).toBe('0801100220032804');
    expect(payload(codec, '{"m":{"__proto__":1,"constructor":2}}')).toBe(
      '1a0d0a095f5f70726f746f5f5f1001 1a0f0a0b636f6e7374727563746f721002'.replaceAll(' ', ''),
    );
  });
});

// The words are those of protobuf-java-util 4.33.5, to which the same was given.
describe('numbers', () => {
  it.each([
    [{ i32: '7' }, '0807'],
    [{ i32: [[7]] }, '0807'],
    [{ i32: '1e2' }, '0864'],
    [{ i32: '1.50e1' }, '080f'],
    ['{"i32":1.0}', '0801'],
    ['{"i64":9223372036854775807}', '10ffffffffffffffff7f'],
    [{ i64: '-9223372036854775808' }, '1080808080808080808001'],
    ['{"i64":9007199254740993}', '1081808080808080 10'.replaceAll(' ', '')],
    [{ i64: -1 }, '10ffffffffffffffffff01'],
    [{ i64: -4294967296 }, '10808080 80f0ffffffff01'.replaceAll(' ', '')],
    ['{"u64":18446744073709551615}', '20ffffffffffffffffff01'],
    [{ u32: 4294967295 }, '18ffffffff0f'],
    ['{"z":-9223372036854775808}', '58ffffffffffffffffff01'],
    ['{"fx":18446744073709551615}', '61ffffffffffffffff'],
    [{ f: 'NaN' }, '2d0000c07f'],
    [{ f: '-Infinity' }, '2d000080ff'],
    [{ f: '1.5' }, '2d0000c03f'],
    [{ f: 3.4028235e38 }, '2dffff7f7f'],
    ['{"d":1e400}', '31000000000000f07f'],
    ['{"d":12345678901234567890}', '31e1639d31956ae543'],
  ])('%j are read exactly', (json, hex) => {
    expect(payload(scalars, json)).toBe(hex);
  });

  it.each([
    [{ i32: 'x' }, 'Not an int32 value: "x"'],
    [{ i32: 1.5 }, 'Not an int32 value: 1.5'],
    [{ i32: 2147483648 }, 'Not an int32 value: 2147483648'],
    [{ i32: '' }, 'Not an int32 value: ""'],
    [{ i64: '' }, 'Not an int64 value: ""'],
    [{ i64: ' 5' }, 'Not an int64 value: " 5"'],
    [{ u64: '0x10' }, 'Not an uint64 value: "0x10"'],
    [{ i32: true }, 'Not an int32 value: true'],
    [{ i32: [1, 2] }, 'Not an int32 value: [1,2]'],
    [{ i32: [null] }, 'Not an int32 value: [null]'],
    [{ i32: { a: [1] } }, 'Invalid value: {"a":[1]} for expected type: INT32'],
    ['{"i64":9223372036854775808}', 'Not an int64 value: 9223372036854775808'],
    [{ u32: -1 }, 'Out of range uint32 value: -1'],
    [{ u32: 1.5 }, 'Not an uint32 value: 1.5'],
    [{ u64: '18446744073709551616' }, 'Out of range uint64 value: "18446744073709551616"'],
    [{ f: 1e39 }, 'Out of range float value: 1.0E39'],
    [{ f: 'x' }, 'For input string: "x"'],
    [{ d: 'x' }, 'Not a double value: "x"'],
    [{ d: '1e400' }, 'Out of range double value: "1e400"'],
    [{ d: '' }, 'Not a double value: ""'],
    [{ b: 'yes' }, 'Invalid bool value: "yes"'],
    [{ b: 1 }, 'Invalid bool value: 1'],
  ])('%j are refused in the words of protobuf-java', (json, message) => {
    expect(mismatchOf(() => encoded(scalars, json)).message).toBe(message);
  });

  it('of a thousand characters and more are none', () => {
    expect(payload(scalars, { i32: `1.${'0'.repeat(998)}` })).toBe('0801');
    mismatchOf(() => encoded(scalars, { i32: `1.${'0'.repeat(999)}` }));
  });

  it('of a million digits are refused at once', () => {
    const digits = '9'.repeat(1_000_000);
    expect(mismatchOf(() => encoded(scalars, { i64: digits })).message).toMatch(/^Not an int64 value: "9{200}/);
    expect(mismatchOf(() => encoded(scalars, `{"i64":${digits}}`)).message).toMatch(/^Not an int64 value: /);
    expect(mismatchOf(() => encoded(scalars, { i64: '1e999999999' })).message).toMatch(/^Not an int64 value/);
  });
});

describe('texts, bytes and enums', () => {
  it.each([
    [{ s: 5 }, '420135'],
    [{ s: true }, '420474727565'],
    [{ s: '\ud800' }, '4203efbfbd'],
    [{ by: '-_8=' }, '4a02fbff'],
    [{ by: '+/8' }, '4a02fbff'],
    [{ by: 'AA' }, '4a0100'],
    [{ e: 1 }, '5001'],
    [{ e: 'NEG' }, '50ffffffffffffffffff01'],
    [{ e: '1' }, '5001'],
    [{ e: 99 }, '5063'],
    [{ e: ['B'] }, '5001'],
    [{ s: [['x']] }, '420178'],
    [{ b: 'true' }, '3801'],
  ])('%j', (json, hex) => {
    expect(payload(scalars, json)).toBe(hex);
  });

  it.each([
    [{ by: 'a*b=' }, 'Illegal base64 character 2a'],
    [{ by: 'AB CD' }, 'Illegal base64 character 20'],
    [{ by: 'A' }, 'Input byte[] should at least have 2 bytes for base64 bytes'],
    [{ by: 'AAAAA' }, 'Last unit does not have enough valid bits'],
    [{ by: 'AA=' }, 'Input byte array has wrong 4-byte ending unit'],
    [{ e: 'C' }, 'Invalid enum value: C for enum type: p.M.E'],
    [{ e: '' }, 'Invalid enum value:  for enum type: p.M.E'],
    [{ e: true }, 'Invalid enum value: true for enum type: p.M.E'],
    [{ e: 2 ** 31 }, 'Invalid enum value: 2147483648 for enum type: p.M.E'],
    [{ e: 1.5 }, 'Invalid enum value: 1.5 for enum type: p.M.E'],
    [{ e: {} }, 'Invalid value: {} for expected type: ENUM'],
    [{ e: 'toString' }, 'Invalid enum value: toString for enum type: p.M.E'],
    [{ s: [1, 2] }, 'Array must have size 1, but has size 2'],
    [{ s: {} }, 'Invalid value: {} for expected type: STRING'],
    [{ s: [null] }, 'JsonNull'],
    [{ s: [{}] }, 'JsonObject'],
  ])('%j is refused', (json, message) => {
    expect(mismatchOf(() => encoded(scalars, json)).message).toBe(message);
  });

  it('of an enum of proto2 must be one of its own', () => {
    const codec = codecOf('message M { optional E e = 1; } enum E { A = 1; }');
    expect(payload(codec, { e: 1 })).toBe('0801');
    expect(mismatchOf(() => encoded(codec, { e: 2 })).message).toBe('Invalid enum value: 2 for enum type: E');
  });
});

describe('a value that does not fit', () => {
  const codec = codecWith(
    'int32 a_b = 1; M sub = 2; repeated M list = 3; map<int32, M> map = 4; oneof o { int32 x = 5; int32 y = 6; } repeated int32 n = 7; map<bool, int32> flags = 8;',
  );

  it.each([
    [{ nope: 1 }, 'Cannot find field: nope in message p.M', '/nope'],
    [{ __proto__x: 1 }, 'Cannot find field: __proto__x in message p.M', '/__proto__x'],
    ['{"__proto__":1}', 'Cannot find field: __proto__ in message p.M', '/__proto__'],
    [{ '[p.ext]': 1 }, 'Cannot find field: [p.ext] in message p.M', '/[p.ext]'],
    ['null', 'Expect message object but got: null', ''],
    ['[1,{"a":"x"}]', 'Expect message object but got: [1,{"a":"x"}]', ''],
    [{ sub: 5 }, 'Expect message object but got: 5', '/sub'],
    [{ sub: { list: [{}, { a_b: 'x' }] } }, 'Not an int32 value: "x"', '/sub/list/1/a_b'],
    [{ map: { 1: { sub: { aB: false } } } }, 'Not an int32 value: false', '/map/1/sub/aB'],
    [{ map: { x: {} } }, 'Not an int32 value: "x"', '/map/x'],
    [{ flags: { x: null } }, 'Invalid bool value: "x"', '/flags/x'],
    [{ flags: { 'a/b~c': 1 } }, 'Invalid bool value: "a/b~c"', '/flags/a~1b~0c'],
    [{ map: { 1: null } }, 'Map value cannot be null.', '/map/1'],
    [{ map: [] }, 'Expect a map object but found: []', '/map'],
    [{ list: {} }, 'Expected an array for list but found {}', '/list'],
    [{ list: [null] }, 'Repeated field elements cannot be null in field: p.M.list', '/list/0'],
    [{ n: [1, null] }, 'Repeated field elements cannot be null in field: p.M.n', '/n/1'],
    [{ a_b: 1, aB: 2 }, 'Field p.M.a_b has already been set.', ''],
    [
      { x: 1, y: 2 },
      'Cannot set field p.M.y because another field p.M.x belonging to the same oneof has already been set ',
      '',
    ],
  ])('%j', (json, message, path) => {
    const mismatch = mismatchOf(() => encoded(codec, json));
    expect(mismatch).toMatchObject({ message, path });
  });

  it('names a message without a package by its name alone', () => {
    expect(mismatchOf(() => encoded(codecOf('syntax = "proto3"; message M {}'), { nope: 1 })).message).toBe(
      'Cannot find field: nope in message M',
    );
  });

  it('is quoted only so far', () => {
    const { message } = mismatchOf(() => encoded(codec, { list: { text: 'x'.repeat(1_000_000) } }));
    expect(message).toHaveLength('Expected an array for list but found '.length + 257);
    const deep = `{"n":${'['.repeat(50_000)}1,2${']'.repeat(50_000)}}`;
    expect(mismatchOf(() => encoded(codec, deep)).message.length).toBeLessThan(400);
  });

  it('leaves the codec as good as before', () => {
    const before = payload(codec, { sub: { aB: 1 }, n: [1] });
    mismatchOf(() => encoded(codec, { sub: { sub: { sub: { aB: 'x' } } } }));
    expect(payload(codec, { sub: { aB: 1 }, n: [1] })).toBe(before);
  });

  it('is so when messages stand in one another more than a hundred deep', () => {
    const nested = (depth: number): string => `${'{"sub":'.repeat(depth)}{}${'}'.repeat(depth)}`;
    expect(payload(codec, nested(100))).toHaveLength(2 * (100 * 2 + 36));
    expect(mismatchOf(() => encoded(codec, nested(101))).message).toBe('Hit recursion limit.');
  });

  it('is so when JSON is deeper than the stack', () => {
    const deep = `{"n":12345678901234567890,"a":${'['.repeat(200_000)}${']'.repeat(200_000)}}`;
    expect(mismatchOf(() => encoded(codec, deep)).message).toBe('Hit recursion limit.');
  });
});

describe('proto2', () => {
  const codec = codecOf(`
    package p;
    message M {
      required int32 id = 1; repeated int32 n = 2; repeated int32 run = 3 [packed = true];
      optional group Part = 4 { required string z = 1; } extensions 100 to max;
    }
    extend M { optional int32 ext = 100; }`);

  it('has its numbers one by one, runs only where it says so, and groups between tags', () => {
    expect(payload(codec, { id: 1, n: [1, 2], run: [1, 2], part: { z: 'a' } })).toBe('0801100110021a020102230a016124');
  });

  it('wants what is required', () => {
    expect(mismatchOf(() => encoded(codec, { n: [] }))).toMatchObject({
      message: 'Message missing required fields: id',
      path: '',
    });
    expect(mismatchOf(() => encoded(codec, { id: 1, part: {} }))).toMatchObject({
      message: 'Message missing required fields: z',
      path: '/part',
    });
  });

  it("knows no extensions, like Confluent's proxy", () => {
    expect(mismatchOf(() => encoded(codec, { id: 1, '[p.ext]': 1 })).message).toBe(
      'Cannot find field: [p.ext] in message p.M',
    );
  });
});
