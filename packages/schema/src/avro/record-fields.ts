import type { ExactJson } from '../exact-json.ts';
import { Misfit } from './misfit.ts';

/** An object of JSON, as a map of its members. */
export type JsonObject = { readonly [name: string]: ExactJson };

/** What is needed to find the value of one field in the JSON of a record. */
export interface RecordField {
  readonly name: string;
  /** By which else it may be called; the names of other fields are none of it. */
  readonly aliases: readonly string[];
  /** Whether every object has a member of this name that is not the value's own. */
  readonly isInherited: boolean;
  /** What its value begins with. */
  readonly token: string;
}

/**
 * The value of a field. Defaults are not applied (contract E.5), and members that are no fields are not looked at.
 * @throws Misfit when it is not there
 */
export function valueOfField(record: JsonObject, fields: readonly RecordField[], index: number): ExactJson {
  const field = fields[index] as RecordField;
  if (!field.isInherited) {
    const value = record[field.name];
    if (value !== undefined) return value;
  }
  const name = memberName(record, field);
  if (name === undefined) throw missing(record, fields, index);
  return record[name] as ExactJson;
}

function memberName(record: JsonObject, { name, aliases }: RecordField): string | undefined {
  return Object.hasOwn(record, name) ? name : aliases.find((alias) => Object.hasOwn(record, alias));
}

/**
 * Avro's decoder passes over members until it finds the field, and gets to the end; unless it has been there, having
 * passed over all members on its way to the fields before.
 */
function missing(record: JsonObject, fields: readonly RecordField[], index: number): Misfit {
  const { name, token } = fields[index] as RecordField;
  const positions = new Map(Object.keys(record).map((key, position) => [key, position]));
  let passed = 0;
  for (const field of fields.slice(0, index)) {
    const position = positions.get(memberName(record, field) ?? '') ?? -1;
    passed = Math.max(passed, position + 1);
  }
  return new Misfit(
    passed < positions.size ? `Expected field name not found: ${name}` : `Expected ${token}. Got END_OBJECT`,
  );
}
