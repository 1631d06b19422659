import { describe, expect, it } from 'vitest';

import { codecOf, codecWith, decoded, invalidSchemaOf, mismatchOf, payload, roundTrip } from './codecs.ts';

function reason(text: string, dependencies: Parameters<typeof codecOf>[1] = []): string {
  return invalidSchemaOf(() => codecOf(text, dependencies)).message;
}

describe('the text of a schema', () => {
  it('may have all that .proto files have', () => {
    const codec = codecOf(`\ufeff// A comment
      /* another */ syntax = 'proto3' ; ;
      package com . example
        .x;
      import public "google/protobuf/descriptor.proto"; import weak 'confluent/meta.proto';
      option java_package = "a" "b"; option (my.opt).inner.name = -1.5e3; option optimize_for = SPEED;
      option (agg) = { a: [1, 2, {b: "}"}], c { d: 'x' }; [x.y/z]: 1, };
      message First {
        option deprecated = true; option (confluent.message_meta) = { doc: "x" };
        reserved 100, 200 to 300, 1000 to max; reserved "foo", 'bar'; ;
        int32 a = 0x1 [deprecated = true, (confluent.field_meta) = { tags: ["PII"] }, json_name = "A" "a"];
        .com.example.x.First.Nested nested = 017;
        message Nested { enum Deep { D0 = 0; } Deep deep = 1; }
        map < string , Nested > map_field = 3 [deprecated = false];
        oneof choice { option (x) = true; string message = 4; int32 enum = 5; ; }
        optional int32 optional = 6; repeated string repeated = 7; map map = 8; stream stream = 9; int32 syntax = 10;
        message map { int32 map = 1; } enum stream { S0 = 0; }
      };
      enum Color { option allow_alias = true; reserved -5 to -1; reserved "OLD"; RED = 0; GREEN = 1 [deprecated = true]; LIME = 0x1; NEG = - 7; }
      service S { option deprecated = true; rpc Do (First) returns (stream First) { option (http) = { get: "/x" }; } rpc Two(stream First) returns (First); }
      extend google.protobuf.FieldOptions { string note = 50000; repeated Color colors = 50001; }`);
    expect(codec.recordName).toBe('com.example.x.First');
    const json = {
      Aa: 1,
      mapField: { k: { deep: 'D0' } },
      enum: 5,
      optional: 0,
      repeated: ['r'],
      map: { map: 2 },
      stream: 'S0',
      syntax: 1,
      nested: { deep: 'D0' },
    };
    expect(roundTrip(codec, json)).toEqual(json);
  });

  it('without a syntax is proto2', () => {
    expect(payload(codecOf('message M { repeated int32 a = 1; }'), { a: [1] })).toBe('0801');
  });

  it('knows editions and their features', () => {
    const codec = codecOf(`
      edition = "2023"; option features.repeated_field_encoding = EXPANDED;
      message M {
        option features.field_presence = IMPLICIT;
        int32 a = 1; int32 b = 2 [features.field_presence = EXPLICIT, default = 7]; repeated int32 c = 3;
        repeated int32 d = 4 [features.repeated_field_encoding = PACKED]; N e = 5 [features.message_encoding = DELIMITED];
        string f = 6 [features.utf8_validation = NONE]; E g = 7 [features.field_presence = EXPLICIT];
        map<int32, N> h = 8; N i = 9;
      }
      message N { int32 x = 1; }
      enum E { option features.enum_type = CLOSED; ONE = 1; }`);
    expect(payload(codec, { a: 0, b: 0, c: [1, 2], d: [1, 2], e: { x: 1 }, g: 'ONE' })).toBe(
      '1000 1801 1802 22020102 2b0801 2c 3801'.replaceAll(' ', ''),
    );
    expect(decoded(codec, '2b0801 2c 3201ff')).toBe(
      '{"a":0,"b":7,"c":[],"d":[],"e":{"x":1},"f":"\ufffd","g":"ONE","h":{}}',
    );
    expect(mismatchOf(() => payload(codec, { g: 2 })).message).toMatch(/^Invalid enum value: 2/);
  });

  it('of 2024 may say who sees a message', () => {
    const codec = codecOf('edition = "2024"; export message M { local enum E { A = 0; } E e = 1; } local message N {}');
    expect(decoded(codec, '')).toBe('{"e":"A"}');
  });

  it('may use words that only other editions have', () => {
    expect(
      decoded(codecOf('syntax = "proto3"; package local; message M { local.N a = 1; } message N {}'), '0a00'),
    ).toBe('{"a":{}}');
  });
});

