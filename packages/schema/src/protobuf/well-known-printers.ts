import { PayloadError } from '../schema-errors.ts';
import { inFieldOrder } from './field-order.ts';
import { durationText, type Instant, timestampText } from './instants.ts';
import type { JsonPrinter } from './json-printer.ts';
import { nextField, printField, printFields } from './message-printer.ts';
import type { Field, MessageType, PrintContent } from './message-type.ts';
import { scalarTexts } from './scalar-texts.ts';
import { WireReader } from './wire-reader.ts';

const TWO_TO_32 = 2 ** 32;

/** The types that have a JSON form of their own (https://protobuf.dev/programming-guides/json/), by full name. */
export const wellKnownPrinters: ReadonlyMap<string, PrintContent> = new Map<string, PrintContent>([
  ['google.protobuf.Any', printAny],
  ['google.protobuf.Timestamp', printTimestamp],
  ['google.protobuf.Duration', printDuration],
  ['google.protobuf.FieldMask', printFieldMask],
  ['google.protobuf.Struct', printOnlyField],
  ['google.protobuf.ListValue', printOnlyField],
  ['google.protobuf.Value', printValue],
  ['google.protobuf.DoubleValue', printWrapper],
  ['google.protobuf.FloatValue', printWrapper],
  ['google.protobuf.Int64Value', printWrapper],
  ['google.protobuf.UInt64Value', printWrapper],
  ['google.protobuf.Int32Value', printWrapper],
  ['google.protobuf.UInt32Value', printWrapper],
  ['google.protobuf.BoolValue', printWrapper],
  ['google.protobuf.StringValue', printWrapper],
  ['google.protobuf.BytesValue', printWrapper],
]);

/** A map or a list in place of the message that holds it. */
function printOnlyField(printer: JsonPrinter, reader: WireReader, type: MessageType): void {
  const field = nextField(reader, type);
  if (field === undefined) printer.text += (type.fields[0] as Field).defaultText;
  else printField(printer, reader, type, field);
}

function printWrapper(printer: JsonPrinter, reader: WireReader, type: MessageType): void {
  const value = type.fields[0] as Field;
  const position = lastValues(reader, type)[0] as number;
  if (position < 0) {
    printer.text += value.defaultText;
  } else {
    reader.position = position;
    value.print(printer, reader, value);
  }
}

function printValue(printer: JsonPrinter, reader: WireReader, type: MessageType): void {
  const inner = inFieldOrder(reader, type);
  const field = nextField(inner, type);
  if (field === undefined) {
    printer.text += 'null';
  } else if (field.type === 'double') {
    const text = scalarTexts.double(inner, field);
    if (text.startsWith('"')) throw new PayloadError(`google.protobuf.Value cannot hold ${text.slice(1, -1)}.`);
    printer.text += text;
  } else {
    field.print(printer, inner, field);
  }
}

function printTimestamp(printer: JsonPrinter, reader: WireReader, type: MessageType): void {
  printer.text += quotedInstant(timestampText(readInstant(reader, type)), 'Timestamp');
}

function printDuration(printer: JsonPrinter, reader: WireReader, type: MessageType): void {
  printer.text += quotedInstant(durationText(readInstant(reader, type)), 'Duration');
}

function quotedInstant(text: string | undefined, name: string): string {
  if (text === undefined) throw new PayloadError(`A ${name} has seconds or nanoseconds that it cannot have.`);
  return `"${text}"`;
}

function readInstant(reader: WireReader, type: MessageType): Instant {
  const [secondsAt, nanosAt] = lastValues(reader, type) as [number, number];
  let seconds = 0;
  if (secondsAt >= 0) {
    reader.position = secondsAt;
    reader.varint();
    seconds = reader.high * TWO_TO_32 + (reader.low >>> 0);
  }
  if (nanosAt < 0) return { seconds, nanos: 0 };
  reader.position = nanosAt;
  return { seconds, nanos: reader.varint() };
}

/** Paths are separated by commas, and their names are in lower camel case. */
function printFieldMask(printer: JsonPrinter, reader: WireReader, type: MessageType): void {
  const paths: string[] = [];
  for (let field = nextField(reader, type); field !== undefined; field = nextField(reader, type)) {
    const path = reader.text(field.checksUtf8);
    if (path !== '')
      paths.push(path.toLowerCase().replaceAll(/_+([^_]?)/g, (_, letter: string) => letter.toUpperCase()));
  }
  printer.text += JSON.stringify(paths.join(','));
}

function printAny(printer: JsonPrinter, reader: WireReader, type: MessageType): void {
  const [urlAt, contentAt] = lastValues(reader, type) as [number, number];
  if (urlAt < 0 && contentAt < 0) {
    printer.text += '{}';
    return;
  }
  let url = '';
  if (urlAt >= 0) {
    reader.position = urlAt;
    url = reader.text(true);
  }
  const found = type.find(url.slice(url.lastIndexOf('/') + 1));
  if (!url.includes('/') || found === undefined) throw new PayloadError('The schema does not know the type of an Any.');
  const content = contentAt < 0 ? new WireReader(reader.bytes, 0, 0) : contentOf(reader, contentAt);
  printer.enter();
  if (found.printContent === printFields) {
    printFields(printer, content, found, JSON.stringify(url));
  } else {
    printer.text += `{"@type":${JSON.stringify(url)},"value":`;
    found.printContent(printer, content, found);
    printer.text += '}';
  }
  printer.leave();
}

function contentOf(reader: WireReader, position: number): WireReader {
  reader.position = position;
  const end = reader.lengthEnd();
  return new WireReader(reader.bytes, reader.position, end);
}

/**
 * Passes the message.
 * @returns where the last value of each field stands, -1 where there is none
 */
function lastValues(reader: WireReader, type: MessageType): number[] {
  const positions = type.fields.map(() => -1);
  for (let field = nextField(reader, type); field !== undefined; field = nextField(reader, type)) {
    positions[field.index] = reader.position;
    reader.skip(reader.lastTag);
  }
  return positions;
}
