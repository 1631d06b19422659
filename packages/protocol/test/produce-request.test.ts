import { gzipSync } from 'node:zlib';
import {
  ApiError,
  type EmbeddedFormat,
  PARTITION_UNSET,
  type ProduceRequest,
  parseProduceRequest,
} from '@sluice/protocol';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

interface Limits {
  recordsMax?: number;
  depthMax?: number;
}

function parse(body: string | Buffer, format: EmbeddedFormat = 'json', limits: Limits = {}): ProduceRequest {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(body);
  return parseProduceRequest(bytes, { format, recordsMax: 10_000, depthMax: 1000, ...limits });
}

function refusal(body: string | Buffer, format: EmbeddedFormat = 'json', limits: Limits = {}): string {
  try {
    parse(body, format, limits);
  } catch (error) {
    if (error instanceof ApiError) return `${error.status}/${error.code} ${error.message}`;
    throw error;
  }
  throw new Error(`accepted: ${String(body)}`);
}

function valuesOf(request: ProduceRequest): (string | null)[] {
  return request.batch.values.map((value) => value && value.toString());
}

function oneValue(json: string, format: EmbeddedFormat = 'json'): Buffer | null | undefined {
  return parse(`{"records":[{"value":${json}}]}`, format).batch.values[0];
}

describe('a produce request', () => {
  it('becomes columns: keys, values and partitions in the order sent', () => {
    const { batch } = parse(
      '{"records":[{"key":"k","value":{"a":1}},{"partition":2,"value":[1]},{"value":"v","key":7,"partition":0}]}',
    );
    expect(batch.count).toBe(3);
    expect(batch.keys.map((key) => key && key.toString())).toEqual(['"k"', null, '7']);
    expect(batch.values.map(String)).toEqual(['{"a":1}', '[1]', '"v"']);
    expect(batch.partitions).toEqual([PARTITION_UNSET, 2, 0]);
  });

  it('carries schemas and their ids, before or after the records, ids as strings too', () => {
    const body =
      '{"key_schema":"\\"int\\"","records":[{"value":1}],"value_schema_id":"12","key_schema_id":3,"value_schema":null}';
    expect(parse(body, 'avro')).toMatchObject({
      keySchema: '"int"',
      keySchemaId: 3,
      valueSchema: undefined,
      valueSchemaId: 12,
    });
  });

  it('may be spread over lines and have escaped names', () => {
    expect(valuesOf(parse('\n{ "r\\u0065cords" :\t[ { "v\\u0061lue" : { "a" : 1 } } ,\r\n {} ] }\n'))).toEqual([
      '{"a":1}',
      null,
    ]);
  });

  it('takes the last of equal fields, at every level', () => {
    expect(valuesOf(parse('{"records":[{"value":1}],"records":[{"value":2,"value":3}]}'))).toEqual(['3']);
    expect(refusal('{"records":[{"value":1}],"records":null}')).toMatch(/^422\/422 produceJson/);
  });

  it('does not refuse what a later equal field replaces', () => {
    expect(valuesOf(parse('{"records":[{"value":"!!","value":"AQ=="}]}', 'binary'))).toEqual(['\u0001']);
    expect(valuesOf(parse('{"records":[{"value":"!!"}],"records":[{"value":"AQ=="}]}', 'binary'))).toEqual(['\u0001']);
    expect(refusal('{"records":[{"value":"AQ==","value":"!!"}]}', 'binary')).toMatch(/not a valid base64/);
  });

  it.each(['null', '{}', 'omitted'])('has null bytes, a tombstone, for %s', (kind) => {
    const record = kind === 'null' ? '{"key":null,"value":null}' : '{}';
    for (const format of ['json', 'binary', 'avro'] as const) {
      expect(parse(`{"records":[${record}]}`, format).batch).toMatchObject({ keys: [null], values: [null] });
    }
  });

  it.each([
    ['1', 1],
    ['"1"', 1],
    ['" 12 "', 12],
    ['1.5', 1],
    ['1e2', 100],
    ['2147483647', 2_147_483_647],
    ['null', PARTITION_UNSET],
    ['""', PARTITION_UNSET],
  ])('reads partition %s as %d', (json, expected) => {
    expect(parse(`{"records":[{"partition":${json}}]}`).batch.partitions).toEqual([expected]);
  });
});

