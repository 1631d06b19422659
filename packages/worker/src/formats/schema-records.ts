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

/** So long a request may keep all others waiting. */
const TURN_MS = 10;

/**
 * Turns the JSON values of a produce request into what is written to Kafka (contract A.6, E.2). Everything or nothing:
 * no record is sent when one of them does not fit.
 *
 * @throws ApiError 42201, 42202, 42205, 42207, 40301; badRequest for a value that does not fit its schema
 */
export async function encodeRecords(
  request: ProduceRequest,
  target: { readonly topic: string; readonly type: SchemaType },
  schemas: SchemaStore,
): Promise<SchemaRecords> {
  const { batch, keySchema, keySchemaId, valueSchema, valueSchemaId } = request;
  const resolve = async (side: Side, sent: Sent): Promise<ProduceSchema | undefined> =>
    await resolveSchema(side, sent, target, schemas);
  const key = await resolve('key', { id: keySchemaId, text: keySchema });
  const value = await resolve('value', { id: valueSchemaId, text: valueSchema });
  const keys = await encodeColumn('key', batch.keys, key);
  const values = await encodeColumn('value', batch.values, value);
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

async function encodeColumn(
  side: Side,
  column: readonly (Buffer | null)[],
  schema: ProduceSchema | undefined,
): Promise<(Buffer | null)[]> {
  if (schema === undefined) {
    if (column.some((json) => json !== null)) throw new ApiError(`${side}SchemaMissing`);
    return [...column];
  }
  const encoded: (Buffer | null)[] = [];
  let turnEnd = performance.now() + TURN_MS;
  for (const [index, json] of column.entries()) {
    encoded.push(json === null ? null : encodeOne(json, schema, `${side} of record ${index}`));
    if (performance.now() < turnEnd) continue;
    await setImmediate();
    turnEnd = performance.now() + TURN_MS;
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
