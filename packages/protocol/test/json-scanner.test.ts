import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JsonScanner } from '../src/json-scanner.ts';
import { JsonSyntaxError } from '../src/json-syntax-error.ts';
import { compactJson, scalarValue, smallInteger, stringContent } from '../src/json-value.ts';

const DEPTH_MAX = 1000;

function scan(text: string | Buffer, depthMax = DEPTH_MAX): JsonScanner {
  const scanner = new JsonScanner(Buffer.isBuffer(text) ? text : Buffer.from(text), depthMax);
  scanner.scanValue();
  scanner.expectEnd();
  return scanner;
}

function isAccepted(accept: () => unknown): boolean {
  try {
    accept();
    return true;
  } catch (error) {
    if (error instanceof JsonSyntaxError || error instanceof SyntaxError) return false;
    throw error;
  }
}

function expectAgreement(text: string): void {
  const scans = isAccepted(() => scan(text));
  const parses = isAccepted(() => JSON.parse(text));
  expect({ text, accepted: scans }).toEqual({ text, accepted: parses });
}

describe('the scanner and JSON.parse accept the same texts', () => {
  it.each([
    '',
    ' ',
    '\ufeff{}',
    '{}',
    '{} x',
    '{}{}',
    '[',
    ']',
    '[]',
    '[,]',
    '[1,]',
    '[1 2]',
    '{,}',
    '{"a"}',
    '{"a":}',
    '{"a":1,}',
    '{a:1}',
    "{'a':1}",
    '{"a" : 1 , "b" :\t[ ] }\r\n',
    '{"a":1,"a":2}',
    'true',
    'truex',
    'tru',
    'nul',
    'False',
    'NaN',
    'Infinity',
    'undefined',
    '0',
    '-0',
    '-',
    '+1',
    '01',
    '-01',
    '1.',
    '.5',
    '1.5e',
    '1e+',
    '1E-7',
    '1e400',
    '0x1',
    '1_0',
    '12345678901234567890123456789012345678901234567890',
    '""',
    '"',
    '"a',
    '"\\',
    '"\\u',
    '"\\u12"',
    '"\\u12g4"',
    '"\\ud800"',
    '"\\udc00\\ud800"',
    '"\\x"',
    '"\\/\\b\\f\\n\\r\\t\\"\\\\"',
    '"a\tb"',
    '"a\nb"',
    '"\u007f\u0080\u2028\u2029"',
    '"a\0b"',
    '"\u001f"',
    '\u00a01',
    '\v1',
    '/* c */ 1',
    '"😀é"',
    '"abc\\"def"',
    '[[[[[[]]]]]]',
    '[{"a":[{"b":{}}]}]',
  ])('%j', expectAgreement);

  it('for any JSON value, with any white space', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(0, 1, 2, '\t', '\r\n '), (value, indent) => {
        const text = JSON.stringify(value, undefined, indent);
        expect(JSON.parse(scan(` ${text}\n`).body.toString())).toEqual(JSON.parse(text));
        expectAgreement(text);
      }),
    );
  });

  it('for JSON with one thing cut out, put in or replaced', () => {
    const noise = fc.constantFrom(...'{}[]",:\\ \n\t0129.eE+-utfnblsa\0\u001f\u00e9\u2028'.split(''), '');
    fc.assert(
      fc.property(fc.json(), fc.nat(), fc.nat({ max: 3 }), noise, (text, at, cut, insert) => {
        const start = at % (text.length + 1);
        const broken = text.slice(0, start) + insert + text.slice(start + cut);
        // A surrogate pair may have been cut in two; bytes have no halves of pairs.
        expectAgreement(Buffer.from(broken).toString());
      }),
      { numRuns: 3000 },
    );
  });

  it('for strings of every length and alignment, whatever stands where', () => {
    const unit = fc.constantFrom(
      'a',
      'é',
      '€',
      '😀',
      '"',
      '\\',
      '\\n',
      '\\u00e9',
      '\u001f',
      ' ',
      '!',
      '#',
      '[',
      ']',
      '\u007f',
    );
    fc.assert(
      fc.property(fc.nat({ max: 7 }), fc.array(unit, { maxLength: 20 }), (offset, units) => {
        expectAgreement(`${' '.repeat(offset)}"${units.join('')}"`);
      }),
      { numRuns: 3000 },
    );
  });

  it('for soup of JSON tokens', () => {
    const token = fc.constantFrom('{', '}', '[', ']', ',', ':', '"a"', '1', '-1.5e3', 'true', 'null', ' ', '"');
    fc.assert(
      fc.property(fc.array(token, { maxLength: 8 }), (tokens) => expectAgreement(tokens.join(''))),
      { numRuns: 3000 },
    );
  });
});

