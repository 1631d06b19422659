import { describe, expect, test } from 'vitest';
import { compileJsonSchema } from '../../src/json-schema/json-schema-codec.ts';
import { InvalidSchema } from '../../src/schema-errors.ts';
import { codecOf, mismatchOf } from './codec-of.ts';

describe('what goes to Kafka', () => {
  test('is the frame and the JSON byte for byte as it came', () => {
    const json = '{ "b":1.10,"a" : 12345678901234567890, "a":1e400,"\\u00e9":"é\\/" }';
    const framed = codecOf('{"type":"object"}').encode(Buffer.from(json), 0x01020304);
    expect(framed.subarray(0, 5)).toEqual(Buffer.from([0, 1, 2, 3, 4]));
    expect(framed.subarray(5).toString()).toBe(json);
  });

  test('is a copy: the request may be overwritten', () => {
    const json = Buffer.from('[1]');
    const framed = codecOf(true).encode(json, 1);
    json.fill(0);
    expect(framed.subarray(5).toString()).toBe('[1]');
  });

  test('may be a framed null where the schema allows it', () => {
    expect(
      codecOf({ type: ['null', 'string'] })
        .encode(Buffer.from('null'), 7)
        .subarray(5)
        .toString(),
    ).toBe('null');
    expect(mismatchOf(codecOf({ type: 'integer' }), 'null')?.message).toBe('#: expected type: Integer, found: null');
  });
});

describe('the registered text', () => {
  test('is that of the schema without white space, its numbers and order kept', () => {
    const text = '{\n  "title": "a  \\" b",\t"maximum" : 12345678901234567890.10 ,\r\n "type":[ "null" , "number" ] }';
    expect(codecOf(text).text).toBe('{"title":"a  \\" b","maximum":12345678901234567890.10,"type":["null","number"]}');
  });

  test('names a record by its title', () => {
    expect(codecOf({ title: 'Order' }).recordName).toBe('Order');
    expect(codecOf({ properties: { title: { title: 'Inner' } } }).recordName).toBeUndefined();
    expect(codecOf({ title: 1 }).recordName).toBeUndefined();
    expect(codecOf(true).recordName).toBeUndefined();
  });
});

describe('a schema', () => {
  test('may be true or false', () => {
    expect(mismatchOf(codecOf('true'), '{"a":[1]}')).toBeUndefined();
    expect(mismatchOf(codecOf(' false '), '1')?.message).toBe('#: false schema always fails');
  });

  test.each([
    ['', 'Schema: Unexpected end-of-input: no content to map'],
    ['{"type":', 'Schema: Unexpected end-of-input: expected close marker for Object'],
    ['{} {}', "Schema: Unexpected character ('{' (code 123)): was expecting end of input"],
    ['[]', 'Expected an object or boolean at the root, found: JSONArray'],
    ['null', 'Expected an object or boolean at the root, found: null'],
    ['{"type":"strnig"}', '#/type: unknown type: [strnig]'],
    ['{"type":5}', '#/type: expected type: String, found: Integer'],
    ['{"properties":{"a":5}}', '#/properties/a: expected a schema, found: Integer'],
    ['{"properties":[]}', '#/properties: expected type: JSONObject, found: JSONArray'],
    ['{"items":{"minimum":"1"}}', '#/items/minimum: expected type: Number, found: String'],
    ['{"exclusiveMinimum":true}', '#/exclusiveMinimum: expected type: Number, found: Boolean'],
    ['{"minLength":1.5}', '#/minLength: expected type: Integer, found: Double'],
    ['{"required":[1]}', '#/required: expected type: String, found: Integer'],
    ['{"required":true}', '#/required: expected type: JSONArray, found: Boolean'],
    ['{"enum":{}}', '#/enum: expected type: JSONArray, found: JSONObject'],
    ['{"allOf":{}}', '#/allOf: expected type: JSONArray, found: JSONObject'],
    ['{"multipleOf":0}', '#/multipleOf: multipleOf should not be 0'],
    ['{"pattern":"(("}', '#/pattern: not a regular expression: Invalid regular expression'],
    ['{"uniqueItems":"yes"}', '#/uniqueItems: expected type: Boolean, found: String'],
  ])('is refused with the place and the reason: %s', (text, reason) => {
    const source = { type: 'JSON', text, references: [], dependencies: [] } as const;
    expect(() => compileJsonSchema(source)).toThrow(InvalidSchema);
    expect(() => compileJsonSchema(source)).toThrow(reason);
  });

  test('may hold what validators do not know', () => {
    const schema = { 'x-owner': { type: 'nonsense' }, nullable: true, discriminator: 1, type: 'string', id: 'x' };
    expect(mismatchOf(codecOf(schema), '"a"')).toBeUndefined();
    expect(mismatchOf(codecOf(schema), 'null')?.message).toBe('#: expected type: String, found: null');
  });
});

describe('numbers', () => {
  test.each([
    [{ multipleOf: 0.01 }, '19.99'],
    [{ multipleOf: 0.1 }, '1e20'],
    [{ multipleOf: 1e-8 }, '12391239123'],
    [{ multipleOf: -2.5 }, '-7.5'],
    [{ type: 'integer' }, '9223372036854775807'],
    ['{"type":"integer","maximum":9223372036854775807}', '9223372036854775807'],
    [{ type: 'integer' }, '1.0'],
    [{ type: 'number' }, '1e400'],
    [{ enum: [1] }, '1.0'],
  ])('%j holds for %s', (schema, json) => {
    expect(mismatchOf(codecOf(schema), json)).toBeUndefined();
  });

  test.each([
    [{ multipleOf: 0.01 }, '19.995'],
    [{ multipleOf: 2 }, '1e400'],
    [{ multipleOf: 0.3 }, '1'],
    ['{"multipleOf":1e400}', '5'],
    [{ type: 'integer' }, '1e400'],
    [{ type: 'integer' }, '1.5'],
    [{ maximum: 9007199254740991 }, '9007199254740993'],
  ])('%j does not hold for %s', (schema, json) => {
    expect(mismatchOf(codecOf(schema), json)).toBeDefined();
  });
});
