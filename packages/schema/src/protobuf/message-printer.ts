import { PayloadError } from '../schema-errors.ts';
import { fieldAt, inFieldOrder, isValueNext } from './field-order.ts';
import type { JsonPrinter } from './json-printer.ts';
import type { Field, MessageType, PrintValue } from './message-type.ts';
import { type ScalarType, scalarTexts } from './scalar-texts.ts';
import { WireReader } from './wire-reader.ts';
import { wireTypes } from './wire-types.ts';

const NOTHING = Buffer.alloc(0);

/**
 * Prints a message as protobuf-java's JsonFormat does with `includingDefaultValueFields`: fields by number, with those
 * that have no value, but messages and members of oneofs (contract E.8). All is printed as it is read, nothing is
 * built, so that the memory that a record takes is that of its text.
 *
 * @param type of what is left to the reader
 * @param typeUrl of one that stands in an Any, in JSON
 * @throws PayloadError
 */
export function printFields(printer: JsonPrinter, reader: WireReader, type: MessageType, typeUrl = ''): void {
  const inner = inFieldOrder(reader, type);
  const { alwaysPrinted } = type;
  const start = inner.position;
  let separator = '{';
  if (typeUrl !== '') {
    printer.text += `{"@type":${typeUrl}`;
    separator = ',';
  }
  let next = 0;
  let required = 0;
  let field = nextField(inner, type);
  while (field !== undefined) {
    for (; next < alwaysPrinted.length; next++) {
      const absent = alwaysPrinted[next] as Field;
      if (absent.index >= field.index) break;
      printer.text += separator + absent.label + absent.defaultText;
      separator = ',';
    }
    if (alwaysPrinted[next] === field) next++;
    if (field.isRequired) required++;
    printer.text += separator + field.label;
    separator = ',';
    field = printField(printer, inner, type, field);
    printer.checkLength();
  }
  for (; next < alwaysPrinted.length; next++) {
    const absent = alwaysPrinted[next] as Field;
    printer.text += separator + absent.label + absent.defaultText;
    separator = ',';
  }
  printer.text += separator === '{' ? '{}' : '}';
  if (required < type.required.length) throw missingRequired(inner, start, type);
}

/**
 * Steps to the next field of those that the message has; others are passed.
 * @returns undefined at the end
 * @throws PayloadError
 */
export function nextField(reader: WireReader, type: MessageType): Field | undefined {
  while (reader.position < reader.end) {
    const tag = reader.tag();
    const field = fieldAt(reader, type, tag);
    if (field !== undefined) return field;
    reader.skip(tag);
  }
  return undefined;
}

/**
 * Prints the value or values of a field, at the first of which the reader stands.
 * @returns the field that the reader has stepped to
 * @throws PayloadError
 */
export function printField(
  printer: JsonPrinter,
  reader: WireReader,
  type: MessageType,
  field: Field,
): Field | undefined {
  if (field.isMap) return printMap(printer, reader, type, field);
  if (field.isRepeated) return printRepeated(printer, reader, type, field);
  field.print(printer, reader, field);
  return nextField(reader, type);
}

/** Prints a message that stands behind its length, or as a group. */
export const printMessage: PrintValue = (printer, reader, field) => {
  const type = field.message as MessageType;
  const outerEnd = reader.end;
  let after: number;
  if (field.type === 'group') {
    const start = reader.position;
    reader.end = reader.groupEnd(field.tag);
    after = reader.position;
    reader.position = start;
  } else {
    after = reader.lengthEnd();
    reader.end = after;
  }
  printer.enter();
  type.printContent(printer, reader, type);
  printer.leave();
  reader.end = outerEnd;
  reader.position = after;
};

/** @returns a printer for one type of scalar */
export function scalarPrinter(type: ScalarType): PrintValue {
  const text = scalarTexts[type];
  return (printer, reader, field) => {
    printer.text += text(reader, field);
  };
}

/** Runs of packed values and values that stand alone may follow each other. */
function printRepeated(printer: JsonPrinter, reader: WireReader, type: MessageType, field: Field): Field | undefined {
  let separator = '[';
  let following: Field | undefined;
  do {
    const outerEnd = reader.end;
    const isRun = field.isPackable && (reader.lastTag & 7) === wireTypes.length;
    const end = isRun ? reader.lengthEnd() : reader.position + 1;
    if (isRun) reader.end = end;
    while (reader.position < end) {
      const start = reader.position;
      if (isRun && field.isClosed && !isValueNext(reader, field)) continue;
      reader.position = start;
      printer.text += separator;
      field.print(printer, reader, field);
      separator = ',';
      printer.checkLength();
    }
    reader.end = outerEnd;
    following = nextField(reader, type);
  } while (following === field);
  printer.text += separator === '[' ? '[]' : ']';
  return following;
}

/** The last of the entries with one key counts, at the place of the first. */
function printMap(printer: JsonPrinter, reader: WireReader, type: MessageType, field: Field): Field | undefined {
  const [key, value] = (field.message as MessageType).fields as [Field, Field];
  const values = new Map<string, number>();
  let following: Field | undefined;
  do {
    readEntry(reader, field.message as MessageType, values, key);
    following = nextField(reader, type);
  } while (following === field);
  const { position: after, lastTag } = reader;
  let separator = '{';
  printer.enter();
  for (const [name, position] of values) {
    printer.text += `${separator + name}:`;
    separator = ',';
    reader.position = position;
    if (position !== 0) value.print(printer, reader, value);
    else printAbsent(printer, value);
    printer.checkLength();
  }
  printer.leave();
  printer.text += separator === '{' ? '{}' : '}';
  reader.position = after;
  reader.lastTag = lastTag;
  return following;
}

/**
 * Passes an entry of a map.
 * @param values where each key's value stands, by the key in JSON: 0 for one that has none
 */
function readEntry(reader: WireReader, type: MessageType, values: Map<string, number>, key: Field): void {
  const outerEnd = reader.end;
  reader.end = reader.lengthEnd();
  let name = key.defaultText;
  let position = 0;
  for (let field = nextField(reader, type); field !== undefined; field = nextField(reader, type)) {
    if (field === key) {
      name = scalarTexts[key.type as ScalarType](reader, key);
    } else {
      position = reader.position;
      reader.skip(reader.lastTag);
    }
  }
  reader.end = outerEnd;
  values.set(name.startsWith('"') ? name : `"${name}"`, position);
}

function printAbsent(printer: JsonPrinter, field: Field): void {
  if (field.message === undefined) printer.text += field.defaultText;
  else field.message.printContent(printer, new WireReader(NOTHING, 0, 0), field.message);
}

function missingRequired(reader: WireReader, start: number, type: MessageType): PayloadError {
  const present = new Set<Field>();
  reader.position = start;
  for (let field = nextField(reader, type); field !== undefined; field = nextField(reader, type)) {
    present.add(field);
    reader.skip(reader.lastTag);
  }
  const missing = type.required.filter((field) => !present.has(field));
  return new PayloadError(`Message missing required fields: ${missing.map(({ name }) => name).join(', ')}`);
}
