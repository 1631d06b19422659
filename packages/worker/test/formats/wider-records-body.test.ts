import type { ConsumedRecord } from '@sluice/kafka';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonFormat } from '../../src/formats/json-format.ts';
import { PiecePool } from '../../src/formats/piece-pool.ts';
import type { RecordFormat } from '../../src/formats/record-format.ts';
import { textFormat } from '../../src/formats/text-format.ts';
import { WiderRecordsBody } from '../../src/formats/wider-records-body.ts';

const pool = new PiecePool();
const ALL = { timestamps: true, headers: true };

function bodyOf(records: readonly Partial<ConsumedRecord>[], fields = ALL, format: RecordFormat = jsonFormat): string {
  const body = new WiderRecordsBody(format, pool, fields);
  for (const [offset, record] of records.entries()) {
    const before = { topic: 't', partition: 0, offset, key: null, value: null, timestamp: -1 };
    body.append({ ...before, ...record });
  }
  return Buffer.concat(body.finish()).toString('utf8');
}

describe('a body of records with more fields', () => {
  it('has them behind the offset, each only where it is asked for', () => {
    const record = { timestamp: 1_700_000_000_000, headers: [{ a: Buffer.from([255]) }, { a: Buffer.alloc(0) }] };
    const before = '[{"topic":"t","key":null,"value":null,"partition":0,"offset":0';
    const headers = '"headers":[{"key":"a","value":"/w=="},{"key":"a","value":""}]';
    expect(bodyOf([record])).toBe(`${before},"timestamp":1700000000000,${headers}}]`);
    expect(bodyOf([record], { timestamps: true, headers: false })).toBe(`${before},"timestamp":1700000000000}]`);
    expect(bodyOf([record], { timestamps: false, headers: true })).toBe(`${before},${headers}}]`);
  });

  it('has null for no time, and no headers where there are none', () => {
    const before = '[{"topic":"t","key":null,"value":null,"partition":0,"offset":0,"timestamp":null}]';
    expect(bodyOf([{}])).toBe(before);
    expect(bodyOf([{ headers: [] }])).toBe(before);
  });

  it('holds them whatever their size', () => {
    const header = fc.record({
      key: fc.string({ unit: 'grapheme' }),
      value: fc.uint8Array({ maxLength: 60_000, size: 'max' }),
    });
    const record = fc.record({ timestamp: fc.maxSafeNat(), headers: fc.array(header, { maxLength: 3 }) });
    fc.assert(
      fc.property(fc.array(record, { maxLength: 5 }), (records) => {
        const native = records.map(({ timestamp, headers }) => ({
          timestamp,
          headers: headers
            .filter(({ key }) => key !== '__proto__')
            .map(({ key, value }) => ({ [key]: Buffer.from(value) })),
        }));
        const told = JSON.parse(bodyOf(native)) as { timestamp: number; headers?: { key: string; value: string }[] }[];
        expect(
          told.map(({ timestamp, headers = [] }) => ({
            timestamp,
            headers: headers.map(({ key, value }) => ({ [key]: Buffer.from(value, 'base64') })),
          })),
        ).toEqual(native);
      }),
      { numRuns: 50 },
    );
  });

  it('takes a record back with them', () => {
    const body = new WiderRecordsBody(jsonFormat, pool, ALL);
    const record = { topic: 't', partition: 0, offset: 0, key: null, value: null, timestamp: 1 };
    body.append(record);
    body.append({ ...record, offset: 1, headers: [{ a: Buffer.from('x') }] });
    body.takeBack();
    expect(Buffer.concat(body.finish()).toString()).toBe(
      '[{"topic":"t","key":null,"value":null,"partition":0,"offset":0,"timestamp":1}]',
    );
  });
});

describe('text', () => {
  it('is told as JSON has it', () => {
    const anything = fc.string({ unit: 'binary', maxLength: 300 });
    fc.assert(
      fc.property(fc.array(anything, { maxLength: 10 }), (texts) => {
        const body = bodyOf(
          texts.map((text) => ({ value: Buffer.from(text) })),
          ALL,
          textFormat,
        );
        expect((JSON.parse(body) as { value: string }[]).map(({ value }) => value)).toEqual(texts);
      }),
    );
  });
});
