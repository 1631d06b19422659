import { isObject, type Json } from './json.ts';

/** How much of a client's text stands in a message at most, so that an answer never grows with the request. */
const QUOTED_CHARACTERS_MAX = 200;

const INT32_BOUND = 2 ** 31;
const INT64_BOUND = 2 ** 63;

/** A client's text, shortened where it is long. */
export function quoted(text: string): string {
  return text.length <= QUOTED_CHARACTERS_MAX ? text : `${text.slice(0, QUOTED_CHARACTERS_MAX)}...`;
}

/** A value as Java prints it. */
export function printed(value: Json): string {
  if (typeof value === 'string') return quoted(value);
  if (typeof value === 'number') return quoted(Number.isInteger(value) ? `${BigInt(value)}` : `${value}`);
  return quoted(JSON.stringify(value));
}

function numberClass(value: number): string {
  if (!Number.isInteger(value)) return 'Double';
  if (value >= -INT32_BOUND && value < INT32_BOUND) return 'Integer';
  return value >= -INT64_BOUND && value < INT64_BOUND ? 'Long' : 'BigInteger';
}

/** The Java class that Confluent's validator finds: error messages name it. */
export function classOf(value: Json, isRoot: boolean): string {
  if (value === null) return isRoot ? 'null' : 'Null';
  if (Array.isArray(value)) return 'JSONArray';
  if (isObject(value)) return 'JSONObject';
  if (typeof value === 'number') return numberClass(value);
  return typeof value === 'string' ? 'String' : 'Boolean';
}
