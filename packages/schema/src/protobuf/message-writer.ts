import type { ExactJson } from '../exact-json.ts';
import { mismatch, quoted, within } from './data-mismatch.ts';
import { type Field, type MessageType, type WriteValue } from './message-type.ts';
import { NESTING_MAX } from './payload-limits.ts';
import { scalarWriters } from './scalar-writers.ts';
import type { WireWriter } from './wire-writer.ts';

/** A JSON object's members that are fields with a value. */
interface Members {
  readonly fields: Field[];
  readonly values: ExactJson[];
  readonly names: string[];
}

/**
 * Writes a message's content from a JSON object, fields ascending by number.
 * @throws DataMismatch
 */
export function writeFields(writer: WireWriter, json: ExactJson, type: MessageType): void {
  writeMembers(writer, membersOf(json, type, undefined), type);
}

/**
 * The same of a message in an Any, whose type stands among the fields.
 * @throws DataMismatch
 */
export function writeAnyFields(writer: WireWriter, json: ExactJson, type: MessageType): void {
  writeMembers(writer, membersOf(json, type, '@type'), type);
}

/** Writes a message behind its length, or as a group. */
export const writeMessage: WriteValue = (writer, json, field) => {
  const type = field.message as MessageType;
  if (writer.depth >= NESTING_MAX) throw mismatch('Hit recursion limit.');
  writer.depth++;
  if (field.type === 'group') {
    type.writeContent(writer, json, type);
    writer.varint32(field.tag + 1);
  } else {
    const start = writer.open();
    type.writeContent(writer, json, type);
    writer.close(start);
  }
  writer.depth--;
  return false;
};

/**
 * Writes the value or values of a field, with their tags.
 * @throws DataMismatch
 */
export function writeField(writer: WireWriter, json: ExactJson, field: Field): void {
  if (field.isMap) return writeMap(writer, json, field);
  if (field.isRepeated) return writeRepeated(writer, json, field);
  const start = writer.position;
  writer.varint32(field.tag);
  if (field.write(writer, json, field) && !field.hasPresence) writer.position = start;
}

function membersOf(json: ExactJson, type: MessageType, ignoredName: string | undefined): Members {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw mismatch(`Expect message object but got: ${quoted(json)}`);
  }
  const members: Members = { fields: [], values: [], names: [] };
  let last = -1;
  let isOrdered = true;
  for (const name in json) {
    const field = type.fieldsByName.get(name);
    if (field === undefined) {
      if (name === ignoredName) continue;
      throw within(mismatch(`Cannot find field: ${name} in message ${type.fullName}`), name);
    }
    const value = json[name] as ExactJson;
    if (value === null && !field.isNullValue) continue;
    if (field.index <= last) isOrdered = false;
    last = field.index;
    members.fields.push(field);
    members.values.push(value);
    members.names.push(name);
  }
  return isOrdered ? members : ordered(members);
}

function ordered({ fields, values, names }: Members): Members {
  const places = [...fields.keys()].toSorted((a, b) => (fields[a] as Field).index - (fields[b] as Field).index);
  for (let i = 1; i < places.length; i++) {
    const field = fields[places[i] as number] as Field;
    if (field === fields[places[i - 1] as number]) throw mismatch(`Field ${field.fullName} has already been set.`);
  }
  return {
    fields: places.map((place) => fields[place] as Field),
    values: places.map((place) => values[place] as ExactJson),
    names: places.map((place) => names[place] as string),
  };
}

function writeMembers(writer: WireWriter, { fields, values, names }: Members, type: MessageType): void {
  assertOneofs(fields);
  if (type.required.length > 0) assertRequired(fields, type);
  let i = 0;
  try {
    for (; i < fields.length; i++) writeField(writer, values[i] as ExactJson, fields[i] as Field);
  } catch (error) {
    throw within(error, names[i] as string);
  }
}

function assertOneofs(fields: readonly Field[]): void {
  let members: Map<number, Field> | undefined;
  for (const field of fields) {
    if (field.oneof < 0) continue;
    members ??= new Map();
    const member = members.get(field.oneof);
    if (member !== undefined) {
      throw mismatch(
        `Cannot set field ${field.fullName} because another field ${member.fullName} belonging to the same oneof has already been set `,
      );
    }
    members.set(field.oneof, field);
  }
}

function assertRequired(fields: readonly Field[], type: MessageType): void {
  const present = new Set(fields);
  const missing = type.required.filter((field) => !present.has(field));
  if (missing.length === 0) return;
  throw mismatch(`Message missing required fields: ${missing.map(({ name }) => name).join(', ')}`);
}

function writeRepeated(writer: WireWriter, json: ExactJson, field: Field): void {
  if (!Array.isArray(json)) throw mismatch(`Expected an array for ${field.name} but found ${quoted(json)}`);
  if (json.length === 0) return;
  if (field.isPacked) {
    writer.varint32(field.tag);
    const start = writer.open();
    writeElements(writer, json, field);
    writer.close(start);
  } else {
    writeElements(writer, json, field);
  }
}

function writeElements(writer: WireWriter, json: readonly ExactJson[], field: Field): void {
  let i = 0;
  try {
    for (; i < json.length; i++) {
      const element = json[i] as ExactJson;
      if (element === null && !field.isNullValue) {
        throw mismatch(`Repeated field elements cannot be null in field: ${field.fullName}`);
      }
      if (!field.isPacked) writer.varint32(field.tag);
      field.write(writer, element, field);
    }
  } catch (error) {
    throw within(error, i);
  }
}

/** Each entry is a message with both key and value, as all generated code writes it. */
function writeMap(writer: WireWriter, json: ExactJson, field: Field): void {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw mismatch(`Expect a map object but found: ${quoted(json)}`);
  }
  const [key, value] = (field.message as MessageType).fields as [Field, Field];
  let name = '';
  try {
    for (name in json) {
      const element = json[name] as ExactJson;
      writer.varint32(field.tag);
      const start = writer.open();
      writer.varint32(key.tag);
      scalarWriters[key.type as keyof typeof scalarWriters](writer, name, key);
      if (element === null && !value.isNullValue) throw mismatch('Map value cannot be null.');
      writer.varint32(value.tag);
      value.write(writer, element, value);
      writer.close(start);
    }
  } catch (error) {
    throw within(error, name);
  }
}
