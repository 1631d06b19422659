import type { ErrorName } from './errors.ts';
import type { MediaType, OfferedType } from './media-types.ts';

/** The API generation a route belongs to. v1 and v2 share most paths; a path has a row for each that knows it. */
export type ApiVersion = 'v1' | 'v2';

export type HttpMethod = 'GET' | 'POST' | 'DELETE';

export type RequestSchemaName =
  | 'RootRequest'
  | 'ProduceRequest'
  | 'CreateConsumerRequest'
  | 'SubscriptionRequest'
  | 'AssignmentRequest'
  | 'SeekToOffsetRequest'
  | 'SeekToEdgeRequest'
  | 'CommitOffsetsRequest'
  | 'CommittedOffsetsRequest'
  | 'V1PartitionProduceRequest'
  | 'V1CommitRequest'
  | 'NewTopicRequest';

export type ResponseSchemaName =
  | 'RootResponse'
  | 'BrokerList'
  | 'TopicNames'
  | 'Topic'
  | 'PartitionList'
  | 'Partition'
  | 'PartitionOffsets'
  | 'ProduceResponse'
  | 'CreateConsumerResponse'
  | 'SubscriptionResponse'
  | 'AssignmentResponse'
  | 'ConsumerRecords'
  | 'CommitResponse'
  | 'CommittedOffsetsResponse'
  | 'V1CommitResponse'
  | 'InformationResponse'
  | 'HealthResponse'
  | 'OpenApiResponse';

export interface Route {
  readonly api: ApiVersion;
  /**
   * The endpoint's name without `api.v2.`; where a format decides, without the format (see `endpointName`). Both
   * versions call what they share the same.
   */
  readonly operation: string;
  readonly method: HttpMethod;
  /** Path with `{parameter}` segments: the label of the route in metrics and logs. */
  readonly template: string;
  /** Accepted request types, the default first; `anything` skips the check. */
  readonly consumes: readonly MediaType[] | 'anything';
  readonly produces: readonly OfferedType[];
  /** The header that chooses among embedded formats, for the routes that have one handler a format. */
  readonly formatFrom?: 'Content-Type' | 'Accept';
  /** Statuses whose body is the route's own response, the usual one first. */
  readonly statuses: readonly number[];
  readonly request?: { readonly schema: RequestSchemaName; readonly required: boolean };
  /** Absent for routes that answer without a body. */
  readonly response?: ResponseSchemaName;
  /** Query parameters: 64-bit integers, but for `timestamp` and `async`. */
  readonly query?: readonly string[];
  /** Ours: no version of Confluent's proxy has it. */
  readonly isAddition?: boolean;
  /** What it can answer beyond `commonErrors` and `clusterErrors`. */
  readonly errors: readonly ErrorName[];
  readonly summary: string;
}
