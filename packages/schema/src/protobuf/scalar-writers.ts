import type { ExactJson } from '../exact-json.ts';
import { mismatch, shortened } from './data-mismatch.ts';
import {
  boolOf,
  doubleOf,
  floatOf,
  int32Range,
  int64Range,
  integerOf,
  textOf,
  uint32Range,
  uint64Range,
  wholeNumber,
} from './json-scalars.ts';
import type { EnumType, Field, ValueType, WriteValue } from './message-type.ts';
import type { ScalarType } from './scalar-texts.ts';

const STANDARD_BASE64 = /^[A-Za-z0-9+/]*$/;
/** A double holds every integer of so many digits. */
const SAFE_INTEGER_CHARS = 15;

const URL_SAFE_BASE64 = /^[A-Za-z0-9_-]*$/;

/** From JSON, as protobuf-java's JsonFormat reads it (contract E.8). What is most common is told by a comparison. */
export const scalarWriters: Readonly<Record<ScalarType, WriteValue>> = {
  double: (writer, json, field) => {
    const value = typeof json === 'number' ? json : doubleOf(json, field.type);
    writer.double(value);
    return Object.is(value, 0);
  },
  float: (writer, json, field) => {
    const value = floatOf(json, field.type);
    writer.float(value);
    return Object.is(value, 0);
  },
  int32: (writer, json, field) => {
    const value = int32Of(json, field.type);
    writer.int32(value);
    return value === 0;
  },
  sint32: (writer, json, field) => {
    const value = int32Of(json, field.type);
    writer.sint32(value);
    return value === 0;
  },
  sfixed32: (writer, json, field) => {
    const value = int32Of(json, field.type);
    writer.fixed32(value);
    return value === 0;
  },
  uint32: (writer, json, field) => {
    const value = uint32Of(json, field.type);
    writer.varint32(value);
    return value === 0;
  },
  fixed32: (writer, json, field) => {
    const value = uint32Of(json, field.type);
    writer.fixed32(value);
    return value === 0;
  },
  int64: (writer, json, field) => {
    const value = int64Of(json, field.type);
    writer.varint64(value);
    return Number(value) === 0;
  },
  sint64: (writer, json, field) => {
    const value = int64Of(json, field.type);
    writer.sint64(value);
    return Number(value) === 0;
  },
  sfixed64: (writer, json, field) => {
    const value = int64Of(json, field.type);
    writer.fixed64(value);
    return Number(value) === 0;
  },
  uint64: (writer, json, field) => {
    const value = uint64Of(json, field.type);
    writer.varint64(value);
    return Number(value) === 0;
  },
  fixed64: (writer, json, field) => {
    const value = uint64Of(json, field.type);
    writer.fixed64(value);
    return Number(value) === 0;
  },
  bool: (writer, json, field) => {
    const value = typeof json === 'boolean' ? json : boolOf(json, field.type);
    writer.byte(value ? 1 : 0);
    return !value;
  },
  string: (writer, json, field) => {
    const value = typeof json === 'string' ? json : textOf(json, field.type);
    writer.text(value);
    return value === '';
  },
  bytes: (writer, json, field) => {
    const text = typeof json === 'string' ? json : textOf(json, field.type);
    const digits = base64Digits(text);
    writer.base64(text, (digits * 3) >> 2);
    return digits === 0;
  },
  enum: (writer, json, field) => {
    const number = enumNumber(json, field);
    writer.int32(number);
    return number === 0;
  },
};

function int32Of(json: ExactJson, type: ValueType): number {
  if (typeof json === 'number' && (json | 0) === json) return json;
  return Number(integerOf(json, int32Range, type));
}

function uint32Of(json: ExactJson, type: ValueType): number {
  if (typeof json === 'number' && json >>> 0 === json) return json;
  return Number(integerOf(json, uint32Range, type));
}

function int64Of(json: ExactJson, type: ValueType): number | bigint {
  const value = safeInteger(json);
  return Number.isNaN(value) ? integerOf(json, int64Range, type) : value;
}

function uint64Of(json: ExactJson, type: ValueType): number | bigint {
  const value = safeInteger(json);
  return value >= 0 ? value : integerOf(json, uint64Range, type);
}

/** @returns NaN for what is none, or not in its common form */
function safeInteger(json: ExactJson): number {
  if (typeof json === 'number') return Number.isSafeInteger(json) ? json : Number.NaN;
  if (typeof json !== 'string' || json.length > SAFE_INTEGER_CHARS) return Number.NaN;
  const value = Number(json);
  return Number.isSafeInteger(value) && String(value) === json ? value : Number.NaN;
}

/** @returns how many digits the text has, after it is found to be base64 in one of the two alphabets */
function base64Digits(text: string): number {
  let digits = text.length;
  if (text.endsWith('=')) {
    if (digits % 4 !== 0) throw mismatch('Input byte array has wrong 4-byte ending unit');
    digits -= text.endsWith('==') ? 2 : 1;
  }
  const body = digits === text.length ? text : text.slice(0, digits);
  if (!STANDARD_BASE64.test(body) && !URL_SAFE_BASE64.test(body)) {
    const [illegal] = /[^A-Za-z0-9_-]/.exec(body) as RegExpExecArray;
    throw mismatch(`Illegal base64 character ${illegal.charCodeAt(0).toString(16)}`);
  }
  if (text.length === 1) throw mismatch('Input byte[] should at least have 2 bytes for base64 bytes');
  if (digits % 4 === 1) throw mismatch('Last unit does not have enough valid bits');
  return digits;
}

/** By name, or by number; in proto2 only by one that it has. */
function enumNumber(json: ExactJson, field: Field): number {
  const { numbers, names, isClosed, isNull, fullName } = field.enum as EnumType;
  if (json === null && isNull) return 0;
  const text = typeof json === 'string' ? json : textOf(json, field.type);
  const byName = numbers.get(text);
  if (byName !== undefined) return byName;
  const number = Number(wholeNumber(json, field.type) ?? Number.NaN);
  if ((number | 0) !== number || (isClosed && !names.has(number))) {
    throw mismatch(`Invalid enum value: ${shortened(text)} for enum type: ${fullName}`);
  }
  return number;
}
