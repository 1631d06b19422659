import { ApiError, type ProduceRequest } from '@sluice/protocol';
import { DataMismatch, type SchemaStore } from '@sluice/schema';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { encodeRecords } from '../../src/formats/schema-records.ts';
import { ClientGone } from '../../src/http/read-body.ts';

const target = { topic: 't', type: 'AVRO' } as const;

function requestOf(count: number, fields: Partial<ProduceRequest> = { valueSchemaId: 1 }): ProduceRequest {
  const values = Array.from({ length: count }, (_, index) => Buffer.from(String(index)));
  const nulls = values.map(() => null);
  const unset = { keySchema: undefined, keySchemaId: undefined, valueSchema: undefined, valueSchemaId: undefined };
  return { ...unset, ...fields, batch: { count, keys: nulls, values, partitions: values.map(() => -1) } };
}

/** A store with one schema, whose values take their time. */
function storeWith(encode: (json: Buffer, id: number) => Buffer): SchemaStore {
  const codec = { type: 'AVRO', text: '"int"', recordName: undefined, encode };
  return { forProduce: async () => ({ id: 1, subject: 't-value', version: 1, codec }) } as unknown as SchemaStore;
}

const never = new AbortController().signal;

describe('the records of a request', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['performance'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  const slow = (ms: number) => (json: Buffer) => {
    vi.advanceTimersByTime(ms);
    return json;
  };

  it('let others have their turn, and come out in their order', async () => {
    let turns = 0;
    let isOver = false;
    const count = (): void => {
      turns += 1;
      if (!isOver) setImmediate(count);
    };
    setImmediate(count);
    const { batch } = await encodeRecords(requestOf(100), target, { schemas: storeWith(slow(20)), signal: never });
    isOver = true;
    expect(turns).toBeGreaterThan(50);
    expect(batch.values.map(String)).toEqual(Array.from({ length: 100 }, (_, index) => String(index)));
  });

  it('may take five seconds in all (bug: a request of slow records held the others up for as long as it liked)', async () => {
    const answer = encodeRecords(requestOf(120), target, { schemas: storeWith(slow(90)), signal: never });
    await expect(answer).rejects.toMatchObject({ status: 413, message: expect.stringContaining('5000 ms') as string });
    await expect(
      encodeRecords(requestOf(50), target, { schemas: storeWith(slow(90)), signal: never }),
    ).resolves.toBeDefined();
  });

  it('are not encoded on for a client that has gone', async () => {
    const client = new AbortController();
    let encoded = 0;
    const schemas = storeWith((json) => {
      encoded += 1;
      if (encoded === 3) client.abort();
      return slow(20)(json);
    });
    await expect(encodeRecords(requestOf(50), target, { schemas, signal: client.signal })).rejects.toThrow(ClientGone);
    expect(encoded).toBe(3);
  });

  it('are named by their number and place where they do not fit', async () => {
    const schemas = storeWith((json) => {
      if (String(json) === '3') throw new DataMismatch('Expected int. Got VALUE_STRING', '/a/0');
      return json;
    });
    const answer = encodeRecords(requestOf(5), target, { schemas, signal: never });
    await expect(answer).rejects.toThrow(
      new ApiError('badRequest', {
        message: 'Bad Request: Expected int. Got VALUE_STRING (value of record 3, at /a/0)',
      }),
    );
  });
});
