import { describe, expect, it } from 'vitest';

import { codecOf, decoded, encoded, mismatchOf, payload, payloadErrorOf, roundTrip } from './codecs.ts';

const files = ['any', 'duration', 'empty', 'field_mask', 'struct', 'timestamp', 'wrappers'];
const codec = codecOf(`
  syntax = "proto3"; package p;
  ${files.map((file) => `import "google/protobuf/${file}.proto";`).join(' ')}
  message M {
    google.protobuf.Timestamp at = 1; google.protobuf.Duration lasts = 2; google.protobuf.FieldMask mask = 3;
    google.protobuf.Struct struct = 4; google.protobuf.Value value = 5; google.protobuf.ListValue list = 6;
    google.protobuf.Any any = 7; google.protobuf.Empty empty = 8; google.protobuf.NullValue nothing = 9;
    google.protobuf.BoolValue b = 10; google.protobuf.Int32Value i = 11; google.protobuf.UInt64Value u = 12;
    google.protobuf.StringValue s = 13; google.protobuf.BytesValue by = 14; google.protobuf.DoubleValue d = 15;
    repeated google.protobuf.Value values = 16; map<string, google.protobuf.Value> by_name = 17;
    repeated google.protobuf.Int32Value is = 18; oneof o { google.protobuf.NullValue none = 19; google.protobuf.Value some = 20; }
    M sub = 21;
  }
  message Inner { int32 id = 1; }`);

function came(json: Record<string, unknown>): unknown {
  const all = roundTrip(codec, json) as Record<string, unknown>;
  const [name] = Object.keys(json) as [string];
  return all[name];
}

describe('a timestamp', () => {
  it.each([
    ['1972-01-01T10:00:20.021Z', '1972-01-01T10:00:20.021Z'],
    ['1972-01-01T10:00:20.0210Z', '1972-01-01T10:00:20.021Z'],
    ['1970-01-01T00:00:00Z', '1970-01-01T00:00:00Z'],
    ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00Z'],
    ['9999-12-31T23:59:59.999999999Z', '9999-12-31T23:59:59.999999999Z'],
    ['1969-12-31T23:59:59.5Z', '1969-12-31T23:59:59.500Z'],
    ['2020-02-29T12:00:00.000001+05:30', '2020-02-29T06:30:00.000001Z'],
    ['2020-01-01T00:00:00.1234567891-23:59', '2020-01-01T23:59:00.123456789Z'],
  ])('%s comes back as %s', (text, back) => {
    expect(came({ at: text })).toBe(back);
  });

  it('is seconds, and nanoseconds that count forward', () => {
    expect(payload(codec, { at: '1969-12-31T23:59:59.5Z' })).toBe(
      '0a11 08ffffffffffffffffff01 1080cab5ee01'.replaceAll(' ', ''),
    );
    expect(payload(codec, { at: '1970-01-01T00:00:00Z' })).toBe('0a00');
  });

  it.each([
    '',
    'now',
    '2020-01-01',
    '2020-01-01T00:00:00',
    '2020-01-01t00:00:00z',
    '2020-01-01 00:00:00Z',
    '2021-02-29T00:00:00Z',
    '2020-13-01T00:00:00Z',
    '2020-01-01T24:00:00Z',
    '2020-01-01T23:59:60Z',
    '0000-12-31T23:59:59Z',
    '10000-01-01T00:00:00Z',
    '9999-12-31T23:59:59-00:01',
    '0001-01-01T00:00:00+00:01',
    '2020-01-01T00:00:00Zx',
    '2020-01-01T00:00:00.Z',
  ])('%j is none', (text) => {
    expect(mismatchOf(() => encoded(codec, { at: text }))).toMatchObject({
      message: `Failed to parse timestamp: ${JSON.stringify(text)}`,
      path: '/at',
    });
  });

  it.each([[{}], [{ a: 1 }], [5], [['x']]])('%j is none', (json) => {
    expect(mismatchOf(() => encoded(codec, { at: json })).message).toBe(
      `Failed to parse timestamp: ${JSON.stringify(json)}`,
    );
  });

  it('beyond its range is refused when it is read', () => {
    // A second before the year 1, one after 9999, minus one nanosecond.
    const seconds = (value: bigint): string => {
      const varint: number[] = [];
      let rest = BigInt.asUintN(64, value);
      for (; rest > 0x7fn; rest >>= 7n) varint.push(Number(rest & 0x7fn) | 0x80);
      varint.push(Number(rest));
      return Buffer.from([0x0a, varint.length + 1, 0x08, ...varint]).toString('hex');
    };
    expect(decoded(codec, seconds(-62_135_596_800n))).toContain('"at":"0001-01-01T00:00:00Z"');
    for (const value of [-62_135_596_801n, 253_402_300_800n, 2n ** 63n - 1n]) {
      expect(payloadErrorOf(() => decoded(codec, seconds(value))).message).toMatch('Timestamp');
    }
    expect(payloadErrorOf(() => decoded(codec, '0a0b 10ffffffffffffffffff01')).message).toMatch('Timestamp');
  });
});

