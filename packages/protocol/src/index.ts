export { type BaseUriRequest, type BaseUriSettings, baseUri } from './base-uri.ts';
export {
  type AutoOffsetReset,
  assertConsumerName,
  type CreateConsumerRequest,
  type IsolationLevel,
  parseCreateConsumerRequest,
} from './create-consumer-request.ts';
export type { DialectName } from './dialects/dialect.ts';
export {
  allRoutes,
  type Dialect,
  type DialectSwitches,
  dialectOf,
  plainDialect,
  servedPaths,
} from './dialects/spoken-dialect.ts';
export { ApiError, type ErrorName, errorBody, errorKinds } from './errors.ts';
export { parseInt32, parseInt64 } from './integers.ts';
export { JsonScanner } from './json-scanner.ts';
export { JsonSyntaxError } from './json-syntax-error.ts';
export { JsonWalker } from './json-walker.ts';
export {
  type EmbeddedFormat,
  embeddedFormatOf,
  embeddedTypeOf,
  type MediaType,
  mediaTypes,
  negotiateRequest,
  negotiateResponse,
  type RequestNegotiation,
  type ResponseNegotiation,
  unsupportedMediaTypeContentType,
  v1MediaTypes,
} from './media-types.ts';
export { type NewTopicRequest, parseNewTopicRequest } from './new-topic-request.ts';
export { openApiDocument } from './openapi.ts';
export { matchRoute, partitionParam, type RouteMatch } from './path.ts';
export type { PathParams } from './path-tree.ts';
export {
  type Attempt,
  formatAttempt,
  formatPeerNode,
  formatPeerOwner,
  PEER_PREFIX,
  type PeerClaim,
  type PeerNode,
  type PeerOwner,
  parseAttempt,
  parsePeerOwner,
  peerHeaders,
} from './peer-headers.ts';
export { type ProduceRequest, type ProduceRequestOptions, parseProduceRequest } from './produce-request.ts';
export { int64Parameter, queryParameter } from './query.ts';
export type { HeaderLimits } from './record-headers.ts';
export {
  PARTITION_UNSET,
  type RecordBatch,
  type RecordHeader,
  TIMESTAMP_UNSET,
  type TopicPartition,
  type TopicPartitionOffset,
} from './records.ts';
export {
  parseAssignmentRequest,
  parseCommitRequest,
  parseCommittedOffsetsRequest,
  parseRootRequest,
  parseSeekRequest,
  parseSeekToEdgeRequest,
  parseSubscriptionRequest,
  type RequestLimits,
  type SeekRequest,
  type SubscriptionRequest,
  type TopicPartitionTimestamp,
} from './requests.ts';
export { responseSchemas, responseSchemasOf } from './responses.ts';
export type { ApiVersion, HttpMethod, Route } from './route.ts';
export { clusterErrors, commonErrors } from './route-errors.ts';
export { endpointName, endpointNames, routes } from './routes.ts';
export { MESSAGES_MAX, type MessagesQuery, parseMessagesQuery, parseV1CommitRequest } from './v1-requests.ts';
export {
  type ChosenRoute,
  chooseRoute,
  impliedRoute,
  type RouteChoice,
  type RoutesByVersion,
  type ServedVersions,
  type TypeHeaders,
} from './version-choice.ts';
