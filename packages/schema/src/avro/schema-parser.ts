import { InvalidSchema } from '../schema-errors.ts';
import { assertName, type FullName, fullName, quoted } from './full-name.ts';
import {
  aliasesOf,
  enumAttributes,
  fieldAttributes,
  nameOf,
  orderOf,
  propertiesOf,
  stringOf,
  typeAliasesOf,
  typeAttributes,
} from './schema-attributes.ts';
import { JsonNumber, parseSchemaJson, type SchemaJson, type SchemaObject } from './schema-json.ts';
import {
  branchName,
  type EnumNode,
  type FieldNode,
  type FixedNode,
  isPrimitiveKind,
  type NamedNode,
  type NamedParts,
  type Properties,
  type RecordNode,
  type SchemaNode,
  type UnionNode,
} from './schema-node.ts';

/** The longest array of bytes that Java has. */
const FIXED_SIZE_MAX = 2_147_483_639;
const INTEGER = /^\d{1,10}$/;

/**
 * Parses schemas one after the other; each may refer to the named types of those before it. It takes what Avro's parser
 * for Java takes, which is more than the specification says (names of any script) and less than it could: defaults are
 * not compared with their types, since Confluent's proxy and registry do not do that either, and schemas that were
 * registered so must stay readable.
 */
export class SchemaParser {
  readonly #named = new Map<string, NamedNode>();

  /** The full names of the types that are defined so far. */
  get names(): ReadonlySet<string> {
    return new Set(this.#named.keys());
  }

  /**
   * @throws InvalidSchema
   * @throws JsonSyntaxError
   */
  parse(text: string): SchemaNode {
    return this.#node(parseSchemaJson(text), '');
  }

  /** @param namespace of the type around it, which names without one are in */
  #node(json: SchemaJson, namespace: string): SchemaNode {
    if (typeof json === 'string') return this.#reference(json, namespace, new Map());
    if (Array.isArray(json)) return this.#union(json as readonly SchemaJson[], namespace);
    if (json instanceof Map) return this.#object(json as SchemaObject, namespace);
    throw new InvalidSchema('A schema is a name, an object or an array.');
  }

