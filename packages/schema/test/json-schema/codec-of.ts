import type { SchemaCodec } from '../../src/codec.ts';
import { compileJsonSchema } from '../../src/json-schema/json-schema-codec.ts';
import { DataMismatch } from '../../src/schema-errors.ts';

/** The names by which schemas call their drafts. */
export const drafts = {
  4: 'http://json-schema.org/draft-04/schema#',
  6: 'http://json-schema.org/draft-06/schema#',
  7: 'http://json-schema.org/draft-07/schema#',
  2019: 'https://json-schema.org/draft/2019-09/schema',
  2020: 'https://json-schema.org/draft/2020-12/schema',
} as const;

/** @param schema as a value, or as its text */
export function codecOf(schema: unknown, dependencies: Record<string, unknown> = {}): SchemaCodec {
  return compileJsonSchema({
    type: 'JSON',
    text: typeof schema === 'string' ? schema : JSON.stringify(schema),
    references: Object.keys(dependencies).map((name) => ({ name, subject: name, version: 1 })),
    dependencies: Object.entries(dependencies).map(([name, document]) => ({ name, text: JSON.stringify(document) })),
  });
}

/** What is wrong with a JSON text; undefined when it fits. */
export function mismatchOf(codec: SchemaCodec, json: string): DataMismatch | undefined {
  try {
    codec.encode(Buffer.from(json), 1);
    return undefined;
  } catch (error) {
    if (error instanceof DataMismatch) return error;
    throw error;
  }
}

/** The message about a value; undefined when it fits. */
export function problemOf(schema: unknown, value: unknown): string | undefined {
  return mismatchOf(codecOf(schema), JSON.stringify(value))?.message;
}
