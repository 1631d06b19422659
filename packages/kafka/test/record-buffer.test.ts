import { describe, expect, it } from 'vitest';
import { type ConsumedRecord, RecordBuffer } from '../src/record-buffer.ts';
import { HEADER_OVERHEAD_BYTES } from '../src/record-headers.ts';

function record(fields: Partial<ConsumedRecord>): ConsumedRecord {
  return { topic: 't', partition: 0, offset: 0, key: null, value: null, timestamp: -1, ...fields };
}

describe('a record buffer', () => {
  it('counts the memory of headers (bug: of tombstones with large ones it held thousands)', () => {
    const buffer = new RecordBuffer();
    const large = Buffer.alloc(1000);
    buffer.push([
      record({ key: Buffer.from('k'), value: Buffer.from('v'), headers: [{ a: large }, { a: large }] }),
      record({ headers: [Object.setPrototypeOf({}, large) as Record<string, Buffer>] }),
      record({ value: Buffer.from('v') }),
    ]);
    expect([buffer.bytes, buffer.holds(1000, 3000)]).toEqual([3003 + 3 * HEADER_OVERHEAD_BYTES, true]);
    buffer.drop();
    expect(buffer.bytes).toBe(1001 + HEADER_OVERHEAD_BYTES);
    buffer.drop();
    buffer.drop();
    expect(buffer.bytes).toBe(0);
  });
});
