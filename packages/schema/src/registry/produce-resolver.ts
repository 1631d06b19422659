import type { SchemaCodec, SchemaType } from '../codec.ts';
import type { CompiledSchemas } from './compiled-schemas.ts';
import { withDeadline } from './deadline.ts';
import { attempts, type ProduceSchema, type ProduceSchemaRequest } from './produce-schema.ts';
import type { SubjectVersion } from './registry-answers.ts';
import type { RegistryClient } from './registry-client.ts';
import { RegistryError, RegistryUnavailable } from './registry-errors.ts';
import { resolutionError, SchemaResolutionError } from './schema-resolution-error.ts';
import { namelessText, type SubjectNameStrategy, subjectName } from './subject-names.ts';

export interface ResolverOptions {
  readonly client: RegistryClient;
  readonly schemas: CompiledSchemas;
  readonly keyStrategy: SubjectNameStrategy;
  readonly valueStrategy: SubjectNameStrategy;
  readonly autoRegister: boolean;
  readonly useLatestVersion: boolean;
  /** Of a client's own schema, in UTF-8. */
  readonly schemaMaxBytes: number;
  /** One request with all that the registry is asked for it. */
  readonly resolutionTimeoutMs: number;
}

/** Of a schema that does not fit the others of its subject, among others. */
const CONFLICT = 409;

type ByText = Extract<ProduceSchemaRequest, { readonly text: string }>;
type ById = Extract<ProduceSchemaRequest, { readonly id: number }>;
type ByVersion = Extract<ProduceSchemaRequest, { readonly version: number | 'latest' }>;

/** Asks the registry for the schema of a side's records, in the order of contract E.2. */
export class ProduceResolver {
  readonly #options: ResolverOptions;

  constructor(options: ResolverOptions) {
    this.#options = options;
  }

  /** @throws SchemaResolutionError */
  async resolve(request: ProduceSchemaRequest): Promise<ProduceSchema> {
    const overdue = (): Error => new RegistryUnavailable('Read timed out');
    const limit = { timeoutMs: this.#options.resolutionTimeoutMs, overdue, parents: [] };
    return await withDeadline(limit, async (signal) => {
      if ('text' in request) return await this.#byText(request, signal);
      if ('id' in request) return await this.#byId(request, signal);
      return await this.#byVersion(request, signal);
    });
  }

  async #byId(request: ById, signal: AbortSignal): Promise<ProduceSchema> {
    const { id, type } = request;
    const { codec, schema } = await tried(attempts.fetchById(id), async () => await this.#options.schemas.load(id));
    // Before the registry is asked for it under the subject: this says what is wrong.
    refuseOtherType(codec, id, type);
    const subject = this.#subject(request, codec.recordName);
    const { version } = await tried(
      attempts.fetchVersion(subject, codec),
      async () => await this.#options.client.lookUp(subject, schema, { includeDeleted: true, signal }),
    );
    return { id, subject, version, codec };
  }

  async #byText(request: ByText, signal: AbortSignal): Promise<ProduceSchema> {
    const { type, text } = request;
    const own = this.#parsed(type, text);
    const subject = this.#subject(request, own.recordName);
    if (this.#options.useLatestVersion) return await this.#versionOf(subject, 'latest', { type, signal });
    const found = await this.#registered(subject, own, signal);
    return await this.#compiled(found, { subject, type, own, attempt: attempts.fetchVersion(subject, own) });
  }

  async #byVersion(request: ByVersion, signal: AbortSignal): Promise<ProduceSchema> {
    const { version, type, strategy } = request;
    const subject = request.subject ?? subjectName(this.#strategy(request), request, undefined);
    if (subject !== undefined) return await this.#versionOf(subject, version, { type, signal });
    const named = strategy === undefined ? ' default schema_subject_strategy' : ` schema_subject_strategy=${strategy}`;
    throw new SchemaResolutionError('noSubject', `Cannot use${named} without schema_id or schema.`);
  }

  async #versionOf(
    subject: string,
    version: number | 'latest',
    { type, signal }: { readonly type: SchemaType | undefined; readonly signal: AbortSignal },
  ): Promise<ProduceSchema> {
    const attempt = version === 'latest' ? attempts.fetchLatest(subject) : attempts.fetchByVersion(subject, version);
    const found = await tried(attempt, async () => await this.#options.client.version(subject, version, { signal }));
    return await this.#compiled(found, { subject, type, attempt });
  }

  /** Looks a client's schema up and, unless it is there, registers it. */
  async #registered(subject: string, own: SchemaCodec, signal: AbortSignal): Promise<SubjectVersion> {
    const { client, autoRegister } = this.#options;
    const schema = { type: own.type, text: own.text, references: [] };
    const lookUp = async (): Promise<SubjectVersion> => await client.lookUp(subject, schema, { signal });
    if (!autoRegister) return await tried(attempts.lookUp(subject, own), lookUp);
    const found = await tried(attempts.register(subject, own), async () => {
      try {
        return await lookUp();
      } catch (error) {
        // Who does not answer the one does not answer the other.
        if (error instanceof RegistryUnavailable) throw error;
        return await foundOnConflict(async () => await client.register(subject, schema, { signal }), lookUp);
      }
    });
    return found ?? (await tried(attempts.fetchVersion(subject, own), lookUp));
  }

