import { JsonSyntaxError } from '@sluice/protocol';
import type { DecodingCodec, SchemaSource } from '../codec.ts';
import { parseExactJson } from '../exact-json.ts';
import { FRAME_BYTES, writeFrame } from '../framing.ts';
import { DataMismatch, InvalidSchema, PayloadError } from '../schema-errors.ts';
import { BinaryInput } from './binary-input.ts';
import { BinaryOutput } from './binary-output.ts';
import { type BinaryWriter, BinaryWriterCompiler } from './binary-writer.ts';
import { canonicalText } from './canonical-text.ts';
import { JsonOutput } from './json-output.ts';
import { type JsonWriter, JsonWriterCompiler } from './json-writer.ts';
import { Misfit } from './misfit.ts';
import { isNamed, type SchemaNode } from './schema-node.ts';
import { SchemaParser } from './schema-parser.ts';

/** How deep the JSON of a value may nest where it is looked at closely. */
const JSON_DEPTH_MAX = 1000;
/**
 * How many bytes of JSON a payload may stand for: so many, more for each byte that it has, and never more than the last.
 * Six bytes can say that there are 2^40 nulls, and symbols and the names of fields take next to nothing.
 */
const JSON_BYTES_BASE = 1024 * 1024;
const JSON_BYTES_PER_BYTE = 256;
const JSON_BYTES_MAX = 64 * 1024 * 1024;

// Shared by all schemas: a value is written in one go.
const binary = new BinaryOutput();
const json = new JsonOutput();

/**
 * Compiles a schema of Avro (1.12) once for all keys or values that are written or read with it. Its JSON is Avro's own
 * JSON encoding, as Confluent's proxy has it (contract E.5, E.6). Logical types are what they are made of.
 * @throws InvalidSchema for a schema, or one that it refers to, that Avro's parser for Java would not take
 */
export function compileAvro(source: SchemaSource): DecodingCodec {
  try {
    const parser = new SchemaParser();
    for (const dependency of source.dependencies) parser.parse(dependency.text);
    const known = parser.names;
    const schema = parser.parse(source.text);
    return new AvroCodec(schema, canonicalText(schema, known));
  } catch (error) {
    if (error instanceof JsonSyntaxError) throw new InvalidSchema(error.message);
    if (error instanceof RangeError) throw new InvalidSchema('The schema nests too deep.');
    throw error;
  }
}

class AvroCodec implements DecodingCodec {
  readonly type = 'AVRO';
  readonly text: string;
  readonly recordName: string | undefined;
  readonly #write: BinaryWriter;
  readonly #writeJson: JsonWriter;

  constructor(schema: SchemaNode, text: string) {
    this.text = text;
    this.recordName = isNamed(schema) ? schema.name.full : undefined;
    this.#write = new BinaryWriterCompiler().compileTop(schema);
    this.#writeJson = new JsonWriterCompiler().compileTop(schema);
  }

  encode(value: Buffer, id: number): Buffer {
    binary.begin(FRAME_BYTES);
    try {
      this.#write(binary, parseExactJson(value, JSON_DEPTH_MAX));
    } catch (error) {
      if (error instanceof Misfit) throw error.toMismatch();
      if (error instanceof RangeError || error instanceof JsonSyntaxError) {
        throw new DataMismatch('The value nests too deep.', '');
      }
      throw error;
    }
    const data = binary.finish();
    writeFrame(data, id);
    return data;
  }

  /** What stands behind the value is not looked at: Confluent's deserialisers do not either. */
  decode(data: Buffer): string {
    if (data.length < FRAME_BYTES) throw new PayloadError('The magic byte and the id of a schema are not there.');
    json.begin(Math.min(JSON_BYTES_BASE + JSON_BYTES_PER_BYTE * data.length, JSON_BYTES_MAX));
    this.#writeJson(new BinaryInput(data, FRAME_BYTES), json, 1);
    return json.finish();
  }
}
