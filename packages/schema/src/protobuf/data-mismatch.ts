import { doubleText } from '../double-text.ts';
import type { ExactJson } from '../exact-json.ts';
import { DataMismatch } from '../schema-errors.ts';

/** How many characters of a value a message quotes. */
const QUOTED_CHARS_MAX = 256;
/** A number of this size came with a point or an exponent: JSON's integers beyond it are bigints here. */
const INTEGER_MAX = 1e16;

/** @param message in the words of protobuf-java's JsonFormat, which Confluent's proxy passes on (contract E.8) */
export function mismatch(message: string): DataMismatch {
  return new DataMismatch(message, '');
}

/**
 * @param error of a part of a value
 * @param key of that part in the whole
 * @returns the same error of the whole
 */
export function within(error: unknown, key: string | number): unknown {
  if (!(error instanceof DataMismatch)) return error;
  const token = String(key).replaceAll('~', '~0').replaceAll('/', '~1');
  return new DataMismatch(error.message, `/${token}${error.path}`);
}

/** A value as JSON, cut off where it is long. */
export function quoted(json: ExactJson): string {
  return shortened(excerpt(json, QUOTED_CHARS_MAX));
}

export function shortened(text: string): string {
  return text.length > QUOTED_CHARS_MAX ? `${text.slice(0, QUOTED_CHARS_MAX)}…` : text;
}

/** As Jackson prints it, which is how Confluent's converter gets to see it. */
export function numberText(value: number): string {
  return Number.isInteger(value) && Math.abs(value) < INTEGER_MAX ? String(value) : doubleText(value);
}

/** @returns all of it, or more than `room` characters; each level takes one at least, so that it ends */
function excerpt(json: ExactJson, room: number): string {
  if (typeof json === 'string') return JSON.stringify(json.length > room ? json.slice(0, room + 1) : json);
  if (typeof json === 'number') return numberText(json);
  if (typeof json !== 'object' || json === null) return String(json);
  const isArray = Array.isArray(json);
  let text = isArray ? '[' : '{';
  for (const [key, value] of Object.entries(json)) {
    if (text.length > room) break;
    if (text.length > 1) text += ',';
    if (!isArray) text += `${excerpt(key, room)}:`;
    text += excerpt(value, room - text.length);
  }
  return text + (isArray ? ']' : '}');
}
