import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { codecOf, encoded, roundTrip } from './codecs.ts';

/** A type of fields, with the JSON that its values are printed as. */
interface Kind {
  readonly type: string;
  readonly isKey: boolean;
  readonly value: fc.Arbitrary<unknown>;
}

const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const uint32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String);
const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String);
const special = fc.constantFrom('NaN', 'Infinity', '-Infinity');
/** Of six digits, which every float tells apart. */
const decimal = fc
  .tuple(fc.integer({ min: -999_999, max: 999_999 }), fc.integer({ min: -30, max: 30 }))
  .map(([digits, exponent]) => Number(`${digits}e${exponent}`));
const float = fc.oneof(decimal, special);
const double = fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), special);
const text = fc.string({ unit: 'binary', maxLength: 40 });
const bytes = fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array).toString('base64'));

const kinds: readonly Kind[] = [
  { type: 'int32', isKey: true, value: int32 },
  { type: 'sint32', isKey: true, value: int32 },
  { type: 'sfixed32', isKey: true, value: int32 },
  { type: 'uint32', isKey: true, value: uint32 },
  { type: 'fixed32', isKey: true, value: uint32 },
  { type: 'int64', isKey: true, value: int64 },
  { type: 'sint64', isKey: true, value: int64 },
  { type: 'sfixed64', isKey: true, value: int64 },
  { type: 'uint64', isKey: true, value: uint64 },
  { type: 'fixed64', isKey: true, value: uint64 },
  { type: 'bool', isKey: true, value: fc.boolean() },
  { type: 'string', isKey: true, value: text },
  { type: 'float', isKey: false, value: float },
  { type: 'double', isKey: false, value: double },
  { type: 'bytes', isKey: false, value: bytes },
  { type: 'E', isKey: false, value: fc.constantFrom('ZERO', 'ONE', 'MINUS', 77) },
  { type: 'N', isKey: false, value: fc.record({ n: int32 }) },
];

interface FieldCase {
  readonly declaration: (number: number) => string;
  readonly value: unknown;
}

const kind = fc.constantFrom(...kinds);
const key = fc.constantFrom(...kinds.filter(({ isKey }) => isKey));

function named(shape: string, type: string, value: unknown): FieldCase {
  return { declaration: (number) => `${shape.replace('T', type)} f${number} = ${number};`, value };
}

const fieldCase: fc.Arbitrary<FieldCase> = fc.oneof(
  kind.chain(({ type, value }) => value.map((json) => named('optional T', type, json))),
  kind.chain(({ type, value }) => value.map((json) => named('T', type, json))),
  kind.chain(({ type, value }) => fc.array(value, { maxLength: 5 }).map((json) => named('repeated T', type, json))),
  fc
    .tuple(key, kind)
    .chain(([keys, values]) =>
      fc
        .uniqueArray(fc.tuple(keys.value.map(String), values.value), { maxLength: 5, selector: ([name]) => name })
        .map((entries) => named(`map<${keys.type}, T>`, values.type, Object.fromEntries(entries))),
    ),
);

function codecOfFields(cases: readonly FieldCase[]) {
  const fields = cases.map(({ declaration }, i) => declaration(i + 1)).join(' ');
  return codecOf(
    `syntax = "proto3"; message M { ${fields} } message N { int32 n = 1; } enum E { ZERO = 0; ONE = 1; MINUS = -1; }`,
  );
}

describe('a value of any schema', () => {
  it('comes back as it went', () => {
    fc.assert(
      fc.property(fc.array(fieldCase, { minLength: 1, maxLength: 12 }), (cases) => {
        const codec = codecOfFields(cases);
        const json = Object.fromEntries(cases.map(({ value }, i) => [`f${i + 1}`, value]));
        expect(roundTrip(codec, json)).toEqual(JSON.parse(JSON.stringify(json)));
      }),
      { numRuns: 500 },
    );
  });

  it('is the same record in whatever order its fields come', () => {
    fc.assert(
      fc.property(fc.array(fieldCase, { minLength: 2, maxLength: 8 }), (cases) => {
        const codec = codecOfFields(cases);
        const members = cases.map(({ value }, i) => [`f${i + 1}`, value] as const);
        const backwards = encoded(codec, Object.fromEntries(members.toReversed()));
        expect(backwards.equals(encoded(codec, Object.fromEntries(members)))).toBe(true);
      }),
      { numRuns: 200 },
    );
  });
});

describe('free-form JSON of any kind', () => {
  it('comes back as it went', () => {
    const codec = codecOf(
      'syntax = "proto3"; import "google/protobuf/struct.proto"; message M { google.protobuf.Value v = 1; google.protobuf.Struct s = 2; }',
    );
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), (json) => {
        const value = JSON.parse(JSON.stringify({ v: json, s: { json } })) as unknown;
        expect(roundTrip(codec, value)).toEqual(value);
      }),
      { numRuns: 500 },
    );
  });
});