describe('a produce request is refused as Confluent refuses it', () => {
  it.each([
    ['binary', 'produceBinary'],
    ['json', 'produceJson'],
    ['avro', 'produceAvro'],
    ['jsonschema', 'produceJsonSchema'],
    ['protobuf', 'produceProtobuf'],
  ] as const)('without a body or records, in the name of the format %s', (format, method) => {
    for (const body of ['', ' \n', 'null', ' null ']) {
      expect(refusal(body, format)).toBe(`422/422 ${method}.request must not be null (was null)`);
    }
    for (const body of ['{}', '{"records":[]}', '{"records":null}']) {
      expect(refusal(body, format)).toBe(`422/422 ${method}.request.records must not be empty (was [])`);
    }
  });

  it.each([
    ['{"foo":1}', '422/422 Unrecognized field: foo'],
    ['{"records":[{"value":1,"headers":[]}]}', '422/422 Unrecognized field: headers'],
    ['{"records":[{"timestamp":1}]}', '422/422 Unrecognized field: timestamp'],
    [
      '[]',
      '400/400 Cannot deserialize value of type `ProduceRequest` from Array value (token `JsonToken.START_ARRAY`)',
    ],
    [
      '{"records":{}}',
      '400/400 Cannot deserialize value of type `List` from Object value (token `JsonToken.START_OBJECT`)',
    ],
    ['{"records":[null]}', '400/400 Cannot construct instance of `ProduceRequest`, problem: at index 0'],
    [
      '{"records":[{"value":1},null,null]}',
      '400/400 Cannot construct instance of `ProduceRequest`, problem: at index 1',
    ],
    [
      '{"records":[{"partition":"x"}]}',
      '400/400 Cannot deserialize value of type `Integer` from String "x": not a valid `java.lang.Integer` value',
    ],
    [
      '{"records":[{"partition":2147483648}]}',
      '400/400 Numeric value (2147483648) out of range of int (-2147483648 - 2147483647)',
    ],
    [
      '{"records":[{"partition":1e400}]}',
      '400/400 Numeric value (Infinity) out of range of int (-2147483648 - 2147483647)',
    ],
    [
      '{"records":[{"partition":true}]}',
      '400/400 Cannot deserialize value of type `Integer` from Boolean value (token `JsonToken.VALUE_TRUE`)',
    ],
    [
      '{"records":[{"partition":[]}]}',
      '400/400 Cannot deserialize value of type `Integer` from Array value (token `JsonToken.START_ARRAY`)',
    ],
    [
      '{"key_schema":{}}',
      '400/400 Cannot deserialize value of type `String` from Object value (token `JsonToken.START_OBJECT`)',
    ],
    [
      '{"records":[',
      '400/400 Unexpected end-of-input: expected close marker for Array (start marker at [Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: 1, column: 12])',
    ],
    [
      'hello',
      "400/400 Unrecognized token 'hello': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')",
    ],
  ])('%s', (body, expected) => {
    expect(refusal(body)).toBe(expected);
  });

  it.each(['"x"', '1', 'true', '{"records":[1]}', '{"records":["x"]}', '{"records":[[]]}'])(
    '%s constructs nothing',
    (body) => {
      expect(refusal(body)).toMatch(/^400\/400 Cannot construct instance of `Produce(Request|Record)`/);
    },
  );

  it.each([
    '{"records":[{"value":1}]} x',
    '{"records":[{"value":1}]}{}',
    'null null',
    '{"records":[{}]',
    '{"records":[{"value":01}]}',
  ])('%s is not one JSON text', (body) => {
    expect(refusal(body)).toMatch(/^400\/400 /);
  });

  it('as compressed: gzip is told by its first byte, although its second is no UTF-8', () => {
    expect(refusal(gzipSync('{"records":[{"value":1}]}'))).toMatch(
      /^400\/400 Illegal character \(\(CTRL-CHAR, code 31\)\)/,
    );
  });

  it('as not UTF-8, unless the syntax was wrong before', () => {
    const invalid = Buffer.from('{"records":[{"value":"é\xff"}]}', 'latin1');
    expect(refusal(invalid)).toBe('400/400 Invalid UTF-8 start byte 0xe9 (line: 1, column: 23)');
    expect(refusal(Buffer.concat([Buffer.from('{x'), Buffer.from([0xff])]))).toMatch(/was expecting double-quote/);
    expect(refusal(Buffer.concat([Buffer.from('{"records":[{}]}'), Buffer.from([0xff])]))).toMatch(
      /Invalid UTF-8 start byte 0xff/,
    );
    expect(refusal(Buffer.from([0x22, 0xe2, 0x82]))).toMatch(/Invalid UTF-8 start byte 0xe2/);
  });
});

describe('beyond Confluent', () => {
  it('a negative partition is a 400 that names the record, where Confluent answers a bare 500', () => {
    expect(refusal('{"records":[{"partition":0},{"partition":-1}]}')).toBe(
      '400/400 Bad Request: the partition of record 1 is -1; allowed is 0 to 2147483647, or none',
    );
  });

  it('more records than allowed are a 413 that names the limit', () => {
    const body = (count: number) => `{"records":[${Array(count).fill('{"value":1}').join()}]}`;
    expect(parse(body(3), 'json', { recordsMax: 3 }).batch.count).toBe(3);
    expect(refusal(body(4), 'json', { recordsMax: 3 })).toMatch(/^413\/413 The request holds more than 3 records/);
  });

  it('JSON nested deeper than allowed is a 400 that names the limit', () => {
    const body = (depth: number) => `{"records":[{"value":${'['.repeat(depth)}${']'.repeat(depth)}}]}`;
    expect(parse(body(7), 'json', { depthMax: 10 }).batch.count).toBe(1);
    expect(refusal(body(8), 'json', { depthMax: 10 })).toBe(
      '400/400 Document nesting depth (11) exceeds the maximum allowed (10)',
    );
  });
});

