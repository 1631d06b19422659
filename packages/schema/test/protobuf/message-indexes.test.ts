import { describe, expect, it } from 'vitest';

import { codecOf, payloadErrorOf } from './codecs.ts';

const codec = codecOf(`
  syntax = "proto3";
  message A { int32 a = 1; map<string, int32> m = 2; message B { int32 b = 1; } message C { int32 c = 1; message D { int32 d = 1; } } }
  enum E { ZERO = 0; }
  message F { int32 f = 1; }`);

function read(hex: string): unknown {
  return JSON.parse(codec.decode(Buffer.from(`0000000001${hex}`.replaceAll(' ', ''), 'hex')));
}

describe('message indexes', () => {
  it.each([
    ['00 0805', { a: 5, m: {} }],
    ['02 00 0805', { a: 5, m: {} }],
    ['02 02 0805', { f: 5 }],
    // Of the messages in A the first is B: entries of maps do not count.
    ['04 00 00 0805', { b: 5 }],
    ['04 00 02 0805', { c: 5 }],
    ['06 00 02 00 0805', { d: 5 }],
    ['02 8000 0805', { a: 5, m: {} }],
  ])('%s', (hex, json) => {
    expect(read(hex)).toEqual(json);
  });

  it.each(['02 04', '04 02 00', '08 00 02 00 00', '02 01', '01', '03', 'feffffff0f', 'ffffffff0f'])(
    '%s are none',
    (hex) => {
      expect(payloadErrorOf(() => read(hex)).message).toMatch(/no message with these indexes|ends/);
    },
  );

  it.each(['02', '04 00', '80', 'ffffffffffffffffffff01'])('%s have no end', (hex) => {
    expect(() => read(hex)).toThrow(/ends|too long/);
  });
});
