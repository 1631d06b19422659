import { Ajv } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileJsonSchema } from '../../src/json-schema/json-schema-codec.ts';
import { DataMismatch } from '../../src/schema-errors.ts';

/** The verdicts of another implementation, on schemas and values that nobody thought of. */

/** ajv makes a program of each schema, which takes its time. */
const RUNS_MS = 10_000;

const names = fc.constantFrom('a', 'b', 'c');
const scalars = fc.oneof(
  fc.constantFrom(null, true, false, 0, 1, 2, 3, -1, 0.5, 10),
  fc.constantFrom('', 'a', 'ab', 'é😀'),
);

const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    scalars,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(names, tie('value'), { maxKeys: 3 }),
  ),
}));

const count = fc.nat(3);
const types = fc.constantFrom('null', 'boolean', 'integer', 'number', 'string', 'array', 'object');

const { schema } = fc.letrec<{ schema: unknown }>((tie) => {
  const sub = tie('schema');
  const some = fc.array(sub, { minLength: 1, maxLength: 3 });
  return {
    schema: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      fc.boolean(),
      fc.record(
        {
          type: fc.oneof(types, fc.uniqueArray(types, { minLength: 1, maxLength: 3 })),
          enum: fc.uniqueArray(value, { minLength: 1, maxLength: 3, selector: (each) => JSON.stringify(each) }),
          const: value,
          minimum: fc.integer({ min: -2, max: 3 }),
          exclusiveMaximum: fc.integer({ min: -2, max: 3 }),
          multipleOf: fc.constantFrom(1, 2, 0.5),
          minLength: count,
          maxLength: count,
          pattern: fc.constantFrom('^a', 'b$', '.', '^$'),
          minItems: count,
          maxItems: count,
          uniqueItems: fc.boolean(),
          contains: sub,
          minProperties: count,
          maxProperties: count,
          required: fc.uniqueArray(names, { maxLength: 2 }),
          properties: fc.dictionary(names, sub, { maxKeys: 3 }),
          patternProperties: fc.dictionary(fc.constantFrom('^a', 'b'), sub, { maxKeys: 2 }),
          additionalProperties: sub,
          propertyNames: sub,
          items: sub,
          allOf: some,
          anyOf: some,
          oneOf: some,
          not: sub,
          ...Object.fromEntries(['if', 'then', 'else'].map((keyword) => [keyword, sub])),
        },
        { requiredKeys: [] },
      ),
    ),
  };
});

const validators = {
  'http://json-schema.org/draft-07/schema#': Ajv,
  'https://json-schema.org/draft/2020-12/schema': Ajv2020,
};

describe('what ajv says', () => {
  it.each(Object.entries(validators))('is said here, too: %s', (draft, Validator) => {
    const ajv = new Validator({ strict: false, logger: false, addUsedSchema: false });
    fc.assert(
      fc.property(schema, fc.array(value, { minLength: 1, maxLength: 5 }), (generated, values) => {
        const text = JSON.stringify(typeof generated === 'object' ? { $schema: draft, ...generated } : generated);
        const isValid = ajv.compile(JSON.parse(text) as object);
        const codec = compileJsonSchema({ type: 'JSON', text, references: [], dependencies: [] });
        // As they come from a client: without the odd prototypes that values are generated with.
        for (const each of JSON.parse(JSON.stringify(values)) as unknown[]) {
          // A client's null is Kafka's, whatever the schema says.
          if (each === null) continue;
          expect(verdictOf(codec, each), `${text} of ${JSON.stringify(each)}`).toBe(isValid(each));
        }
      }),
      { numRuns: 100, plugins: [fc.interruptAfterTimeLimit(RUNS_MS)] },
    );
  });
});

function verdictOf(codec: ReturnType<typeof compileJsonSchema>, of: unknown): boolean {
  try {
    codec.encode(Buffer.from(JSON.stringify(of)), 1);
    return true;
  } catch (error) {
    if (error instanceof DataMismatch) return false;
    throw error;
  }
}