describe('the name of a type', () => {
  // Each has a field whose JSON tells which of the types it has.
  it.each([
    [
      'is looked for from the inside out',
      'package p; message M { T t = 1; message T { int32 inner = 1; } } message T { int32 outer = 1; }',
      'inner',
    ],
    [
      'does not mean one that stands in a sibling',
      'package p; message M { message D { message T { int32 deep = 1; } } T t = 1; } message T { int32 outer = 1; }',
      'outer',
    ],
    [
      'may go through a message',
      'package p; message M { D.T t = 1; message D { message T { int32 deep = 1; } } }',
      'deep',
    ],
    [
      'may begin with a part of the package',
      'package a.b; message M { b.T t = 1; } message T { int32 outer = 1; }',
      'outer',
    ],
    [
      'may be a full one',
      'package p; message M { .p.T t = 1; message T { int32 inner = 1; } } message T { int32 outer = 1; }',
      'outer',
    ],
    ['may be that of the message itself', 'message M { M t = 1; int32 own = 2; }', 'own'],
  ])('%s', (_, text, field) => {
    expect(decoded(codecOf(`syntax = "proto3"; ${text}`), '0a00')).toContain(`{"t":{"${field}":0}`);
  });

  it.each([
    ['message M { Nope a = 1; }', 'M: unknown type Nope'],
    ['message M { message T {} .T a = 1; }', 'M: unknown type .T'],
    ['package p; message M { p a = 1; }', 'p.M: unknown type p'],
    ['message M { map<string, Nope> a = 1; }', 'M.AEntry: unknown type Nope'],
  ])('%s has none', (text, message) => {
    expect(reason(`syntax = "proto3"; ${text}`)).toBe(message);
  });
});

