import { setImmediate } from 'node:timers/promises';
import { ApiError, type ErrorName, type ProduceRequest, type RecordBatch } from '@sluice/protocol';
import {
  DataMismatch,
  type ProduceSchema,
  type ResolutionFault,
  SchemaResolutionError,
  type SchemaStore,
  type SchemaType,
} from '@sluice/schema';
import { ClientGone } from '../http/read-body.ts';

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

/**
 * Turns the JSON values of a produce request into what is written to Kafka (contract A.6, E.2). Everything or nothing:
 * no record is sent when one of them does not fit.
 *
 * @param from the store, and what aborts when the client goes away
 * @throws ApiError 42201, 42202, 42205, 42207, 40301; badRequest for a value that does not fit its schema; payloadTooLarge
 *   for a request that takes too long; ClientGone
 */
export async function encodeRecords(
  request: ProduceRequest,
  target: { readonly topic: string; readonly type: SchemaType },
  { schemas, signal }: { readonly schemas: SchemaStore; readonly signal: AbortSignal },
): Promise<SchemaRecords> {
  const { batch, keySchema, keySchemaId, valueSchema, valueSchemaId } = request;
  const resolve = async (side: Side, sent: Sent): Promise<ProduceSchema | undefined> =>
    await resolveSchema(side, sent, target, schemas);
  const key = await resolve('key', { id: keySchemaId, text: keySchema });
  const value = await resolve('value', { id: valueSchemaId, text: valueSchema });
  const encoding = new Encoding(signal);
  const keys = await encodeColumn('key', { column: batch.keys, schema: key }, encoding);
  const values = await encodeColumn('value', { column: batch.values, schema: value }, encoding);
  return { batch: { ...batch, keys, values }, keySchemaId: key?.id, valueSchemaId: value?.id };
}

async function resolveSchema(
  name: Side,
  { id, text }: Sent,
  { topic, type }: { readonly topic: string; readonly type: SchemaType },
  schemas: SchemaStore,
): Promise<ProduceSchema | undefined> {
  if (id === undefined && text === undefined) return undefined;
  if (id !== undefined && text !== undefined) {
    throw new ApiError('badRequest', { detail: `: Only one of '${name}_schema_id' or '${name}_schema' can be used.` });
  }
  const side = { type, topic, isKey: name === 'key' };
  try {
    return await schemas.forProduce(text === undefined ? { ...side, id: id as number } : { ...side, text });
  } catch (error) {
    if (!(error instanceof SchemaResolutionError)) throw error;
    throw new ApiError(answers[error.kind] ?? 'schemaSerialization', { detail: error.message, cause: error });
  }
}

/** What else there is comes as 42207. */
const answers: Readonly<Partial<Record<ResolutionFault, ErrorName>>> = {
  invalidSchema: 'invalidSchema',
  forbidden: 'kafkaAuthorization',
};

interface Column {
  readonly column: readonly (Buffer | null)[];
  readonly schema: ProduceSchema | undefined;
}

async function encodeColumn(side: Side, { column, schema }: Column, encoding: Encoding): Promise<(Buffer | null)[]> {
  if (schema === undefined) {
    if (column.some((json) => json !== null)) throw new ApiError(`${side}SchemaMissing`);
    return [...column];
  }
  const encoded: (Buffer | null)[] = [];
  for (const [index, json] of column.entries()) {
    encoded.push(json === null ? null : encodeOne(json, schema, `${side} of record ${index}`));
    if (encoding.isTurnOver) await encoding.giveWay();
  }
  return encoded;
}

function encodeOne(json: Buffer, { codec, id }: ProduceSchema, where: string): Buffer {
  try {
    return codec.encode(json, id);
  } catch (error) {
    if (!(error instanceof DataMismatch)) throw error;
    const place = error.path === '' ? where : `${where}, at ${error.path}`;
    throw new ApiError('badRequest', { detail: `: ${error.message} (${place})`, cause: error });
  }
}
