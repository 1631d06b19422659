import type { SchemaDependency, SchemaReference, SchemaSource } from '../codec.ts';
import { InvalidSchema } from '../schema-errors.ts';
import type { RegistrySchema } from './registry-answers.ts';

export interface SourceLimits {
  /** Of a schema with all that it refers to, in UTF-8. */
  readonly schemaMaxBytes: number;
  readonly referencesMax: number;
  /** How far from the schema the last one may be. */
  readonly referenceDepthMax: number;
}

/** A schema with all that it refers to. */
export interface ResolvedSource extends SchemaSource {
  readonly bytes: number;
}

/** Gets the schemas that a schema refers to, directly or not, each of them once. */
class ReferenceWalk {
  readonly dependencies: SchemaDependency[] = [];
  bytes = 0;
  readonly #limits: SourceLimits;
  readonly #fetch: (reference: SchemaReference) => Promise<RegistrySchema>;
  /** A name stands for one schema, the one that it was met with first. Source: Confluent's client. */
  readonly #names = new Set<string>();
  readonly #path: string[] = [];

  constructor(limits: SourceLimits, fetch: (reference: SchemaReference) => Promise<RegistrySchema>) {
    this.#limits = limits;
    this.#fetch = fetch;
  }

  count(text: string): void {
    this.bytes += Buffer.byteLength(text);
    const { schemaMaxBytes } = this.#limits;
    if (this.bytes > schemaMaxBytes) {
      throw new InvalidSchema(`The schema, with all that it refers to, is larger than ${schemaMaxBytes} bytes`);
    }
  }

  async follow(references: readonly SchemaReference[]): Promise<void> {
    for (const reference of references) await this.#enter(reference);
  }

  async #enter(reference: SchemaReference): Promise<void> {
    const { name, subject, version } = reference;
    const place = `${version} of ${subject}`;
    if (this.#path.includes(place)) throw new InvalidSchema(`The schema refers to itself by version ${place}`);
    if (this.#names.has(name)) return;
    const { referencesMax, referenceDepthMax } = this.#limits;
    if (this.#names.size >= referencesMax) {
      throw new InvalidSchema(`The schema refers to more than ${referencesMax} others`);
    }
    if (this.#path.length >= referenceDepthMax) {
      throw new InvalidSchema(`The schema's references are more than ${referenceDepthMax} deep`);
    }
    this.#names.add(name);
    this.#path.push(place);
    const { text, references } = await this.#fetch(reference);
    this.count(text);
    await this.follow(references);
    this.#path.pop();
    this.dependencies.push({ name, text });
  }
}

/**
 * @param fetch what stands under a subject and version
 * @throws InvalidSchema when it is too large, refers to too much or to itself; whatever `fetch` throws
 */
export async function resolveReferences(
  schema: RegistrySchema,
  limits: SourceLimits,
  fetch: (reference: SchemaReference) => Promise<RegistrySchema>,
): Promise<ResolvedSource> {
  const walk = new ReferenceWalk(limits, fetch);
  walk.count(schema.text);
  await walk.follow(schema.references);
  const { type, text, references } = schema;
  return { type, text, references, dependencies: walk.dependencies, bytes: walk.bytes };
}
