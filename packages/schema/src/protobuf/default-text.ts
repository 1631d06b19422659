import { doubleText } from '../double-text.ts';
import { InvalidSchema } from '../schema-errors.ts';
import type { EnumType, ValueType } from './message-type.ts';
import { floatText } from './number-text.ts';
import { integerLiteral, unescaped } from './proto-literals.ts';
import { enumText } from './scalar-texts.ts';

type ToText = (value: string) => string;

/** Of the types that are no integers, by what the schema has as the default. */
const toText = new Map<ValueType, ToText>([
  ['double', (value) => doubleText(numberOf(value))],
  ['float', (value) => floatText(Math.fround(numberOf(value)))],
  ['string', (value) => JSON.stringify(value)],
  ['bytes', (value) => `"${unescaped(value).toString('base64')}"`],
  ['bool', boolText],
]);

/** Of the same where the schema has none. A message without a value is left out. */
const implicitTexts = new Map<ValueType, string>([
  ['double', '0.0'],
  ['float', '0.0'],
  ['string', '""'],
  ['bytes', '""'],
  ['bool', 'false'],
  ['message', ''],
  ['group', ''],
]);

/**
 * The JSON of a field without a value.
 * @param value the default that the schema gives it, as the schema has it
 * @throws InvalidSchema when that is none of the type
 */
export function defaultText(type: ValueType, value: string | undefined, enumType: EnumType | undefined): string {
  if (enumType !== undefined) return enumDefault(enumType, value);
  if (value === undefined) return implicitTexts.get(type) ?? integerDefault(type, '0');
  return toText.get(type)?.(value) ?? integerDefault(type, value);
}

function enumDefault(type: EnumType, value: string | undefined): string {
  const [first] = type.numbers.values();
  const number = value === undefined ? first : type.numbers.get(value);
  if (number === undefined) throw noDefault(value ?? '', type.fullName);
  return enumText(type, number);
}

function integerDefault(type: ValueType, value: string): string {
  const number = integerLiteral(value);
  const bits = type.endsWith('64') ? 64 : 32;
  const isUnsigned = type.startsWith('u') || type.startsWith('fixed');
  if (number === undefined || number !== (isUnsigned ? BigInt.asUintN(bits, number) : BigInt.asIntN(bits, number))) {
    throw noDefault(value, type);
  }
  return bits === 64 ? `"${number}"` : String(number);
}

function boolText(value: string): string {
  if (value !== 'true' && value !== 'false') throw noDefault(value, 'bool');
  return value;
}

function numberOf(value: string): number {
  if (/^-?inf$/.test(value)) return value === 'inf' ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
  if (/^-?nan$/.test(value)) return Number.NaN;
  const number = Number(integerLiteral(value) ?? (value === '' ? Number.NaN : value));
  if (Number.isNaN(number)) throw noDefault(value, 'number');
  return number;
}

function noDefault(value: string, type: string): InvalidSchema {
  return new InvalidSchema(`"${value.slice(0, 100)}" cannot be the default of a field of type ${type}`);
}
