import { doubleText } from '../double-text.ts';
import { PayloadError } from '../schema-errors.ts';
import type { BinaryInput } from './binary-input.ts';
import type { JsonOutput } from './json-output.ts';
import {
  type ArrayNode,
  branchName,
  isPrimitive,
  type PrimitiveKind,
  type RecordNode,
  type SchemaNode,
} from './schema-node.ts';

/**
 * Takes one value from the input and writes it as JSON.
 * @param depth how deep it nests, from 1
 * @throws PayloadError
 */
export type JsonWriter = (input: BinaryInput, output: JsonOutput, depth: number) => void;

/** How deep JSON may nest: as deep as Jackson goes. With a recursive type each level may take no more than a byte. */
const DEPTH_MAX = 1000;

const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const COLON = 0x3a;
const COMMA = 0x2c;

const NULL = Buffer.from('null');
const TRUE = Buffer.from('true');
const FALSE = Buffer.from('false');

const primitives: Readonly<Record<PrimitiveKind, JsonWriter>> = {
  null: (_input, output) => output.write(NULL),
  boolean: (input, output) => output.write(input.readBoolean() ? TRUE : FALSE),
  int: (input, output) => output.writeInteger(input.readInt()),
  long: (input, output) => {
    const value = input.readLong();
    if (typeof value === 'number') output.writeInteger(value);
    else output.writeAscii(String(value));
  },
  // As a double, in which 23.4 has many more digits, and without the sign of a zero: Avro's for Java does so.
  float: (input, output) => output.writeAscii(doubleText(input.readFloat() + 0)),
  double: (input, output) => output.writeAscii(doubleText(input.readDouble())),
  bytes: (input, output) => input.copyBytes(output),
  string: (input, output) => input.copyString(output),
};

/** Compiles schemas to functions that turn Avro's binary encoding into its JSON encoding (contract E.6). */
export class JsonWriterCompiler {
  readonly #records = new Map<RecordNode, JsonWriter>();

  /**
   * For what a key or value is as a whole. Confluent's proxy takes the schema of that from the value itself, and a value
   * does not know of a union around it: neither here nor in the values of a map here is the branch told. And bytes stand
   * for themselves, without a length.
   */
  compileTop(node: SchemaNode): JsonWriter {
    return node.kind === 'bytes' ? (input, output) => input.copyRest(output) : this.#compileBare(node);
  }

  #compileBare(node: SchemaNode): JsonWriter {
    if (node.kind === 'union') return unionWriter(node.branches.map((branch) => this.#compileBare(branch)));
    return node.kind === 'map' ? mapWriter(this.#compileBare(node.values)) : this.#compile(node);
  }

  #compile(node: SchemaNode): JsonWriter {
    if (isPrimitive(node)) return primitives[node.kind];
    if (node.kind === 'record') return this.#records.get(node) ?? this.#compileRecord(node);
    if (node.kind === 'array') return this.#compileArray(node);
    if (node.kind === 'map') return mapWriter(this.#compile(node.values));
    if (node.kind === 'union') return unionWriter(node.branches.map((branch) => this.#compileBranch(branch)));
    if (node.kind === 'enum') return enumWriter(node.symbols);
    const { size } = node;
    return (input, output) => input.copyFixed(output, size);
  }

  #compileRecord(node: RecordNode): JsonWriter {
    const prefixes: Buffer[] = [];
    const writers: JsonWriter[] = [];
    const writer: JsonWriter = (input, output, depth) => {
      checkDepth(depth);
      output.writeCharacter(OPEN_BRACE);
      for (let i = 0; i < writers.length; i++) {
        output.write(prefixes[i] as Buffer);
        (writers[i] as JsonWriter)(input, output, depth + 1);
      }
      output.writeCharacter(CLOSE_BRACE);
    };
    // Before the fields, as they may hold it again.
    this.#records.set(node, writer);
    for (const { name, type } of node.fields) {
      prefixes.push(Buffer.from(`${prefixes.length === 0 ? '' : ','}${JSON.stringify(name)}:`));
      writers.push(this.#compile(type));
    }
    return writer;
  }

  #compileArray(node: ArrayNode): JsonWriter {
    const item = this.#compile(node.items);
    return (input, output, depth) => {
      checkDepth(depth);
      output.writeCharacter(OPEN_BRACKET);
      let isFirst = true;
      for (let count = input.readBlockCount(); count > 0; count = input.readBlockCount()) {
        for (let i = 0; i < count; i++) {
          if (isFirst) isFirst = false;
          else output.writeCharacter(COMMA);
          item(input, output, depth + 1);
        }
      }
      output.writeCharacter(CLOSE_BRACKET);
    };
  }

  #compileBranch(node: SchemaNode): JsonWriter {
    const writer = this.#compile(node);
    if (node.kind === 'null') return writer;
    const prefix = Buffer.from(`{${JSON.stringify(branchName(node))}:`);
    return (input, output, depth) => {
      checkDepth(depth);
      output.write(prefix);
      writer(input, output, depth + 1);
      output.writeCharacter(CLOSE_BRACE);
    };
  }
}

function unionWriter(branches: readonly JsonWriter[]): JsonWriter {
  return (input, output, depth) => {
    const index = input.readInt();
    const branch = branches[index];
    if (branch === undefined) throw new PayloadError(`A union of ${branches.length} has no branch ${index}.`);
    branch(input, output, depth);
  };
}

function mapWriter(value: JsonWriter): JsonWriter {
  return (input, output, depth) => {
    checkDepth(depth);
    output.writeCharacter(OPEN_BRACE);
    let isFirst = true;
    for (let count = input.readBlockCount(); count > 0; count = input.readBlockCount()) {
      for (let i = 0; i < count; i++) {
        if (isFirst) isFirst = false;
        else output.writeCharacter(COMMA);
        input.copyString(output);
        output.writeCharacter(COLON);
        value(input, output, depth + 1);
      }
    }
    output.writeCharacter(CLOSE_BRACE);
  };
}

function enumWriter(symbols: readonly string[]): JsonWriter {
  const texts = symbols.map((symbol) => Buffer.from(JSON.stringify(symbol)));
  return (input, output) => {
    const index = input.readInt();
    const text = texts[index];
    if (text === undefined) throw new PayloadError(`An enum of ${texts.length} has no symbol ${index}.`);
    output.write(text);
  };
}

function checkDepth(depth: number): void {
  if (depth > DEPTH_MAX) throw new PayloadError(`The value nests deeper than ${DEPTH_MAX}.`);
}
