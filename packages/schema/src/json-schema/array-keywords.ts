import { identityOf, type Json } from './json.ts';
import type { SchemaPlace } from './schema-place.ts';
import type { Check, CompiledSchema, Validation } from './validation.ts';

function itemsFit(value: readonly Json[], from: number, schema: CompiledSchema, run: Validation): boolean {
  let fits = true;
  for (let i = from; i < value.length; i++) {
    if (run.holdsAt(schema, value[i] as Json, i)) continue;
    if (!run.explains) return false;
    fits = false;
  }
  return fits;
}

/** The first items, each with a schema of its own. */
function tupleCheck(schemas: readonly CompiledSchema[]): Check {
  return (value, run) => {
    if (!Array.isArray(value)) return true;
    const length = Math.min(schemas.length, value.length);
    let fits = true;
    for (let i = 0; i < length; i++) {
      if (run.holdsAt(schemas[i] as CompiledSchema, value[i] as Json, i)) continue;
      if (!run.explains) return false;
      fits = false;
    }
    if (run.evaluated !== undefined) run.evaluated.itemsBefore = Math.max(run.evaluated.itemsBefore, length);
    return fits;
  };
}

/** All items from one on. */
function restCheck(from: number, schema: CompiledSchema): Check {
  return (value, run) => {
    if (!Array.isArray(value)) return true;
    if (run.evaluated !== undefined) run.evaluated.itemsBefore = value.length;
    return itemsFit(value, from, schema, run);
  };
}

function noMoreThan(count: number): Check {
  return (value, run) =>
    !Array.isArray(value) ||
    value.length <= count ||
    run.violated(() => `expected: [${count}] array items, found: [${value.length}]`);
}

/** `items` and its companions: until 2019-09 an array of schemas in `items` was what `prefixItems` is now. */
function itemChecks(place: SchemaPlace): Check[] {
  const isTuple = place.resource.dialect.draft < 2020 && Array.isArray(place.operand('items'));
  const tuple = isTuple ? place.schemas('items') : place.schemas('prefixItems');
  const restKeyword = isTuple ? 'additionalItems' : 'items';
  const checks = tuple === undefined ? [] : [tupleCheck(tuple)];
  if (isTuple && place.operand(restKeyword) === false) return [...checks, noMoreThan(tuple?.length ?? 0)];
  const rest = place.schema(restKeyword);
  if (rest !== undefined) checks.push(restCheck(tuple?.length ?? 0, rest));
  return checks;
}

function sizeChecks(place: SchemaPlace): Check[] {
  const checks: Check[] = [];
  const min = place.count('minItems');
  const max = place.count('maxItems');
  if (min !== undefined) {
    checks.push(
      (value, run) =>
        !Array.isArray(value) ||
        value.length >= min ||
        run.violated(() => `expected minimum item count: ${min}, found: ${value.length}`),
    );
  }
  if (max !== undefined) {
    checks.push(
      (value, run) =>
        !Array.isArray(value) ||
        value.length <= max ||
        run.violated(() => `expected maximum item count: ${max}, found: ${value.length}`),
    );
  }
  return checks;
}

/** In time linear to the items' texts, where a comparison of each with each would stop the process. */
function areUnique(items: readonly Json[], run: Validation): boolean {
  const scalars = new Set<Json>();
  const composites = new Set<string>();
  for (const item of items) {
    run.spend(1);
    const size = scalars.size + composites.size;
    if (typeof item === 'object' && item !== null) {
      const identity = identityOf(item);
      run.spend(identity.length >>> 4);
      composites.add(identity);
    } else scalars.add(item);
    if (scalars.size + composites.size === size) return false;
  }
  return true;
}

const uniqueCheck: Check = (value, run) =>
  !Array.isArray(value) || areUnique(value, run) || run.violated(() => 'array items are not unique');

interface ContainsRule {
  readonly schema: CompiledSchema;
  readonly min: number;
  readonly max: number;
  /** From 2020-12 on the items that match count as evaluated. */
  readonly evaluates: boolean;
}

function countMatches(items: readonly Json[], { schema, min, max, evaluates }: ContainsRule, run: Validation): number {
  const mark = run.mark();
  const countsAll = max < Number.POSITIVE_INFINITY || (evaluates && run.evaluated !== undefined);
  const enough = countsAll ? Number.POSITIVE_INFINITY : min;
  let matches = 0;
  for (let i = 0; i < items.length && matches < enough; i++) {
    if (!run.holdsAt(schema, items[i] as Json, i)) continue;
    matches++;
    if (evaluates) run.evaluated?.indexes.add(i);
  }
  run.forget(mark);
  return matches;
}

function containsCheck(rule: ContainsRule): Check {
  return (value, run) => {
    if (!Array.isArray(value)) return true;
    const matches = countMatches(value, rule, run);
    if (matches < rule.min) {
      return run.violated(() =>
        rule.min === 1
          ? "expected at least one array item to match 'contains' schema"
          : `expected at least ${rule.min} array items to match 'contains' schema, found: ${matches}`,
      );
    }
    return (
      matches <= rule.max ||
      run.violated(() => `expected at most ${rule.max} array items to match 'contains' schema, found: ${matches}`)
    );
  };
}

/** All that say something of arrays alone. */
export const arrayKeywords: readonly string[] =
  'items prefixItems additionalItems minItems maxItems uniqueItems contains minContains maxContains'.split(' ');

/** The rules for arrays. */
export function arrayChecks(place: SchemaPlace): Check[] {
  const checks = sizeChecks(place);
  if (place.flag('uniqueItems') === true) checks.push(uniqueCheck);
  checks.push(...itemChecks(place));
  const schema = place.schema('contains');
  if (schema !== undefined) {
    const min = place.count('minContains') ?? 1;
    const max = place.count('maxContains') ?? Number.POSITIVE_INFINITY;
    checks.push(containsCheck({ schema, min, max, evaluates: place.resource.dialect.draft >= 2020 }));
  }
  return checks;
}

/** `unevaluatedItems` (2020-12, core, 11.2): comes after all other rules. */
export function unevaluatedItems(schema: CompiledSchema): Check {
  return (value, run) => {
    if (!Array.isArray(value)) return true;
    const { evaluated } = run;
    let fits = true;
    for (let i = evaluated?.itemsBefore ?? 0; i < value.length; i++) {
      if (evaluated?.indexes.has(i) === true || run.holdsAt(schema, value[i] as Json, i)) continue;
      if (!run.explains) return false;
      fits = false;
    }
    if (evaluated !== undefined) evaluated.itemsBefore = value.length;
    return fits;
  };
}
