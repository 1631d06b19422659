import type { ExactJson } from '../exact-json.ts';
import { DataMismatch } from '../schema-errors.ts';
import type { SchemaNode } from './schema-node.ts';

/** What is quoted of a value at most, so that an answer does not grow with the request. */
const QUOTED_CHARS_MAX = 100;

/** A value does not fit its schema. Whoever is around it adds where it stands, as the error passes by. */
export class Misfit extends Error {
  override readonly name = 'Misfit';
  /** Names of members and numbers of items, from the value outwards. */
  readonly steps: string[] = [];

  toMismatch(): DataMismatch {
    const path = this.steps.map((step) => `/${step.replaceAll('~', '~0').replaceAll('/', '~1')}`);
    return new DataMismatch(this.message, path.toReversed().join(''));
  }
}

/** @returns the same error, with the step if it is a misfit */
export function at(error: unknown, step: string): unknown {
  if (error instanceof Misfit) error.steps.push(step);
  return error;
}

/** @param token as `expectedToken` has it */
export function unexpected(token: string, value: ExactJson): Misfit {
  return new Misfit(`Expected ${token}. Got ${tokenOf(value)}`);
}

/** A misfit that quotes what a client has sent. */
export function unknownName(what: string, name: string): Misfit {
  return new Misfit(`${what} ${name.length > QUOTED_CHARS_MAX ? `${name.slice(0, QUOTED_CHARS_MAX)}…` : name}`);
}

/** @param range the name of the type, and what it goes from and to */
export function outOfRange(value: number | bigint, range: string): Misfit {
  return new Misfit(`Numeric value (${value}) out of range of ${range}`);
}

/** What Avro's decoder of JSON calls that with which a value begins. It has no word of its own for symbols. */
export function expectedToken({ kind }: SchemaNode): string {
  if (kind === 'record' || kind === 'array' || kind === 'map') return `${kind}-start`;
  if (kind === 'union') return 'start-union';
  return kind === 'enum' ? 'fixed' : kind;
}

/** What Jackson calls the first token of a value. */
function tokenOf(value: ExactJson): string {
  if (value === null) return 'VALUE_NULL';
  if (typeof value === 'boolean') return value ? 'VALUE_TRUE' : 'VALUE_FALSE';
  if (typeof value === 'object') return Array.isArray(value) ? 'START_ARRAY' : 'START_OBJECT';
  if (typeof value === 'bigint' || Number.isInteger(value)) return 'VALUE_NUMBER_INT';
  // A number beyond all doubles is the string "Infinity" to Confluent's proxy by the time that it gets here.
  return typeof value === 'string' || !Number.isFinite(value) ? 'VALUE_STRING' : 'VALUE_NUMBER_FLOAT';
}
