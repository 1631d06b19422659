import { InvalidSchema } from '../schema-errors.ts';
import { arrayChecks, arrayKeywords, unevaluatedItems } from './array-keywords.ts';
import { ClientPattern } from './client-pattern.ts';
import { isObject, type Json, type JsonObject } from './json.ts';
import * as logic from './logic-keywords.ts';
import { objectChecks, objectKeywords, unevaluatedMembers } from './object-keywords.ts';
import { numberChecks, numberKeywords, stringChecks, stringKeywords } from './scalar-keywords.ts';
import { SchemaPlace, type SubschemaCompiler } from './schema-place.ts';
import { type Located, RECURSIVE_ANCHOR, type Resource, type SchemaResources, unresolved } from './schema-resources.ts';
import { typeCheck, typesOf } from './type-keyword.ts';
import { type Check, type CheckGroup, CompiledSchema } from './validation.ts';
import { classOf, quoted } from './wording.ts';

/** Every so many names that a schema asks for cost as much as a schema. */
const NAMES_PER_STEP = 8;
/** RE2's programs of all patterns together: 10 MB, compiled in some tenths of a second. */
const INSTRUCTIONS_MAX = 50_000;

/** Rules that are one schema for Confluent's validator: those that a type has of its own, and conditions. */
interface RuleFamily {
  readonly types: readonly string[];
  readonly keywords: readonly string[];
  checks(place: SchemaPlace): Check[];
}

const families: readonly RuleFamily[] = [
  { types: ['array'], keywords: arrayKeywords, checks: arrayChecks },
  { types: ['object'], keywords: objectKeywords, checks: objectChecks },
  { types: ['integer', 'number'], keywords: numberKeywords, checks: numberChecks },
  { types: ['string'], keywords: stringKeywords, checks: stringChecks },
  { types: [], keywords: logic.conditionKeywords, checks: logic.conditionChecks },
];

const combinations = [
  logic.referenceCheck,
  logic.dynamicReferenceCheck,
  logic.enumCheck,
  logic.allOfCheck,
  logic.anyOfCheck,
  logic.oneOfCheck,
  logic.notCheck,
  logic.constCheck,
];

/** A schema to validate values with. */
export interface CompiledDocument {
  readonly schema: CompiledSchema;
  readonly resource: Resource;
  /** It has a pattern that may take any time. */
  readonly backtracks: boolean;
  /** Of all patterns together: short texts may be large programs. */
  readonly instructions: number;
}

/** Everything that a schema leads to, compiled; each schema object once. */
export class SchemaCompiler implements SubschemaCompiler {
  readonly #resources: SchemaResources;
  readonly #compiled = new Map<JsonObject, CompiledSchema>();
  /** Schemas yet to be compiled. A queue in place of recursion: how schemas nest is up to clients. */
  readonly #queue: { readonly place: SchemaPlace; readonly schema: CompiledSchema }[] = [];
  /** The resources that a value may be in on its way: those with a schema that is compiled. */
  readonly #reached = new Set<Resource>();
  readonly #anchorsLookedFor = new Set<string>();
  readonly #patterns = new Map<string, ClientPattern>();
  #instructions = 0;
  #backtracks = false;
  readonly #never = new CompiledSchema(undefined);
  readonly #always = new CompiledSchema(undefined);

  constructor(resources: SchemaResources) {
    this.#resources = resources;
    this.#never.checks = [(_value, run) => run.violated(() => 'false schema always fails')];
    this.#never.groups = [{ checks: this.#never.checks }];
  }

