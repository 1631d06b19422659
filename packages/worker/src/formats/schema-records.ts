import { setImmediate } from 'node:timers/promises';
import { ApiError, type ApiVersion, type ProduceRequest, type RecordBatch } from '@sluice/protocol';
import {
  DataMismatch,
  type ProduceSchema,
  SchemaResolutionError,
  type SchemaStore,
  type SchemaType,
} from '@sluice/schema';
import { ClientGone } from '../http/read-body.ts';
import { type SchemaRefusals, schemaRefusals } from './schema-refusals.ts';

/** What a request of a schema format comes to: bytes for Kafka, and the ids of the schemas that they were written with. */
export interface SchemaRecords {
  readonly batch: RecordBatch;
  readonly keySchemaId: number | undefined;
  readonly valueSchemaId: number | undefined;
}

type Side = 'key' | 'value';

interface Sent {
  readonly id: number | undefined;
  readonly text: string | undefined;
}

/** So long a request may keep all others waiting, beside what a single record takes. */
const TURN_MS = 10;
/** What the records of a request may take in all: schemas come from clients, and some make each record take its time. */
const REQUEST_MS_MAX = 5000;

/** What encoding a request has taken so far, and who waits for it. */
class Encoding {
  readonly #signal: AbortSignal;
  #turnBegan = performance.now();
  #leftMs = REQUEST_MS_MAX;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  get isTurnOver(): boolean {
    return performance.now() - this.#turnBegan >= TURN_MS;
  }

  /**
   * Lets others have their turn.
   * @throws ClientGone; ApiError payloadTooLarge
   */
  async giveWay(): Promise<void> {
    this.#leftMs -= performance.now() - this.#turnBegan;
    if (this.#leftMs < 0) {
      throw new ApiError('payloadTooLarge', {
        message: `The records of the request take more than ${REQUEST_MS_MAX} ms to be brought into their schemas.`,
      });
    }
    await setImmediate();
    if (this.#signal.aborted) throw new ClientGone();
    this.#turnBegan = performance.now();
  }
}

/** A schema to encode with; which subject it is of is the registry's business. */
type Schema = Pick<ProduceSchema, 'id' | 'codec'>;

interface Target {
  readonly topic: string;
  readonly type: SchemaType;
}

interface Context {
  readonly schemas: SchemaStore;
  /** Aborts when the client goes away. */
  readonly signal: AbortSignal;
  /** Default v2. */
  readonly api?: ApiVersion;
}

/**
 * Turns the JSON values of a produce request into what is written to Kafka (contract A.6, C.3, E.2). Everything or nothing:
 * no record is sent when one of them does not fit.
 *
 * @throws ApiError 42201, 42202, 42205, 42207, 40301; badRequest for a value that does not fit its schema; payloadTooLarge
 *   for a request that takes too long; in v1 42203 for such a value, and 40801 for 42207; ClientGone
 */
export async function encodeRecords(
  request: ProduceRequest,
  target: Target,
  { schemas, signal, api = 'v2' }: Context,
): Promise<SchemaRecords> {
  const { batch, keySchema, keySchemaId, valueSchema, valueSchemaId } = request;
  const refusals = schemaRefusals[api];
  const resolve = async (side: Side, sent: Sent): Promise<Schema | undefined> => {
    try {
      return await resolvers[api](side, sent, target, schemas);
    } catch (error) {
      throw error instanceof SchemaResolutionError ? refusals.resolution(error) : error;
    }
  };
  const key = await resolve('key', { id: keySchemaId, text: keySchema });
  const value = await resolve('value', { id: valueSchemaId, text: valueSchema });
  const encoding = new Encoding(signal);
  const keys = await encodeColumn('key', { column: batch.keys, schema: key, refusals }, encoding);
  const values = await encodeColumn('value', { column: batch.values, schema: value, refusals }, encoding);
  return { batch: { ...batch, keys, values }, keySchemaId: key?.id, valueSchemaId: value?.id };
}

type Resolver = (side: Side, sent: Sent, target: Target, schemas: SchemaStore) => Promise<Schema | undefined>;

async function resolveSchema(
  name: Side,
  { id, text }: Sent,
  { topic, type }: Target,
  schemas: SchemaStore,
): Promise<Schema | undefined> {
  if (id === undefined && text === undefined) return undefined;
  if (id !== undefined && text !== undefined) {
    throw new ApiError('badRequest', { detail: `: Only one of '${name}_schema_id' or '${name}_schema' can be used.` });
  }
  const side = { type, topic, isKey: name === 'key' };
  return await schemas.forProduce(text === undefined ? { ...side, id: id as number } : { ...side, text });
}

/** Of both, the id wins; it need not be of the topic's subject, and a text always goes there (contract C.3). */
async function resolveV1Schema(
  name: Side,
  { id, text }: Sent,
  { topic, type }: Target,
  schemas: SchemaStore,
): Promise<Schema | undefined> {
  if (id === undefined) {
    if (text === undefined) return undefined;
    return await schemas.forProduce({ type, topic, isKey: name === 'key', text, strategy: 'TOPIC_NAME' });
  }
  const codec = schemas.known(id) ?? (await schemas.load(id));
  if (codec.type === type) return { id, codec };
  throw new ApiError('invalidSchema', {
    detail: `The schema with the id ${id} is of the type ${codec.type}, not ${type}`,
  });
}

const resolvers: Readonly<Record<ApiVersion, Resolver>> = { v1: resolveV1Schema, v2: resolveSchema };

interface Column {
  readonly column: readonly (Buffer | null)[];
  readonly schema: Schema | undefined;
  readonly refusals: SchemaRefusals;
}

async function encodeColumn(
  side: Side,
  { column, schema, refusals }: Column,
  encoding: Encoding,
): Promise<(Buffer | null)[]> {
  if (schema === undefined) {
    if (column.some((json) => json !== null)) throw new ApiError(`${side}SchemaMissing`);
    return [...column];
  }
  const encoded: (Buffer | null)[] = [];
  for (const [index, json] of column.entries()) {
    try {
      encoded.push(json === null ? null : schema.codec.encode(json, schema.id));
    } catch (error) {
      throw error instanceof DataMismatch ? refusals.mismatch(error, `${side} of record ${index}`) : error;
    }
    if (encoding.isTurnOver) await encoding.giveWay();
  }
  return encoded;
}
