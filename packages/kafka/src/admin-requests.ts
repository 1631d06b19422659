import {
  type Admin,
  type API,
  type Broker,
  type Connection,
  createAPI,
  kGetBootstrapConnection,
  kGetConnection,
  metadataV9,
  metadataV10,
  metadataV11,
  metadataV12,
  type Reader,
  Writer,
} from '@platformatic/kafka';

import { kafkaErrorFromCode } from './error-mapping.ts';

export type ClusterMetadata = metadataV12.MetadataResponse;
export type TopicMetadata = metadataV12.MetadataResponseTopic;

type MetadataApi = API<[topics: string[] | null, autoCreate: boolean, operations: boolean], ClusterMetadata>;

/** What a callback of @platformatic/kafka brings, as a promise. */
async function promised<T>(start: (callback: (error: Error | null, value?: T) => void) => void): Promise<T> {
  return await new Promise((resolve, reject) => {
    start((error, value) => {
      if (error === null && value !== undefined) {
        resolve(value);
      } else {
        reject(error ?? new TypeError('A call of the Kafka client brought no answer.'));
      }
    });
  });
}

const API_VERSIONS = 18;
const DESCRIBE_CONFIGS = 32;
const UNSUPPORTED_VERSION = 35;
const TOPIC_AUTHORIZATION_FAILED = 29;

/** Lowest and highest version of a request that a broker speaks, by the request's number in the protocol. */
type ApiVersions = ReadonlyMap<number, readonly [min: number, max: number]>;

/**
 * Version 0, which every broker there ever was speaks. @platformatic/kafka asks in version 3 only, and
 * librdkafka's mock cluster does not know that.
 */
const apiVersionsV0 = createAPI<[], ApiVersions>(
  API_VERSIONS,
  0,
  () => Writer.create(),
  (_correlationId, _apiKey, _apiVersion, reader: Reader) => {
    const errorCode = reader.readInt16();
    if (errorCode !== 0) {
      throw kafkaErrorFromCode(errorCode);
    }
    const entries = reader.readArray(
      (entry) => [entry.readInt16(), [entry.readInt16(), entry.readInt16()]] as const,
      false,
      false,
    );
    return new Map(entries);
  },
  false,
  false,
);

/** By connection, because the brokers of a cluster differ while it is upgraded. */
const versionsOf = new WeakMap<Connection, Promise<ApiVersions>>();

async function apiVersions(connection: Connection): Promise<ApiVersions> {
  const versions = versionsOf.get(connection) ?? apiVersionsV0.async(connection);
  versionsOf.set(connection, versions);
  return await versions;
}

/** Highest version first. */
const metadataApis = [metadataV12, metadataV11, metadataV10, metadataV9].map(({ api }) => api as MetadataApi);

/** What @platformatic/kafka and `createAPI` give for one version of a request. */
interface VersionedApi {
  readonly key: number;
  readonly version: number;
}

/**
 * The first of `apis` that the broker speaks.
 * @throws {KafkaError} badRequest if it speaks none of them
 */
export async function spoken<Api extends VersionedApi>(connection: Connection, apis: readonly Api[]): Promise<Api> {
  const versions = await apiVersions(connection);
  const found = apis.find(({ key, version }) => {
    const [min, max] = versions.get(key) ?? [0, -1];
    return min <= version && version <= max;
  });
  if (found === undefined) {
    throw kafkaErrorFromCode(UNSUPPORTED_VERSION);
  }
  return found;
}

export async function anyConnection(admin: Admin): Promise<Connection> {
  return await promised((callback) => {
    admin[kGetBootstrapConnection](callback);
  });
}

export async function connectionTo(admin: Admin, broker: Broker): Promise<Connection> {
  return await promised((callback) => {
    admin[kGetConnection](broker, callback);
  });
}

/** A response with errors in it is thrown as a whole; the rest of it is still good, and the errors stand in it. */
export async function withErrorsInIt<Response>(answer: Promise<Response>): Promise<Response> {
  try {
    return await answer;
  } catch (error) {
    const { response } = error as { readonly response?: Response };
    if (response === undefined) {
      throw error;
    }
    return response;
  }
}

/**
 * Asks any broker. Creates no topic unless it is told to, and the broker does such things. Errors of single topics and partitions are in the answer.
 * @param topics null for all, empty for none
 * @param operations whether to ask what the principal may do with each topic (KIP-430)
 */
export async function requestMetadata(
  admin: Admin,
  topics: string[] | null,
  operations = false,
  creates = false,
): Promise<ClusterMetadata> {
  const connection = await anyConnection(admin);
  const metadata = await spoken(connection, metadataApis);
  return await withErrorsInIt(metadata.async(connection, topics, creates, operations));
}

/** What a broker answers that does not know what the principal may do (KIP-430). */
const OPERATIONS_UNKNOWN = -(2 ** 31);
/** Bit of AclOperation.READ. */
const READ = 1 << 3;

/** Whether the broker says that this topic may not be read; false where it does not say. */
export function isReadRefused({ errorCode, topicAuthorizedOperations }: TopicMetadata): boolean {
  if (errorCode === TOPIC_AUTHORIZATION_FAILED) return true;
  const known = errorCode === 0 && topicAuthorizedOperations !== OPERATIONS_UNKNOWN;
  return known && (topicAuthorizedOperations & READ) === 0;
}

/** Whether this is librdkafka's mock cluster, which has no administrative requests and no offsets by time. */
export async function isMockCluster(admin: Admin): Promise<boolean> {
  return !(await apiVersions(await anyConnection(admin))).has(DESCRIBE_CONFIGS);
}
