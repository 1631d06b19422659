import type { BatchResult } from '@sluice/kafka';
import {
  ApiError,
  type EmbeddedFormat,
  PARTITION_UNSET,
  type ProduceRequest,
  parseProduceRequest,
  partitionParam,
  queryParameter,
  type RecordBatch,
} from '@sluice/protocol';
import type { SchemaType } from '@sluice/schema';
import type { Api } from '../api.ts';
import { schemaTypes } from '../formats/record-formats.ts';
import { encodeRecords, type SchemaRecords } from '../formats/schema-records.ts';
import type { Answer } from '../http/answer.ts';
import type { Handler } from '../http/dispatch.ts';
import type { Exchange } from '../http/exchange.ts';
import { NO_IDS, produceAnswers } from './produce-answers.ts';

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

/** Strimzi's `async=true`: at most once, and without a word about it. */
function isUnawaited({ api: version, negotiated: { query } }: Exchange, { dialect }: Api): boolean {
  return version === 'v2' && dialect.takesAsync && queryParameter(query, 'async')?.toLowerCase() === 'true';
}

/** Whether or not anybody waits for them. */
async function counted(
  produced: Promise<BatchResult>,
  { batch, format }: { readonly batch: RecordBatch; readonly format: EmbeddedFormat },
  { recordMetrics }: Api,
): Promise<BatchResult> {
  const result = await produced;
  const failed = result.errors?.size ?? 0;
  recordMetrics.add('produced', format, batch.count - failed, batchBytes(batch));
  recordMetrics.add('failed', format, failed, 0);
  return result;
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
    headers: api.dialect.hasHeaders ? api.config.dialect : undefined,
    timestamps: api.dialect.hasTimestamps,
  });
  const { topic } = exchange.params;
  const type = schemaTypes.get(format);
  const encoded = type === undefined ? undefined : await encode(request, { topic, type }, api, exchange);
  const batch = withPartition(encoded?.batch ?? request.batch, partition);
  const produced = counted(api.producers.produce(exchange.principal, topic, batch), { batch, format }, api);
  if (isUnawaited(exchange, api)) {
    await api.unawaited.accept(produced, batch.count, exchange.keepBody());
    return { status: 204 };
  }
  const result = await produced;
  const dialect = exchange.api === 'v2' ? api.dialect.name : 'confluent';
  return produceAnswers[dialect](batch.count, result, encoded ?? NO_IDS);
}

export const produceToTopic: Handler = (exchange, api) => produce(exchange, api, PARTITION_UNSET);

export const produceToPartition: Handler = async (exchange, api) => {
  const partition = partitionParam(exchange.params);
  if (partition < 0) {
    throw new ApiError('badRequest', { message: `Partition ${partition} is negative; partitions count from 0.` });
  }
  return await produce(exchange, api, partition);
};
