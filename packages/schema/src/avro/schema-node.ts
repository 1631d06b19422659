import type { FullName } from './full-name.ts';
import type { SchemaJson } from './schema-json.ts';

/** A schema as a tree, in which a name stands for the node that it names: a recursive type makes it a graph. */
export type SchemaNode = PrimitiveNode | ArrayNode | MapNode | UnionNode | NamedNode;
export type NamedNode = RecordNode | EnumNode | FixedNode;

/** Attributes that Avro does not know, logical types among them: kept for the canonical text alone. */
export type Properties = ReadonlyMap<string, SchemaJson>;

export type PrimitiveKind = 'null' | 'boolean' | 'int' | 'long' | 'float' | 'double' | 'bytes' | 'string';

export interface PrimitiveNode {
  readonly kind: PrimitiveKind;
  readonly properties: Properties;
}

export interface ArrayNode {
  readonly kind: 'array';
  readonly items: SchemaNode;
  readonly properties: Properties;
}

export interface MapNode {
  readonly kind: 'map';
  readonly values: SchemaNode;
  readonly properties: Properties;
}

export interface UnionNode {
  readonly kind: 'union';
  readonly branches: readonly SchemaNode[];
}

/** What all types with a name have. */
export interface NamedParts {
  readonly name: FullName;
  readonly doc: string | undefined;
  readonly aliases: readonly FullName[];
  readonly properties: Properties;
}

export interface RecordNode extends NamedParts {
  readonly kind: 'record';
  /** Errors of protocols are records in all but name. */
  readonly keyword: 'record' | 'error';
  readonly fields: readonly FieldNode[];
}

export interface FieldNode {
  readonly name: string;
  readonly type: SchemaNode;
  readonly doc: string | undefined;
  /** As it is written: neither Confluent's parser nor this one looks whether it fits. */
  readonly default: SchemaJson | undefined;
  readonly order: 'ascending' | 'descending' | 'ignore';
  readonly aliases: readonly string[];
  readonly properties: Properties;
}

export interface EnumNode extends NamedParts {
  readonly kind: 'enum';
  readonly symbols: readonly string[];
  readonly default: string | undefined;
}

export interface FixedNode extends NamedParts {
  readonly kind: 'fixed';
  /** In bytes. */
  readonly size: number;
}

const primitiveKinds: ReadonlySet<string> = new Set<PrimitiveKind>([
  'null',
  'boolean',
  'int',
  'long',
  'float',
  'double',
  'bytes',
  'string',
]);

export function isPrimitiveKind(name: string): name is PrimitiveKind {
  return primitiveKinds.has(name);
}

export function isPrimitive(node: SchemaNode): node is PrimitiveNode {
  return isPrimitiveKind(node.kind);
}

export function isNamed(node: SchemaNode): node is NamedNode {
  return 'name' in node;
}

/** What a union calls a branch of this type: the full name of a named type, else the kind. */
export function branchName(node: SchemaNode): string {
  return isNamed(node) ? node.name.full : node.kind;
}
