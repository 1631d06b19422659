/**
 * The closed list of errors that a client can see: one entry a code, with its HTTP status, its standard
 * message and whether the same request may succeed later. Source: rest-v1-v2 contract, part B.
 */
export interface ErrorKind {
  readonly status: number;
  readonly code: number;
  /** The literal message, or the prefix of one that carries a detail. */
  readonly message: string;
  readonly retriable: boolean;
}

const fatal = (status: number, code: number, message: string): ErrorKind => ({
  status,
  code,
  message,
  retriable: false,
});
const retriable = (status: number, code: number, message: string): ErrorKind => ({
  status,
  code,
  message,
  retriable: true,
});

export type ErrorName =
  | 'badRequest'
  | 'unauthorized'
  | 'forbidden'
  | 'notFound'
  | 'methodNotAllowed'
  | 'notAcceptable'
  | 'requestTimeout'
  | 'payloadTooLarge'
  | 'unsupportedMediaType'
  | 'misdirected'
  | 'unprocessable'
  | 'tooManyRequests'
  | 'internal'
  | 'badGateway'
  | 'unavailable'
  | 'consumerConfigOutOfRange'
  | 'kafkaBadRequest'
  | 'kafkaAuthentication'
  | 'kafkaAuthorization'
  | 'topicNotFound'
  | 'partitionNotFound'
  | 'consumerInstanceNotFound'
  | 'unknownTopicOrPartition'
  | 'leaderNotAvailable'
  | 'formatMismatch'
  | 'serialization'
  | 'alreadySubscribed'
  | 'consumerAlreadyExists'
  | 'illegalState'
  | 'keySchemaMissing'
  | 'valueSchemaMissing'
  | 'conversionFailed'
  | 'invalidConsumerConfig'
  | 'invalidSchema'
  | 'registryNotConfigured'
  | 'schemaSerialization'
  | 'kafkaThrottled'
  | 'kafka'
  | 'kafkaRetriable'
  | 'noSimpleConsumer'
  | 'brokerNotAvailable';

export const errorKinds: Readonly<Record<ErrorName, ErrorKind>> = {
  badRequest: fatal(400, 400, 'Bad Request'),
  unauthorized: fatal(401, 401, 'HTTP 401 Unauthorized'),
  forbidden: fatal(403, 403, 'HTTP 403 Forbidden'),
  notFound: fatal(404, 404, 'HTTP 404 Not Found'),
  methodNotAllowed: fatal(405, 405, 'HTTP 405 Method Not Allowed'),
  notAcceptable: fatal(406, 406, 'HTTP 406 Not Acceptable'),
  requestTimeout: retriable(408, 408, 'Timeout while reading from inputStream'),
  payloadTooLarge: fatal(413, 413, 'Request body is too large.'),
  unsupportedMediaType: fatal(415, 415, 'HTTP 415 Unsupported Media Type'),
  misdirected: retriable(421, 421, 'HTTP 421 Misdirected Request'),
  unprocessable: fatal(422, 422, 'Unprocessable Entity'),
  tooManyRequests: retriable(429, 429, 'Too many requests.'),
  internal: fatal(500, 500, 'Internal Server Error'),
  badGateway: fatal(502, 502, 'The node that was asked gave no answer. What was asked for may have happened.'),
  unavailable: retriable(503, 503, 'Service unavailable.'),

  consumerConfigOutOfRange: fatal(422, 40001, 'Invalid consumer configuration. It does not abide by the constraints: '),
  kafkaBadRequest: fatal(400, 40002, ''),
  kafkaAuthentication: fatal(401, 40101, ''),
  kafkaAuthorization: fatal(403, 40301, ''),
  topicNotFound: fatal(404, 40401, 'Topic not found.'),
  partitionNotFound: fatal(404, 40402, 'Partition not found.'),
  consumerInstanceNotFound: fatal(404, 40403, 'Consumer instance not found.'),
  unknownTopicOrPartition: fatal(404, 40403, 'This server does not host this topic-partition.'),
  leaderNotAvailable: retriable(404, 40404, 'Leader not available.'),
  formatMismatch: fatal(
    406,
    40601,
    'The requested embedded data format does not match the deserializer for this consumer instance',
  ),
  serialization: fatal(408, 40801, ''),
  alreadySubscribed: fatal(
    409,
    40901,
    'Consumer cannot subscribe the the specified target because it has already subscribed to other topics.',
  ),
  consumerAlreadyExists: fatal(
    409,
    40902,
    'Consumer with specified consumer ID already exists in the specified consumer group.',
  ),
  illegalState: fatal(409, 40903, 'Illegal state: '),
  keySchemaMissing: fatal(422, 42201, 'Request includes keys but does not include key schema'),
  valueSchemaMissing: fatal(422, 42202, 'Request includes values but does not include value schema'),
  conversionFailed: fatal(422, 42203, 'Conversion of JSON to Object failed: '),
  invalidConsumerConfig: fatal(422, 42204, 'Invalid consumer configuration: '),
  invalidSchema: fatal(422, 42205, 'Invalid schema: '),
  registryNotConfigured: fatal(422, 42206, 'Payload error. Schema Registry must be configured when using schemas.'),
  schemaSerialization: fatal(422, 42207, 'Error serializing message. '),
  kafkaThrottled: retriable(429, 42901, ''),
  kafka: fatal(500, 50002, ''),
  kafkaRetriable: retriable(500, 50003, ''),
  // Confluent's own number for it begins with 503, and its status is 500.
  noSimpleConsumer: retriable(
    500,
    50301,
    'No SimpleConsumer is available at the time in the pool. The request can be retried. ' +
      'You can increase the pool size or the pool timeout to avoid this error in the future.',
  ),
  brokerNotAvailable: retriable(503, 50302, ''),
};

interface ApiErrorOptions {
  /** Replaces the standard message. */
  readonly message?: string;
  /** Is appended to the standard message. */
  readonly detail?: string;
  /** Seconds for the Retry-After header. */
  readonly retryAfterSeconds?: number;
  readonly cause?: unknown;
}

/** An error that is an answer: what the client is told, and under which code. */
export class ApiError extends Error {
  readonly kind: ErrorName;
  readonly status: number;
  readonly code: number;
  readonly retriable: boolean;
  readonly retryAfterSeconds: number | undefined;

  constructor(kind: ErrorName, options: ApiErrorOptions = {}) {
    const entry: ErrorKind = errorKinds[kind];
    super(
      options.message ?? entry.message + (options.detail ?? ''),
      options.cause === undefined ? undefined : { cause: options.cause },
    );
    this.name = 'ApiError';
    this.kind = kind;
    this.status = entry.status;
    this.code = entry.code;
    this.retriable = entry.retriable;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}

/** The one shape of an error body: `{"error_code":N,"message":"…"}`. */
export function errorBody(error: ApiError): string {
  return `{"error_code":${error.code},"message":${JSON.stringify(error.message)}}`;
}
