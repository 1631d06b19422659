import { InvalidSchema } from '../schema-errors.ts';
import { defaultText } from './default-text.ts';
import { fieldFeatures } from './features.ts';
import type { Features, FieldDescriptor } from './file-descriptor.ts';
import { printMessage, scalarPrinter } from './message-printer.ts';
import type { Field, MessageType, ValueType } from './message-type.ts';
import { writeMessage } from './message-writer.ts';
import { type ScalarType, scalarTexts } from './scalar-texts.ts';
import { scalarWriters } from './scalar-writers.ts';
import { assertName, type TypeScope } from './type-scope.ts';
import { wireTypes } from './wire-types.ts';

const NUMBER_MAX = 2 ** 29 - 1;
/** Reserved for protobuf itself. */
const FIRST_RESERVED = 19_000;
const LAST_RESERVED = 19_999;

const fixed32: ReadonlySet<string> = new Set(['fixed32', 'sfixed32', 'float']);
const fixed64: ReadonlySet<string> = new Set(['fixed64', 'sfixed64', 'double']);
const lengthDelimited: ReadonlySet<string> = new Set(['string', 'bytes', 'message']);

const printers = new Map(Object.keys(scalarTexts).map((type) => [type, scalarPrinter(type as ScalarType)]));

/**
 * Makes a field ready for readers and writers.
 * @param outer the features of the message, or of the oneof that it is a member of
 * @throws InvalidSchema
 */
export function linkField(descriptor: FieldDescriptor, scope: TypeScope, outer: Features): Field {
  const { name, number } = descriptor;
  const features = fieldFeatures(outer, descriptor);
  const fullName = `${scope.fullName}.${name}`;
  assertName(name);
  assertNumber(number, fullName);
  const found = descriptor.typeName ? scope.resolve(descriptor.typeName) : undefined;
  const isMap = descriptor.label === 'LABEL_REPEATED' && found?.type?.isMapEntry === true;
  const isOfMap = scope.type?.isMapEntry === true;
  const type = valueType(descriptor, found, features, isMap || isOfMap);
  const isMessage = found?.type !== undefined;
  const wire = wireForm(descriptor, type, features);
  const jsonName = descriptor.jsonName ?? lowerCamelCase(name);
  return {
    index: 0,
    name,
    number,
    jsonName,
    fullName,
    type,
    isMap,
    ...wire,
    ...presence(descriptor, features, isMessage),
    ...foundType(found),
    checksUtf8: features.utf8Validation === 'VERIFY' || isOfMap,
    label: `${JSON.stringify(jsonName)}:`,
    defaultText: wire.isRepeated ? emptyText(isMap) : defaultText(type, descriptor.defaultValue, found?.enum),
    write: isMessage ? writeMessage : scalarWriters[type as ScalarType],
    print: printers.get(type) ?? printMessage,
  };
}

type WireForm = Pick<Field, 'isRepeated' | 'isPacked' | 'isPackable' | 'tag'>;

function wireForm({ label, number }: FieldDescriptor, type: ValueType, features: Features): WireForm {
  const isRepeated = label === 'LABEL_REPEATED';
  const wireType = wireTypeOf(type);
  const isPackable = isRepeated && wireType !== wireTypes.length && wireType !== wireTypes.groupStart;
  const isPacked = isPackable && features.repeatedFieldEncoding === 'PACKED';
  return { isRepeated, isPacked, isPackable, tag: tagOf(number, isPacked ? wireTypes.length : wireType) };
}

type Presence = Pick<Field, 'hasPresence' | 'isRequired' | 'oneof'>;

function presence(descriptor: FieldDescriptor, { fieldPresence }: Features, isMessage: boolean): Presence {
  const { oneofIndex, proto3Optional } = descriptor;
  if (descriptor.label === 'LABEL_REPEATED') return { hasPresence: false, isRequired: false, oneof: -1 };
  return {
    hasPresence: isMessage || oneofIndex !== undefined || fieldPresence !== 'IMPLICIT',
    isRequired: fieldPresence === 'LEGACY_REQUIRED',
    oneof: oneofIndex === undefined || proto3Optional === true ? -1 : oneofIndex,
  };
}

/** Puts fields where readers and writers find them. */
export function indexFields(type: MessageType, fields: readonly Field[], alwaysPrinted: ReadonlySet<Field>): void {
  const ordered = fields.toSorted((a, b) => a.number - b.number);
  for (const [index, field] of ordered.entries()) {
    field.index = index;
    if (field.number === ordered[index - 1]?.number) {
      throw new InvalidSchema(`${type.fullName} has two fields with the number ${field.number}`);
    }
    type.fields.push(field);
    if (field.isRequired) type.required.push(field);
    if (alwaysPrinted.has(field)) type.alwaysPrinted.push(field);
    const wireType = wireTypeOf(field.type);
    type.fieldsByTag.set(tagOf(field.number, wireType), field);
    if (field.isPackable) type.fieldsByTag.set(tagOf(field.number, wireTypes.length), field);
  }
  // In the order of the schema: where a name is one field's own and another's JSON name, the later one has it.
  const names = new Set<string>();
  for (const field of fields) {
    if (names.has(field.name)) throw new InvalidSchema(`${field.fullName} is defined twice`);
    names.add(field.name);
    type.fieldsByName.set(field.name, field);
    type.fieldsByName.set(field.jsonName, field);
  }
}

/** @throws InvalidSchema */
function assertNumber(number: number, fullName: string): void {
  if (number >= 1 && number <= NUMBER_MAX && (number < FIRST_RESERVED || number > LAST_RESERVED)) return;
  throw new InvalidSchema(
    `${fullName}: a field has a number from 1 to ${NUMBER_MAX}, ${FIRST_RESERVED} to ${LAST_RESERVED} excepted`,
  );
}

function valueType(
  { name, type }: FieldDescriptor,
  found: TypeScope | undefined,
  features: Features,
  isOfMap: boolean,
): ValueType {
  if (found?.enum !== undefined) return 'enum';
  if (found !== undefined) return features.messageEncoding === 'DELIMITED' && !isOfMap ? 'group' : 'message';
  const scalar = String(type ?? '')
    .replace('TYPE_', '')
    .toLowerCase();
  if (scalar === 'enum' || !Object.hasOwn(scalarTexts, scalar)) throw new InvalidSchema(`field ${name} has no type`);
  return scalar as ValueType;
}

function wireTypeOf(type: ValueType): number {
  if (lengthDelimited.has(type)) return wireTypes.length;
  if (fixed32.has(type)) return wireTypes.fixed32;
  if (fixed64.has(type)) return wireTypes.fixed64;
  return type === 'group' ? wireTypes.groupStart : wireTypes.varint;
}

function tagOf(number: number, wireType: number): number {
  return ((number << 3) | wireType) >>> 0;
}

type FoundType = Pick<Field, 'message' | 'enum' | 'isClosed' | 'isNullValue'>;

/** Null is a Value that holds null, and an enum that has no other value. */
function foundType(found: TypeScope | undefined): FoundType {
  const isNullValue = found?.fullName === 'google.protobuf.Value' || found?.enum?.isNull === true;
  return { message: found?.type, enum: found?.enum, isClosed: found?.enum?.isClosed === true, isNullValue };
}

function emptyText(isMap: boolean): string {
  return isMap ? '{}' : '[]';
}

/** As protoc makes JSON names: an underscore goes, and the letter behind it is a capital. */
function lowerCamelCase(name: string): string {
  return name.replaceAll(/_+([^_]?)/g, (_, letter: string) => letter.toUpperCase());
}
