import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { PayloadError } from '../../src/schema-errors.ts';
import { codecOf, codecWith, decoded, encoded, payloadErrorOf } from './codecs.ts';

const codec = codecWith(`
  int32 a = 1; string s = 2; M sub = 3; repeated M subs = 4; map<string, M> m = 5; repeated fixed32 f = 6; bytes b = 7;
  double d = 8; oneof o { M x = 9; int32 y = 10; }`);

function errorAt(hex: string | Buffer): string {
  return payloadErrorOf(() => decoded(codec, hex)).message;
}

/** A message with the same field as often as it goes into so many bytes. */
function repeated(hex: string, bytes: number): Buffer {
  return Buffer.alloc(bytes).fill(Buffer.from(hex, 'hex'));
}

describe('a payload that is none', () => {
  it.each([
    ['08', 'ends inside'],
    ['0880', 'ends inside'],
    ['08ffffffffffffffffffff01', 'varint is too long'],
    ['0aff', 'ends inside'],
    ['12056162', 'ends inside'],
    ['12ffffffffffffffffff01', 'ends inside'],
    ['12ffffffff0f', 'ends inside'],
    ['1a0208', 'ends inside'],
    ['1a03120561', 'ends inside'],
    ['2a03120208', 'ends inside'],
    ['3203010203', 'ends inside'],
    ['41000000', 'ends inside'],
    ['00', 'number of a field is 0'],
    ['0700', 'number of a field is 0'],
    ['ffffffffff7f', 'out of range'],
    ['0f', 'kind of wire 7'],
    ['0c', 'kind of wire 4'],
    ['7b', 'ends inside'],
    ['7b0801', 'ends inside'],
    ['7b74', 'ends that has not begun'],
    ['1201ff', 'not valid UTF-8'],
    ['1203eda080', 'not valid UTF-8'],
    ['12c801' + 'ff'.repeat(200), 'not valid UTF-8'],
    ['2a030a01ff', 'not valid UTF-8'],
  ])('%s', (hex, message) => {
    expect(errorAt(hex)).toMatch(message);
  });

  it('lacks what is required', () => {
    const strict = codecOf('message M { required int32 a = 1; required string b = 2; optional M c = 3; }');
    expect(payloadErrorOf(() => decoded(strict, '1a00')).message).toBe('Message missing required fields: a, b');
    expect(payloadErrorOf(() => decoded(strict, '0801')).message).toBe('Message missing required fields: b');
    expect(decoded(strict, '0801 1200')).toBe('{"a":1,"b":""}');
  });

  it('is a record that is too short for a schema and a message', () => {
    for (const hex of ['', '00', '0000000001']) {
      expect(() => codec.decode(Buffer.from(hex, 'hex'))).toThrow(PayloadError);
    }
  });
});

