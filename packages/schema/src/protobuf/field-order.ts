import type { Field, MessageType } from './message-type.ts';
import { WireReader } from './wire-reader.ts';
import { wireTypes } from './wire-types.ts';

/** Where the values of one field stand in the message: starts and ends in turn, tags included. */
type Spans = Map<Field, number[]>;

/**
 * A message's fields in an order that can be printed as it is read: ascending by number, each field that is not
 * repeated once, one member of a oneof. Writers put them so; what is otherwise is put right: of two values the last
 * one counts, of two messages the second is merged into the first (https://protobuf.dev/programming-guides/encoding/,
 * "Last One Wins" and "Field Order").
 *
 * @param reader at the start of the message: which is left there
 * @returns the reader itself, or one of a copy
 * @throws PayloadError
 */
export function inFieldOrder(reader: WireReader, type: MessageType): WireReader {
  const start = reader.position;
  const isOrdered = hasFieldOrder(reader, type);
  reader.position = start;
  if (isOrdered) return reader;
  const bytes = ordered(reader, type);
  reader.position = reader.end;
  return new WireReader(bytes, 0, bytes.length);
}

/**
 * The field that a tag means.
 * @param reader behind the tag: which is left there
 * @returns undefined when the schema has no such field, or the field no such value
 * @throws PayloadError
 */
export function fieldAt(reader: WireReader, type: MessageType, tag: number): Field | undefined {
  const field = type.fieldsByTag.get(tag);
  if (field === undefined || !field.isClosed || (tag & 7) !== wireTypes.varint) return field;
  const start = reader.position;
  const isValue = isValueNext(reader, field);
  reader.position = start;
  return isValue ? field : undefined;
}

/**
 * Passes a number.
 * @returns whether the enum has it
 * @throws PayloadError
 */
export function isValueNext(reader: WireReader, field: Field): boolean {
  return field.enum?.names.has(reader.varint()) === true;
}

function hasFieldOrder(reader: WireReader, type: MessageType): boolean {
  let last = -1;
  let oneofs: Set<number> | undefined;
  while (reader.position < reader.end) {
    const tag = reader.tag();
    const field = fieldAt(reader, type, tag);
    reader.skip(tag);
    if (field === undefined) continue;
    if (field.index < last || (field.index === last && !field.isRepeated)) return false;
    last = field.index;
    if (field.oneof < 0) continue;
    oneofs ??= new Set();
    if (oneofs.has(field.oneof)) return false;
    oneofs.add(field.oneof);
  }
  return true;
}

function ordered(reader: WireReader, type: MessageType): Buffer {
  const start = reader.position;
  const spans = fieldSpans(reader, type);
  const { bytes } = reader;
  // Merging makes nothing longer: it takes away tags and lengths.
  const target = Buffer.allocUnsafe(reader.end - start);
  let length = 0;
  for (const field of [...spans.keys()].toSorted((a, b) => a.index - b.index)) {
    const places = spans.get(field) as number[];
    if (places.length > 2 && !field.isRepeated) {
      length += merged(reader, field, places).copy(target, length);
    } else {
      for (let i = 0; i < places.length; i += 2) length += bytes.copy(target, length, places[i], places[i + 1]);
    }
  }
  return target.subarray(0, length);
}

function fieldSpans(reader: WireReader, type: MessageType): Spans {
  const spans: Spans = new Map();
  const members = new Map<number, Field>();
  while (reader.position < reader.end) {
    const start = reader.position;
    const tag = reader.tag();
    const field = fieldAt(reader, type, tag);
    reader.skip(tag);
    if (field === undefined) continue;
    if (field.oneof >= 0) {
      const member = members.get(field.oneof);
      if (member !== undefined && member !== field) spans.delete(member);
      members.set(field.oneof, field);
    }
    const places = spans.get(field);
    const isScalar = field.message === undefined && !field.isRepeated;
    if (places === undefined || isScalar) spans.set(field, [start, reader.position]);
    else places.push(start, reader.position);
  }
  return spans;
}

/** Bytes of one message behind those of another mean the two merged. */
function merged(reader: WireReader, field: Field, places: readonly number[]): Buffer {
  const parts: Buffer[] = [];
  for (let i = 0; i < places.length; i += 2) {
    const inner = new WireReader(reader.bytes, places[i] as number, places[i + 1] as number);
    const tag = inner.tag();
    const isGroup = (tag & 7) === wireTypes.groupStart;
    const start = inner.position;
    const end = isGroup ? inner.groupEnd(tag) : inner.lengthEnd();
    parts.push(reader.bytes.subarray(isGroup ? start : inner.position, end));
  }
  const content = Buffer.concat(parts);
  return field.type === 'group'
    ? Buffer.concat([varint(field.tag), content, varint(field.tag + 1)])
    : Buffer.concat([varint(field.tag), varint(content.length), content]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  bytes.push(rest);
  return Buffer.from(bytes);
}
