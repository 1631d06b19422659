import { isObject, type Json } from './json.ts';

/** Draft 4, 6, 7, 2019-09 and 2020-12. */
export type Draft = 4 | 6 | 7 | 2019 | 2020;

/** Without `$schema`, or with one that nobody knows, Confluent's converter assumes draft 7. */
const DRAFT_ASSUMED: Draft = 7;

const drafts: ReadonlyMap<string, Draft> = new Map([
  ['json-schema.org/schema', 4],
  ['json-schema.org/draft-04/schema', 4],
  ['json-schema.org/draft-06/schema', 6],
  ['json-schema.org/draft-07/schema', 7],
  ['json-schema.org/draft/2019-09/schema', 2019],
  ['json-schema.org/draft/2020-12/schema', 2020],
]);

/** The first draft that has a keyword, where that is not draft 4. */
const since: ReadonlyMap<string, Draft> = new Map([
  ['const', 6],
  ['contains', 6],
  ['propertyNames', 6],
  ['if', 7],
  ['then', 7],
  ['else', 7],
  ['$anchor', 2019],
  ['$recursiveAnchor', 2019],
  ['$recursiveRef', 2019],
  ['dependentRequired', 2019],
  ['dependentSchemas', 2019],
  ['minContains', 2019],
  ['maxContains', 2019],
  ['unevaluatedItems', 2019],
  ['unevaluatedProperties', 2019],
  ['$dynamicAnchor', 2020],
  ['$dynamicRef', 2020],
  ['prefixItems', 2020],
]);

/** The last draft that has a keyword. `dependencies` outlived its draft: validators go on to accept it. */
const until: ReadonlyMap<string, Draft> = new Map([
  ['$recursiveAnchor', 2019],
  ['$recursiveRef', 2019],
  ['additionalItems', 2019],
]);

/** The keywords of the validation vocabulary (2020-12, validation, 6). A meta-schema may leave them out. */
const assertions: ReadonlySet<string> = new Set(
  [
    'type enum const multipleOf maximum exclusiveMaximum minimum exclusiveMinimum maxLength minLength pattern',
    'maxItems minItems uniqueItems maxContains minContains maxProperties minProperties required dependentRequired',
  ].flatMap((keywords) => keywords.split(' ')),
);

/** The rules of a draft. */
export class Dialect {
  readonly draft: Draft;
  readonly #asserts: boolean;

  /** @param asserts whether the keywords of the validation vocabulary count */
  constructor(draft: Draft, asserts: boolean) {
    this.draft = draft;
    this.#asserts = asserts;
  }

  get idKeyword(): string {
    return this.draft === 4 ? 'id' : '$id';
  }

  /** Up to draft 7 all that stands beside a `$ref` is ignored. */
  get isRefAlone(): boolean {
    return this.draft <= 7;
  }

  knows(keyword: string): boolean {
    if (!this.#asserts && assertions.has(keyword)) return false;
    return (since.get(keyword) ?? 4) <= this.draft && this.draft <= (until.get(keyword) ?? 2020);
  }
}

/** The dialect of schemas that name none. */
export const assumedDialect: Dialect = new Dialect(DRAFT_ASSUMED, true);

/** A URI without its scheme and an empty fragment: schemas write those of the meta-schemas in all ways. */
export function schemeless(uri: string): string {
  return uri.replace(/^https?:\/\//, '').replace(/#$/, '');
}

function draftOf(uri: Json | undefined): Draft | undefined {
  return typeof uri === 'string' ? drafts.get(schemeless(uri)) : undefined;
}

/**
 * @param schema the root of a document
 * @param outer the dialect of whoever refers to it: for want of a `$schema` it is the same
 * @param metaSchemaOf finds a meta-schema of the user's own among the references
 */
export function dialectOf(schema: Json, outer: Dialect, metaSchemaOf: (uri: string) => Json | undefined): Dialect {
  const uri = isObject(schema) ? schema['$schema'] : undefined;
  if (typeof uri !== 'string') return outer;
  const draft = draftOf(uri);
  if (draft !== undefined) return new Dialect(draft, true);
  const metaSchema = metaSchemaOf(uri);
  if (metaSchema === undefined || !isObject(metaSchema)) return assumedDialect;
  const vocabulary = metaSchema['$vocabulary'];
  const base = draftOf(metaSchema['$schema']) ?? DRAFT_ASSUMED;
  if (base < 2019 || vocabulary === undefined || !isObject(vocabulary)) return new Dialect(base, true);
  return new Dialect(
    base,
    Object.keys(vocabulary).some((name) => name.endsWith('/vocab/validation')),
  );
}
