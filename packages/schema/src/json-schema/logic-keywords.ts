import { identityOf, type Json } from './json.ts';
import type { SchemaPlace } from './schema-place.ts';
import type { Check, CompiledSchema, Validation } from './validation.ts';
import { printed } from './wording.ts';

/** `enum` and `const`: one of the values. */
function oneOfValues(values: readonly Json[], text: (value: Json) => string): Check {
  const scalars = new Set(values.filter((value) => typeof value !== 'object' || value === null));
  const composites = new Set(values.filter((value) => typeof value === 'object' && value !== null).map(identityOf));
  return (value, run) => {
    if (typeof value !== 'object' || value === null) {
      return scalars.has(value) || run.violated(() => text(value));
    }
    if (composites.size === 0) return run.violated(() => text(value));
    const identity = identityOf(value);
    run.spend(identity.length >>> 4);
    return composites.has(identity) || run.violated(() => text(value));
  };
}

export function enumCheck(place: SchemaPlace): Check | undefined {
  const values = place.array('enum');
  return values && oneOfValues(values, (value) => `${printed(value)} is not a valid enum value`);
}

export function constCheck(place: SchemaPlace): Check | undefined {
  const constant = place.operand('const');
  if (constant === undefined) return undefined;
  // Confluent's validator says nothing at all here.
  return oneOfValues([constant], (value) => `${printed(value)} is not the only valid value ${printed(constant)}`);
}

export function allOfCheck(place: SchemaPlace): Check | undefined {
  const schemas = place.schemas('allOf');
  if (schemas === undefined) return undefined;
  return (value, run) => {
    const mark = run.mark();
    let failing = 0;
    for (const schema of schemas) {
      if (run.holds(schema, value)) continue;
      if (!run.explains) return false;
      failing++;
    }
    const total = schemas.length;
    return failing === 0 || run.wrap(mark, () => `#: only ${total - failing} subschema matches out of ${total}`);
  };
}

export function anyOfCheck(place: SchemaPlace): Check | undefined {
  const schemas = place.schemas('anyOf');
  if (schemas === undefined) return undefined;
  const text = `#: no subschema matched out of the total ${schemas.length} subschemas`;
  return (value, run) => {
    const mark = run.mark();
    let isMatched = false;
    for (const schema of schemas) {
      if (!run.holds(schema, value)) continue;
      isMatched = true;
      if (!run.isThorough) break;
    }
    return isMatched ? run.forget(mark) : run.wrap(mark, () => text);
  };
}

export function oneOfCheck(place: SchemaPlace): Check | undefined {
  const schemas = place.schemas('oneOf');
  if (schemas === undefined) return undefined;
  return (value, run) => {
    const mark = run.mark();
    let matches = 0;
    for (const schema of schemas) {
      if (!run.holds(schema, value)) continue;
      matches++;
      if (matches > 1 && !run.explains) return false;
    }
    return matches === 1 ? run.forget(mark) : run.wrap(mark, () => `#: ${matches} subschemas matched instead of one`);
  };
}

function fails(schema: CompiledSchema, value: Json, run: Validation): boolean {
  const mark = run.mark();
  const { evaluated } = run;
  run.evaluated = undefined;
  const holds = run.holds(schema, value);
  run.evaluated = evaluated;
  run.forget(mark);
  return !holds;
}

export function notCheck(place: SchemaPlace): Check | undefined {
  const schema = place.schema('not');
  if (schema === undefined) return undefined;
  const operand = place.operand('not') ?? null;
  return (value, run) =>
    fails(schema, value, run) || run.violated(() => `subject must not be valid against schema ${printed(operand)}`);
}

export const conditionKeywords: readonly string[] = ['if', 'then', 'else'];

/** An `if` alone decides nothing, but what it matches counts as evaluated. */
export function conditionChecks(place: SchemaPlace): Check[] {
  const condition = place.schema('if');
  const consequence = place.schema('then');
  const alternative = place.schema('else');
  if (condition === undefined) return [];
  const check: Check = (value, run) => {
    const mark = run.mark();
    if (run.holds(condition, value)) {
      if (consequence === undefined || run.holds(consequence, value)) return true;
      return run.wrap(mark, () => 'input is invalid against the "then" schema');
    }
    if (alternative === undefined || run.holds(alternative, value)) return run.forget(mark);
    return run.wrap(mark, () => 'input is invalid against both the "if" and "else" schema');
  };
  return [check];
}

export function referenceCheck(place: SchemaPlace): Check | undefined {
  const ref = place.text('$ref');
  if (ref === undefined) return undefined;
  const target = place.compiler.referred(ref, place);
  return (value, run) => run.holds(target, value);
}

/** `$dynamicRef`, and `$recursiveRef` that came before it. */
export function dynamicReferenceCheck(place: SchemaPlace): Check | undefined {
  const ref = place.text('$dynamicRef') ?? place.text('$recursiveRef');
  if (ref === undefined) return undefined;
  const target = place.compiler.referred(ref, place);
  const anchor = place.compiler.dynamicAnchor(ref, place);
  if (anchor === undefined) return (value, run) => run.holds(target, value);
  return (value, run) => run.holds(run.outermost(anchor) ?? target, value);
}
