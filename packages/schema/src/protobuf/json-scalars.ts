import type { ExactJson } from '../exact-json.ts';
import { mismatch, numberText, quoted, shortened } from './data-mismatch.ts';
import type { ValueType } from './message-type.ts';

interface IntegerRange {
  readonly name: string;
  readonly min: bigint;
  readonly max: bigint;
}

export const int32Range: IntegerRange = { name: 'int32', min: -(2n ** 31n), max: 2n ** 31n - 1n };
export const uint32Range: IntegerRange = { name: 'uint32', min: 0n, max: 2n ** 32n - 1n };
export const int64Range: IntegerRange = { name: 'int64', min: -(2n ** 63n), max: 2n ** 63n - 1n };
export const uint64Range: IntegerRange = { name: 'uint64', min: 0n, max: 2n ** 64n - 1n };

/** Beyond it a number is no number to protobuf-java. */
const NUMBER_CHARS_MAX = 1000;
const DECIMAL = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,4}))?$/;

/** Beyond it by more than what printing may have rounded, a number is no float to protobuf-java. */
const FLOAT_MAX = 3.4028234663852886e38 * (1 + 1e-6);

/**
 * What Gson's `getAsString` makes of a value, on which protobuf-java builds: numbers and booleans are texts too, and
 * so is a list of one.
 * @throws DataMismatch for an object or another list
 */
export function textOf(json: ExactJson, type: ValueType): string {
  const value = unwrapped(json);
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? numberText(value) : String(value);
  if (typeof value === 'object') {
    if (Array.isArray(value)) throw mismatch(`Array must have size 1, but has size ${value.length}`);
    if (Array.isArray(json)) throw mismatch(value === null ? 'JsonNull' : 'JsonObject');
    throw mismatch(`Invalid value: ${quoted(json)} for expected type: ${type.toUpperCase()}`);
  }
  return String(value);
}

/**
 * Reads an integer: `1`, `1.0`, `"1"`, `"1e3"`.
 * @throws DataMismatch when it is none, or out of range
 */
export function integerOf(json: ExactJson, range: IntegerRange, type: ValueType): bigint {
  const value = wholeNumber(json, type);
  if (value !== undefined && value >= range.min && value <= range.max) return value;
  const problem = value === undefined || range.min < 0n ? 'Not an' : 'Out of range';
  throw mismatch(`${problem} ${range.name} value: ${quoted(json)}`);
}

/** @throws DataMismatch */
export function doubleOf(json: ExactJson, type: ValueType): number {
  if (typeof json === 'bigint') return Number(json);
  const text = textOf(json, type);
  if (isSpecial(text)) return Number(text);
  const value = decimalOf(text);
  if (Number.isNaN(value)) throw mismatch(`Not a double value: ${quoted(json)}`);
  if (!Number.isFinite(value)) throw mismatch(`Out of range double value: ${quoted(json)}`);
  return value;
}

/** @throws DataMismatch */
export function floatOf(json: ExactJson, type: ValueType): number {
  if (typeof json === 'number' && (Math.abs(json) <= FLOAT_MAX || !Number.isFinite(json))) return Math.fround(json);
  const text = textOf(json, type);
  if (isSpecial(text)) return Number(text);
  const value = decimalOf(text);
  if (Number.isNaN(value)) throw mismatch(text === '' ? 'empty String' : `For input string: "${shortened(text)}"`);
  if (Math.abs(value) > FLOAT_MAX) throw mismatch(`Out of range float value: ${quoted(json)}`);
  return Math.fround(value);
}

/** @throws DataMismatch */
export function boolOf(json: ExactJson, type: ValueType): boolean {
  const text = textOf(json, type);
  if (text !== 'true' && text !== 'false') throw mismatch(`Invalid bool value: ${quoted(json)}`);
  return text === 'true';
}

function isSpecial(text: string): boolean {
  return text === 'NaN' || text === 'Infinity' || text === '-Infinity';
}

/** @returns NaN for what is no number */
function decimalOf(text: string): number {
  const parts = text.length > NUMBER_CHARS_MAX ? null : DECIMAL.exec(text);
  if (parts === null || !(parts[2] || parts[3])) return Number.NaN;
  return Number(text);
}

/**
 * @returns undefined for what is no integer
 * @throws DataMismatch for an object
 */
export function wholeNumber(json: ExactJson, type: ValueType): bigint | undefined {
  const value = unwrapped(json);
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : undefined;
  if (typeof value === 'object' && Array.isArray(json)) return undefined;
  return decimalInteger(textOf(value, type));
}

/** A list of one is as good as what it holds. */
function unwrapped(json: ExactJson): ExactJson {
  let value = json;
  while (Array.isArray(value) && value.length === 1) value = value[0] as ExactJson;
  return value;
}

function decimalInteger(text: string): bigint | undefined {
  const parts = text.length > NUMBER_CHARS_MAX ? null : DECIMAL.exec(text);
  if (parts === null) return undefined;
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = parts;
  const digits = whole + fraction;
  if (digits === '') return undefined;
  const places = fraction.length - Number(exponent);
  const magnitude = BigInt(digits);
  const scale = 10n ** BigInt(Math.abs(places));
  if (places > 0 && magnitude % scale !== 0n) return undefined;
  const value = places > 0 ? magnitude / scale : magnitude * scale;
  return sign === '-' ? -value : value;
}