describe('messages in one another', () => {
  const nested = (depth: number, field: string): Buffer => {
    let message = Buffer.alloc(0);
    for (let i = 0; i < depth; i++) {
      const length = message.length < 0x80 ? [message.length] : [(message.length & 0x7f) | 0x80, message.length >> 7];
      message = Buffer.concat([Buffer.from(field, 'hex'), Buffer.from(length), message]);
    }
    return message;
  };

  it('may be a hundred', () => {
    for (const field of ['1a', '22']) {
      expect(decoded(codec, nested(100, field))).toMatch(/^\{"a":0/);
      expect(errorAt(nested(101, field))).toBe('Messages stand in one another more than 100 deep.');
    }
  });

  it('are counted in unknown groups and in the entries of maps too', () => {
    expect(errorAt(repeated('7b', 1_000_000))).toMatch('100 deep');
    let entries = Buffer.alloc(0);
    for (let i = 0; i < 51; i++) {
      const value = Buffer.concat([Buffer.from([0x12, ...varint(entries.length)]), entries]);
      entries = Buffer.concat([Buffer.from([0x2a, ...varint(value.length)]), value]);
    }
    expect(errorAt(entries)).toMatch('100 deep');
  });
});

describe('a payload that stands for more than it is', () => {
  it('is refused when its JSON would be longer than 64 MiB', () => {
    const wide = codecWith(
      `repeated M r = 1; ${Array.from({ length: 2000 }, (_, i) => `int32 f${i} = ${i + 2};`).join('')}`,
    );
    const message = 'As JSON the record has more than 67108864 characters.';
    expect(payloadErrorOf(() => decoded(wide, repeated('0a00', 100_000))).message).toBe(message);
    const map = codecWith(
      `map<int32, M> r = 1; ${Array.from({ length: 2000 }, (_, i) => `int32 f${i} = ${i + 2};`).join('')}`,
    );
    const entries = Array.from({ length: 5000 }, (_, i) =>
      Buffer.from([0x0a, varint(i).length + 1, 0x08, ...varint(i)]),
    );
    expect(payloadErrorOf(() => decoded(map, Buffer.concat(entries))).message).toBe(message);
    expect(payloadErrorOf(() => decoded(codec, repeated('2200', 4_000_000))).message).toBe(message);
    // Each of these bytes is six characters of JSON.
    const controls = Buffer.concat([Buffer.from([0x12, ...varint(12_000_000)]), Buffer.alloc(12_000_000, 1)]);
    expect(payloadErrorOf(() => decoded(codec, controls)).message).toBe(message);
  });

  it('may have a JSON of some megabytes', () => {
    const many = repeated('2200', 200_000);
    expect(JSON.parse(decoded(codec, many))).toMatchObject({ subs: { length: 100_000 } });
    const numbers = codecWith('repeated int32 n = 1;');
    const values = Array.from({ length: 100_000 }, (_, i) => i * 7);
    expect(JSON.parse(numbers.decode(encoded(numbers, { n: values })))).toEqual({ n: values });
  });

  it('may be many messages of many fields that are not printed', () => {
    const sparse = codecWith(
      `repeated M r = 1; ${Array.from({ length: 10_000 }, (_, i) => `optional int32 f${i} = ${i + 2};`).join('')}`,
    );
    expect(decoded(sparse, repeated('0a00', 400_000))).toHaveLength('{"r":[]}'.length + 200_000 * 9 - 1);
  });

  it('may be the same entry of a map again and again', () => {
    expect(JSON.parse(decoded(codec, repeated('2a00', 1_000_000)))).toMatchObject({ m: { '': { a: 0 } } });
  });

  it('may be two members of a oneof in turn', () => {
    expect(decoded(codec, repeated('4a005001', 1_000_000))).toContain('"y":1');
    expect(decoded(codec, repeated('50014a00', 1_000_000))).toContain('"x":{');
  });
});

describe('bytes of any kind', () => {
  it('are a record or a PayloadError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        isRecordOrError(Buffer.from(bytes));
      }),
      { numRuns: 2000 },
    );
  });

  it('are so too when they are a record with a mistake', () => {
    const record = encoded(codec, {
      a: -1,
      s: 'text',
      sub: { subs: [{}, { a: 1, m: { k: { d: 1.5 } } }], f: [1, 2] },
      m: { x: {}, y: { b: 'AQID' } },
      y: 3,
    });
    fc.assert(
      fc.property(fc.nat(record.length - 1), fc.nat(255), fc.nat(record.length), (at, byte, length) => {
        const changed = Buffer.from(record.subarray(0, Math.max(length, 7)));
        if (at >= 5 && at < changed.length) changed[at] = byte;
        isRecordOrError(changed.subarray(6));
      }),
      { numRuns: 2000 },
    );
  });
});

function isRecordOrError(bytes: Buffer): void {
  try {
    JSON.parse(decoded(codec, bytes));
  } catch (error) {
    expect(error).toBeInstanceOf(PayloadError);
  }
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  return [...bytes, rest];
}
