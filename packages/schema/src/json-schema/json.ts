/** What `JSON.parse` returns. */
export type Json = null | boolean | number | string | Json[] | JsonObject;

export interface JsonObject {
  [name: string]: Json;
}

export function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A text that says the same for equal values, as JSON Schema compares them: names in any order, 1.0 is 1. */
export function identityOf(value: Json): string {
  if (typeof value !== 'object' || value === null)
    return typeof value === 'number' ? `${value}` : JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(identityOf).join(',')}]`;
  const members = Object.keys(value).toSorted();
  return `{${members.map((name) => `${JSON.stringify(name)}:${identityOf(value[name] as Json)}`).join(',')}}`;
}
