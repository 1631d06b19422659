import { isMultiple } from './exact-multiple.ts';
import { formatOf } from './formats.ts';
import type { SchemaPlace } from './schema-place.ts';
import type { Check, Validation } from './validation.ts';
import { printed, quoted } from './wording.ts';

/** A bound that a number must keep; `isKept` is asked with both. */
function bound(limit: number, relation: string, isKept: (value: number, limit: number) => boolean): Check {
  return (value, run) =>
    typeof value !== 'number' ||
    isKept(value, limit) ||
    run.violated(() => `${printed(value)} is not ${relation} ${printed(limit)}`);
}

const isLess = (value: number, limit: number): boolean => value < limit;
const isGreater = (value: number, limit: number): boolean => value > limit;
const isAtMost = (value: number, limit: number): boolean => value <= limit;
const isAtLeast = (value: number, limit: number): boolean => value >= limit;

function limits(place: SchemaPlace): Check[] {
  // Draft 4 has a flag beside each limit, later drafts limits of their own.
  const hasFlags = place.resource.dialect.draft === 4;
  const excludesMinimum = hasFlags && place.flag('exclusiveMinimum') === true;
  const excludesMaximum = hasFlags && place.flag('exclusiveMaximum') === true;
  const minimum = excludesMinimum ? undefined : place.number('minimum');
  const maximum = excludesMaximum ? undefined : place.number('maximum');
  const above = hasFlags ? excludesMinimum && place.number('minimum') : place.number('exclusiveMinimum');
  const below = hasFlags ? excludesMaximum && place.number('maximum') : place.number('exclusiveMaximum');
  const checks: Check[] = [];
  if (minimum !== undefined) checks.push(bound(minimum, 'greater or equal to', isAtLeast));
  if (typeof above === 'number') checks.push(bound(above, 'greater than', isGreater));
  if (maximum !== undefined) checks.push(bound(maximum, 'less or equal to', isAtMost));
  if (typeof below === 'number') checks.push(bound(below, 'less than', isLess));
  return checks;
}

/** All that say something of numbers alone. */
export const numberKeywords: readonly string[] = [
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
];

/** The rules for numbers (2020-12, validation, 6.2). */
export function numberChecks(place: SchemaPlace): Check[] {
  const checks = limits(place);
  const divisor = place.number('multipleOf');
  if (divisor === 0) throw place.invalid('multipleOf', 'multipleOf should not be 0');
  if (divisor !== undefined) {
    checks.push(
      (value, run) =>
        typeof value !== 'number' ||
        isMultiple(value, divisor) ||
        run.violated(() => `${printed(value)} is not a multiple of ${printed(divisor)}`),
    );
  }
  return checks;
}

/** Characters, where a pair of surrogates is one. */
function lengthOf(text: string): number {
  let length = text.length;
  for (let i = 0; i < text.length - 1; i++) {
    const isPair = (text.charCodeAt(i) & 0xfc00) === 0xd800 && (text.charCodeAt(i + 1) & 0xfc00) === 0xdc00;
    if (!isPair) continue;
    length--;
    i++;
  }
  return length;
}

/** A length is at most the number of UTF-16 units and at least half of it: most texts need no count. */
function lengthChecks(place: SchemaPlace): Check[] {
  const checks: Check[] = [];
  const min = place.count('minLength');
  const max = place.count('maxLength');
  const tooFew = (value: string, run: Validation): boolean =>
    run.violated(() => `expected minLength: ${min}, actual: ${lengthOf(value)}`);
  const tooMany = (value: string, run: Validation): boolean =>
    run.violated(() => `expected maxLength: ${max}, actual: ${lengthOf(value)}`);
  if (min !== undefined) {
    checks.push(
      (value, run) =>
        typeof value !== 'string' || value.length >= 2 * min || lengthOf(value) >= min || tooFew(value, run),
    );
  }
  if (max !== undefined) {
    checks.push(
      (value, run) => typeof value !== 'string' || value.length <= max || lengthOf(value) <= max || tooMany(value, run),
    );
  }
  return checks;
}

/** All that say something of strings alone. */
export const stringKeywords: readonly string[] = ['minLength', 'maxLength', 'pattern', 'format'];

/** The rules for strings (2020-12, validation, 6.3), and formats where the draft asserts them. */
export function stringChecks(place: SchemaPlace): Check[] {
  const checks = lengthChecks(place);
  const text = place.text('pattern');
  if (text !== undefined) {
    const pattern = place.pattern(text, 'pattern');
    checks.push(
      (value, run) =>
        typeof value !== 'string' ||
        pattern.isIn(value, run) ||
        run.violated(() => `string [${quoted(value)}] does not match pattern ${quoted(text)}`),
    );
  }
  const format = formatOf(place.operand('format'), place.resource.dialect);
  if (format !== undefined) {
    checks.push(
      (value, run) =>
        typeof value !== 'string' ||
        format.isKept(value) ||
        run.violated(() => `[${quoted(value)}] is not a valid ${format.description}`),
    );
  }
  return checks;
}
