import { ApiError, type ProduceRequest, parseProduceRequest, TIMESTAMP_UNSET } from '@sluice/protocol';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const limits = { headersMax: 10, headersMaxBytes: 1000, headersTotalMax: 1000 };

function parse(records: string, api: 'v1' | 'v2' = 'v2'): ProduceRequest['batch'] {
  const body = Buffer.from(`{"records":[${records}]}`);
  const options = { format: 'json', recordsMax: 100, depthMax: 100, headers: limits, timestamps: true, api } as const;
  return parseProduceRequest(body, options).batch;
}

const value = fc.option(fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)));
const header = fc.record({ key: fc.string({ unit: 'grapheme', maxLength: 10 }), value });
const record = fc.record({
  headers: fc.option(fc.array(header, { maxLength: 10 }), { nil: undefined }),
  timestamp: fc.option(fc.maxSafeNat(), { nil: undefined }),
});

interface Wanted {
  readonly headers: readonly { readonly key: string; readonly value: Buffer | null }[] | undefined;
  readonly timestamp: number | undefined;
}

function written({ headers, timestamp }: Wanted): string {
  const shown = headers?.map((own) => ({ key: own.key, value: own.value?.toString('base64') ?? null }));
  return JSON.stringify({ value: 1, headers: shown, timestamp });
}

describe('headers and timestamps in a produce request', () => {
  it('are read as they stand there', () => {
    fc.assert(
      fc.property(fc.array(record, { minLength: 1, maxLength: 10 }), (records) => {
        const { headers, timestamps } = parse(records.map(written).join());
        expect(records.map((_, i) => headers?.[i] ?? [])).toEqual(records.map((own) => own.headers ?? []));
        expect(records.map((_, i) => timestamps?.[i] ?? TIMESTAMP_UNSET)).toEqual(
          records.map(({ timestamp }) => timestamp ?? TIMESTAMP_UNSET),
        );
      }),
    );
  });

  it('take no column where no record has any', () => {
    expect(parse('{"value":1},{"value":2}')).not.toHaveProperty('headers');
    expect(parse('{"value":1},{"value":2}')).not.toHaveProperty('timestamps');
  });

  it('are refused, or read, whatever stands in their place', () => {
    const key = fc.constantFrom('headers', 'timestamp');
    fc.assert(
      fc.property(key, fc.json(), (name, json) => {
        try {
          expect(parse(`{"value":1,"${name}":${json}}`).count).toBe(1);
        } catch (error) {
          expect(error).toBeInstanceOf(ApiError);
          expect([400, 413, 422]).toContain((error as ApiError).status);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('of the last of several equal fields count', () => {
    expect(
      parse('{"value":1,"headers":[{"key":"a"}],"headers":[{"key":"b"}],"timestamp":1,"timestamp":2}'),
    ).toMatchObject({
      headers: [[{ key: 'b', value: null }]],
      timestamps: [2],
    });
  });

  it('of the last of several equal fields count where those before it are wrong (bug: they were refused)', () => {
    const headers = '"headers":5,"headers":[{"key":1,"key":"a","value":"!","value":"eA=="}]';
    const batch = parse(`{"value":1,${headers},"timestamp":-1,"timestamp":5}`);
    expect([batch.headers, batch.timestamps]).toEqual([[[{ key: 'a', value: Buffer.from('x') }]], [5]]);
    expect(() => parse('{"timestamp":5,"timestamp":-1}')).toThrow(/timestamp of record 0/);
    expect(() => parse('{"headers":[],"headers":5},{"headers":[]}')).toThrow(/headers of record 0/);
  });

  it('are told after what is wrong with the text itself', () => {
    expect(() => parse('{"value":1,"headers":1},{"value":')).toThrow(/Unexpected/);
  });

  it('are no fields of v1', () => {
    expect(() => parse('{"value":1,"headers":[]}', 'v1')).toThrow('Unrecognized field: headers');
    expect(() => parse('{"value":1,"timestamp":1}', 'v1')).toThrow('Unrecognized field: timestamp');
  });
});
