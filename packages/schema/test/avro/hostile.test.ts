import { describe, expect, it } from 'vitest';
import { compile, decode, encode, framed, invalidityOf, mismatchOf, payloadErrorOf, record } from './codecs.ts';

/** In six bytes. */
const TWO_TO_40 = '808080808040';
const TOO_LARGE = /^The value takes more than \d+ bytes as JSON\.$/u;
const TOO_DEEP = 'The value nests deeper than 1000.';

const nothing = { type: 'record', name: 'Nothing', fields: [{ name: 'n', type: 'null' }] };

function repeated(before: string, after: string, count: number): string {
  return `${before.repeat(count)}"int"${after.repeat(count)}`;
}

describe('a hostile payload', () => {
  it.each([['null'], [nothing], [{ type: 'fixed', name: 'F', size: 0 }], [record(['a', nothing])]])(
    'has no billion items %j, though they take no bytes',
    (items) => {
      expect(payloadErrorOf({ type: 'array', items }, `${TWO_TO_40}00`)).toMatch(TOO_LARGE);
    },
  );

  it('has no million items that take no bytes in many blocks or arrays', () => {
    const blockOf100000 = 'c09a0c';
    expect(decode({ type: 'array', items: 'null' }, `${blockOf100000}00`)).toHaveLength(500_001);
    expect(payloadErrorOf({ type: 'array', items: 'null' }, `${blockOf100000.repeat(3)}00`)).toMatch(TOO_LARGE);
    const arrays = { type: 'array', items: { type: 'array', items: 'null' } };
    expect(payloadErrorOf(arrays, `06${`${blockOf100000}00`.repeat(3)}00`)).toMatch(TOO_LARGE);
  });

  it.each([
    [{ type: 'array', items: 'int' }, `${TWO_TO_40}00`],
    [{ type: 'array', items: 'int' }, 'ffffffffffffffffff01'],
    [{ type: 'array', items: { type: 'array', items: 'null' } }, `${TWO_TO_40}00`],
    [{ type: 'map', values: 'null' }, `${TWO_TO_40}00`],
    ['string', TWO_TO_40],
  ])('has no more items than bytes: %j', (schema, hex) => {
    expect(payloadErrorOf(schema, hex)).toBe('The payload ends before the value does.');
  });

  it('does not become many times the JSON that it has bytes', () => {
    const schema = { type: 'array', items: { type: 'enum', name: 'E', symbols: ['S'.repeat(100_000)] } };
    expect(decode(schema, `14${'00'.repeat(10)}00`)).toHaveLength(1_000_031);
    expect(payloadErrorOf(schema, `16${'00'.repeat(11)}00`)).toBe('The value takes more than 1053184 bytes as JSON.');
    const bytes = 400_000;
    const count = Buffer.from([0x80, 0xea, 0x30]).toString('hex');
    expect(payloadErrorOf(schema, `${count}${'00'.repeat(bytes)}00`)).toBe(
      'The value takes more than 67108864 bytes as JSON.',
    );
  });

  it('does not become much JSON without any bytes', () => {
    const levels = Array.from({ length: 40 }, (_, level) => {
      const type = level === 0 ? 'null' : `L${level - 1}`;
      return `{"type":"record","name":"L${level}","fields":[{"name":"a","type":"${type}"},{"name":"b","type":"${type}"}]}`;
    });
    const codec = compile('"L39"', levels);
    expect(() => codec.decode(framed(''))).toThrow(TOO_LARGE);
  });

  it('does not nest for ever', () => {
    const list = record(['n', ['null', 'R']]);
    // Two levels of JSON each: the branch, and the record.
    expect(decode(list, `${'02'.repeat(499)}00`)).toContain('null');
    expect(payloadErrorOf(list, `${'02'.repeat(500)}00`)).toBe(TOO_DEEP);
    expect(payloadErrorOf(list, '02'.repeat(1_000_000))).toBe(TOO_DEEP);
    const tree = record(['n', { type: 'array', items: 'R' }]);
    expect(payloadErrorOf(tree, '02'.repeat(1_000_000))).toBe(TOO_DEEP);
    const map = record(['n', { type: 'map', values: 'R' }]);
    expect(payloadErrorOf(map, '0200'.repeat(1_000_000))).toBe(TOO_DEEP);
  });

  it('has no value of a type that holds itself', () => {
    expect(payloadErrorOf(record(['r', 'R']), '')).toBe(TOO_DEEP);
    expect(payloadErrorOf({ type: 'array', items: record(['r', 'R']) }, '0200')).toBe(TOO_DEEP);
  });

  it('is only read within its own bytes', () => {
    const codec = compile('"string"');
    const memory = Buffer.from('\0\0\0\0\x01\x0asecret');
    expect(() => codec.decode(memory.subarray(0, 8))).toThrow('The payload ends before the value does.');
  });
});

