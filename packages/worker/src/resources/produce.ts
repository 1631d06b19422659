import type { BatchResult } from '@sluice/kafka';
import {
  ApiError,
  type EmbeddedFormat,
  PARTITION_UNSET,
  type ProduceRequest,
  parseProduceRequest,
  partitionParam,
  type RecordBatch,
} from '@sluice/protocol';
import type { SchemaType } from '@sluice/schema';
import type { Api } from '../api.ts';
import { schemaTypes } from '../formats/record-formats.ts';
import { encodeRecords, type SchemaRecords } from '../formats/schema-records.ts';
import type { Answer } from '../http/answer.ts';
import type { Handler } from '../http/dispatch.ts';
import type { Exchange } from '../http/exchange.ts';

const AUTHENTICATION = 40101;
const AUTHORIZATION = 40301;
const RETRIABLE = 50003;
const OTHER = 50002;

function batchBytes({ keys, values }: RecordBatch): number {
  let bytes = 0;
  for (let i = 0; i < values.length; i += 1) bytes += (keys[i]?.length ?? 0) + (values[i]?.length ?? 0);
  return bytes;
}

/** A record's own partition wins over the one in the path (observed (b)). */
function withPartition(batch: RecordBatch, partition: number): RecordBatch {
  if (partition === PARTITION_UNSET) return batch;
  return { ...batch, partitions: batch.partitions.map((own) => (own === PARTITION_UNSET ? partition : own)) };
}

/** Contract A.6: what a record's failure is called inside a produce response. */
function recordErrorCode(error: { readonly family: string; readonly retriable: boolean }): number {
  if (error.family === 'authentication') return AUTHENTICATION;
  if (error.family === 'authorization') return AUTHORIZATION;
  return error.retriable ? RETRIABLE : OTHER;
}

type SchemaIds = Partial<Pick<SchemaRecords, 'keySchemaId' | 'valueSchemaId'>>;

const NO_IDS: SchemaIds = {};

/** One entry a record, in the order of the request. The text is put together by hand: this is the hot path. */
function produceAnswer(count: number, result: BatchResult, ids: SchemaIds): Answer {
  let status = 200;
  let body = '{"offsets":[';
  for (let i = 0; i < count; i += 1) {
    if (i > 0) body += ',';
    const error = result.errors?.get(i);
    if (error === undefined) {
      body += `{"partition":${result.partitions[i]},"offset":${result.offsets[i]},"error_code":null,"error":null}`;
      continue;
    }
    const code = recordErrorCode(error);
    // The first record that was refused for who asks decides the status; the body stays what it is.
    if (status === 200 && code === AUTHENTICATION) status = 401;
    if (status === 200 && code === AUTHORIZATION) status = 403;
    body += `{"partition":null,"offset":null,"error_code":${code},"error":${JSON.stringify(error.message)}}`;
  }
  const { keySchemaId: key = null, valueSchemaId: value = null } = ids;
  return { status, body: `${body}],"key_schema_id":${key},"value_schema_id":${value}}` };
}

/** Without a registry no schema format can be produced; which error says so depends on what was sent (contract E.4). */
function refuseWithoutRegistry(request: ProduceRequest): never {
  const { keySchema, keySchemaId, valueSchema, valueSchemaId, batch } = request;
  if ([keySchema, keySchemaId, valueSchema, valueSchemaId].some((field) => field !== undefined)) {
    throw new ApiError('registryNotConfigured');
  }
  if (batch.keys.some((key) => key !== null)) throw new ApiError('keySchemaMissing');
  if (batch.values.some((value) => value !== null)) throw new ApiError('valueSchemaMissing');
  throw new ApiError('schemaSerialization', {
    detail: 'Schema Registry not defined, no Schema Registry client available to serialize message.',
  });
}

async function encode(
  request: ProduceRequest,
  target: { readonly topic: string; readonly type: SchemaType },
  { schemas }: Api,
  { api, signal }: Exchange,
): Promise<SchemaRecords> {
  if (schemas === undefined) return refuseWithoutRegistry(request);
  return await encodeRecords(request, target, { schemas, signal, api });
}

async function produce(exchange: Exchange, api: Api, partition: number): Promise<Answer> {
  const format: EmbeddedFormat = exchange.negotiated.requestFormat;
  const body = await exchange.readBody();
  const request = parseProduceRequest(body, {
    format,
    recordsMax: api.config.produce.recordsMax,
    depthMax: api.config.http.jsonDepthMax,
    api: exchange.api,
    toPartition: partition !== PARTITION_UNSET,
  });
  const { topic } = exchange.params;
  const type = schemaTypes.get(format);
  const encoded = type === undefined ? undefined : await encode(request, { topic, type }, api, exchange);
  const batch = withPartition(encoded?.batch ?? request.batch, partition);
  const result = await api.producers.produce(exchange.principal, topic, batch);
  const failed = result.errors?.size ?? 0;
  api.recordMetrics.add('produced', format, batch.count - failed, batchBytes(batch));
  api.recordMetrics.add('failed', format, failed, 0);
  return produceAnswer(batch.count, result, encoded ?? NO_IDS);
}

export const produceToTopic: Handler = (exchange, api) => produce(exchange, api, PARTITION_UNSET);

export const produceToPartition: Handler = async (exchange, api) => {
  const partition = partitionParam(exchange.params);
  if (partition < 0) {
    throw new ApiError('badRequest', { message: `Partition ${partition} is negative; partitions count from 0.` });
  }
  return await produce(exchange, api, partition);
};
