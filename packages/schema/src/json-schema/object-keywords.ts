import type { ClientPattern } from './client-pattern.ts';
import { isObject, type Json, type JsonObject } from './json.ts';
import type { SchemaPlace } from './schema-place.ts';
import type { Check, CompiledSchema, Validation } from './validation.ts';
import { quoted } from './wording.ts';

/** The rules for the names and number of members (2020-12, validation, 6.5). */
function nameChecks(place: SchemaPlace): Check[] {
  const checks: Check[] = [];
  const required = place.names(place.operand('required'), 'required');
  if (required !== undefined) {
    checks.push((value, run) => !isObject(value) || hasAll(value, required, run, missingKey));
  }
  const min = place.count('minProperties');
  const max = place.count('maxProperties');
  if (min !== undefined || max !== undefined) checks.push(sizeCheck(min ?? 0, max ?? Number.POSITIVE_INFINITY));
  for (const [trigger, names] of place.members('dependentRequired') ?? []) {
    checks.push(dependentNames(trigger, place.names(names, 'dependentRequired') ?? []));
  }
  return checks;
}

const missingKey = (name: string): string => `required key [${name}] not found`;
const missingDependency = (name: string): string => `property [${name}] is required`;

function hasAll(value: JsonObject, names: readonly string[], run: Validation, text: (name: string) => string): boolean {
  let isComplete = true;
  for (const name of names) {
    if (Object.hasOwn(value, name)) continue;
    isComplete = run.violated(() => text(quoted(name)));
    if (!run.explains) return false;
  }
  return isComplete;
}

function dependentNames(trigger: string, names: readonly string[]): Check {
  return (value, run) =>
    !isObject(value) || !Object.hasOwn(value, trigger) || hasAll(value, names, run, missingDependency);
}

function sizeCheck(min: number, max: number): Check {
  return (value, run) => {
    if (!isObject(value)) return true;
    const size = Object.keys(value).length;
    run.spend(size);
    if (size < min) return run.violated(() => `minimum size: [${min}], found: [${size}]`);
    return size <= max || run.violated(() => `maximum size: [${max}], found: [${size}]`);
  };
}

interface NamedSchema {
  readonly name: string;
  readonly schema: CompiledSchema;
}

/** `properties` alone: asks the value for each of them. */
function declaredCheck(declared: readonly NamedSchema[]): Check {
  return (value, run) => {
    if (!isObject(value)) return true;
    let fits = true;
    for (const { name, schema } of declared) {
      if (!Object.hasOwn(value, name)) continue;
      run.evaluated?.names.add(name);
      if (run.holdsAt(schema, value[name] as Json, name)) continue;
      if (!run.explains) return false;
      fits = false;
    }
    return fits;
  };
}

interface PatternSchema {
  readonly pattern: ClientPattern;
  readonly schema: CompiledSchema;
}

/** What the three keywords that divide an object's members among them say. */
interface MemberSchemas {
  readonly declared: ReadonlyMap<string, CompiledSchema>;
  readonly patterns: readonly PatternSchema[];
  /** For what is neither declared nor of a pattern; false: there must be nothing. */
  readonly others: CompiledSchema | false | undefined;
}

function memberFits(schemas: MemberSchemas, name: string, value: Json, run: Validation): boolean {
  const declared = schemas.declared.get(name);
  let fits = declared === undefined || run.holdsAt(declared, value, name);
  let isKnown = declared !== undefined;
  for (const { pattern, schema } of schemas.patterns) {
    if (!pattern.isIn(name, run)) continue;
    isKnown = true;
    fits = run.holdsAt(schema, value, name) && fits;
  }
  if (!isKnown) {
    if (schemas.others === undefined) return true;
    if (schemas.others === false) return run.violated(() => `extraneous key [${quoted(name)}] is not permitted`);
    fits = run.holdsAt(schemas.others, value, name);
  }
  run.evaluated?.names.add(name);
  return fits;
}

/** Goes through the value's members and finds the schemas for each. */
function membersCheck(schemas: MemberSchemas): Check {
  return (value, run) => {
    if (!isObject(value)) return true;
    let fits = true;
    for (const name of Object.keys(value)) {
      run.spend(1);
      if (memberFits(schemas, name, value[name] as Json, run)) continue;
      if (!run.explains) return false;
      fits = false;
    }
    return fits;
  };
}

function memberChecks(place: SchemaPlace): Check[] {
  const declared = place.namedSchemas('properties') ?? [];
  const patterns = (place.namedSchemas('patternProperties') ?? []).map(([text, schema]) => ({
    pattern: place.pattern(text, 'patternProperties'),
    schema,
  }));
  const others = place.operand('additionalProperties') === false ? false : place.schema('additionalProperties');
  if (patterns.length > 0 || others !== undefined) {
    return [membersCheck({ declared: new Map(declared), patterns, others })];
  }
  return declared.length === 0 ? [] : [declaredCheck(declared.map(([name, schema]) => ({ name, schema })))];
}

function namesCheck(schema: CompiledSchema): Check {
  return (value, run) => {
    if (!isObject(value)) return true;
    let fits = true;
    for (const name of Object.keys(value)) {
      if (run.holdsAt(schema, name, name)) continue;
      if (!run.explains) return false;
      fits = false;
    }
    return fits;
  };
}

function dependentSchema(trigger: string, schema: CompiledSchema): Check {
  return (value, run) => !isObject(value) || !Object.hasOwn(value, trigger) || run.holds(schema, value);
}

/** `dependencies` up to draft 7, and the two keywords that it became. */
function dependencyChecks(place: SchemaPlace): Check[] {
  const checks: Check[] = [];
  for (const [trigger, operand] of place.members('dependencies') ?? []) {
    checks.push(
      Array.isArray(operand)
        ? dependentNames(trigger, place.names(operand, 'dependencies') ?? [])
        : dependentSchema(trigger, place.subschema(operand, `dependencies/${trigger}`)),
    );
  }
  for (const [trigger, schema] of place.namedSchemas('dependentSchemas') ?? []) {
    checks.push(dependentSchema(trigger, schema));
  }
  return checks;
}

/** All that say something of objects alone. */
export const objectKeywords: readonly string[] = (
  'properties patternProperties additionalProperties propertyNames required minProperties maxProperties ' +
  'dependencies dependentRequired dependentSchemas'
).split(' ');

/** The rules for objects. */
export function objectChecks(place: SchemaPlace): Check[] {
  const names = place.schema('propertyNames');
  return [
    ...nameChecks(place),
    ...(names === undefined ? [] : [namesCheck(names)]),
    ...memberChecks(place),
    ...dependencyChecks(place),
  ];
}

/** `unevaluatedProperties` (2020-12, core, 11.3): comes after all other rules. */
export function unevaluatedMembers(schema: CompiledSchema): Check {
  return (value, run) => {
    if (!isObject(value)) return true;
    let fits = true;
    for (const name of Object.keys(value)) {
      run.spend(1);
      if (run.evaluated?.names.has(name) === true) continue;
      run.evaluated?.names.add(name);
      if (run.holdsAt(schema, value[name] as Json, name)) continue;
      if (!run.explains) return false;
      fits = false;
    }
    return fits;
  };
}
