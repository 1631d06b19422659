import avro from 'avsc';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { codecOf, framed, payloadOf } from './codecs.ts';
import { sample } from './random-schemas.ts';

/** Another implementation, in the same JSON encoding. */
function otherOf(schema: unknown): avro.Type {
  return avro.Type.forSchema(schema as avro.Schema, { wrapUnions: 'always' });
}

describe('any value of any schema', () => {
  it('is the same after it was written and read', () => {
    fc.assert(
      fc.property(sample, ({ schema, value }) => {
        const codec = codecOf(schema);
        const json = codec.decode(codec.encode(Buffer.from(JSON.stringify(value)), 1));
        expect(JSON.parse(json)).toEqual(value);
      }),
      { numRuns: 1000 },
    );
  });

  it('is written as avsc writes it', () => {
    fc.assert(
      fc.property(sample, ({ schema, value }) => {
        const other = otherOf(schema);
        const json = JSON.stringify(value);
        const written = payloadOf(codecOf(schema).encode(Buffer.from(json), 0x01020304));
        expect(written).toBe(other.toBuffer(other.fromString(json)).toString('hex'));
      }),
      { numRuns: 1000 },
    );
  });

  it('is read as avsc reads it', () => {
    fc.assert(
      fc.property(sample, ({ schema, value }) => {
        const other = otherOf(schema);
        const payload = other.toBuffer(other.fromString(JSON.stringify(value)));
        const json = codecOf(schema).decode(framed(payload.toString('hex')));
        expect(JSON.parse(json)).toEqual(JSON.parse(other.toString(other.fromBuffer(payload))));
      }),
      { numRuns: 1000 },
    );
  });

  it('is refused, whatever the bytes, by nothing but a PayloadError', () => {
    fc.assert(
      fc.property(sample, fc.uint8Array({ maxLength: 60 }), ({ schema }, bytes) => {
        let json = 'null';
        try {
          json = codecOf(schema).decode(framed(Buffer.from(bytes).toString('hex')));
        } catch (error) {
          expect(error).toHaveProperty('name', 'PayloadError');
        }
        expect(() => JSON.parse(json) as unknown).not.toThrow();
      }),
      { numRuns: 2000 },
    );
  });

  it('is refused, whatever the JSON, by nothing but a DataMismatch', () => {
    fc.assert(
      fc.property(sample, fc.json({ stringUnit: 'binary' }), ({ schema }, json) => {
        try {
          codecOf(schema).encode(Buffer.from(json), 1);
        } catch (error) {
          expect(error).toHaveProperty('name', 'DataMismatch');
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('is read to its end, and no shorter', () => {
    fc.assert(
      fc.property(sample, ({ schema, value }) => {
        const codec = codecOf(schema);
        const data = codec.encode(Buffer.from(JSON.stringify(value)), 1);
        fc.pre(data.length > 5);
        expect(() => codec.decode(data.subarray(0, -1))).toThrow('The payload ends before the value does.');
      }),
      { numRuns: 1000 },
    );
  });
});

describe('any long', () => {
  it('is exact', () => {
    const codec = codecOf('long');
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
        const data = codec.encode(Buffer.from(String(value)), 1);
        expect(codec.decode(data)).toBe(String(value));
      }),
      { numRuns: 1000 },
    );
  });

  it('is exact where the ways to write and read it part', () => {
    const codec = codecOf('long');
    for (let bit = 0n; bit <= 63n; bit++) {
      for (const offset of [-2n, -1n, 0n, 1n]) {
        for (const value of [2n ** bit + offset, -(2n ** bit) + offset]) {
          if (BigInt.asIntN(64, value) !== value) continue;
          expect(codec.decode(codec.encode(Buffer.from(String(value)), 1))).toBe(String(value));
        }
      }
    }
  });
});
