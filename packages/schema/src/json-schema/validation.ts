import { DataMismatch } from '../schema-errors.ts';
import type { Json } from './json.ts';
import { TimeLimitExceeded, withinMs } from './time-limit.ts';
import { classOf, quoted } from './wording.ts';

/**
 * Tells whether a value keeps one rule.
 * @throws DataMismatch when that takes more work than a value may cost
 */
export type Check = (value: Json, run: Validation) => boolean;

/** Rules that Confluent's validator takes for one schema: their violations are counted together. */
export interface CheckGroup {
  readonly checks: readonly Check[];
  /** The first check is of the type. Where that fails the others have nothing to say. */
  readonly isTyped?: boolean;
  /** In how many types `type` is an array of: as many schemas of which one must match. */
  readonly alternatives?: number;
}

/** What has a URI of its own: a document, or a schema with an id inside of one. */
export interface DynamicResource {
  /** The targets of `$dynamicRef` that it has, by name. */
  readonly dynamicSchemas: ReadonlyMap<string, CompiledSchema>;
}

/** A schema, ready to be used. It is empty until the schemas that refer to it exist as well. */
export class CompiledSchema {
  /** Whose `$id` it stands under; undefined for `true` and `false`. */
  readonly resource: DynamicResource | undefined;
  groups: readonly CheckGroup[] = [];
  /** All of the groups', the quick ones first. */
  checks: readonly Check[] = [];
  /** What an evaluation is charged, without what its loops over the value are charged. */
  cost = 1;
  /** It asks what the schemas beside it left unevaluated. */
  isTracking = false;

  constructor(resource: DynamicResource | undefined) {
    this.resource = resource;
  }
}

/** The members and items of one value that some schema was applied to (2020-12, core, 7.7.1: annotations). */
export class Evaluated {
  readonly names: Set<string> = new Set();
  readonly indexes: Set<number> = new Set();
  /** All items before this one. */
  itemsBefore = 0;

  add(other: Evaluated): void {
    for (const name of other.names) this.names.add(name);
    for (const index of other.indexes) this.indexes.add(index);
    this.itemsBefore = Math.max(this.itemsBefore, other.itemsBefore);
  }
}

/** The resources entered on the way to a schema, the last one first (2020-12, core, 7.1). */
interface DynamicScope {
  readonly resource: DynamicResource;
  readonly outer: DynamicScope | undefined;
}

/**
 * Steps that a value may take (an evaluation of a schema, a member or an item looked at), some 50 ns each: for each byte
 * many more than schemas need, and enough for a small value with a large schema. This bounds a schema that asks the same
 * twice at each level.
 */
const STEPS_PER_BYTE = 8;
const STEPS_PER_VALUE = 20_000;
/** Some 200 ms: nobody else is served meanwhile. */
const STEPS_MAX = 4_000_000;
/** For all of a value's searches that cannot be foreseen to be quick; where there may be many, for all of its validation. */
const SEARCH_MS_PER_VALUE = 100;
const BYTES_PER_SEARCH_MS = 20_000;
const SEARCH_MS_MAX = 300;

/**
 * One value on its way through a schema. It goes twice where it does not fit: first quickly, to the first violation;
 * then `explains` is set, nothing is skipped, and violations are counted and worded as Confluent's validator (everit,
 * drafts 4 to 7) does.
 */
export class Validation {
  readonly explains: boolean;
  /** Undefined where nobody asks. */
  evaluated: Evaluated | undefined;
  scope: DynamicScope;
  /** The last one whose search may take long. */
  pattern = '';
  #stepsLeft: number;
  #searchMsLeft: number;
  #isTimeLimited = false;
  readonly #path: (string | number)[] = [];
  /** How many violations each failure stands for. */
  readonly #counts: number[] = [];
  /** Of the first failure. Others are counted only: where there are two, nobody sees the text of either. */
  #message = 'does not match the schema';
  #messagePath = '';

  /** @param bytes of the value */
  constructor(root: DynamicResource, bytes: number, explains: boolean) {
    this.scope = { resource: root, outer: undefined };
    this.#stepsLeft = Math.min(STEPS_PER_VALUE + STEPS_PER_BYTE * bytes, STEPS_MAX);
    this.#searchMsLeft = Math.min(SEARCH_MS_PER_VALUE + bytes / BYTES_PER_SEARCH_MS, SEARCH_MS_MAX);
    this.explains = explains;
  }

  /** Whether all schemas have to be tried, although the result is known. */
  get isThorough(): boolean {
    return this.explains || this.evaluated !== undefined;
  }

