import type { FullName } from './full-name.ts';
import { memberText, schemaJsonText } from './schema-json.ts';
import {
  type FieldNode,
  isNamed,
  isPrimitiveKind,
  type NamedNode,
  type Properties,
  type SchemaNode,
} from './schema-node.ts';

/**
 * A schema as Confluent's clients tell it to a registry: compact, the attributes in the order in which Java's Avro prints
 * them, a type in full where it stands first and by its name from then on. The registry compares such texts, and one that
 * differs would be registered as another version.
 * @param known the full names of types that the text need not define, as it refers to schemas that do
 */
export function canonicalText(schema: SchemaNode, known: ReadonlySet<string>): string {
  return textOf(schema, { namespace: '', written: new Set(known) });
}

interface Surroundings {
  /** Which names without a namespace are in. */
  readonly namespace: string;
  readonly written: Set<string>;
}

function textOf(node: SchemaNode, around: Surroundings): string {
  if (isNamed(node)) {
    if (around.written.has(node.name.full)) return JSON.stringify(relativeName(node.name, around.namespace));
    around.written.add(node.name.full);
    return definitionText(node, around);
  }
  if (node.kind === 'union') return `[${node.branches.map((branch) => textOf(branch, around)).join(',')}]`;
  const properties = propertyTexts(node.properties);
  if (node.kind === 'array') return objectText([`"type":"array","items":${textOf(node.items, around)}`, ...properties]);
  if (node.kind === 'map') return objectText([`"type":"map","values":${textOf(node.values, around)}`, ...properties]);
  return properties.length === 0 ? `"${node.kind}"` : objectText([`"type":"${node.kind}"`, ...properties]);
}

function definitionText(node: NamedNode, around: Surroundings): string {
  const { name, namespace } = node.name;
  const keyword = node.kind === 'record' ? node.keyword : node.kind;
  const parts = [`"type":"${keyword}"`, memberText('name', JSON.stringify(name))];
  if (namespace !== around.namespace) parts.push(memberText('namespace', JSON.stringify(namespace)));
  if (node.doc !== undefined) parts.push(memberText('doc', JSON.stringify(node.doc)));
  parts.push(...contentTexts(node, { namespace, written: around.written }), ...propertyTexts(node.properties));
  if (node.aliases.length > 0) {
    parts.push(memberText('aliases', JSON.stringify(node.aliases.map((alias) => relativeName(alias, namespace)))));
  }
  return objectText(parts);
}

function contentTexts(node: NamedNode, inside: Surroundings): readonly string[] {
  if (node.kind === 'fixed') return [`"size":${node.size}`];
  if (node.kind === 'record') return [`"fields":[${node.fields.map((field) => fieldText(field, inside)).join(',')}]`];
  const symbols = memberText('symbols', JSON.stringify(node.symbols));
  return node.default === undefined ? [symbols] : [symbols, memberText('default', JSON.stringify(node.default))];
}

function fieldText(field: FieldNode, inside: Surroundings): string {
  const parts = [memberText('name', JSON.stringify(field.name)), `"type":${textOf(field.type, inside)}`];
  if (field.doc !== undefined) parts.push(memberText('doc', JSON.stringify(field.doc)));
  if (field.default !== undefined) parts.push(memberText('default', schemaJsonText(field.default)));
  if (field.order !== 'ascending') parts.push(`"order":"${field.order}"`);
  if (field.aliases.length > 0) parts.push(memberText('aliases', JSON.stringify(field.aliases)));
  return objectText([...parts, ...propertyTexts(field.properties)]);
}

/** Without its namespace where that is understood, or where there is none. */
function relativeName(name: FullName, namespace: string): string {
  return name.namespace === namespace && !isPrimitiveKind(name.name) ? name.name : name.full;
}

function propertyTexts(properties: Properties): readonly string[] {
  return [...properties].map(([name, value]) => memberText(name, schemaJsonText(value)));
}

function objectText(parts: readonly string[]): string {
  return `{${parts.join(',')}}`;
}
