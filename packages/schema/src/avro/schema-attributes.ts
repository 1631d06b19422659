import { InvalidSchema } from '../schema-errors.ts';
import { assertName, type FullName, fullName, quoted } from './full-name.ts';
import type { SchemaJson, SchemaObject } from './schema-json.ts';
import { type FieldNode, isPrimitiveKind, type Properties } from './schema-node.ts';

/** What Avro itself gives a meaning to; everything else is a property. */
export const typeAttributes: ReadonlySet<string> = new Set([
  'aliases',
  'doc',
  'fields',
  'items',
  'name',
  'namespace',
  'size',
  'symbols',
  'type',
  'values',
]);
export const enumAttributes: ReadonlySet<string> = new Set([...typeAttributes, 'default']);
export const fieldAttributes: ReadonlySet<string> = new Set(['aliases', 'default', 'doc', 'name', 'order', 'type']);

const orders: readonly FieldNode['order'][] = ['ascending', 'descending', 'ignore'];

/** @returns undefined when there is none, or something else than a string, which Avro's parser passes over */
export function stringOf(json: SchemaObject, attribute: string): string | undefined {
  const value = json.get(attribute);
  return typeof value === 'string' ? value : undefined;
}

/**
 * @param namespace of the type around it
 * @throws InvalidSchema
 */
export function nameOf(json: SchemaObject, namespace: string): FullName {
  const text = stringOf(json, 'name');
  if (text === undefined) throw new InvalidSchema('A record, an enum or a fixed has no name.');
  const name = fullName(text, stringOf(json, 'namespace') ?? namespace);
  assertName(name.name, 'a type');
  if (isPrimitiveKind(name.full)) throw new InvalidSchema(`A type can't be called ${quoted(name.full)}.`);
  return name;
}

/**
 * @returns each once
 * @throws InvalidSchema
 */
export function aliasesOf(json: SchemaObject): readonly string[] {
  const listed = json.get('aliases');
  if (listed === undefined) return [];
  if (!Array.isArray(listed)) throw new InvalidSchema('The aliases are no array.');
  const aliases = new Set<string>();
  for (const alias of listed as readonly SchemaJson[]) {
    if (typeof alias !== 'string') throw new InvalidSchema('An alias is no string.');
    aliases.add(alias);
  }
  return [...aliases];
}

/**
 * The aliases of a type: one without a namespace is in the type's own.
 * @throws InvalidSchema
 */
export function typeAliasesOf(json: SchemaObject, name: FullName): readonly FullName[] {
  return aliasesOf(json).map((text) => {
    const alias = fullName(text, name.namespace);
    assertName(alias.name, 'an alias');
    return alias;
  });
}

/** @throws InvalidSchema */
export function orderOf(field: SchemaObject): FieldNode['order'] {
  const value = field.get('order');
  if (value === undefined) return 'ascending';
  const order = orders.find((known) => typeof value === 'string' && value.toLowerCase() === known);
  if (order === undefined) throw new InvalidSchema('The order of a field is ascending, descending or ignore.');
  return order;
}

/** All that is not among the attributes. */
export function propertiesOf(json: SchemaObject, attributes: ReadonlySet<string>): Properties {
  const properties = new Map<string, SchemaJson>();
  for (const [name, value] of json) {
    if (!attributes.has(name)) properties.set(name, value);
  }
  return properties;
}
