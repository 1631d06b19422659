import { LRUCache } from 'lru-cache';
import type { SchemaCodec, SchemaSource, SchemaType } from '../codec.ts';
import { InvalidSchema } from '../schema-errors.ts';
import { withDeadline } from './deadline.ts';
import type { RegistrySchema, SubjectVersion } from './registry-answers.ts';
import type { RegistryClient } from './registry-client.ts';
import { RegistryError, RegistryUnavailable } from './registry-errors.ts';
import { resolveReferences, type SourceLimits } from './schema-references.ts';
import { SingleFlight } from './single-flight.ts';

export interface CompiledSchemasOptions extends SourceLimits {
  readonly client: RegistryClient;
  /** @throws InvalidSchema */
  readonly compile: (source: SchemaSource) => SchemaCodec;
  readonly onCompiled?: ((type: SchemaType, seconds: number) => void) | undefined;
  /** Schemas that are kept, and the memory that they take, by estimate. */
  readonly schemasMax: number;
  readonly schemasMaxBytes: number;
  /** How long it is remembered that an id leads nowhere, and how many are. */
  readonly missingMs: number;
  readonly missingMax: number;
  /** One schema with all that it refers to. */
  readonly resolutionTimeoutMs: number;
}

/** A schema of the registry, ready to be used. */
export interface CompiledSchema {
  readonly codec: SchemaCodec;
  /** As the registry has it. */
  readonly schema: RegistrySchema;
}

/** Of a codec, beside what grows with the text. */
const CODEC_BYTES = 4096;
/** What one byte of text may become: up to 95 measured, for Protobuf, where ordinary schemas take a third of that. */
const CODEC_BYTES_PER_BYTE = 100;
const NOT_FOUND = 404;
const SCHEMA_NOT_FOUND = 40403;

/** The schemas of the registry by their ids: what an id stands for never changes. */
export class CompiledSchemas {
  readonly #options: CompiledSchemasOptions;
  readonly #byId: LRUCache<number, CompiledSchema>;
  readonly #missing: LRUCache<number, Error>;
  readonly #flights = new SingleFlight<number, CompiledSchema>();

  constructor(options: CompiledSchemasOptions) {
    this.#options = options;
    this.#byId = new LRUCache({ max: options.schemasMax, maxSize: options.schemasMaxBytes });
    this.#missing = new LRUCache({ max: options.missingMax, ttl: options.missingMs });
  }

  known(id: number): CompiledSchema | undefined {
    return this.#byId.get(id);
  }

  /** @throws RegistryError, RegistryUnavailable, InvalidSchema */
  async load(id: number): Promise<CompiledSchema> {
    const known = this.#byId.get(id);
    if (known !== undefined) return known;
    const missing = this.#missing.get(id);
    if (missing !== undefined) throw missing;
    // Anybody may write such a number to a topic; no registry gives one out.
    if (id < 0) throw new RegistryError(NOT_FOUND, SCHEMA_NOT_FOUND, `Schema ${id} not found`);
    return await this.#flights.run(id, async () => await this.#fetch(id));
  }

  /**
   * @param found what a subject has
   * @param own the client's own schema that it was found by: it serves for the registry's when the texts are equal
   * @throws as `load`
   */
  async of(found: SubjectVersion, own?: SchemaCodec): Promise<CompiledSchema> {
    const known = this.#byId.get(found.id);
    if (known !== undefined) return known;
    const { id, type, text, references } = found;
    const schema = { type, text, references };
    return await this.#flights.run(id, async () => {
      if (own?.text === text && own.type === type && references.length === 0) {
        return this.#keep(id, { codec: own, schema }, Buffer.byteLength(text));
      }
      return await this.#withDeadline(async (signal) => await this.#build(id, schema, signal));
    });
  }

  /** A client's own schema, which refers to nothing. @throws InvalidSchema */
  parse(type: SchemaType, text: string): SchemaCodec {
    return this.#compile({ type, text, references: [], dependencies: [] });
  }

  #compile(source: SchemaSource): SchemaCodec {
    const begin = performance.now();
    try {
      return this.#options.compile(source);
    } finally {
      this.#options.onCompiled?.(source.type, (performance.now() - begin) / 1000);
    }
  }

  async #fetch(id: number): Promise<CompiledSchema> {
    try {
      return await this.#withDeadline(async (signal) => {
        const schema = await this.#options.client.schemaById(id, { signal });
        return await this.#build(id, schema, signal);
      });
    } catch (error) {
      // That it is not there, or can't be used, is said again for a while without asking: a topic may be full of it.
      const isLasting =
        error instanceof InvalidSchema || (error instanceof RegistryError && error.httpStatus === NOT_FOUND);
      if (isLasting) this.#missing.set(id, error);
      throw error;
    }
  }

  async #build(id: number, schema: RegistrySchema, signal: AbortSignal): Promise<CompiledSchema> {
    const question = { includeDeleted: true, signal };
    const source = await resolveReferences(
      schema,
      this.#options,
      async ({ subject, version }) => await this.#options.client.version(subject, version, question),
    );
    return this.#keep(id, { codec: this.#compile(source), schema }, source.bytes);
  }

  #keep(id: number, compiled: CompiledSchema, bytes: number): CompiledSchema {
    // One that is larger than all has them all to itself: what is not kept at all would be made for each record.
    const weight = CODEC_BYTES + CODEC_BYTES_PER_BYTE * bytes + (compiled.codec.extraBytes ?? 0);
    const size = Math.min(weight, this.#options.schemasMaxBytes);
    this.#byId.set(id, compiled, { size });
    return compiled;
  }

  async #withDeadline<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const limit = { timeoutMs: this.#options.resolutionTimeoutMs, overdue: readTimedOut, parents: [] };
    return await withDeadline(limit, work);
  }
}

function readTimedOut(): RegistryUnavailable {
  return new RegistryUnavailable('Read timed out');
}