describe('nesting', () => {
  it('is allowed up to the limit and refused beyond it, objects and arrays alike', () => {
    expect(() => scan('['.repeat(5) + ']'.repeat(5), 5)).not.toThrow();
    expect(() => scan('['.repeat(6) + ']'.repeat(6), 5)).toThrow(
      'Document nesting depth (6) exceeds the maximum allowed (5)',
    );
    expect(() => scan('{"a":'.repeat(6) + '1' + '}'.repeat(6), 5)).toThrow('nesting depth (6)');
  });

  it('of a hundred thousand brackets is refused, not a stack overflow', () => {
    expect(() => scan('['.repeat(100_000))).toThrow(JsonSyntaxError);
    expect(() => scan('{"a":'.repeat(100_000))).toThrow(JsonSyntaxError);
  });

  it('counts the containers that a caller has stepped into', () => {
    const scanner = new JsonScanner(Buffer.from('[[[]]]'), 2);
    scanner.enterArray();
    expect(() => scanner.scanValue()).toThrow('nesting depth (3)');
  });
});

describe('a scanned value', () => {
  it.each([
    ['{"a":1}', 'object'],
    ['[1]', 'array'],
    ['"a"', 'string'],
    ['-1.5', 'number'],
    ['true', 'true'],
    ['false', 'false'],
    ['null', 'null'],
  ])('%j knows its kind and its own bytes', (text, kind) => {
    const value = scan(`  ${text} `);
    expect(value.kind).toBe(kind);
    expect(value.body.toString('utf8', value.start, value.end)).toBe(text);
    expect(value.hasInnerSpace).toBe(false);
  });

  it('knows whether white space stands between its tokens, and only there', () => {
    expect(scan(' {"a b":"c  d"} ').hasInnerSpace).toBe(false);
    expect(scan('{"a": 1}').hasInnerSpace).toBe(true);
    expect(scan('[ ]').hasInnerSpace).toBe(true);
    expect(scan('[1\n]').hasInnerSpace).toBe(true);
  });

  it('knows whether it holds escapes', () => {
    expect(scan('"a\\u0062"').hasEscapes).toBe(true);
    expect(scan('{"a\\n":1}').hasEscapes).toBe(true);
    expect(scan('"ab"').hasEscapes).toBe(false);
  });

  it('is its own bytes, not a copy, when it is compact', () => {
    const value = scan(' {"b":1,"2024":19.90} ');
    const compact = compactJson(value);
    expect(compact.toString()).toBe('{"b":1,"2024":19.90}');
    expect(compact.buffer).toBe(value.body.buffer);
    expect(compact.byteOffset).toBe(value.body.byteOffset + 1);
  });

  it('loses its white space and nothing else when it is not', () => {
    expect(compactJson(scan('{ "a b" : [ 1e400 , 1.0,\t"c \\" \\\\" ,\r\n" d" ] }')).toString()).toBe(
      '{"a b":[1e400,1.0,"c \\" \\\\"," d"]}',
    );
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const compact = JSON.stringify(value);
        expect(compactJson(scan(JSON.stringify(value, undefined, 3))).toString()).toBe(compact);
      }),
    );
  });

  it('gives its content as JSON.parse does', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(stringContent(scan(JSON.stringify(text)))).toBe(text);
      }),
    );
    expect([scan('[1]'), scan('{"a":1}'), scan('1.5'), scan('null'), scan('"x"')].map(scalarValue)).toEqual([
      [],
      {},
      1.5,
      null,
      'x',
    ]);
  });

  it('is a small integer when it is at most nine digits', () => {
    expect(smallInteger(scan('0'))).toBe(0);
    expect(smallInteger(scan('123456789'))).toBe(123_456_789);
    for (const text of ['1234567890', '-1', '1.5', '1e2', '"1"', 'null'])
      expect(smallInteger(scan(text))).toBeUndefined();
  });
});

