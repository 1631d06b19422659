import { describe, expect, it } from 'vitest';
import { compile, encode, invalidityOf } from './codecs.ts';

const empty = '{"type":"record","name":"R","fields":[]}';

function recordOf(fields: string): string {
  return `{"type":"record","name":"R","fields":[${fields}]}`;
}

/** What is taken, and the texts, are those of Avro 1.12.0 for Java, run on the same schemas; it says where that is not so. */
describe('a schema', () => {
  it.each([
    ['{"type":"string"}', '"string"'],
    [' "string" ', '"string"'],
    ['{"type":"string","type":"int"}', '"int"'],
    ['[{"type":"int"},"string"]', '["int","string"]'],
    ['[]', '[]'],
    ['{"type":"int","name":"x","namespace":"y","doc":"z"}', '"int"'],
    ['{"type":"string","logicalType":"uuid","x":1}', '{"type":"string","logicalType":"uuid","x":1}'],
    ['{"type":"array","items":"int","default":[],"doc":"d"}', '{"type":"array","items":"int","default":[]}'],
    ['{"values":{"type":"int"},"type":"map"}', '{"type":"map","values":"int"}'],
    [
      '{"symbols":["A","B"],"doc":"x","default":"A","aliases":["E2"],"zz":null,"name":"n.E","type":"enum"}',
      '{"type":"enum","name":"E","namespace":"n","doc":"x","symbols":["A","B"],"default":"A","zz":null,"aliases":["E2"]}',
    ],
    [
      '{"size":2,"zz":"é","aliases":["F2"],"name":"n.F","type":"fixed","doc":"d","logicalType":"decimal","precision":4}',
      '{"type":"fixed","name":"F","namespace":"n","doc":"d","size":2,"zz":"é","logicalType":"decimal","precision":4,"aliases":["F2"]}',
    ],
    [
      '{"fields":[{"order":"Descending","default":1,"type":"int","doc":"d","custom":true,"name":"a","aliases":["b","b","c-d"]}],"aliases":["S","q.T","n.U"],"zz":{"b":1,"a":[]},"doc":"","namespace":"n","name":"R","type":"record"}',
      '{"type":"record","name":"R","namespace":"n","doc":"","fields":[{"name":"a","type":"int","doc":"d","default":1,"order":"descending","aliases":["b","c-d"],"custom":true}],"zz":{"b":1,"a":[]},"aliases":["S","q.T","U"]}',
    ],
    [
      recordOf('{"name":"a","type":"int","order":"ascending","doc":3},{"name":"b","type":"int","default":null}'),
      recordOf('{"name":"a","type":"int"},{"name":"b","type":"int","default":null}'),
    ],
    ['{"type":"error","name":"E","fields":[]}', '{"type":"error","name":"E","fields":[]}'],
    ['{"type":"enum","name":"E","symbols":[]}', '{"type":"enum","name":"E","symbols":[]}'],
    ['{"type":"fixed","name":"F","size":0}', '{"type":"fixed","name":"F","size":0}'],
  ])('is told in the order of its attributes that Java has: %s', (text, canonical) => {
    expect(compile(text).text).toBe(canonical);
  });

  it('keeps numbers as Java prints them, not as JavaScript does', () => {
    const defaults = '"a":1.0,"b":1,"c":9223372036854775807,"d":1e2,"e":1e20,"f":-0,"g":1e400,"h":2.50,"i":1e-7';
    const printed =
      '"a":1.0,"b":1,"c":9223372036854775807,"d":100.0,"e":1.0E20,"f":0,"g":"Infinity","h":2.5,"i":1.0E-7';
    expect(compile(`{"type":"int",${defaults}}`).text).toBe(`{"type":"int",${printed}}`);
  });

  it.each(
    [
      ['null', 'boolean', 'int', 'long', 'float', 'double', 'bytes', 'string'].map((name) => `"${name}"`),
      ['{"type":"bytes","logicalType":"decimal","precision":400,"scale":500}'],
      ['{"type":"string","logicalType":"decimal"}'],
      ['{"type":"int","logicalType":"unknown"}'],
      ['{"type":"string","logicalType":5}'],
      ['{"type":"record","name":"Größe","fields":[{"name":"größe_2","type":"int"}]}'],
      ['{"type":"record","name":"日本","fields":[]}'],
      ['{"type":"record","name":"record","fields":[{"name":"r","type":["null","record"]}]}'],
      ['{"type":"record","name":"int","namespace":"x","fields":[{"name":"r","type":["null","x.int"]}]}'],
      [recordOf('{"name":"__proto__","type":{"type":"enum","name":"constructor","symbols":["toString","__proto__"]}}')],
      [recordOf('{"name":"a","type":"int","default":"not an int"}')],
      [recordOf('{"name":"a","type":["null","int"],"default":5}')],
      ['{"type":"record","name":"R","namespace":"a-b","fields":[]}'],
    ].flat(),
  )('may be %s', (text) => {
    expect(compile(text).text).toBe(text);
  });

  it.each([
    ['', 'Unexpected end-of-input: no content to map'],
    ['string', "Unrecognized token 'string'"],
    ['{"type":"string"', 'Unexpected end-of-input: expected close marker for Object'],
    [`${empty} x`, "Unexpected character ('x' (code 120))"],
    ["{'type':'string'}", "Unexpected character (''' (code 39))"],
    ['"nope"', 'There is no type "nope" so far.'],
    ['"INT"', 'There is no type "INT" so far.'],
    ['"x.int"', 'There is no type "x.int" so far.'],
    ['{"type":"constructor"}', 'There is no type "constructor" so far.'],
    ['{"type":"union"}', 'There is no type "union" so far.'],
    ['null', 'A schema is a name, an object or an array.'],
    ['3', 'A schema is a name, an object or an array.'],
    ['[null]', 'A schema is a name, an object or an array.'],
    ['{}', 'The "type" of a schema is a name. Where a type is nested, it stands alone.'],
    [`{"type":${empty}}`, 'The "type" of a schema is a name. Where a type is nested, it stands alone.'],
    ['{"type":["int"]}', 'The "type" of a schema is a name. Where a type is nested, it stands alone.'],
    ['["int","int"]', 'The type "int" stands twice in one union.'],
    ['["int",{"type":"int","logicalType":"date"}]', 'The type "int" stands twice in one union.'],
    [`["null",${empty},"R"]`, 'The type "R" stands twice in one union.'],
    ['[{"type":"map","values":"int"},{"type":"map","values":"string"}]', 'The type "map" stands twice in one union.'],
    ['["int",["string"]]', 'A union stands directly in a union.'],
    ['{"type":"array"}', 'The array has no "items".'],
    ['{"type":"map"}', 'The map has no "values".'],
    ['{"type":"record","name":"a-b","fields":[]}', '"a-b" is not a valid name of a type.'],
    ['{"type":"record","name":"1a","fields":[]}', '"1a" is not a valid name of a type.'],
    ['{"type":"record","name":"a.","fields":[]}', '"" is not a valid name of a type.'],
    ['{"type":"record","name":"R$1","fields":[]}', '"R$1" is not a valid name of a type.'],
    ['{"type":"record","fields":[]}', 'A record, an enum or a fixed has no name.'],
    ['{"type":"record","name":"int","fields":[]}', `A type can't be called "int".`],
    ['{"type":"record","name":"R"}', 'The record "R" has no array of "fields".'],
    [recordOf('1'), 'A field of "R" is no object.'],
    [recordOf('{"type":"int"}'), 'A field of "R" has no name.'],
    [recordOf('{"name":"a"}'), 'The field "a" has no type.'],
    [recordOf('{"name":"a-b","type":"int"}'), '"a-b" is not a valid name of a field.'],
    [recordOf('{"name":"a.b","type":"int"}'), '"a.b" is not a valid name of a field.'],
    [recordOf('{"name":"a","type":"array","items":"int"}'), 'There is no type "array" so far.'],
    [recordOf('{"name":"a","type":"int"},{"name":"a","type":"int"}'), 'The field "a" stands twice in "R".'],
    [recordOf('{"name":"a","type":"int","order":"up"}'), 'The order of a field is ascending, descending or ignore.'],
    [recordOf('{"name":"a","type":"int","order":null}'), 'The order of a field is ascending, descending or ignore.'],
    [recordOf('{"name":"a","type":"int","aliases":"x"}'), 'The aliases are no array.'],
    [recordOf('{"name":"a","type":"int","aliases":[1]}'), 'An alias is no string.'],
    ['{"type":"record","name":"R","aliases":["a-b"],"fields":[]}', '"a-b" is not a valid name of an alias.'],
    [recordOf(`{"name":"a","type":${empty}}`), 'The type "R" is defined twice.'],
    ['{"type":"enum","name":"E"}', 'The enum "E" has no array of "symbols".'],
    ['{"type":"enum","name":"E","symbols":["A-B"]}', '"A-B" is not a valid name of a symbol.'],
    ['{"type":"enum","name":"E","symbols":["A","A"]}', 'The symbol "A" stands twice in an enum.'],
    ['{"type":"enum","name":"E","symbols":[1]}', 'A symbol of an enum is a string.'],
    ['{"type":"enum","name":"E","symbols":["A"],"default":"C"}', 'The default "C" is no symbol of the enum "E".'],
    ...['-1', '1.5', '4.0', '"4"', 'null', '2147483640'].map((size) => [
      `{"type":"fixed","name":"F","size":${size}}`,
      'The fixed "F" has no size, or none from 0 to 2147483639.',
    ]),
  ])('may not be %s', (text, reason) => {
    expect(invalidityOf(text)).toContain(reason);
  });

  it('may have comments, which are not in strings', () => {
    expect(compile('// a\n{"type":/* "b" */"string","x":"http://y /* z */ \\"//"}').text).toBe(
      '{"type":"string","x":"http://y /* z */ \\"//"}',
    );
    expect(invalidityOf('{"type":"int"/*')).toContain('Unexpected end-of-input');
  });

  it('gives types without a namespace that of the type around them', () => {
    const inner = '{"type":"enum","name":"E","symbols":["A"]}';
    const fields = `{"name":"a","type":${inner}},{"name":"b","type":"E"},{"name":"c","type":"x.y.E"}`;
    const { text, recordName } = compile(`{"type":"record","name":"x.y.R","namespace":"z","fields":[${fields}]}`);
    expect(text).toBe(
      `{"type":"record","name":"R","namespace":"x.y","fields":[{"name":"a","type":${inner}},{"name":"b","type":"E"},{"name":"c","type":"E"}]}`,
    );
    expect(recordName).toBe('x.y.R');
    expect(encode(['null', { type: 'enum', name: 'E', namespace: 'x.y', symbols: ['A'] }], '{"x.y.E":"A"}')).toBe(
      '0200',
    );
  });

  it('takes a type out of all namespaces by an empty one', () => {
    const inner = '{"type":"record","name":"Q","namespace":"","fields":[{"name":"z","type":["null","Q","a.R"]}]}';
    const text = `{"type":"record","name":"R","namespace":"a","fields":[{"name":"x","type":${inner}},{"name":"y","type":"Q"}]}`;
    expect(compile(text).text).toBe(text);
  });

  it.each([
    ['null', 'R'],
    ['""', 'R'],
    ['3', 'R'],
    ['"x.y"', 'x.y.R'],
  ])('may have the namespace %s', (namespace, name) => {
    expect(compile(`{"type":"record","name":"R","namespace":${namespace},"fields":[]}`).recordName).toBe(name);
  });

  it.each([
    [empty, 'R'],
    ['{"type":"enum","name":"n.E","symbols":["A"]}', 'n.E'],
    ['{"type":"fixed","name":"F","size":1}', 'F'],
    ['"int"', undefined],
    [`["null",${empty}]`, undefined],
    [`{"type":"array","items":${empty}}`, undefined],
  ])('%s has the name %s', (text, name) => {
    expect(compile(text).recordName).toBe(name);
  });
});