  /** @throws InvalidSchema */
  compile(): CompiledDocument {
    const { root } = this.#resources;
    const schema = this.subschema(root.root, root, '#');
    this.#drain();
    return { schema, resource: root, backtracks: this.#backtracks, instructions: this.#instructions };
  }

  subschema(node: Json, outer: Resource, where: string): CompiledSchema {
    if (typeof node === 'boolean') return node ? this.#always : this.#never;
    if (!isObject(node)) {
      throw new InvalidSchema(`${quoted(where)}: expected a schema, found: ${classOf(node, false)}`);
    }
    const known = this.#compiled.get(node);
    if (known !== undefined) return known;
    const resource = this.#resources.resourceOf(node) ?? outer;
    const schema = new CompiledSchema(resource);
    this.#compiled.set(node, schema);
    this.#reached.add(resource);
    this.#queue.push({ place: new SchemaPlace(node, resource, where, this), schema });
    return schema;
  }

  referred(ref: string, place: SchemaPlace): CompiledSchema {
    const { node, resource, where } = this.#locate(ref, place);
    return this.subschema(node, resource, where);
  }

  pattern(text: string, where: string): ClientPattern {
    const known = this.#patterns.get(text);
    if (known !== undefined) return known;
    const pattern = new ClientPattern(text, where);
    this.#patterns.set(text, pattern);
    this.#backtracks ||= pattern.backtracks;
    this.#instructions += pattern.size;
    if (this.#instructions > INSTRUCTIONS_MAX) {
      throw new InvalidSchema(`${quoted(where)}: the patterns of the schema repeat too much`);
    }
    return pattern;
  }

  dynamicAnchor(ref: string, place: SchemaPlace): string | undefined {
    const { node, resource } = this.#locate(ref, place);
    const anchor = place.has('$recursiveRef') ? RECURSIVE_ANCHOR : ref.slice(ref.indexOf('#') + 1);
    if (resource.dynamicAnchors.get(anchor) !== node) return undefined;
    this.#anchorsLookedFor.add(anchor);
    return anchor;
  }

  #locate(ref: string, place: SchemaPlace): Located {
    const located = this.#resources.resolve(ref, place.resource);
    if (located === undefined) throw unresolved(ref, `${place.where}/$ref`);
    return located;
  }

  #drain(): void {
    for (let next = this.#queue.pop(); next !== undefined; next = this.#queue.pop()) {
      this.#fill(next.schema, next.place);
      if (this.#queue.length === 0) this.#linkDynamicAnchors();
    }
  }

  /** Any of them may be the target of a dynamic reference: which one is known when a value is there. */
  #linkDynamicAnchors(): void {
    for (const anchor of this.#anchorsLookedFor) {
      for (const resource of this.#reached) {
        const node = resource.dynamicAnchors.get(anchor);
        if (node === undefined || resource.dynamicSchemas.has(anchor)) continue;
        resource.dynamicSchemas.set(anchor, this.subschema(node, resource, `${resource.uri}#${anchor}`));
      }
    }
  }

  #fill(schema: CompiledSchema, place: SchemaPlace): void {
    const groups = groupsOf(place);
    schema.groups = groups;
    schema.checks = groups.flatMap(({ checks }) => checks);
    schema.isTracking = place.has('unevaluatedProperties') || place.has('unevaluatedItems');
    const names = (place.array('required')?.length ?? 0) + (place.members('properties')?.length ?? 0);
    schema.cost = 1 + Math.floor(names / NAMES_PER_STEP);
  }
}

function group(check: Check | undefined): CheckGroup[] {
  return check === undefined ? [] : [{ checks: [check] }];
}

/**
 * A schema's rules, in the groups that Confluent's validator makes a schema of each. It counts those that hold, so
 * there may be some without a rule: `{"additionalItems": false}` is a schema for arrays.
 */
function groupsOf(place: SchemaPlace): CheckGroup[] {
  if (place.resource.dialect.isRefAlone && place.has('$ref')) return group(logic.referenceCheck(place));
  const types = typesOf(place);
  const isUnion = Array.isArray(place.operand('type'));
  const typeGroup = types && {
    checks: [typeCheck(types)],
    isTyped: true,
    ...(isUnion && { alternatives: types.length }),
  };
  const others = combinations.flatMap((combination) => group(combination(place)));
  for (const family of families) {
    const checks = family.checks(place);
    if (types?.some((type) => family.types.includes(type)) === true) typeGroup?.checks.push(...checks);
    else if (family.keywords.some((keyword) => place.has(keyword))) others.push({ checks });
  }
  const members = place.schema('unevaluatedProperties');
  const items = place.schema('unevaluatedItems');
  return [
    ...(typeGroup === undefined ? [] : [typeGroup]),
    ...others,
    ...group(members && unevaluatedMembers(members)),
    ...group(items && unevaluatedItems(items)),
  ];
}
