import { doubleText } from '../double-text.ts';
import type { EnumType, Field, ValueType } from './message-type.ts';
import { floatText, int64Text, uint64Text } from './number-text.ts';
import type { WireReader } from './wire-reader.ts';

export type ScalarType = Exclude<ValueType, 'message' | 'group'>;

/**
 * The JSON of the value that the reader stands at (https://protobuf.dev/programming-guides/json/).
 * @throws PayloadError
 */
type ScalarText = (reader: WireReader, field: Field) => string;

export const scalarTexts: Readonly<Record<ScalarType, ScalarText>> = {
  double: (reader) => doubleText(reader.double()),
  float: (reader) => floatText(reader.float()),
  int32: (reader) => String(reader.varint()),
  uint32: (reader) => String(reader.varint() >>> 0),
  sint32: (reader) => {
    const value = reader.varint();
    return String((value >>> 1) ^ -(value & 1));
  },
  fixed32: (reader) => String(reader.fixed32() >>> 0),
  sfixed32: (reader) => String(reader.fixed32()),
  int64: (reader) => {
    reader.varint();
    return `"${int64Text(reader.low, reader.high)}"`;
  },
  uint64: (reader) => {
    reader.varint();
    return `"${uint64Text(reader.low, reader.high)}"`;
  },
  sint64: (reader) => {
    const sign = -(reader.varint() & 1);
    const low = ((reader.low >>> 1) | (reader.high << 31)) ^ sign;
    return `"${int64Text(low, (reader.high >>> 1) ^ sign)}"`;
  },
  fixed64: (reader) => {
    reader.fixed64();
    return `"${uint64Text(reader.low, reader.high)}"`;
  },
  sfixed64: (reader) => {
    reader.fixed64();
    return `"${int64Text(reader.low, reader.high)}"`;
  },
  bool: (reader) => (reader.varint() !== 0 || reader.high !== 0 ? 'true' : 'false'),
  string: (reader, field) => reader.jsonText(field.checksUtf8),
  bytes: (reader) => `"${reader.base64()}"`,
  enum: (reader, field) => enumText(field.enum as EnumType, reader.varint()),
};

/** A number without a name is itself. */
export function enumText(type: EnumType, number: number): string {
  if (type.isNull) return 'null';
  const name = type.names.get(number);
  return name === undefined ? String(number) : `"${name}"`;
}
