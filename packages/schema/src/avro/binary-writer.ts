import type { ExactJson } from '../exact-json.ts';
import { type BinaryOutput, latin1Of } from './binary-output.ts';
import { at, expectedToken, Misfit, outOfRange, unexpected, unknownName } from './misfit.ts';
import { type JsonObject, type RecordField, valueOfField } from './record-fields.ts';
import {
  type ArrayNode,
  branchName,
  type EnumNode,
  type FixedNode,
  isPrimitive,
  type MapNode,
  type PrimitiveKind,
  type RecordNode,
  type SchemaNode,
  type UnionNode,
} from './schema-node.ts';

/**
 * Writes one value in Avro's binary encoding.
 * @throws Misfit
 */
export type BinaryWriter = (output: BinaryOutput, value: ExactJson) => void;

interface FieldWriter extends RecordField {
  readonly write: BinaryWriter;
}

const INT_RANGE = 'int (-2147483648 - 2147483647)';
const LONG_RANGE = 'long (-9223372036854775808 - 9223372036854775807)';

const primitives: Readonly<Record<PrimitiveKind, BinaryWriter>> = {
  null: (_output, value) => {
    if (value !== null) throw unexpected('null', value);
  },
  boolean: (output, value) => {
    if (typeof value !== 'boolean') throw unexpected('boolean', value);
    output.writeBoolean(value);
  },
  int: (output, value) => {
    if (typeof value === 'number' && (value | 0) === value) output.writeInt(value);
    else throw isWhole(value) ? outOfRange(value, INT_RANGE) : unexpected('int', value);
  },
  long: writeLong,
  float: (output, value) => {
    output.writeFloat(numberOf(value, 'float'));
  },
  double: (output, value) => {
    output.writeDouble(numberOf(value, 'double'));
  },
  bytes: (output, value) => {
    if (typeof value !== 'string') throw unexpected('bytes', value);
    const latin1 = latin1Of(value);
    output.writeInt(latin1.length);
    output.writeLatin1(latin1);
  },
  string: (output, value) => {
    if (typeof value !== 'string') throw unexpected('string', value);
    output.writeString(value);
  },
};

/** Compiles schemas to functions that turn Avro's JSON encoding into its binary encoding (contract E.5). */
export class BinaryWriterCompiler {
  readonly #records = new Map<RecordNode, BinaryWriter>();

  /** For what a key or value is as a whole: bytes stand for themselves there, without a length. */
  compileTop(node: SchemaNode): BinaryWriter {
    if (node.kind !== 'bytes') return this.#compile(node);
    return (output, value) => {
      if (typeof value !== 'string') throw unexpected('bytes', value);
      output.writeLatin1(latin1Of(value));
    };
  }

