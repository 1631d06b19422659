import { type Dialect, plainDialect } from './dialects/spoken-dialect.ts';
import { ApiError } from './errors.ts';
import { quoteBriefly } from './json-coercion.ts';
import type { EmbeddedFormat } from './media-types.ts';
import { readEntity, violation } from './request-entity.ts';
import { type CreateConsumerBody, createConsumerBody, kafkaNamedConsumerBody } from './request-schemas.ts';
import type { ApiVersion } from './route.ts';

/**
 * What a new consumer instance shall be; undefined fields take the server's defaults.
 * Source: rest-v1-v2 contract A.7 and C.4, observed (c) and (m).
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
  /** Whether records of transactions are read that are not committed; undefined: as the server's consumers do. */
  readonly isolationLevel: IsolationLevel | undefined;
}

export type IsolationLevel = 'read_uncommitted' | 'read_committed';

export type AutoOffsetReset = 'latest' | 'earliest' | 'none';

const FETCH_MIN_BYTES_MAX = 10_000_000;
const NAME_CHARS_MAX = 255;

/** Control characters, and halves of surrogate pairs, which no URL can carry. */
const UNUSABLE_CHARACTER = /[\p{Cc}\p{Cs}]/u;

const offsetResets: readonly AutoOffsetReset[] = ['latest', 'earliest', 'none'];
/** What v1 calls them, which is of the time before Kafka's own consumer. */
const v1OffsetResets: ReadonlyMap<string, AutoOffsetReset> = new Map([
  ['smallest', 'earliest'],
  ['largest', 'latest'],
]);
const formats: Readonly<Record<ApiVersion, readonly EmbeddedFormat[]>> = {
  v1: ['binary', 'json', 'avro'],
  v2: ['binary', 'json', 'avro', 'jsonschema', 'protobuf'],
};

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

function formatOf(body: CreateConsumerBody, api: ApiVersion, dialect: Dialect): EmbeddedFormat {
  if (body.format === undefined) return 'binary';
  const name = body.format.toLowerCase();
  const others = api === 'v2' ? dialect.formats : [];
  const format = [...formats[api], ...others].find((candidate) => candidate === name);
  if (format === undefined) throw new ApiError('unprocessable', { message: 'Invalid format type.' });
  return format;
}

function autoOffsetResetOf(body: CreateConsumerBody, api: ApiVersion): AutoOffsetReset | undefined {
  const value = body['auto.offset.reset'];
  if (value === undefined) return undefined;
  if (api === 'v1') return v1OffsetResetOf(value);
  const reset = offsetResets.find((candidate) => candidate === value);
  if (reset !== undefined) return reset;
  throw new ApiError('invalidConsumerConfig', {
    detail: `Invalid value ${quoteBriefly(value)} for configuration auto.offset.reset: String must be one of: ${offsetResets.join(', ')}`,
  });
}

function v1OffsetResetOf(value: string): AutoOffsetReset {
  const reset = v1OffsetResets.get(value);
  if (reset !== undefined) return reset;
  throw new ApiError('invalidConsumerConfig', {
    detail: `Wrong value ${quoteBriefly(value)} of auto.offset.reset in ConsumerConfig; Valid values are smallest and largest`,
  });
}

function autoCommitOf(body: CreateConsumerBody): boolean | undefined {
  const value = body['enable.auto.commit'] ?? body['auto.commit.enable'];
  const name = value?.trim().toLowerCase();
  if (name === undefined) return undefined;
  if (name === 'true' || name === 'false') return name === 'true';
  throw new ApiError('invalidConsumerConfig', {
    detail: `Invalid value ${quoteBriefly(value ?? '')} for configuration enable.auto.commit: Expected value to be either true or false`,
  });
}

const isolationLevels: readonly IsolationLevel[] = ['read_uncommitted', 'read_committed'];

function isolationLevelOf(body: CreateConsumerBody): IsolationLevel | undefined {
  const value = body['isolation.level'];
  if (value === undefined) return undefined;
  const level = isolationLevels.find((candidate) => candidate === value.toLowerCase());
  if (level !== undefined) return level;
  throw new ApiError('invalidConsumerConfig', {
    detail: `Invalid value ${quoteBriefly(value)} for configuration isolation.level: String must be one of: ${isolationLevels.join(', ')}`,
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
 * @param api the fields of both versions are the same, and their values are not
 * @param dialect of v2 alone
 * @throws ApiError
 */
export function parseCreateConsumerRequest(
  body: Buffer,
  depthMax: number,
  api: ApiVersion = 'v2',
  dialect: Dialect = plainDialect,
): CreateConsumerRequest {
  const schema = api === 'v2' && dialect.takesKafkaNames ? kafkaNamedConsumerBody : createConsumerBody;
  const entity = readEntity(body, depthMax, { schema, type: 'CreateConsumerInstanceRequest' }) ?? {};
  return {
    format: formatOf(entity, api, dialect),
    name: nameOf(entity),
    autoOffsetReset: autoOffsetResetOf(entity, api),
    autoCommit: autoCommitOf(entity),
    fetchMinBytes: fetchMinBytesOf(entity),
    requestTimeoutMs: entity['consumer.request.timeout.ms'] ?? entity.requestWaitMs,
    isolationLevel: isolationLevelOf(entity),
  };
}
