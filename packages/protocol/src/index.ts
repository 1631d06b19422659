export { ApiError, type ErrorName, errorBody, errorKinds } from './errors.ts';
export { type FieldDecoder, fieldDecoders } from './field-decoders.ts';
export { parseInt32, parseInt64 } from './integers.ts';
export { JsonScanner } from './json-scanner.ts';
export { JsonSyntaxError } from './json-syntax-error.ts';
export {
  type EmbeddedFormat,
  embeddedFormatOf,
  type MediaType,
  mediaTypes,
  negotiateRequest,
  negotiateResponse,
  type RequestNegotiation,
  type ResponseNegotiation,
  unsupportedMediaTypeContentType,
} from './media-types.ts';
export { matchRoute, type PathParams, partitionParam, type RouteMatch } from './path.ts';
export { type ProduceRequest, type ProduceRequestOptions, parseProduceRequest } from './produce-request.ts';
export { int64Parameter, queryParameter } from './query.ts';
export { PARTITION_UNSET, type RecordBatch, type TopicPartition, type TopicPartitionOffset } from './records.ts';
export { type ApiVersion, endpointName, type HttpMethod, type Route, routes } from './routes.ts';
