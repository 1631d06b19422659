import { ApiError } from './errors.ts';
import { quoteBriefly } from './json-coercion.ts';
import type { EmbeddedFormat } from './media-types.ts';
import { readEntity, violation } from './request-entity.ts';
import { type CreateConsumerBody, createConsumerBody } from './request-schemas.ts';

/**
 * What a new consumer instance shall be; undefined fields take the server's defaults.
 * Source: rest-v1-v2 contract A.7, observed (c).
 */
export interface CreateConsumerRequest {
  /** The instance's id in URLs, or undefined: then it gets a generated one. */
  readonly name: string | undefined;
  readonly format: EmbeddedFormat;
  readonly autoOffsetReset: AutoOffsetReset | undefined;
  readonly autoCommit: boolean | undefined;
  /** How many bytes a read gathers before it answers early; -1 turns that off. */
  readonly fetchMinBytes: number | undefined;
  /** How long an empty read waits. */
  readonly requestTimeoutMs: number | undefined;
}

export type AutoOffsetReset = 'latest' | 'earliest' | 'none';

const FETCH_MIN_BYTES_MAX = 10_000_000;
const NAME_CHARS_MAX = 255;

/** Control characters, and halves of surrogate pairs, which no URL can carry. */
const UNUSABLE_CHARACTER = /[\p{Cc}\p{Cs}]/u;

const offsetResets: readonly AutoOffsetReset[] = ['latest', 'earliest', 'none'];
const formats: readonly EmbeddedFormat[] = ['binary', 'json', 'avro', 'jsonschema', 'protobuf'];

/**
 * Refuses names that Confluent lets in and nothing behind it can carry: librdkafka cuts a group off at NUL.
 * @param path what the message calls the name: `createGroup.group`, …
 * @throws ApiError unprocessable
 */
export function assertConsumerName(name: string, path: string): void {
  if (name.trim() === '') throw violation(path, 'must not be blank', name);
  if (name.length > NAME_CHARS_MAX) {
    throw violation(path, `size must be between 1 and ${NAME_CHARS_MAX}`, `${name.length}`);
  }
  if (UNUSABLE_CHARACTER.test(name)) throw violation(path, 'must not hold control characters', JSON.stringify(name));
}

function nameOf(body: CreateConsumerBody): string | undefined {
  const name = body.id ?? body.name;
  if (name !== undefined) assertConsumerName(name, 'createGroup.<return value>.instanceId');
  return name;
}

function formatOf(body: CreateConsumerBody): EmbeddedFormat {
  if (body.format === undefined) return 'binary';
  const name = body.format.toLowerCase();
  const format = formats.find((candidate) => candidate === name);
  if (format === undefined) throw new ApiError('unprocessable', { message: 'Invalid format type.' });
  return format;
}

function autoOffsetResetOf(body: CreateConsumerBody): AutoOffsetReset | undefined {
  const value = body['auto.offset.reset'];
  if (value === undefined) return undefined;
  const reset = offsetResets.find((candidate) => candidate === value);
  if (reset !== undefined) return reset;
  throw new ApiError('invalidConsumerConfig', {
    detail: `Invalid value ${quoteBriefly(value)} for configuration auto.offset.reset: String must be one of: ${offsetResets.join(', ')}`,
  });
}

function autoCommitOf(body: CreateConsumerBody): boolean | undefined {
  const value = body['auto.commit.enable'];
  const name = value?.trim().toLowerCase();
  if (name === undefined) return undefined;
  if (name === 'true' || name === 'false') return name === 'true';
  throw new ApiError('invalidConsumerConfig', {
    detail: `Invalid value ${quoteBriefly(value ?? '')} for configuration enable.auto.commit: Expected value to be either true or false`,
  });
}

function fetchMinBytesOf(body: CreateConsumerBody): number | undefined {
  const value = body['fetch.min.bytes'] ?? body.responseMinBytes;
  if (value === undefined || (value >= -1 && value <= FETCH_MIN_BYTES_MAX)) return value;
  const bound = value < -1 ? 'at least -1' : `no more than ${FETCH_MIN_BYTES_MAX}`;
  throw new ApiError('consumerConfigOutOfRange', {
    detail: `Invalid value ${value} for configuration fetch.min.bytes: Value must be ${bound}`,
  });
}

/**
 * The body of POST /consumers/{group}; nothing at all means all defaults.
 * @param body the bytes as received
 * @param depthMax how deep the JSON may nest
 * @throws ApiError
 */
export function parseCreateConsumerRequest(body: Buffer, depthMax: number): CreateConsumerRequest {
  const shape = { schema: createConsumerBody, type: 'CreateConsumerInstanceRequest' };
  const entity = readEntity(body, depthMax, shape) ?? {};
  return {
    format: formatOf(entity),
    name: nameOf(entity),
    autoOffsetReset: autoOffsetResetOf(entity),
    autoCommit: autoCommitOf(entity),
    fetchMinBytes: fetchMinBytesOf(entity),
    requestTimeoutMs: entity['consumer.request.timeout.ms'] ?? entity.requestWaitMs,
  };
}