describe('imports', () => {
  const main = 'syntax = "proto3"; import "a.proto"; message M { x.A a = 1; x.B b = 2; }';
  const a =
    'syntax = "proto3"; package x; import public "dir/b.proto"; import "google/protobuf/timestamp.proto"; message A { google.protobuf.Timestamp at = 1; }';
  const b = 'syntax = "proto3"; package x; import "a.proto"; message B { A a = 1; } message C { int32 c = 1; }';

  it('are the texts of the references, whatever they import in turn', () => {
    const codec = codecOf(main, [
      { name: 'dir/b.proto', text: b },
      { name: 'a.proto', text: a },
    ]);
    const json = { a: { at: '2020-01-01T00:00:00Z' }, b: { a: {} } };
    expect(roundTrip(codec, json)).toEqual(json);
    expect(codec.recordName).toBe('M');
  });

  it('that are missing are named', () => {
    expect(reason(main)).toBe('import "a.proto" is none of the schema\'s references');
    expect(reason(main, [{ name: 'a.proto', text: a }])).toBe(
      'import "dir/b.proto" is none of the schema\'s references',
    );
    expect(reason('syntax = "proto3"; import "/etc/passwd"; message M {}')).toMatch('/etc/passwd');
    expect(reason('syntax = "proto3"; import "google/protobuf/nope.proto"; message M {}')).toMatch('nope.proto');
    expect(reason('syntax = "proto3"; import "__proto__"; message M {}')).toMatch('__proto__');
  });

  it('that do not parse are named', () => {
    expect(reason(main, [{ name: 'a.proto', text: 'message {' }])).toMatch(
      /^import "a.proto": line 1: expected the name of a message/,
    );
  });

  it('of protobuf itself cannot be replaced', () => {
    const text = 'syntax = "proto3"; package google.protobuf; message Timestamp { string s = 1; }';
    const codec = codecOf(
      'syntax = "proto3"; import "google/protobuf/timestamp.proto"; message M { google.protobuf.Timestamp t = 1; }',
      [{ name: 'google/protobuf/timestamp.proto', text }],
    );
    expect(decoded(codec, '0a00')).toBe('{"t":"1970-01-01T00:00:00Z"}');
  });

  it.each([
    ['google/protobuf/api.proto', 'google.protobuf.Api', '"methods":[]'],
    ['google/protobuf/descriptor.proto', 'google.protobuf.FileDescriptorProto', '"messageType":[]'],
    ['google/protobuf/type.proto', 'google.protobuf.Field', '"kind":"TYPE_UNKNOWN"'],
    ['google/protobuf/source_context.proto', 'google.protobuf.SourceContext', '"fileName":""'],
    ['google/type/calendar_period.proto', 'google.type.CalendarPeriod', ''],
    ['google/type/color.proto', 'google.type.Color', '"red":0.0'],
    ['google/type/date.proto', 'google.type.Date', '"year":0'],
    ['google/type/datetime.proto', 'google.type.DateTime', '"hours":0'],
    ['google/type/dayofweek.proto', 'google.type.DayOfWeek', ''],
    ['google/type/decimal.proto', 'google.type.Decimal', '"value":""'],
    ['google/type/expr.proto', 'google.type.Expr', '"title":""'],
    ['google/type/fraction.proto', 'google.type.Fraction', '"numerator":"0"'],
    ['google/type/interval.proto', 'google.type.Interval', '{"f":{}}'],
    ['google/type/latlng.proto', 'google.type.LatLng', '"latitude":0.0'],
    ['google/type/money.proto', 'google.type.Money', '"units":"0"'],
    ['google/type/month.proto', 'google.type.Month', ''],
    ['google/type/phone_number.proto', 'google.type.PhoneNumber', '"extension":""'],
    ['google/type/postal_address.proto', 'google.type.PostalAddress', '"addressLines":[]'],
    ['google/type/quaternion.proto', 'google.type.Quaternion', '"w":0.0'],
    ['google/type/timeofday.proto', 'google.type.TimeOfDay', '"nanos":0'],
    ['confluent/meta.proto', 'confluent.Meta', '"params":{}'],
    ['confluent/type/decimal.proto', 'confluent.type.Decimal', '"precision":0'],
    ['confluent/type/variant.proto', 'confluent.type.Variant', '"metadata":""'],
  ])('need no reference for %s', (file, type, printed) => {
    const codec = codecWith(`${type} f = 1;`, `import "${file}";`);
    expect(decoded(codec, printed === '' ? '' : '0a00')).toContain(printed);
  });
});