describe('a duration', () => {
  it.each([
    ['1s', '1s'],
    ['1.5s', '1.500s'],
    ['-1.5s', '-1.500s'],
    ['-0.000001s', '-0.000001s'],
    ['0.000000001s', '0.000000001s'],
    ['315576000000s', '315576000000s'],
    ['0s', '0s'],
  ])('%s comes back as %s', (text, back) => {
    expect(came({ lasts: text })).toBe(back);
  });

  it.each(['', 's', '1', '1m', '1.5.5s', '--1s', '+1s', '315576000001s', '1e3s', ' 1s'])('%j is none', (text) => {
    expect(mismatchOf(() => encoded(codec, { lasts: text })).message).toBe(
      `Failed to parse duration: ${JSON.stringify(text)}`,
    );
  });

  it('of two signs is refused when it is read', () => {
    expect(payloadErrorOf(() => decoded(codec, '120d 0801 10ffffffffffffffffff01')).message).toMatch('Duration');
  });
});

describe('a field mask', () => {
  it('is one text of paths in lower camel case', () => {
    expect(payload(codec, { mask: 'user.displayName,photo' })).toBe(
      `1a1a0a11${Buffer.from('user.display_name').toString('hex')}0a05${Buffer.from('photo').toString('hex')}`,
    );
    expect(came({ mask: 'user.displayName,photo' })).toBe('user.displayName,photo');
    expect(came({ mask: '' })).toBe('');
  });
});

describe('free-form JSON', () => {
  it.each([
    [null],
    [true],
    [0],
    [-1.5],
    [''],
    ['x'],
    [[]],
    [[[], {}, null, [1, 'x']]],
    [{}],
    [{ a: { b: [{ c: null }] }, constructor: 1 }],
  ])('%j comes back as it was', (json) => {
    expect(came({ value: json })).toEqual(json);
    expect(came({ values: [json, json] })).toEqual([json, json]);
    expect(came({ byName: { a: json } })).toEqual({ a: json });
    expect(came({ struct: { a: json } })).toEqual({ a: json });
    expect(came({ list: [json] })).toEqual([json]);
    expect(came({ some: json })).toEqual(json);
  });

  it('has numbers as doubles', () => {
    expect(codec.decode(encoded(codec, '{"value":12345678901234567890}'))).toContain('"value":1.2345678901234567E19');
    expect(codec.decode(encoded(codec, { value: 1 }))).toContain('"value":1.0,');
    expect(came({ value: '1' })).toBe('1');
  });

  it('that no double holds is a text, as JSON numbers are elsewhere', () => {
    expect(codec.decode(encoded(codec, '{"value":1e400}'))).toContain('"value":"Infinity"');
  });

  it('cannot hold what is no number', () => {
    expect(payloadErrorOf(() => decoded(codec, '2a09 11 000000000000f87f')).message).toMatch('NaN');
  });

  it('is null where a Value holds nothing', () => {
    expect(decoded(codec, '2a00 820100')).toContain('"value":null,"nothing":null,"values":[null]');
  });

  it('may be as deep as messages may', () => {
    const deep = (depth: number): string => `{"value":${'['.repeat(depth)}${']'.repeat(depth)}}`;
    expect(payload(codec, deep(99))).not.toBe('');
    expect(mismatchOf(() => encoded(codec, deep(101))).message).toBe('Hit recursion limit.');
    expect(mismatchOf(() => encoded(codec, { struct: [] })).message).toBe('Expect a map object but found: []');
    expect(mismatchOf(() => encoded(codec, { list: {} })).message).toMatch(/^Expected an array for values/);
  });
});

describe('null', () => {
  it('is the one value of NullValue, and none of other types', () => {
    expect(payload(codec, { nothing: null, at: null, b: null, struct: null, sub: null })).toBe('');
    expect(payload(codec, { none: null })).toBe('980100');
    expect(JSON.parse(decoded(codec, '980100'))).toMatchObject({ none: null, nothing: null });
    expect(payload(codec, { none: 'NULL_VALUE' })).toBe('980100');
  });
});

