import { describe, expect, it } from 'vitest';
import { produceAvroBody, produceBody, sampleAvroValue, sampleValue, VALUE_BYTES } from './payloads.ts';

describe('the payloads of the bench', () => {
  it('have the size that the figures are about, whatever their number', () => {
    for (const index of [0, 1, 99, 12_345, 99_999, 99_999_999]) {
      expect(Buffer.byteLength(sampleValue(index))).toBe(VALUE_BYTES);
      expect(() => JSON.parse(sampleValue(index))).not.toThrow();
      expect(Buffer.byteLength(sampleAvroValue(index))).toBe(VALUE_BYTES);
    }
  });

  it('carry the same values in both formats', () => {
    const json = JSON.parse(produceBody('json', 3)) as { records: { value: unknown }[] };
    const binary = JSON.parse(produceBody('binary', 3)) as { records: { value: string }[] };
    const decoded = binary.records.map(({ value }) => JSON.parse(Buffer.from(value, 'base64').toString()) as unknown);
    expect(decoded).toEqual(json.records.map(({ value }) => value));
    expect(decoded).toHaveLength(3);
  });

  it('name the schema of Avro by its id', () => {
    expect(JSON.parse(produceAvroBody(7, 2))).toMatchObject({
      value_schema_id: 7,
      records: [{ value: { note: { string: expect.stringMatching(/^x+$/) } } }, {}],
    });
  });
});
