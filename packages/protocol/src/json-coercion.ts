import { ApiError } from './errors.ts';
import { parseInt32, parseInt64 } from './integers.ts';

/**
 * Jackson's leniency with scalars, and its words where that ends: numbers are taken from strings, strings from numbers
 * and booleans, decimals are cut to integers, null and the empty string leave a number unset.
 * Source: rest-v1-v2 contract A.4 and B.4, observed (b).
 */

/** What a message quotes of a client's value at most. */
const QUOTED_CHARS_MAX = 100;

export function quoteBriefly(text: string): string {
  return text.length > QUOTED_CHARS_MAX ? `${text.slice(0, QUOTED_CHARS_MAX)}...` : text;
}

function describeToken(value: unknown): string {
  if (value === null) return 'Null value (token `JsonToken.VALUE_NULL`)';
  if (typeof value === 'string') return 'String value (token `JsonToken.VALUE_STRING`)';
  if (typeof value === 'boolean') return `Boolean value (token \`JsonToken.VALUE_${value ? 'TRUE' : 'FALSE'}\`)`;
  if (typeof value === 'number') {
    return Number.isInteger(value)
      ? 'Integer value (token `JsonToken.VALUE_NUMBER_INT`)'
      : 'Floating-point value (token `JsonToken.VALUE_NUMBER_FLOAT`)';
  }
  return Array.isArray(value)
    ? 'Array value (token `JsonToken.START_ARRAY`)'
    : 'Object value (token `JsonToken.START_OBJECT`)';
}

/** A value of one kind stands where one of another kind must: Jackson's `Cannot deserialize value of type …`. */
export function wrongKind(type: string, value: unknown): ApiError {
  return new ApiError('badRequest', {
    message: `Cannot deserialize value of type \`${type}\` from ${describeToken(value)}`,
  });
}

/** A null, or a scalar, stands where an object of ours must. */
export function notConstructible(type: string, problem: string): ApiError {
  return new ApiError('badRequest', { message: `Cannot construct instance of \`${type}\`${problem}` });
}

/** A property that the request does not have (contract A.4). */
export function unrecognizedField(name: string): ApiError {
  return new ApiError('unprocessable', { message: `Unrecognized field: ${quoteBriefly(name)}` });
}

interface IntegerType {
  readonly name: 'int' | 'long';
  /** Its class, which messages about strings name. */
  readonly boxed: 'Integer' | 'Long';
  readonly min: number;
  readonly max: number;
  readonly range: string;
  readonly parse: (text: string) => number | undefined;
}

const int32: IntegerType = {
  name: 'int',
  boxed: 'Integer',
  min: -(2 ** 31),
  max: 2 ** 31 - 1,
  range: '-2147483648 - 2147483647',
  parse: parseInt32,
};

const int64: IntegerType = {
  name: 'long',
  boxed: 'Long',
  min: -(2 ** 63),
  // 2^63 - 1 is no double: JSON.parse has made 2^63 of it.
  max: 2 ** 63,
  range: '-9223372036854775808 - 9223372036854775807',
  parse: parseInt64,
};

function notNumeric({ boxed }: IntegerType, text: string): ApiError {
  return new ApiError('badRequest', {
    message: `Cannot deserialize value of type \`${boxed}\` from String "${quoteBriefly(text)}": not a valid \`java.lang.${boxed}\` value`,
  });
}

function outOfRange({ name, range }: IntegerType, value: number): ApiError {
  return new ApiError('badRequest', {
    message: `Numeric value (${quoteBriefly(String(value))}) out of range of ${name} (${range})`,
  });
}

function coerceInteger(value: unknown, type: IntegerType): number | undefined {
  if (value === null || value === undefined) return undefined;
  if (typeof value === 'string') {
    const text = value.trim();
    if (text === '') return undefined;
    const parsed = type.parse(text);
    if (parsed === undefined) throw notNumeric(type, value);
    return parsed;
  }
  if (typeof value !== 'number') throw wrongKind(type.boxed, value);
  const whole = Math.trunc(value) + 0;
  if (whole > type.max || whole < type.min) throw outOfRange(type, value);
  return whole;
}

/**
 * @param value as JSON.parse gives it
 * @returns a 32-bit integer, or undefined when the value is unset
 * @throws ApiError badRequest
 */
export function coerceInt32(value: unknown): number | undefined {
  return coerceInteger(value, int32);
}

/**
 * @param value as JSON.parse gives it
 * @returns a 64-bit integer, rounded to a double beyond 2^53; or undefined when the value is unset
 * @throws ApiError badRequest
 */
export function coerceInt64(value: unknown): number | undefined {
  return coerceInteger(value, int64);
}

/**
 * @param value as JSON.parse gives it
 * @returns a string, or undefined when the value is null
 * @throws ApiError badRequest for an object or an array
 */
export function coerceString(value: unknown): string | undefined {
  if (value === null || value === undefined) return undefined;
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw wrongKind('String', value);
}
