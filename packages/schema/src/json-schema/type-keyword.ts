import type { Json } from './json.ts';
import { isObject } from './json.ts';
import type { SchemaPlace } from './schema-place.ts';
import type { Check } from './validation.ts';

type Type = 'array' | 'boolean' | 'integer' | 'null' | 'number' | 'object' | 'string';

const names = new Set<string>(['array', 'boolean', 'integer', 'null', 'number', 'object', 'string'] satisfies Type[]);

/** A check for each type: the one keyword that nearly every schema has is not to be interpreted. */
const checks: Record<Type, Check> = {
  array: (value, run) => Array.isArray(value) || run.wrongType('JSONArray', value),
  boolean: (value, run) => typeof value === 'boolean' || run.wrongType('Boolean', value),
  integer: (value, run) => Number.isInteger(value) || run.wrongType('Integer', value),
  null: (value, run) => value === null || run.violated(() => `expected: null, found: ${run.classOf(value)}`),
  number: (value, run) => typeof value === 'number' || run.wrongType('Number', value),
  object: (value, run) => isObject(value) || run.wrongType('JSONObject', value),
  string: (value, run) => typeof value === 'string' || run.wrongType('String', value),
};

function isOf(value: Json, types: ReadonlySet<string>): boolean {
  if (value === null) return types.has('null');
  if (Array.isArray(value)) return types.has('array');
  if (typeof value === 'number') return types.has('number') || (types.has('integer') && Number.isInteger(value));
  return types.has(typeof value);
}

/** The types that `type` allows; undefined when there is none. */
export function typesOf(place: SchemaPlace): readonly Type[] | undefined {
  const operand = place.operand('type');
  if (operand === undefined) return undefined;
  const types = place.names(Array.isArray(operand) ? operand : [operand], 'type') ?? [];
  const unknown = types.find((type) => !names.has(type));
  if (unknown !== undefined) throw place.invalid('type', `unknown type: [${unknown}]`);
  return types as Type[];
}

export function typeCheck(types: readonly Type[]): Check {
  if (types.length === 1) return checks[types[0] as Type];
  const set = new Set<string>(types);
  return (value, run) => isOf(value, set) || run.wrongType(types.join(', '), value);
}
