import { ConfigError, parseProperties, readPropertiesFile } from '@sluice/runtime';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

function escape(text: string): string {
  return text.replace(/[^]/g, (character) => {
    const code = character.charCodeAt(0);
    if (code < 0x20 || code > 0x7e) return `\\u${code.toString(16).padStart(4, '0')}`;
    return /[\\ =:#!]/.test(character) ? `\\${character}` : character;
  });
}

/** Escapes as java.util.Properties.store does, so that any text survives the way into a file and back. */
function store(key: string, value: string): string {
  return `${escape(key)}=${escape(value)}`;
}

describe('properties file', () => {
  it('gives back every key and value that Java would have stored', () => {
    const text = fc.string({ unit: 'binary' });
    fc.assert(
      fc.property(
        fc.dictionary(
          text.filter((key) => key !== '__proto__'),
          text,
        ),
        (entries) => {
          const file = Object.entries(entries)
            .map(([key, value]) => store(key, value))
            .join('\r\n');
          expect(parseProperties(file)).toEqual(new Map(Object.entries(entries)));
        },
      ),
    );
  });

  it('never fails on text without \\u, whatever it holds', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', 'n', '\\', '=', ':', ' ', '\t', '\n', '\r', '#', '!', 'é') }),
        (text) => {
          for (const key of parseProperties(text).keys()) expect(typeof key).toBe('string');
        },
      ),
    );
  });

  it.each([
    ['a=b', 'a', 'b'],
    ['a = b', 'a', 'b'],
    ['a:b', 'a', 'b'],
    ['a b', 'a', 'b'],
    ['a\t:\t b=c', 'a', 'b=c'],
    ['  a==b', 'a', '=b'],
    ['a', 'a', ''],
    ['a=', 'a', ''],
    ['a\\=b=c', 'a=b', 'c'],
    ['a=b # not a comment', 'a', 'b # not a comment'],
    ['a=one,\\\n   two', 'a', 'one,two'],
    ['a=one\\\\\nb=2', 'a', 'one\\'],
    ['a=one\\\n#two', 'a', 'one#two'],
    ['a=\\u00e9\\n\\q', 'a', 'é\nq'],
    ['a=é', 'a', 'é'],
    ['a=1\na=2', 'a', '2'],
    ['a=trailing\\', 'a', 'trailing'],
    ['\uFEFFa=b', 'a', 'b'],
  ])('reads %j', (file, key, value) => {
    expect(parseProperties(file).get(key)).toBe(value);
  });

  it('skips comments and empty lines, and a comment cannot be continued', () => {
    expect([...parseProperties('# a=1\\\nb=2\n\n  ! c=3\n')]).toEqual([['b', '2']]);
  });

  it('names every line with a broken \\u', () => {
    expect(() => parseProperties('a=\\u12\nb=ok\nc=\\uzzzz')).toThrow(
      expect.objectContaining({
        problems: [
          'line 1: \\u must be followed by four hexadecimal digits',
          'line 3: \\u must be followed by four hexadecimal digits',
        ],
      }),
    );
  });

  it('says which file could not be read', () => {
    expect(() => readPropertiesFile('/nonexistent/x.properties')).toThrow(ConfigError);
    expect(() => readPropertiesFile('/nonexistent/x.properties')).toThrow('/nonexistent/x.properties');
  });
});