describe('a hostile value', () => {
  it('does not nest for ever', () => {
    const list = record(['n', ['null', 'R']]);
    const json = `${'{"n":{"R":'.repeat(200_000)}{"n":null}${'}}'.repeat(200_000)}`;
    expect(mismatchOf(list, json).message).toBe('The value nests too deep.');
    // With an integer that takes a closer look.
    const exact = `${'{"n":{"R":'.repeat(2000)}{"n":1234567890123456789}${'}}'.repeat(2000)}`;
    expect(mismatchOf(list, exact).message).toBe('The value nests too deep.');
  });

  it('may be large', () => {
    const items = Array.from({ length: 300_000 }, (_, index) => index);
    const codec = compile('{"type":"array","items":"int"}');
    const json = JSON.stringify(items);
    expect(codec.decode(codec.encode(Buffer.from(json), 1))).toBe(json);
  });

  it('finds what is missing in many fields without looking at each for each', () => {
    const names = Array.from({ length: 20_000 }, (_, index) => `f${index}`);
    const schema = record(...names.map((name): [string, string] => [name, 'int']));
    const json = JSON.stringify(Object.fromEntries(names.slice(0, -1).map((name) => [name, 1])));
    expect(mismatchOf(schema, json)).toEqual({ message: 'Expected int. Got END_OBJECT', path: '/f19999' });
  });
});

describe('a hostile schema', () => {
  it('does not nest for ever', () => {
    const depth = 500_000;
    expect(invalidityOf(repeated('{"type":"array","items":', '}', depth))).toContain(
      'exceeds the maximum allowed (500',
    );
    expect(invalidityOf(repeated('[', ']', depth))).toContain('exceeds the maximum allowed (500');
  });

  it('may nest deep', () => {
    const codec = compile(repeated('{"type":"array","items":', '}', 500));
    const json = `${'['.repeat(500)}1${']'.repeat(500)}`;
    expect(codec.decode(codec.encode(Buffer.from(json), 1))).toBe(json);
  });

  it('may be a megabyte of fields, types or symbols', () => {
    const many = Array.from({ length: 20_000 }, (_, index) => index);
    const fields = many.map((i) => ({ name: `field${i}`, type: { type: 'record', name: `R${i}`, fields: [] } }));
    expect(compile(JSON.stringify({ type: 'record', name: 'R', fields })).recordName).toBe('R');
    expect(encode({ type: 'enum', name: 'E', symbols: many.map((i) => `S${i}`) }, '"S19999"')).toBe('beb802');
    expect(
      encode(
        many.map((i) => ({ type: 'fixed', name: `F${i}`, size: 0 })),
        '{"F19999":""}',
      ),
    ).toBe('beb802');
  });

  it.each(['"', '/*', '/', '"\\', '\\"', '//', '"/*'])('may be a megabyte of %s', (text) => {
    const megabyte = text.repeat(1_000_000 / text.length);
    for (const schema of [megabyte, `/**/${megabyte}`, `/**/${megabyte}\\`, `/**/"${megabyte}\\`]) {
      expect(invalidityOf(schema)).toMatch(/^Un|^There is no|^Illegal/u);
    }
  });

  it('cannot have each of its types repeat a namespace that is longer than all of them (bug: 36 s for 163 KB)', () => {
    const types = Array.from({ length: 1000 }, (_, i) => ({ type: 'fixed', name: `F${i}`, size: 1 }));
    const fields = types.map((type, i) => ({ name: `f${i}`, type }));
    const schema = (namespace: string) => JSON.stringify({ type: 'record', name: 'R', namespace, fields });
    expect(invalidityOf(schema('n'.repeat(100_000)))).toMatch(/ is longer than 1000 characters\.$/u);
    expect(compile(schema('n'.repeat(900))).recordName).toHaveLength(902);
  });
});
