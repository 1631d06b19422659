import type { SchemaCodec, SchemaDependency, SchemaSource } from '../codec.ts';
import { FRAME_BYTES, writeFrame } from '../framing.ts';
import { DataMismatch, InvalidSchema } from '../schema-errors.ts';
import { engineMemory } from './client-pattern.ts';
import { isObject, type Json } from './json.ts';
import { type CompiledDocument, SchemaCompiler } from './schema-compiler.ts';
import { SchemaResources } from './schema-resources.ts';
import { compactText, parseSchemaText } from './schema-text.ts';
import { Validation } from './validation.ts';
import { classOf, quoted } from './wording.ts';

/**
 * Makes a codec of a JSON Schema of draft 4, 6, 7, 2019-09 or 2020-12 (contract E.7). Nothing is fetched: a `$ref`
 * leads to a place in the schema, to one of its references, or to a meta-schema.
 *
 * The validator is our own. Ajv's work has no bound (each item is compared with each, a schema may ask the same twice
 * at each level), it takes `toString` for a member that every object has and calls a `valueOf` that the value brings;
 * and its messages are not those of Confluent's validator.
 * @throws InvalidSchema
 */
export function compileJsonSchema(source: SchemaSource): SchemaCodec {
  const node = parseSchemaText(source.text, 'Schema');
  if (!isObject(node) && typeof node !== 'boolean') {
    throw new InvalidSchema(`Expected an object or boolean at the root, found: ${classOf(node, true)}`);
  }
  const resources = new SchemaResources(node, parseDependencies(source.dependencies));
  return new JsonSchemaCodec(source.text, node, new SchemaCompiler(resources).compile());
}

function parseDependencies(dependencies: readonly SchemaDependency[]): Map<string, Json> {
  const documents = new Map<string, Json>();
  for (const { name, text } of dependencies) {
    // As Confluent's registry client does: the first of a name is the one.
    if (!documents.has(name)) documents.set(name, parseSchemaText(text, `Reference "${quoted(name)}"`));
  }
  return documents;
}

/** What an instruction of a pattern's program takes, by measurement. */
const INSTRUCTION_BYTES = 250;

class JsonSchemaCodec implements SchemaCodec {
  readonly type = 'JSON';
  readonly text: string;
  readonly recordName: string | undefined;
  readonly extraBytes: number;
  readonly #compiled: CompiledDocument;

  constructor(text: string, node: Json, compiled: CompiledDocument) {
    this.text = compactText(text);
    this.recordName = isObject(node) && typeof node['title'] === 'string' ? node['title'] : undefined;
    this.#compiled = compiled;
    this.extraBytes = compiled.instructions * INSTRUCTION_BYTES;
  }

  /** The payload is the JSON as it came: numbers exact, names in order. */
  encode(json: Buffer, id: number): Buffer {
    this.#validate(json);
    const framed = Buffer.allocUnsafe(FRAME_BYTES + json.length);
    writeFrame(framed, id);
    json.copy(framed, FRAME_BYTES);
    return framed;
  }

  #validate(json: Buffer): void {
    const value = JSON.parse(json.toString('utf8')) as Json;
    const { resource } = this.#compiled;
    let explanation: Validation;
    try {
      if (this.#fits(value, new Validation(resource, json.length, false))) return;
      explanation = new Validation(resource, json.length, true);
      this.#fits(value, explanation);
    } catch (error) {
      engineMemory.drop();
      if (!(error instanceof RangeError)) throw error;
      throw new DataMismatch('#: the value or the schema nests too deeply', '');
    }
    throw explanation.mismatch();
  }

  #fits(value: Json, run: Validation): boolean {
    const { schema, backtracks } = this.#compiled;
    return backtracks ? run.withTimeLimit(() => run.holds(schema, value)) : run.holds(schema, value);
  }
}
