import { describe, expect, it } from 'vitest';
import { compile, framed, payloadOf } from './codecs.ts';

/**
 * Bytes that another implementation has written: Python's fastavro 1.13.1, `schemaless_writer(stream, parse_schema(schema),
 * value)`, values in Python's types. What they are as JSON was printed by Avro 1.12.0 for Java (`binaryDecoder` to
 * `jsonEncoder`), but for the last two numbers of "no numbers", which that version reads as floats when they stand in an array.
 */
const samples = [
  {
    name: 'numbers',
    schema:
      '{"type":"record","name":"R","fields":[{"name":"i","type":"int"},{"name":"l","type":"long"},{"name":"f","type":"float"},{"name":"d","type":"double"}]}',
    hex: 'ffffffff0ffeffffffffffffffff010000c03f9a9999999999b9bf',
    json: '{"i":-2147483648,"l":9223372036854775807,"f":1.5,"d":-0.1}',
  },
  {
    name: 'texts',
    schema:
      '{"type":"record","name":"R","fields":[{"name":"s","type":"string"},{"name":"e","type":"string"},{"name":"b","type":"bytes"}]}',
    hex: '244772c3bcc39f6520f09f9880202271225c0a000a007f80ff22',
    json: '{"s":"Grüße 😀 \\"q\\"\\\\\\n","e":"","b":"\\u0000\u007f\u0080ÿ\\""}',
  },
  {
    name: 'null and booleans',
    schema:
      '{"type":"record","name":"R","fields":[{"name":"n","type":"null"},{"name":"t","type":"boolean"},{"name":"f","type":"boolean"}]}',
    hex: '0100',
    json: '{"n":null,"t":true,"f":false}',
  },
  {
    name: 'fixed and enum',
    schema:
      '{"type":"record","name":"R","fields":[{"name":"x","type":{"type":"fixed","name":"x.y.Fx","size":2}},{"name":"e","type":{"type":"enum","name":"Suit","symbols":["SPADES","HEARTS"]}}]}',
    hex: '616202',
    json: '{"x":"ab","e":"HEARTS"}',
  },
  {
    name: 'arrays',
    schema:
      '{"type":"record","name":"R","fields":[{"name":"a","type":{"type":"array","items":"long"}},{"name":"n","type":{"type":"array","items":{"type":"array","items":"string"}}},{"name":"z","type":{"type":"array","items":"int"}}]}',
    hex: '0602018280808080808020000602026100000402620263000000',
    json: '{"a":[1,-1,9007199254740993],"n":[["a"],[],["b","c"]],"z":[]}',
  },
  {
    name: 'maps',
    schema:
      '{"type":"record","name":"R","fields":[{"name":"m","type":{"type":"map","values":"int"}},{"name":"z","type":{"type":"map","values":"int"}}]}',
    hex: '06026102125f5f70726f746f5f5f0404c3a9050000',
    json: '{"m":{"a":1,"__proto__":2,"é":-3},"z":{}}',
  },
  {
    name: 'unions',
    schema:
      '{"type":"array","items":["null","string","int",{"type":"fixed","name":"x.y.Fx","size":2},{"type":"array","items":"int"},{"type":"map","values":"int"},{"type":"record","name":"R","fields":[{"name":"v","type":"int"}],"namespace":"n.s"}]}',
    hex: '0e00020278066162080202000a02026b04000c06040e00',
    json: '[null,{"string":"x"},{"x.y.Fx":"ab"},{"array":[1]},{"map":{"k":2}},{"n.s.R":{"v":3}},{"int":7}]',
  },
  {
    name: 'a list that holds itself',
    schema:
      '{"type":"record","name":"LongList","fields":[{"name":"value","type":"long"},{"name":"next","type":["null","LongList"]}]}',
    hex: '02020400',
    json: '{"value":1,"next":{"LongList":{"value":2,"next":null}}}',
  },
  {
    name: 'logical types',
    schema:
      '{"type":"record","name":"R","fields":[{"name":"d","type":{"type":"int","logicalType":"date"}},{"name":"t","type":{"type":"long","logicalType":"timestamp-millis"}},{"name":"c","type":{"type":"bytes","logicalType":"decimal","precision":6,"scale":2}},{"name":"u","type":{"type":"string","logicalType":"uuid"}}]}',
    hex: '8cb50280d8e2cbbe6302854832663665356537632d396130662d346238652d386135332d306436613361306237633131',
    json: '{"d":19782,"t":1709208000000,"c":"\u0085","u":"2f6e5e7c-9a0f-4b8e-8a53-0d6a3a0b7c11"}',
  },
  {
    name: 'no numbers',
    schema: '{"type":"array","items":"double"}',
    hex: '0a000000000000f87f000000000000f07f000000000000f0ff350332b7f4ad5445010000000000000000',
    json: '["NaN","Infinity","-Infinity",1.0E26,4.9E-324]',
  },
  {
    name: 'a union as a whole',
    schema: '["null","string",{"type":"array","items":["null","int"]}]',
    hex: '040400020a00',
    json: '[null,{"int":5}]',
  },
  {
    name: 'a string as a whole',
    schema: '"string"',
    hex: '06666f6f',
    json: '"foo"',
  },
] as const;

/** Strings for what JSON has no number for are read, but not taken; a whole union is read without its branch. */
const readOnly = new Set<string>(['no numbers', 'a union as a whole']);

describe('bytes that fastavro wrote', () => {
  it.each(samples)('are read: $name', ({ schema, hex, json }) => {
    expect(compile(schema).decode(framed(hex))).toBe(json);
  });

  it.each(samples.filter(({ name }) => !readOnly.has(name)))('are written alike: $name', ({ schema, hex, json }) => {
    expect(payloadOf(compile(schema).encode(Buffer.from(json), 0x01020304))).toBe(hex);
  });
});
