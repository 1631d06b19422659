import { createRequire } from 'node:module';
import { draft04MetaSchema } from './draft-04-meta-schema.ts';
import type { Json } from './json.ts';

/** Ajv brings the texts of the meta-schemas along, save that of draft 4. */
const require = createRequire(import.meta.url);

const load2019 = (name: string): Json => require(`ajv/dist/refs/json-schema-2019-09/${name}.json`) as Json;
const load2020 = (name: string): Json => require(`ajv/dist/refs/json-schema-2020-12/${name}.json`) as Json;

const vocabularies2019 = ['core', 'applicator', 'validation', 'meta-data', 'format', 'content'];
const vocabularies2020 = [
  'core',
  'applicator',
  'unevaluated',
  'validation',
  'meta-data',
  'format-annotation',
  'content',
];

/** The meta-schemas of a draft. */
export interface MetaSchemaFamily {
  /** What their URIs begin with, without the scheme. */
  readonly prefix: string;
  load(): Json[];
}

const families: readonly MetaSchemaFamily[] = [
  {
    prefix: 'json-schema.org/draft-04/schema',
    load: () => [draft04MetaSchema],
  },
  {
    prefix: 'json-schema.org/draft-06/schema',
    load: () => [require('ajv/dist/refs/json-schema-draft-06.json') as Json],
  },
  {
    prefix: 'json-schema.org/draft-07/schema',
    load: () => [require('ajv/dist/refs/json-schema-draft-07.json') as Json],
  },
  {
    prefix: 'json-schema.org/draft/2019-09/',
    load: () => [load2019('schema'), ...vocabularies2019.map((name) => load2019(`meta/${name}`))],
  },
  {
    prefix: 'json-schema.org/draft/2020-12/',
    load: () => [load2020('schema'), ...vocabularies2020.map((name) => load2020(`meta/${name}`))],
  },
];

/**
 * The draft whose meta-schema a URI may name: schemas refer to them, and nothing is ever fetched.
 * @param uri without its scheme
 */
export function metaSchemaFamily(uri: string): MetaSchemaFamily | undefined {
  return families.find(({ prefix }) => uri.startsWith(prefix));
}