describe('stepping through a text', () => {
  it('visits fields and elements, names with escapes included', () => {
    const scanner = new JsonScanner(
      Buffer.from(' { "a" : [ 1 , {"x":2} ] , "k\\u0065y" : "v" , "e" : { } , "f":[ ] } '),
      10,
    );
    const seen: string[] = [];
    for (let more = scanner.enterObject(); more; more = scanner.nextField()) {
      seen.push(scanner.keyName());
      if (scanner.keyIs('a')) {
        for (let next = scanner.enterArray(); next; next = scanner.nextElement()) {
          scanner.scanValue();
          seen.push(compactJson(scanner).toString());
        }
      } else if (scanner.nextKind() === 'object') {
        seen.push(String(scanner.enterObject()));
      } else if (scanner.nextKind() === 'array') {
        seen.push(String(scanner.enterArray()));
      } else {
        scanner.scanValue();
        seen.push(scanner.keyIs('key') ? 'is key' : 'is not key', stringContent(scanner));
      }
    }
    scanner.expectEnd();
    expect(seen).toEqual(['a', '1', '{"x":2}', 'key', 'is key', 'v', 'e', 'false', 'f', 'false']);
  });

  it('tells names apart that share their length or their beginning', () => {
    const scanner = new JsonScanner(Buffer.from('{"value":1}'), 10);
    scanner.enterObject();
    expect(['value', 'valuE', 'valu', 'values', 'xalue'].map((name) => scanner.keyIs(name))).toEqual([
      true,
      false,
      false,
      false,
      false,
    ]);
  });
});

describe('a syntax error says what stood where', () => {
  const mapperSource = 'Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled)';
  it.each([
    ['', 'Unexpected end-of-input: no content to map'],
    [
      'hello',
      "Unrecognized token 'hello': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')",
    ],
    [
      '[nul]',
      "Unrecognized token 'nul': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')",
    ],
    [
      '{"a":[',
      `Unexpected end-of-input: expected close marker for Array (start marker at [${mapperSource}; line: 1, column: 6])`,
    ],
    [
      '\n {"a":1',
      `Unexpected end-of-input: expected close marker for Object (start marker at [${mapperSource}; line: 2, column: 2])`,
    ],
    ['["ab', 'Unexpected end-of-input: was expecting closing quote for a string value (opened at line: 1, column: 2)'],
    [
      '\u001f\ufffd',
      'Illegal character ((CTRL-CHAR, code 31)): only regular white space (\\r, \\n, \\t) is allowed between tokens',
    ],
    [
      '{"a" 1}',
      "Unexpected character ('1' (code 49)): was expecting a colon to separate field name and value (line: 1, column: 6)",
    ],
    [
      '{1}',
      "Unexpected character ('1' (code 49)): was expecting double-quote to start field name (line: 1, column: 2)",
    ],
    [
      '{"a":1\n "b"}',
      "Unexpected character ('\"' (code 34)): was expecting comma to separate Object entries (line: 2, column: 2)",
    ],
    [
      '[1 2]',
      "Unexpected character ('2' (code 50)): was expecting comma to separate Array entries (line: 1, column: 4)",
    ],
    [
      '[€]',
      "Unrecognized token '€': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')",
    ],
    [
      '[+1]',
      "Unexpected character ('+' (code 43)): was expecting a valid value (JSON String, Number, Array, Object or token 'null', 'true' or 'false') (line: 1, column: 2)",
    ],
    ['01', 'Invalid numeric value: Leading zeroes not allowed (line: 1, column: 1)'],
    ['[1.]', 'Invalid numeric value: Decimal point not followed by a digit (line: 1, column: 4)'],
    ['1e', 'Invalid numeric value: Exponent indicator not followed by a digit (line: 1, column: 3)'],
    ['-x', 'Invalid numeric value: Minus sign not followed by a digit (line: 1, column: 2)'],
    [
      '"a\nb"',
      'Illegal unquoted character ((CTRL-CHAR, code 10)): has to be escaped using backslash to be included in string value (line: 1, column: 3)',
    ],
    ['"\\q"', "Unrecognized character escape 'q' (code 113) (line: 1, column: 3)"],
    [
      '"\\u00g0"',
      "Unexpected character ('g' (code 103)): was expecting a hex-digit for character escape sequence (line: 1, column: 6)",
    ],
    [
      '{} x',
      "Unexpected character ('x' (code 120)): was expecting end of input after the JSON value (line: 1, column: 4)",
    ],
  ])('%j', (text, message) => {
    expect(() => scan(text)).toThrow(expect.objectContaining({ name: 'JsonSyntaxError', message }) as Error);
  });

  it('never quotes a long token whole', () => {
    expect(() => scan('x'.repeat(100_000))).toThrow(`Unrecognized token '${'x'.repeat(100)}...'`);
  });
});