describe('a JSON value is exact', () => {
  it.each([
    '1e400',
    '-0.0',
    '19.90',
    '12345678901234567890',
    '1.234567890123456789',
    '{"b":1,"2024":2}',
    '{"b":1,"b":3}',
    '"\\u00e9\\/"',
    '"\\ud83d"',
    '""',
    'false',
    '0',
    '"é😀"',
  ])('%s', (json) => {
    expect(oneValue(json)?.toString()).toBe(json);
  });

  it('whatever it is, its white space dropped', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue(), { minLength: 1, maxLength: 5 }), fc.constantFrom(0, 2), (values, indent) => {
        const body = JSON.stringify({ records: values.map((value) => ({ value })) }, undefined, indent);
        const expected = values.map((value) => (value === null ? null : JSON.stringify(value)));
        expect(valuesOf(parse(body))).toEqual(expected);
      }),
    );
  });
});

describe('a base64 value', () => {
  it('is its bytes, whatever they are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.boolean(), (bytes, isPadded) => {
        const base64 = Buffer.from(bytes).toString('base64');
        const decoded = oneValue(JSON.stringify(isPadded ? base64 : base64.replace(/=+$/, '')), 'binary');
        expect(decoded).toEqual(Buffer.from(bytes));
      }),
    );
  });

  it('is accepted by the rule of the standard alphabet and a possible length, and by nothing else', () => {
    const character = fc.constantFrom('A', 'z', '9', '+', '/', '=', '-', '_', ' ', '.', 'é', 'Ł', '😀');
    fc.assert(
      fc.property(fc.array(character, { maxLength: 9 }), fc.boolean(), (characters, isEscaped) => {
        const text = characters.join('');
        const json = isEscaped
          ? `"${text.replaceAll(/[^]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)}"`
          : JSON.stringify(text);
        const digits = text.replace(/=+$/, '');
        const isValid = /^[A-Za-z0-9+/]*$/.test(digits) && digits.length % 4 !== 1;
        const body = `{"records":[{"value":${json}}]}`;
        if (isValid) expect(parse(body, 'binary').batch.values[0]).toEqual(Buffer.from(digits, 'base64'));
        else expect(refusal(body, 'binary')).toBe(`400/400 Bad Request: data=${json} is not a valid base64 string.`);
      }),
      { numRuns: 3000 },
    );
  });

  it('may have its slashes escaped, as PHP does', () => {
    expect(oneValue('"\\/\\/8="', 'binary')).toEqual(Buffer.from([0xff, 0xff]));
  });

  it('may end in left-over bits', () => {
    expect(oneValue('"AR=="', 'binary')).toEqual(Buffer.from([1]));
  });

  it('of no characters is zero bytes with memory behind them, which Kafka does not take for null', () => {
    const empty = oneValue('""', 'binary');
    expect(empty?.length).toBe(0);
    expect(empty?.buffer.byteLength).toBeGreaterThan(0);
  });

  it.each([
    ['"A"', 'is not a valid base64 string.'],
    ['"!!!"', 'is not a valid base64 string.'],
    ['"-_-_"', 'is not a valid base64 string.'],
    ['"AQ ="', 'is not a valid base64 string.'],
    ['"A\\nQ="', 'is not a valid base64 string.'],
    ['12', 'is not a base64 string.'],
    ['{"a":1}', 'is not a base64 string.'],
    ['true', 'is not a base64 string.'],
  ])('%s fails the whole request', (json, problem) => {
    expect(refusal(`{"records":[{"value":"AQ=="},{"value":${json}}]}`, 'binary')).toBe(
      `400/400 Bad Request: data=${json} ${problem}`,
    );
    expect(refusal(`{"records":[{"key":${json}}]}`, 'binary')).toBe(`400/400 Bad Request: data=${json} ${problem}`);
  });

  it('that is refused is quoted up to a bound', () => {
    const message = refusal(`{"records":[{"value":"${'!'.repeat(100_000)}"}]}`, 'binary');
    expect(message.length).toBeLessThan(300);
  });

  it('that is refused yields to a worse mistake later in the body', () => {
    expect(refusal('{"records":[{"value":"!"},{"foo":1}]}', 'binary')).toBe('422/422 Unrecognized field: foo');
    expect(refusal('{"records":[{"value":"!"}', 'binary')).toMatch(/Unexpected end-of-input/);
  });
});

describe('any body at all', () => {
  it('is either accepted or refused with a documented status', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array(),
          fc.json().map((json) => Buffer.from(json)),
        ),
        (bytes) => {
          const body = Buffer.from(bytes);
          try {
            expect(parse(body).batch.count).toBeGreaterThan(0);
          } catch (error) {
            expect(error).toBeInstanceOf(ApiError);
            expect([400, 413, 422]).toContain((error as ApiError).status);
          }
        },
      ),
      { numRuns: 2000 },
    );
  });
});