describe('a schema that is none', () => {
  it.each([
    ['', 'the schema has no message'],
    ['syntax = "proto3"; enum E { A = 0; }', 'the schema has no message'],
    ['{"type":"record"}', "line 1: expected a message, an enum, an import, or an option, found '{'"],
    ['garbage', "line 1: expected a message, an enum, an import, or an option, found 'garbage'"],
    ['syntax = "proto4"; message M {}', 'line 1: unknown syntax "proto4"'],
    ['edition = "1999"; message M {}', 'line 1: unknown edition "1999"'],
    ['syntax = "proto3"\nmessage M {}', "line 2: expected ';', found 'message'"],
    ['message M {', 'line 1: expected a name, found the end of the text'],
    ['message M { int32 a; }', "line 1: expected '=', found ';'"],
    ['message M { int32 a = x; }', "line 1: expected the number of a field, found 'x'"],
    ['message M { int32 a = 1 }', "line 1: expected ';', found '}'"],
    ['message M { int32 a = 0; }', 'M.a: a field has a number from 1 to 536870911, 19000 to 19999 excepted'],
    ['message M { int32 a = 19500; }', 'M.a: a field has a number'],
    ['message M { int32 a = 536870912; }', 'M.a: a field has a number'],
    ['message M { int32 a = 1; int32 b = 1; }', 'M has two fields with the number 1'],
    ['message M { int32 a = 1; int32 a = 2; }', 'M.a is defined twice'],
    ['message M {} message M {}', 'M is defined twice'],
    ['message M { enum N { A = 0; } message N {} }', 'M.N is defined twice'],
    ['message M { oneof o { } }', 'oneof o has no field'],
    ['message M { oneof o { repeated int32 a = 1; } }', 'expected the type of a field'],
    ['message M { map<double, int32> a = 1; }', 'keys of a map cannot be double'],
    ['message M { map<M, int32> a = 1; }', 'keys of a map cannot be M'],
    ['message M {} enum E { }', 'E has no value'],
    ['message M {} enum E { A = 0; A = 1; }', 'E has two values with the name A'],
    ['message M {} enum E { A = 2147483648; }', 'expected an int32'],
    ['syntax = "proto3"; message M {} enum E { A = 1; }', 'the first value of E must be 0'],
    ['syntax = "proto3"; message M { required int32 a = 1; }', "expected the type of a field, found 'required'"],
    ['syntax = "proto3"; message M { repeated group G = 1 {} }', 'no groups in proto3'],
    ['message M { optional int32 a = 1 [default = "x"]; }', '"x" cannot be the default of a field of type int32'],
    ['message M { optional int32 a = 1 [default = 2147483648]; }', 'cannot be the default'],
    [
      'message M { optional E a = 1 [default = B]; } enum E { A = 0; }',
      '"B" cannot be the default of a field of type E',
    ],
    ['message M {} option a = "x\n";', 'line 1: a string has no end'],
    ['message M {} /* x', 'line 1: a comment has no end'],
    ['message M {} service S { rpc', "expected '}'"],
    ['message M { reserved 1', "expected ';'"],
    ['package a; package b; message M {}', 'a second package'],
  ])('%j', (text, message) => {
    expect(reason(text)).toContain(message);
  });
});

describe('a schema that is made to hurt', () => {
  const many = (count: number, part: (i: number) => string): string =>
    Array.from({ length: count }, (_, i) => part(i)).join('');
  const number = (i: number): number => (i < 18_000 ? i + 1 : i + 3000);

  it.each([
    ['messages in one another', 'message M {'.repeat(101) + '}'.repeat(101), /nest deeper than 100/],
    [
      'a package of many parts',
      `package ${'a.'.repeat(5000)}a; message M {}`,
      /longer than 512 characters or 100 parts/,
    ],
    ['a long name', `message ${'a'.repeat(100_000)} {}`, /longer than 512 characters/],
    ['a long path to a type', `message M { ${'a.'.repeat(100_000)}a b = 1; }`, /unknown type/],
    ['open comments', `message M {} ${'/* '.repeat(400_000)}`, /no end/],
    ['escapes', `message M {} option a = "${'\\'.repeat(400_001)}`, /no end/],
  ])('is refused: %s', (_, text, message) => {
    expect(reason(`syntax = "proto3"; ${text}`)).toMatch(message);
  });

  it.each([
    ['brackets in an option', `message M {} option a = ${'{a:'.repeat(200_000)}${'}'.repeat(200_000)};`],
    ['one name again and again in an option', `message M {} option (a) = { ${'a:1 '.repeat(200_000)} };`],
    [
      'features and messages',
      `${many(20_000, (i) => `option features.a${i} = 1;`)} message M {} ${many(20_000, (i) => `message M${i} {}`)}`,
    ],
    [
      'extensions of what is not there',
      `message M {} ${many(10_000, (i) => `extend Z { int32 b${i} = 1; } message N${i} {}`)}`,
    ],
    ['fields', `message M { ${many(30_000, (i) => `int32 f${i} = ${number(i)};`)} }`],
    ['oneofs', `message M { ${many(10_000, (i) => `oneof o${i} { M a${i} = ${number(i)}; }`)} }`],
    [
      'types that are looked for from far inside',
      `package ${many(90, (i) => (i === 0 ? 'a' : '.a'))}; message T {} message M { ${many(5000, (i) => `T f${i} = ${i + 1};`)} }`,
    ],
  ])('takes time in proportion to it: %s', (_, text) => {
    expect(codecOf(`syntax = "proto3"; ${text}`).recordName).toMatch(/[MT]$/);
  });
});
