import { describe, expect, it } from 'vitest';

import { codecOf, decoded, payload } from './codecs.ts';
import { type SampleSchema, sampleSchemas, samples, serializedSchemas } from './python-samples.ts';

const codecs = new Map(Object.entries(sampleSchemas).map(([name, text]) => [name, codecOf(text)]));
const fromDescriptors = new Map(Object.entries(serializedSchemas).map(([name, text]) => [name, codecOf(text)]));

function codec(name: SampleSchema) {
  return codecs.get(name) ?? codecOf('');
}

describe("what Google's implementation wrote", () => {
  it.each(samples.filter(({ schema }) => schema === 'all'))(
    'is read as its JSON says: $name',
    ({ schema, hex, json }) => {
      expect(JSON.parse(decoded(codec(schema), hex))).toEqual(JSON.parse(json));
    },
  );

  // Unset fields of proto2 and of editions are printed with their defaults, as Confluent's proxy does; here they are not.
  it.each(samples.filter(({ schema }) => schema !== 'all'))(
    'is read as its JSON says: $name',
    ({ schema, hex, json }) => {
      expect(JSON.parse(decoded(codec(schema), hex))).toMatchObject(JSON.parse(json) as object);
    },
  );

  it.each(samples)('is what its JSON becomes: $name', ({ schema, hex, json }) => {
    expect(payload(codec(schema), json)).toBe(hex);
  });

  it.each(samples)('is read the same with a serialised descriptor: $name', ({ schema, hex }) => {
    expect(decoded(fromDescriptors.get(schema) ?? codecOf(''), hex)).toBe(decoded(codec(schema), hex));
  });
});
