import { describe, expect, it } from 'vitest';

import { codecOf, decoded, invalidSchemaOf, payload } from './codecs.ts';

/** Writes descriptors, as protoc would. */
const descriptors = codecOf(`
  syntax = "proto3"; import "google/protobuf/descriptor.proto"; message M { google.protobuf.FileDescriptorProto file = 1; }`);

/** @param file in JSON */
function serialized(file: unknown): string {
  const bytes = Buffer.from(payload(descriptors, { file }), 'hex');
  // Behind the tag and the length, of one byte or two.
  return bytes.subarray(bytes[1] !== undefined && bytes[1] < 0x80 ? 2 : 3).toString('base64');
}

const int32 = { label: 'LABEL_OPTIONAL', type: 'TYPE_INT32' };

function reason(file: unknown): string {
  return invalidSchemaOf(() => codecOf(serialized(file))).message;
}

describe('a schema that is a serialised descriptor in base64', () => {
  it('is the same as its text', () => {
    const text = serialized({
      name: 'x.proto',
      package: 'a.b',
      syntax: 'proto3',
      messageType: [
        {
          name: 'M',
          field: [
            { name: 'one_int', number: 1, ...int32, jsonName: 'oneInt' },
            { name: 'm', number: 2, label: 'LABEL_REPEATED', type: 'TYPE_MESSAGE', typeName: '.a.b.M.MEntry' },
            { name: 'maybe', number: 3, ...int32, oneofIndex: 0, proto3Optional: true },
            { name: 'r', number: 4, label: 'LABEL_REPEATED', type: 'TYPE_INT32', options: { packed: false } },
            { name: 'e', number: 5, label: 'LABEL_OPTIONAL', type: 'TYPE_ENUM', typeName: '.a.b.E' },
          ],
          nestedType: [
            {
              name: 'MEntry',
              field: [
                { name: 'key', number: 1, label: 'LABEL_OPTIONAL', type: 'TYPE_STRING' },
                { name: 'value', number: 2, ...int32 },
              ],
              options: { mapEntry: true },
            },
            { name: 'Inner' },
          ],
          oneofDecl: [{ name: '_maybe' }],
        },
      ],
      enumType: [
        {
          name: 'E',
          value: [
            { name: 'ZERO', number: 0 },
            { name: 'ONE', number: 1 },
          ],
        },
      ],
    });
    const codec = codecOf(text);
    expect(codec).toMatchObject({ recordName: 'a.b.M', text });
    const same = codecOf(`
      syntax = "proto3"; package a.b;
      message M { int32 one_int = 1; map<string, int32> m = 2; optional int32 maybe = 3; repeated int32 r = 4 [packed = false]; E e = 5; message Inner {} }
      enum E { ZERO = 0; ONE = 1; }`);
    const json = { oneInt: 1, m: { k: 2 }, maybe: 0, r: [1, 2], e: 'ONE' };
    expect(payload(codec, json)).toBe(payload(same, json));
    expect(decoded(codec, payload(codec, json))).toBe(JSON.stringify(json));
    expect(decoded(codec, '')).toBe(decoded(same, ''));
    // The index of Inner, for which the entry of the map does not count.
    expect(codec.decode(Buffer.from('0000000001040000', 'hex'))).toBe('{}');
  });

  it('may import others, which may be texts', () => {
    const text = serialized({
      dependency: ['other.proto'],
      syntax: 'proto3',
      messageType: [
        {
          name: 'M',
          field: [{ name: 'o', number: 1, label: 'LABEL_OPTIONAL', type: 'TYPE_MESSAGE', typeName: '.o.O' }],
        },
      ],
    });
    const codec = codecOf(text, [
      { name: 'other.proto', text: 'syntax = "proto3"; package o; message O { int32 x = 1; }' },
    ]);
    expect(decoded(codec, '0a020805')).toBe('{"o":{"x":5}}');
    const main = codecOf('syntax = "proto3"; import "other.proto"; message M { o.O o = 1; }', [
      {
        name: 'other.proto',
        text: serialized({
          package: 'o',
          syntax: 'proto3',
          messageType: [{ name: 'O', field: [{ name: 'x', number: 1, ...int32 }] }],
        }),
      },
    ]);
    expect(decoded(main, '0a020805')).toBe('{"o":{"x":5}}');
  });

  it.each([
    ['names that are none', { messageType: [{ name: 'a"b' }] }, '"a\\"b" is no name'],
    [
      'fields with such names',
      { messageType: [{ name: 'M', field: [{ name: 'a b', number: 1, ...int32 }] }] },
      'is no name',
    ],
    ['no names', { messageType: [{}] }, '"" is no name'],
    [
      'a number out of range',
      { messageType: [{ name: 'M', field: [{ name: 'a', number: -1, ...int32 }] }] },
      'M.a: a field has a number',
    ],
    ['no type', { messageType: [{ name: 'M', field: [{ name: 'a', number: 1 }] }] }, 'field a has no type'],
    [
      'an enum without its name',
      { messageType: [{ name: 'M', field: [{ name: 'a', number: 1, type: 'TYPE_ENUM' }] }] },
      'field a has no type',
    ],
    [
      'a type that is not there',
      { messageType: [{ name: 'M', field: [{ name: 'a', number: 1, type: 'TYPE_MESSAGE', typeName: '.x' }] }] },
      'unknown type .x',
    ],
    ['an unknown syntax', { syntax: 'proto9', messageType: [{ name: 'M' }] }, 'unknown syntax "proto9"'],
    [
      'a map without a value',
      {
        messageType: [
          {
            name: 'M',
            nestedType: [{ name: 'E', field: [{ name: 'key', number: 1, ...int32 }], options: { mapEntry: true } }],
          },
        ],
      },
      'M.E is no entry of a map',
    ],
    [
      'a map with messages for keys',
      {
        messageType: [
          {
            name: 'M',
            nestedType: [
              {
                name: 'E',
                field: [
                  { name: 'key', number: 1, type: 'TYPE_MESSAGE', typeName: '.M' },
                  { name: 'value', number: 2, ...int32 },
                ],
                options: { mapEntry: true },
              },
            ],
          },
        ],
      },
      'M.E is no entry of a map',
    ],
  ])('is refused for %s', (_, file, message) => {
    expect(reason(file)).toContain(message);
  });

  it('with a type that only the future knows is refused', () => {
    // M with a field `a` that has the number 1 and the type 99.
    const descriptor = Buffer.from('220c 0a014d 1207 0a0161 1801 2863'.replaceAll(' ', ''), 'hex');
    expect(invalidSchemaOf(() => codecOf(descriptor.toString('base64'))).message).toBe('field a has no type');
  });

  it('but is none is refused for what its text is not', () => {
    for (const text of ['AAAA', 'Q2FmZQ==', 'CgA=', 'ok']) {
      expect(invalidSchemaOf(() => codecOf(text)).message).toMatch(/^line 1: expected a message/);
    }
  });
});
