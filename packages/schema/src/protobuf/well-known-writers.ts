import type { ExactJson } from '../exact-json.ts';
import { mismatch, quoted, within } from './data-mismatch.ts';
import { type Instant, parseDuration, parseTimestamp } from './instants.ts';
import { textOf } from './json-scalars.ts';
import { type Field, type MessageType, type WriteContent } from './message-type.ts';
import { writeAnyFields, writeField, writeFields } from './message-writer.ts';
import { NESTING_MAX } from './payload-limits.ts';
import type { WireWriter } from './wire-writer.ts';

/** The types that have a JSON form of their own (https://protobuf.dev/programming-guides/json/), by full name. */
export const wellKnownWriters: ReadonlyMap<string, WriteContent> = new Map<string, WriteContent>([
  ['google.protobuf.Any', writeAny],
  ['google.protobuf.Timestamp', writeTimestamp],
  ['google.protobuf.Duration', writeDuration],
  ['google.protobuf.FieldMask', writeFieldMask],
  ['google.protobuf.Struct', writeOnlyField],
  ['google.protobuf.ListValue', writeOnlyField],
  ['google.protobuf.Value', writeValue],
  ['google.protobuf.DoubleValue', writeOnlyField],
  ['google.protobuf.FloatValue', writeOnlyField],
  ['google.protobuf.Int64Value', writeOnlyField],
  ['google.protobuf.UInt64Value', writeOnlyField],
  ['google.protobuf.Int32Value', writeOnlyField],
  ['google.protobuf.UInt32Value', writeOnlyField],
  ['google.protobuf.BoolValue', writeOnlyField],
  ['google.protobuf.StringValue', writeOnlyField],
  ['google.protobuf.BytesValue', writeOnlyField],
]);

/** What a Value's member holds, by the kind of JSON. */
const valueMembers = { null: 1, number: 2, bigint: 2, string: 3, boolean: 4, object: 5, array: 6 } as const;

/** A value in place of the message that holds it: of a wrapper, a map, a list. */
function writeOnlyField(writer: WireWriter, json: ExactJson, type: MessageType): void {
  writeField(writer, json, type.fields[0] as Field);
}

function writeValue(writer: WireWriter, json: ExactJson, type: MessageType): void {
  const kind = kindOf(json);
  // A number beyond a double is a text to Confluent's proxy (observed (i)).
  if (typeof json === 'number' && !Number.isFinite(json)) {
    writeField(writer, String(json), type.fields[valueMembers.string - 1] as Field);
    return;
  }
  // One level of JSON is one level of depth, though it takes two messages.
  if (kind === 'object' || kind === 'array') writer.depth--;
  writeField(writer, json, type.fields[valueMembers[kind] - 1] as Field);
  if (kind === 'object' || kind === 'array') writer.depth++;
}

function kindOf(json: ExactJson): keyof typeof valueMembers {
  if (json === null) return 'null';
  if (Array.isArray(json)) return 'array';
  return typeof json as Exclude<keyof typeof valueMembers, 'null' | 'array'>;
}

function writeTimestamp(writer: WireWriter, json: ExactJson, type: MessageType): void {
  const instant = parseTimestamp(instantText(json));
  if (instant === undefined) throw mismatch(`Failed to parse timestamp: ${quoted(json)}`);
  writeInstant(writer, instant, type);
}

function writeDuration(writer: WireWriter, json: ExactJson, type: MessageType): void {
  const instant = parseDuration(instantText(json));
  if (instant === undefined) throw mismatch(`Failed to parse duration: ${quoted(json)}`);
  writeInstant(writer, instant, type);
}

/** An object is none: no more than a text that is none. */
function instantText(json: ExactJson): string {
  return typeof json === 'object' && !Array.isArray(json) ? '' : textOf(json, 'message');
}

function writeInstant(writer: WireWriter, { seconds, nanos }: Instant, type: MessageType): void {
  writeField(writer, seconds, type.fields[0] as Field);
  writeField(writer, nanos, type.fields[1] as Field);
}

function writeFieldMask(writer: WireWriter, json: ExactJson, type: MessageType): void {
  const paths = textOf(json, 'message')
    .split(',')
    .filter((path) => path !== '');
  const names = paths.map((path) => path.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toLowerCase());
  writeField(writer, names, type.fields[0] as Field);
}

function writeAny(writer: WireWriter, json: ExactJson, type: MessageType): void {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw mismatch(`Expect message object but got: ${quoted(json)}`);
  }
  const url = Object.hasOwn(json, '@type') ? json['@type'] : undefined;
  if (url === undefined) {
    if (Object.keys(json).length === 0) return;
    throw mismatch(`Missing type url when parsing: ${quoted(json)}`);
  }
  const found = typeOfAny(url, type);
  const [urlField, content] = type.fields as [Field, Field];
  writeField(writer, url, urlField);
  if (writer.depth >= NESTING_MAX) throw mismatch('Hit recursion limit.');
  writer.depth++;
  const before = writer.position;
  writer.varint32(content.tag);
  const start = writer.open();
  writeAnyContent(writer, json, found);
  if (writer.position === start) writer.position = before;
  else writer.close(start);
  writer.depth--;
}

function typeOfAny(url: ExactJson, type: MessageType): MessageType {
  const text = textOf(url, 'string');
  if (!text.includes('/')) throw mismatch(`Invalid type url found: ${text}`);
  const found = type.find(text.slice(text.lastIndexOf('/') + 1));
  if (found === undefined) throw mismatch(`Cannot resolve type: ${text}`);
  return found;
}

function writeAnyContent(writer: WireWriter, json: { [name: string]: ExactJson }, type: MessageType): void {
  if (type.writeContent === writeFields) {
    writeAnyFields(writer, json, type);
  } else if (Object.hasOwn(json, 'value')) {
    try {
      type.writeContent(writer, json['value'] as ExactJson, type);
    } catch (error) {
      throw within(error, 'value');
    }
  }
}
