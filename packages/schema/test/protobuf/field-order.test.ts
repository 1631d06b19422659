import { describe, expect, it } from 'vitest';

import { codecOf, codecWith, decoded } from './codecs.ts';

describe('a record whose fields stand in no order', () => {
  const codec = codecWith(`
    int32 a = 1; string b = 2; M sub = 3; repeated int32 r = 4; oneof o { int32 x = 5; M y = 6; string z = 7; }
    map<string, int32> m = 8; repeated M subs = 9;`);
  const nothing = '"a":0,"b":"","r":[],"m":{},"subs":[]';

  it('is read as if they were', () => {
    expect(decoded(codec, '120162 0801')).toBe('{"a":1,"b":"b","r":[],"m":{},"subs":[]}');
    expect(decoded(codec, '2001 120162 2002 0801 2003')).toBe('{"a":1,"b":"b","r":[1,2,3],"m":{},"subs":[]}');
    expect(decoded(codec, '4203 0a0178 4a00 0801 4203 0a0179 4a020802')).toBe(
      `{"a":1,"b":"","r":[],"m":{"x":0,"y":0},"subs":[{${nothing}},{"a":2,"b":"","r":[],"m":{},"subs":[]}]}`,
    );
  });

  it('has the last of several values', () => {
    expect(decoded(codec, '0801 0802 0803')).toBe('{"a":3,"b":"","r":[],"m":{},"subs":[]}');
    expect(decoded(codec, '120161 0801 120162 0802')).toBe('{"a":2,"b":"b","r":[],"m":{},"subs":[]}');
  });

  it('has several messages merged into one', () => {
    expect(decoded(codec, '1a020801 1a03120162 1a022001 1a022002 1a020802')).toBe(
      `{"a":0,"b":"","sub":{"a":2,"b":"b","r":[1,2],"m":{},"subs":[]},"r":[],"m":{},"subs":[]}`,
    );
    // Also inside each other, and longer than one byte of length can tell.
    const text = Buffer.from('x'.repeat(100)).toString('hex');
    const long = `1a661264${text}`;
    expect(decoded(codec, `1a0412026869 ${long} 1a041a020801 1a041a022001 ${long}`)).toBe(
      `{"a":0,"b":"","sub":{"a":0,"b":"${'x'.repeat(100)}","sub":{"a":1,"b":"","r":[1],"m":{},"subs":[]},"r":[],"m":{},"subs":[]},"r":[],"m":{},"subs":[]}`,
    );
  });

  it('has the last member of a oneof, and only that', () => {
    expect(decoded(codec, '2801 3a0161')).toBe('{"a":0,"b":"","r":[],"z":"a","m":{},"subs":[]}');
    expect(decoded(codec, '3a0161 2801')).toBe('{"a":0,"b":"","r":[],"x":1,"m":{},"subs":[]}');
    expect(decoded(codec, '32020801 2801 3203120162')).toBe(
      '{"a":0,"b":"","r":[],"y":{"a":0,"b":"b","r":[],"m":{},"subs":[]},"m":{},"subs":[]}',
    );
    expect(decoded(codec, '32020801 3203120162')).toBe(
      '{"a":0,"b":"","r":[],"y":{"a":1,"b":"b","r":[],"m":{},"subs":[]},"m":{},"subs":[]}',
    );
  });

  it('has groups merged too', () => {
    const groups = codecOf(
      'message M { optional int32 a = 1; optional group G = 2 { optional int32 b = 3; repeated int32 c = 4; } }',
    );
    expect(decoded(groups, '13 1801 2001 14 0805 13 2002 14')).toBe('{"a":5,"g":{"b":1,"c":[1,2]}}');
  });

  it('takes time in proportion to it when it is so at each depth', () => {
    // Each level once more in turn would be two to the hundredth.
    let message = '';
    for (let depth = 0; depth < 100; depth++) {
      const bytes = Buffer.from(message, 'hex');
      const length = Buffer.from(
        bytes.length < 0x80 ? [bytes.length] : [(bytes.length & 0x7f) | 0x80, bytes.length >> 7],
      );
      message = `1201621a${length.toString('hex')}${message}0801`;
    }
    expect(decoded(codec, message)).toMatch(/^\{"a":1,"b":"b","sub":\{"a":1/);
  });
});