  /**
   * What the registry has is what readers decode with, so it encodes, whatever text it was found by; the client's own
   * codec serves for it when the texts are equal.
   */
  async #compiled(found: SubjectVersion, { subject, type, own, attempt }: Expected): Promise<ProduceSchema> {
    const { id, version } = found;
    const { codec } = await tried(attempt, async () => await this.#options.schemas.of(found, own));
    refuseOtherType(codec, id, type);
    return { id, subject, version, codec };
  }

  #parsed(type: SchemaType, text: string): SchemaCodec {
    const { schemaMaxBytes } = this.#options;
    if (Buffer.byteLength(text) > schemaMaxBytes) {
      throw new SchemaResolutionError('invalidSchema', `The schema is larger than ${schemaMaxBytes} bytes`);
    }
    try {
      return this.#options.schemas.parse(type, text);
    } catch (cause) {
      throw new SchemaResolutionError('invalidSchema', attempts.parse(type, text), { cause });
    }
  }

  #strategy({ strategy, isKey }: ProduceSchemaRequest): SubjectNameStrategy {
    return strategy ?? (isKey ? this.#options.keyStrategy : this.#options.valueStrategy);
  }

  #subject(request: ProduceSchemaRequest, recordName: string | undefined): string {
    const strategy = this.#strategy(request);
    const subject = request.subject ?? subjectName(strategy, request, recordName);
    if (subject === undefined) throw new SchemaResolutionError('noSubject', namelessText(strategy, request.isKey));
    return subject;
  }
}

interface Expected {
  readonly subject: string;
  readonly type: SchemaType | undefined;
  readonly own?: SchemaCodec;
  /** What has failed when it can't be compiled. */
  readonly attempt: string;
}

/**
 * Apicurio refuses all but one of those who register the same schema at a time. Who then finds it has got what was asked for.
 *
 * @returns undefined when it is registered, and not looked up yet
 */
async function foundOnConflict(
  register: () => Promise<number>,
  lookUp: () => Promise<SubjectVersion>,
): Promise<SubjectVersion | undefined> {
  try {
    await register();
    return undefined;
  } catch (refusal) {
    if (!(refusal instanceof RegistryError) || refusal.httpStatus !== CONFLICT) throw refusal;
    return await lookUp().catch(() => {
      throw refusal;
    });
  }
}

/** @throws SchemaResolutionError that says what was tried */
async function tried<T>(attempt: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw resolutionError(attempt, error);
  }
}

/** Confluent's proxy answers 500: it takes the one kind of schema for the other. */
function refuseOtherType(codec: SchemaCodec, id: number, type: SchemaType | undefined): void {
  if (type === undefined || codec.type === type) return;
  throw new SchemaResolutionError(
    'otherType',
    `The schema with the id ${id} is of the type ${codec.type}, not ${type}`,
  );
}
