import type { SchemaCodec, SchemaSource } from '../../src/codec.ts';
import { InvalidSchema } from '../../src/schema-errors.ts';

export interface FakeCodec extends SchemaCodec {
  readonly source: SchemaSource;
}

/** A codec of anything that is JSON; its `name` is that of its record, its text has no white space. */
export function compileFake(source: SchemaSource): FakeCodec {
  let value: unknown;
  try {
    value = JSON.parse(source.text);
  } catch {
    throw new InvalidSchema('no JSON');
  }
  const { name } = (typeof value === 'object' && value !== null ? value : {}) as { name?: string };
  return {
    source,
    type: source.type,
    text: JSON.stringify(value),
    recordName: name,
    encode: (json) => json,
  };
}