  #compile(node: SchemaNode): BinaryWriter {
    if (isPrimitive(node)) return primitives[node.kind];
    if (node.kind === 'record') return this.#records.get(node) ?? this.#compileRecord(node);
    if (node.kind === 'array') return this.#compileArray(node);
    if (node.kind === 'map') return this.#compileMap(node);
    if (node.kind === 'union') return this.#compileUnion(node);
    return node.kind === 'enum' ? enumWriter(node) : fixedWriter(node);
  }

  #compileRecord(node: RecordNode): BinaryWriter {
    const fields: FieldWriter[] = [];
    const writer: BinaryWriter = (output, value) => {
      if (!isObject(value)) throw unexpected('record-start', value);
      let i = 0;
      try {
        for (; i < fields.length; i++) (fields[i] as FieldWriter).write(output, valueOfField(value, fields, i));
      } catch (error) {
        throw at(error, (fields[i] as FieldWriter).name);
      }
    };
    // Before the fields, as they may hold it again.
    this.#records.set(node, writer);
    const names = new Set(node.fields.map((field) => field.name));
    for (const { name, aliases, type } of node.fields) {
      fields.push({
        name,
        aliases: aliases.filter((alias) => !names.has(alias)),
        isInherited: name in Object.prototype,
        token: expectedToken(type),
        write: this.#compile(type),
      });
    }
    return writer;
  }

  #compileArray(node: ArrayNode): BinaryWriter {
    const item = this.#compile(node.items);
    return (output, value) => {
      if (!Array.isArray(value)) throw unexpected('array-start', value);
      if (value.length > 0) {
        output.writeInt(value.length);
        let i = 0;
        try {
          for (; i < value.length; i++) item(output, value[i] as ExactJson);
        } catch (error) {
          throw at(error, String(i));
        }
      }
      output.writeInt(0);
    };
  }

  #compileMap(node: MapNode): BinaryWriter {
    const item = this.#compile(node.values);
    return (output, value) => {
      if (!isObject(value)) throw unexpected('map-start', value);
      const keys = Object.keys(value);
      if (keys.length > 0) {
        output.writeInt(keys.length);
        let i = 0;
        try {
          for (; i < keys.length; i++) {
            const key = keys[i] as string;
            output.writeString(key);
            item(output, value[key] as ExactJson);
          }
        } catch (error) {
          throw at(error, keys[i] as string);
        }
      }
      output.writeInt(0);
    };
  }

  #compileUnion(node: UnionNode): BinaryWriter {
    const branches = new Map<string, { readonly index: number; readonly write: BinaryWriter }>();
    for (const [index, branch] of node.branches.entries()) {
      branches.set(branchName(branch), { index, write: this.#compile(branch) });
    }
    const nullIndex = branches.get('null')?.index;
    return (output, value) => {
      if (value === null) {
        if (nullIndex === undefined) throw unknownName('Unknown union branch', 'null');
        output.writeInt(nullIndex);
        return;
      }
      if (!isObject(value)) throw unexpected('start-union', value);
      const name = firstName(value);
      if (name === undefined) throw new Misfit('Expected start-union. Got END_OBJECT');
      const branch = branches.get(name);
      if (branch === undefined) throw unknownName('Unknown union branch', name);
      output.writeInt(branch.index);
      try {
        branch.write(output, value[name] as ExactJson);
      } catch (error) {
        throw at(error, name);
      }
    };
  }
}

function enumWriter(node: EnumNode): BinaryWriter {
  const indexes = new Map(node.symbols.map((symbol, index) => [symbol, index]));
  const token = expectedToken(node);
  return (output, value) => {
    if (typeof value !== 'string') throw unexpected(token, value);
    const index = indexes.get(value);
    if (index === undefined) throw unknownName('Unknown symbol in enum', value);
    output.writeInt(index);
  };
}

function fixedWriter({ size }: FixedNode): BinaryWriter {
  return (output, value) => {
    if (typeof value !== 'string') throw unexpected('fixed', value);
    const latin1 = latin1Of(value);
    // Without a space, as Avro has it.
    if (latin1.length !== size) throw new Misfit(`Expected fixed length ${size}, but got${latin1.length}`);
    output.writeLatin1(latin1);
  };
}

function writeLong(output: BinaryOutput, value: ExactJson): void {
  if (typeof value === 'number' && Number.isSafeInteger(value)) {
    output.writeSafeLong(value);
    return;
  }
  if (!isWhole(value)) throw unexpected('long', value);
  const long = BigInt(value);
  if (BigInt.asIntN(64, long) !== long) throw outOfRange(long, LONG_RANGE);
  output.writeLong(long);
}

/** @throws Misfit for what is no number, and for one that no double is as large as */
function numberOf(value: ExactJson, token: string): number {
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  if (typeof value === 'bigint') return Number(value);
  throw unexpected(token, value);
}

function isWhole(value: ExactJson): value is number | bigint {
  return typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value));
}

function isObject(value: ExactJson): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function firstName(value: JsonObject): string | undefined {
  for (const name in value) return name;
  return undefined;
}