describe('wrappers', () => {
  it.each([
    [{ b: false }, '5200'],
    [{ b: true }, '52020801'],
    [{ i: 0 }, '5a00'],
    [{ u: '18446744073709551615' }, '620b08ffffffffffffffffff01'],
    [{ s: '' }, '6a00'],
    [{ by: 'AQ==' }, '72030a0101'],
    [{ d: 'NaN' }, '7a0909000000000000f87f'],
    [{ is: [0, 1] }, '9201009201020801'],
  ])('%j are their values', (json, hex) => {
    expect(payload(codec, json)).toBe(hex);
    expect(JSON.parse(decoded(codec, hex))).toMatchObject(json);
  });

  it('have the last of several values', () => {
    expect(JSON.parse(decoded(codec, '5a0408010802 5a020803'))).toMatchObject({ i: 3 });
  });

  it('are unset when they are not there', () => {
    expect(Object.keys(JSON.parse(decoded(codec, '')) as object)).toEqual(['nothing', 'values', 'byName', 'is']);
  });
});

describe('an Any', () => {
  const url = 'type.googleapis.com/p.Inner';

  it('holds a message of the schema, with its type among the fields', () => {
    const hex = payload(codec, { any: { id: 5, '@type': url } });
    expect(hex).toBe(`3a210a1b${Buffer.from(url).toString('hex')}12020805`);
    expect(codec.decode(encoded(codec, { any: { '@type': url, id: 5 } }))).toContain(`"any":{"@type":"${url}","id":5}`);
  });

  it('holds no bytes for a message that has none', () => {
    expect(payload(codec, { any: { '@type': url } })).toBe(`3a1d0a1b${Buffer.from(url).toString('hex')}`);
  });

  it('holds a type with a JSON form of its own beside it', () => {
    const any = { '@type': 'x/google.protobuf.Duration', value: '3.500s' };
    expect(came({ any })).toEqual(any);
    const value = { '@type': 'x/google.protobuf.Value', value: null };
    expect(came({ any: value })).toEqual(value);
  });

  it('may be empty, and hold another', () => {
    expect(came({ any: {} })).toEqual({});
    const nested = { '@type': 'x/p.M', any: { '@type': url, id: 1 } };
    expect(came({ any: nested })).toMatchObject(nested);
  });

  it.each([
    [{ id: 5 }, 'Missing type url when parsing: {"id":5}', ''],
    [{ '@type': 'p.Inner' }, 'Invalid type url found: p.Inner', ''],
    [{ '@type': 'x/p.Nope' }, 'Cannot resolve type: x/p.Nope', ''],
    [{ '@type': url, nope: 1 }, 'Cannot find field: nope in message p.Inner', '/nope'],
    [{ '@type': url, id: 'x' }, 'Not an int32 value: "x"', '/id'],
    [{ '@type': 'x/google.protobuf.Duration', value: 'x' }, 'Failed to parse duration: "x"', '/value'],
    [[], 'Expect message object but got: []', ''],
  ])('%j is none', (any, message, path) => {
    expect(mismatchOf(() => encoded(codec, { any }))).toMatchObject({ message, path: `/any${path}` });
  });

  it('of a type that the schema does not know is refused when it is read', () => {
    expect(payloadErrorOf(() => decoded(codec, '3a050a03612f62')).message).toMatch('Any');
    expect(payloadErrorOf(() => decoded(codec, '3a0412020805')).message).toMatch('Any');
  });

  it('cannot go round the limit of depth', () => {
    let hex = '';
    for (let depth = 0; depth < 60; depth++) {
      const content = Buffer.from(hex, 'hex');
      const any = Buffer.concat([Buffer.from('0a05612f702e4d12', 'hex'), length(content), content]);
      hex = Buffer.concat([Buffer.from('3a', 'hex'), length(any), any]).toString('hex');
    }
    expect(payloadErrorOf(() => decoded(codec, hex)).message).toMatch('deep');
  });
});

describe('types with the names of well-known ones', () => {
  it("are messages as others when they are the schema's own", () => {
    const own = codecOf('syntax = "proto3"; package google.protobuf; message Timestamp { string text = 1; }');
    expect(roundTrip(own, { text: 'x' })).toEqual({ text: 'x' });
  });
});

function length(bytes: Buffer): Buffer {
  return Buffer.from(bytes.length < 0x80 ? [bytes.length] : [(bytes.length & 0x7f) | 0x80, bytes.length >> 7]);
}
