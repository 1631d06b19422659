import { LRUCache } from 'lru-cache';
import type { SchemaCodec } from '../codec.ts';
import { CompiledSchemas, type CompiledSchemasOptions } from './compiled-schemas.ts';
import { ProduceResolver, type ResolverOptions } from './produce-resolver.ts';
import { attempts, type ProduceSchema, type ProduceSchemaRequest, requestKey } from './produce-schema.ts';
import { resolutionError } from './schema-resolution-error.ts';
import { SingleFlight } from './single-flight.ts';

type AllOptions = CompiledSchemasOptions &
  Omit<ResolverOptions, 'schemas'> & {
    /** How long a version is taken for the latest, or for there, without asking (`latest.cache.ttl.sec`). */
    readonly versionMs: number;
  };

type Required = 'client' | 'compile';

export type SchemaStoreOptions = Pick<AllOptions, Required> & Partial<Omit<AllOptions, Required>>;

export const storeDefaults: Omit<AllOptions, Required | 'onCompiled'> = {
  keyStrategy: 'TOPIC_NAME',
  valueStrategy: 'TOPIC_NAME',
  // As Confluent's proxy does (contract E.2), whatever its serialisers are told.
  autoRegister: true,
  useLatestVersion: false,
  versionMs: 60_000,
  schemaMaxBytes: 1024 * 1024,
  referencesMax: 256,
  referenceDepthMax: 16,
  schemasMax: 10_000,
  schemasMaxBytes: 256 * 1024 * 1024,
  missingMs: 2000,
  missingMax: 10_000,
  resolutionTimeoutMs: 15_000,
};

/** Of an entry, beside its texts. */
const ENTRY_BYTES = 256;

/**
 * What is known of a registry's schemas, and how more is learned. Nothing is asked for twice at a time. Failures are not
 * remembered, except for a moment that an id leads nowhere.
 */
export class SchemaStore {
  readonly #schemas: CompiledSchemas;
  readonly #resolver: ProduceResolver;
  readonly #produce: LRUCache<string, Omit<ProduceSchema, 'codec'>>;
  readonly #flights = new SingleFlight<string, ProduceSchema>();
  readonly #useLatestVersion: boolean;
  readonly #versionMs: number;

  constructor(options: SchemaStoreOptions) {
    const all = { ...storeDefaults, ...options };
    this.#schemas = new CompiledSchemas(all);
    this.#resolver = new ProduceResolver({ ...all, schemas: this.#schemas });
    this.#versionMs = all.versionMs;
    this.#useLatestVersion = all.useLatestVersion;
    this.#produce = new LRUCache({
      max: all.schemasMax,
      maxSize: all.schemasMaxBytes,
      // Of texts as clients sent them. Codecs are kept elsewhere, and only there.
      sizeCalculation: (_entry, key) => Math.min(ENTRY_BYTES + 2 * key.length, all.schemasMaxBytes),
    });
  }

  /** The codec of an id that was loaded before. */
  known(id: number): SchemaCodec | undefined {
    return this.#schemas.known(id)?.codec;
  }

  /** The codec of an id. @throws SchemaResolutionError */
  async load(id: number): Promise<SchemaCodec> {
    try {
      return (await this.#schemas.load(id)).codec;
    } catch (error) {
      throw resolutionError(attempts.fetchById(id), error);
    }
  }

  /** What `forProduce` found for an equal request before. */
  knownForProduce(request: ProduceSchemaRequest): ProduceSchema | undefined {
    return this.#knownAs(requestKey(request));
  }

  /** The schema that a request means, which may be registered by this. @throws SchemaResolutionError */
  async forProduce(request: ProduceSchemaRequest): Promise<ProduceSchema> {
    const key = requestKey(request);
    return this.#knownAs(key) ?? (await this.#flights.run(key, async () => await this.#resolve(key, request)));
  }

  #knownAs(key: string): ProduceSchema | undefined {
    const entry = this.#produce.get(key);
    const codec = entry === undefined ? undefined : this.known(entry.id);
    return entry === undefined || codec === undefined ? undefined : { ...entry, codec };
  }

  async #resolve(key: string, request: ProduceSchemaRequest): Promise<ProduceSchema> {
    const found = await this.#resolver.resolve(request);
    const { codec: _codec, ...entry } = found;
    if (this.#mayChange(request)) {
      this.#produce.set(key, entry, { ttl: this.#versionMs });
      return found;
    }
    this.#produce.set(key, entry);
    // Clients that sent the text once and go on with the id of the answer need not wait again, nor for a registry at all.
    if ('text' in request) {
      const { text: _text, ...side } = request;
      this.#produce.set(requestKey({ ...side, id: found.id }), entry);
    }
    return found;
  }

  #mayChange(request: ProduceSchemaRequest): boolean {
    return 'version' in request || ('text' in request && this.#useLatestVersion);
  }
}