  #object(json: SchemaObject, namespace: string): SchemaNode {
    const type = json.get('type');
    if (typeof type !== 'string') {
      throw new InvalidSchema('The "type" of a schema is a name. Where a type is nested, it stands alone.');
    }
    switch (type) {
      case 'record':
      case 'error':
        return this.#record(json, type, namespace);
      case 'enum':
        return this.#enum(json, namespace);
      case 'fixed':
        return this.#fixed(json, namespace);
      case 'array':
        return {
          kind: 'array',
          items: this.#part(json, 'items', namespace),
          properties: propertiesOf(json, typeAttributes),
        };
      case 'map':
        return {
          kind: 'map',
          values: this.#part(json, 'values', namespace),
          properties: propertiesOf(json, typeAttributes),
        };
      default:
        return this.#reference(type, namespace, propertiesOf(json, typeAttributes));
    }
  }

  /** A name without a namespace is looked for in the one around it, then where there is none. */
  #reference(name: string, namespace: string, properties: Properties): SchemaNode {
    if (isPrimitiveKind(name)) return { kind: name, properties };
    const found = this.#named.get(fullName(name, namespace).full) ?? this.#named.get(fullName(name, '').full);
    if (found === undefined) throw new InvalidSchema(`There is no type ${quoted(name)} so far.`);
    return found;
  }

  #part(json: SchemaObject, attribute: 'items' | 'values', namespace: string): SchemaNode {
    const part = json.get(attribute);
    if (part === undefined) throw new InvalidSchema(`The ${stringOf(json, 'type')} has no "${attribute}".`);
    return this.#node(part, namespace);
  }

  #union(json: readonly SchemaJson[], namespace: string): UnionNode {
    const branches = json.map((branch) => this.#node(branch, namespace));
    const names = new Set<string>();
    for (const branch of branches) {
      if (branch.kind === 'union') throw new InvalidSchema('A union stands directly in a union.');
      const name = branchName(branch);
      if (names.has(name)) throw new InvalidSchema(`The type ${quoted(name)} stands twice in one union.`);
      names.add(name);
    }
    return { kind: 'union', branches };
  }

  #record(json: SchemaObject, keyword: 'record' | 'error', namespace: string): RecordNode {
    const name = nameOf(json, namespace);
    const members = json.get('fields');
    if (!Array.isArray(members)) throw new InvalidSchema(`The record ${quoted(name.full)} has no array of "fields".`);
    const fields: FieldNode[] = [];
    const record: RecordNode = { kind: 'record', keyword, fields, ...namedParts(json, name, typeAttributes) };
    this.#define(record);
    const names = new Set<string>();
    for (const member of members as readonly SchemaJson[]) {
      const field = this.#field(member, name);
      if (names.has(field.name)) {
        throw new InvalidSchema(`The field ${quoted(field.name)} stands twice in ${quoted(name.full)}.`);
      }
      names.add(field.name);
      fields.push(field);
    }
    return record;
  }

  #field(json: SchemaJson, record: FullName): FieldNode {
    if (!(json instanceof Map)) throw new InvalidSchema(`A field of ${quoted(record.full)} is no object.`);
    const field = json as SchemaObject;
    const name = stringOf(field, 'name');
    if (name === undefined) throw new InvalidSchema(`A field of ${quoted(record.full)} has no name.`);
    assertName(name, 'a field');
    const type = field.get('type');
    if (type === undefined) throw new InvalidSchema(`The field ${quoted(name)} has no type.`);
    return {
      name,
      type: this.#node(type, record.namespace),
      doc: stringOf(field, 'doc'),
      default: field.get('default'),
      order: orderOf(field),
      aliases: aliasesOf(field),
      properties: propertiesOf(field, fieldAttributes),
    };
  }

  #enum(json: SchemaObject, namespace: string): EnumNode {
    const name = nameOf(json, namespace);
    const listed = json.get('symbols');
    if (!Array.isArray(listed)) throw new InvalidSchema(`The enum ${quoted(name.full)} has no array of "symbols".`);
    const symbols = new Set<string>();
    for (const symbol of listed as readonly SchemaJson[]) {
      if (typeof symbol !== 'string') throw new InvalidSchema('A symbol of an enum is a string.');
      assertName(symbol, 'a symbol');
      if (symbols.has(symbol)) throw new InvalidSchema(`The symbol ${quoted(symbol)} stands twice in an enum.`);
      symbols.add(symbol);
    }
    const fallback = stringOf(json, 'default');
    if (fallback !== undefined && !symbols.has(fallback)) {
      throw new InvalidSchema(`The default ${quoted(fallback)} is no symbol of the enum ${quoted(name.full)}.`);
    }
    const parts = namedParts(json, name, enumAttributes);
    return this.#define({ kind: 'enum', symbols: [...symbols], default: fallback, ...parts });
  }

  #fixed(json: SchemaObject, namespace: string): FixedNode {
    const name = nameOf(json, namespace);
    const size = json.get('size');
    const bytes = size instanceof JsonNumber && INTEGER.test(size.text) ? Number(size.text) : -1;
    if (bytes < 0 || bytes > FIXED_SIZE_MAX) {
      throw new InvalidSchema(`The fixed ${quoted(name.full)} has no size, or none from 0 to ${FIXED_SIZE_MAX}.`);
    }
    return this.#define({ kind: 'fixed', size: bytes, ...namedParts(json, name, typeAttributes) });
  }

  #define<Node extends NamedNode>(node: Node): Node {
    const { full } = node.name;
    if (this.#named.has(full)) throw new InvalidSchema(`The type ${quoted(full)} is defined twice.`);
    this.#named.set(full, node);
    return node;
  }
}

function namedParts(json: SchemaObject, name: FullName, attributes: ReadonlySet<string>): NamedParts {
  return {
    name,
    doc: stringOf(json, 'doc'),
    aliases: typeAliasesOf(json, name),
    properties: propertiesOf(json, attributes),
  };
}
