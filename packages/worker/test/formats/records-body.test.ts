import type { ConsumedRecord } from '@sluice/kafka';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { binaryFormat } from '../../src/formats/binary-format.ts';
import { jsonFormat } from '../../src/formats/json-format.ts';
import { PiecePool } from '../../src/formats/piece-pool.ts';
import { PoisonData, type RecordFormat } from '../../src/formats/record-format.ts';
import { RecordsBody } from '../../src/formats/records-body.ts';

/** More than one piece of an answer. */
const LARGE = 70_000;

const pool = new PiecePool();

function recordOf(offset: number, key: Buffer | null, value: Buffer | null): ConsumedRecord {
  return { topic: 'orders', partition: 3, offset, key, value } as ConsumedRecord;
}

function bodyOf(format: RecordFormat, records: readonly ConsumedRecord[]): string {
  const body = new RecordsBody(format, pool);
  for (const record of records) body.append(record);
  return Buffer.concat(body.finish()).toString('utf8');
}

function expected(offset: number, key: string, value: string): string {
  return `{"topic":"orders","key":${key},"value":${value},"partition":3,"offset":${offset}}`;
}

const json = (text: string): Buffer => Buffer.from(text);

describe('the body of a read', () => {
  it('is an empty array without records', () => {
    expect(bodyOf(jsonFormat, [])).toBe('[]');
  });

  it('holds JSON values byte for byte, whatever their size', () => {
    const texts = fc.oneof(
      fc.json(),
      fc.string({ unit: 'grapheme', maxLength: 200 }).map((text) => JSON.stringify(text)),
      fc.integer({ min: 0, max: 2 * LARGE }).map((length) => `"${'x'.repeat(length)}"`),
      fc.constantFrom('1e400', '-0.0', '123456789012345678901234567890', '"\\ud800"', '{"a":1,"a":2}'),
    );
    const records = fc.array(fc.tuple(fc.option(texts), fc.option(texts)), { maxLength: 40 });
    fc.assert(
      fc.property(records, fc.maxSafeNat(), (pairs, base) => {
        const first = Math.max(0, base - pairs.length);
        const given = pairs.map(([key, value], index) => {
          return recordOf(first + index, key === null ? null : json(key), value === null ? null : json(value));
        });
        const wanted = pairs.map(([key, value], index) => expected(first + index, key ?? 'null', value ?? 'null'));
        expect(bodyOf(jsonFormat, given)).toBe(`[${wanted.join(',')}]`);
      }),
      { numRuns: 200 },
    );
  });

  it('holds binary values in base64', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 20 }), (values) => {
        const given = values.map((value, index) => recordOf(index, Buffer.from(value), null));
        const wanted = values.map((value, index) => {
          return expected(index, `"${Buffer.from(value).toString('base64')}"`, 'null');
        });
        expect(bodyOf(binaryFormat, given)).toBe(`[${wanted.join(',')}]`);
      }),
    );
  });

  it('leaves out the space before a JSON value and what follows it', () => {
    const given = [recordOf(0, json(' \n"k"'), json('\t{"a":[1, 2]} and more')), recordOf(1, json('7 8'), json('[]]'))];
    const wanted = [expected(0, '"k"', '{"a":[1, 2]}'), expected(1, '7', '[]')];
    expect(bodyOf(jsonFormat, given)).toBe(`[${wanted.join(',')}]`);
  });

  it('accepts the JSON values that JSON.parse accepts, and no others', () => {
    const almost = fc
      .tuple(fc.json(), fc.nat(), fc.uint8Array({ maxLength: 3 }))
      .map(([text, at, patch]) => {
        const bytes = Buffer.from(text);
        bytes.set(patch.subarray(0, Math.max(0, bytes.length - (at % bytes.length))), at % bytes.length);
        return bytes;
      })
      // Text behind the value is left out here, and refused there.
      .map((bytes) => Buffer.concat([json('['), bytes, json(']')]));
    fc.assert(
      fc.property(almost, (bytes) => {
        let valid = true;
        let text = '';
        try {
          text = new TextDecoder('utf8', { fatal: true, ignoreBOM: true }).decode(bytes);
          JSON.parse(text);
        } catch {
          valid = false;
        }
        const body = new RecordsBody(jsonFormat, pool);
        if (valid) {
          body.append(recordOf(0, null, bytes));
          expect(Buffer.concat(body.finish()).toString()).toBe(`[${expected(0, 'null', text)}]`);
        } else if (!startsWithValue(bytes)) {
          expect(() => body.append(recordOf(0, null, bytes))).toThrow(PoisonData);
        }
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ['value that ends too early', 'VALUE', recordOf(9, null, json('{"a":')), /end-of-input|end of input/i],
    ['value without a byte', 'VALUE', recordOf(9, null, json('')), /./],
    ['key that is no JSON', 'KEY', recordOf(9, json('nul'), json('1')), /./],
    ['value with a NUL', 'VALUE', recordOf(9, null, json('"a\u0000b"')), /./],
    ['value that is no UTF-8', 'VALUE', recordOf(9, null, Buffer.from([0x22, 0xff, 0x22])), /Invalid UTF-8/],
  ])('stays as it was after a %s', (_, what, poison, reason) => {
    const body = new RecordsBody(jsonFormat, pool);
    body.append(recordOf(8, null, json(`"${'x'.repeat(65_400)}"`)));
    expect(() => body.append(poison)).toThrow(reason);
    expect(() => body.append(poison)).toThrow(
      new RegExp(`^Error deserializing ${what} for partition orders-3 at offset 9: `),
    );
    expect(body.count).toBe(1);
    body.append(recordOf(10, null, json('2')));
    const wanted = [expected(8, 'null', `"${'x'.repeat(65_400)}"`), expected(10, 'null', '2')];
    expect(Buffer.concat(body.finish()).toString()).toBe(`[${wanted.join(',')}]`);
  });

  it('takes back a record whose key fitted and whose large value is poison', () => {
    const body = new RecordsBody(jsonFormat, pool);
    body.append(recordOf(0, null, json('1')));
    expect(() => body.append(recordOf(1, json('"key"'), json(`"${'x'.repeat(LARGE)}`)))).toThrow(PoisonData);
    body.append(recordOf(2, null, json('3')));
    expect(Buffer.concat(body.finish()).toString()).toBe(`[${expected(0, 'null', '1')},${expected(2, 'null', '3')}]`);
  });

  it('holds no more memory than it counts (bug: pieces were pinned by a few bytes in them)', () => {
    const heldBy = (values: readonly Buffer[]): number => {
      const body = new RecordsBody(jsonFormat, pool);
      for (const [offset, value] of values.entries()) {
        try {
          body.append(recordOf(offset, null, value));
        } catch (error) {
          if (!(error instanceof PoisonData)) throw error;
        }
      }
      const pieces = body.finish();
      const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
      return pieces.reduce((sum, { buffer }) => sum + buffer.byteLength, 0) / length;
    };
    expect(heldBy([json('1')])).toBe(1);
    expect(heldBy([json('1'), json(`"${'x'.repeat(5_000_000)}`)])).toBe(1);
    const padded = json(`1${' '.repeat(500_000)}`);
    expect(heldBy([padded, padded, padded])).toBe(1);
    expect(heldBy(Array.from({ length: 1000 }, () => json(`"${'x'.repeat(400)}"`)))).toBeLessThan(2);
  });

  it('takes values as deep as Jackson does, and no deeper', () => {
    const nested = (depth: number): Buffer => json('['.repeat(depth) + ']'.repeat(depth));
    expect(bodyOf(jsonFormat, [recordOf(0, null, nested(1000))])).toContain('[[[');
    expect(() => bodyOf(jsonFormat, [recordOf(0, null, nested(1001))])).toThrow(PoisonData);
  });

  it('is written over what its pieces held before, and keeps to itself until they are given back', () => {
    const shared = new PiecePool();
    const values = (letter: string): ConsumedRecord[] =>
      Array.from({ length: 100 }, (_, i) => recordOf(i, null, json(`"${letter.repeat(4000)}"`)));
    const write = (letter: string): { body: RecordsBody; read: () => string } => {
      const body = new RecordsBody(jsonFormat, shared);
      for (const record of values(letter)) body.append(record);
      const pieces = body.finish();
      return { body, read: () => Buffer.concat(pieces).toString() };
    };
    const a = write('a');
    const b = write('b');
    const textOfB = b.read();
    a.body.recycle();
    a.body.recycle();
    const c = write('c');
    const d = write('d');
    expect(b.read() === textOfB).toBe(true);
    expect(c.read() === bodyOf(jsonFormat, values('c'))).toBe(true);
    expect(d.read() === bodyOf(jsonFormat, values('d'))).toBe(true);
    expect(a.read().includes('cccc')).toBe(true);
  });

  it('leaves no more than a few megabytes for later ones', () => {
    const shared = new PiecePool();
    const pieces = Array.from({ length: 1000 }, () => shared.take());
    shared.give(pieces);
    const again = Array.from({ length: 1000 }, () => shared.take()).filter((piece) => pieces.includes(piece));
    expect(again.length).toBe(64);
  });
});

/** Whether a valid array is there before what makes the whole text invalid. */
function startsWithValue(bytes: Buffer): boolean {
  const text = bytes.toString('utf8');
  for (let end = text.indexOf(']'); end !== -1; end = text.indexOf(']', end + 1)) {
    try {
      JSON.parse(text.slice(0, end + 1));
      return true;
    } catch {
      // A longer part may be one.
    }
  }
  return false;
}