describe('a schema that refers to others', () => {
  const dependencies = [
    '{"type":"record","name":"a.b.Dep","fields":[{"name":"x","type":{"type":"enum","name":"E","symbols":["A"]}}]}',
    '{"type":"record","name":"Plain","fields":[{"name":"d","type":"a.b.Dep"}]}',
  ];

  it('knows their types, and does not tell them again', () => {
    const text = recordOf('{"name":"a","type":"a.b.Dep"},{"name":"b","type":"a.b.E"},{"name":"c","type":"Plain"}');
    const codec = compile(text, dependencies);
    expect(codec.text).toBe(text);
    const json = '{"a":{"x":"A"},"b":"A","c":{"d":{"x":"A"}}}';
    expect(codec.decode(codec.encode(Buffer.from(json), 1))).toBe(json);
  });

  it('looks for a name where there is no namespace, if it is not in its own', () => {
    const text = '{"type":"record","name":"R","namespace":"n","fields":[{"name":"a","type":"Plain"}]}';
    expect(compile(text, dependencies).text).toBe(text);
  });

  it('may be no more than the name of one', () => {
    const codec = compile('"a.b.Dep"', dependencies);
    expect(codec.text).toBe('"a.b.Dep"');
    expect(codec.recordName).toBe('a.b.Dep');
  });

  it('may not define what they define', () => {
    expect(() => compile('{"type":"fixed","name":"Plain","size":1}', dependencies)).toThrow(
      'The type "Plain" is defined twice.',
    );
  });

  it('is invalid when one of them is', () => {
    expect(() => compile('"int"', ['{'])).toThrow('Unexpected end-of-input');
  });
});