  /** The class of a value that the caller is at, as messages name it. */
  classOf(value: Json): string {
    return classOf(value, this.#path.length === 0);
  }

  /** The target of a dynamic reference: of all resources on the way the first that has one of that name. */
  outermost(anchor: string): CompiledSchema | undefined {
    let found: CompiledSchema | undefined;
    for (let scope: DynamicScope | undefined = this.scope; scope !== undefined; scope = scope.outer) {
      this.spend(1);
      found = scope.resource.dynamicSchemas.get(anchor) ?? found;
    }
    return found;
  }

  /** @throws DataMismatch when there is no more to spend */
  spend(steps: number): void {
    this.#stepsLeft -= steps;
    if (this.#stepsLeft >= 0) return;
    throw new DataMismatch(this.explains ? '#: too many schema violations' : '#: validation takes too long', '');
  }

  /**
   * Runs a search that cannot be foreseen to be quick, or all of the validation where there may be many of them: to
   * set the limit takes longer than most searches.
   * @throws DataMismatch when the value's searches take too much time
   */
  withTimeLimit(search: () => boolean): boolean {
    if (this.#isTimeLimited) return search();
    this.#isTimeLimited = true;
    const startedMs = performance.now();
    try {
      return withinMs(Math.max(this.#searchMsLeft, 1), search);
    } catch (error) {
      if (!(error instanceof TimeLimitExceeded)) throw error;
      throw new DataMismatch(`#: pattern ${quoted(this.pattern)} takes too long to match`, '');
    } finally {
      this.#isTimeLimited = false;
      this.#searchMsLeft -= performance.now() - startedMs;
    }
  }

  /** Whether a schema holds for the value that the caller is at. */
  holds(schema: CompiledSchema, value: Json): boolean {
    this.spend(schema.cost);
    const scope = this.scope;
    if (schema.resource !== scope.resource && schema.resource !== undefined) {
      this.scope = { resource: schema.resource, outer: scope };
    }
    const holds =
      this.evaluated === undefined && !schema.isTracking ? this.#keeps(schema, value) : this.#tracks(schema, value);
    this.scope = scope;
    return holds;
  }

  /** Whether a schema holds for a member or an item of the value that the caller is at. */
  holdsAt(schema: CompiledSchema, value: Json, token: string | number): boolean {
    const evaluated = this.evaluated;
    this.evaluated = undefined;
    if (this.explains) this.#path.push(token);
    const holds = this.holds(schema, value);
    if (this.explains) this.#path.pop();
    this.evaluated = evaluated;
    return holds;
  }

  /** Notes a violation of the rule that the caller checks. */
  violated(text: () => string): false {
    if (this.explains) this.#fail(text, 1);
    return false;
  }

  /** Notes that a value is of the wrong type. */
  wrongType(expected: string, value: Json): false {
    return this.violated(() => `expected type: ${expected}, found: ${this.classOf(value)}`);
  }

  /** For `forget` and `wrap`: the failures noted from now on. */
  mark(): number {
    return this.#counts.length;
  }

  /** Drops the failures noted since: they led to nothing. */
  forget(mark: number): true {
    this.#counts.length = mark;
    return true;
  }

  /**
   * Makes one failure of all noted since.
   * @param more violations that it stands for beside theirs
   */
  wrap(mark: number, text: (violations: number) => string, more = 0): false {
    if (!this.explains) return false;
    let violations = more;
    for (let i = mark; i < this.#counts.length; i++) violations += this.#counts[i] as number;
    this.#counts.length = mark;
    this.#fail(() => text(violations), Math.max(violations, 1));
    return false;
  }

  /** What the caller throws when a schema did not hold. */
  mismatch(): DataMismatch {
    return new DataMismatch(`#${quoted(this.#messagePath)}: ${this.#message}`, this.#messagePath);
  }

  #fail(text: () => string, violations: number): void {
    if (this.#counts.length === 0) {
      this.#message = text();
      this.#messagePath = this.#pointer();
    }
    this.#counts.push(violations);
    this.spend(1);
  }

  #pointer(): string {
    return this.#path.map((token) => `/${String(token).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
  }

  #tracks(schema: CompiledSchema, value: Json): boolean {
    const outer = this.evaluated;
    const own = new Evaluated();
    this.evaluated = own;
    const holds = this.#keeps(schema, value);
    this.evaluated = outer;
    if (holds && outer !== undefined) {
      this.spend(own.names.size + own.indexes.size);
      outer.add(own);
    }
    return holds;
  }

  #keeps(schema: CompiledSchema, value: Json): boolean {
    if (this.explains) return this.#explain(schema, value);
    for (const check of schema.checks) {
      if (!check(value, this)) return false;
    }
    return true;
  }

  #explain({ groups }: CompiledSchema, value: Json): boolean {
    const start = this.mark();
    let failing = 0;
    for (const { checks, isTyped, alternatives } of groups) {
      const mark = this.mark();
      for (const check of checks) {
        if (!check(value, this) && isTyped === true && check === checks[0]) break;
      }
      const failures = this.mark() - mark;
      if (failures === 0) continue;
      failing++;
      if (alternatives !== undefined) {
        const text = `#: no subschema matched out of the total ${alternatives} subschemas`;
        this.wrap(mark, () => text, alternatives - 1);
      } else if (failures > 1) this.wrap(mark, (violations) => `${violations} schema violations found`);
    }
    if (failing === 0) return true;
    if (groups.length > 1) {
      this.wrap(start, () => `#: only ${groups.length - failing} subschema matches out of ${groups.length}`);
    }
    return false;
  }
}
