import { type Admin, type API, type Broker, createAPI, type Reader, Writer } from '@platformatic/kafka';
import type { TopicPartition, TopicPartitionOffset } from '@sluice/protocol';

import { anyConnection, connectionTo, spoken } from './admin-requests.ts';
import { kafkaErrorFromCode } from './error-mapping.ts';
import type { KafkaError } from './kafka-error.ts';
import { isLegalTopicName } from './topic-name.ts';

/*
 * Versions of 2.4 and 2.5, which brokers and librdkafka's mock cluster speak. @platformatic/kafka begins with those
 * that ask for several groups at once, which the mock cluster does not know.
 */
const OFFSET_FETCH = 9;
const FIND_COORDINATOR = 10;
const FIND_COORDINATOR_VERSION = 3;
const GROUP_COORDINATOR = 0;

interface Coordinator extends Broker {
  readonly throttleTimeMs: number;
  readonly errorCode: number;
  readonly errorMessage: string | null;
  readonly nodeId: number;
}

interface RequestedTopic {
  readonly name: string;
  readonly partitions: number[];
}

interface FetchedPartition {
  readonly partition: number;
  readonly offset: bigint;
  readonly leaderEpoch: number;
  readonly metadata: string | null;
  readonly errorCode: number;
}

interface FetchedOffsets {
  readonly throttleTimeMs: number;
  readonly topics: readonly { readonly topic: string; readonly partitions: readonly FetchedPartition[] }[];
  readonly errorCode: number;
}

type OffsetFetchApi = API<[group: string, topics: readonly RequestedTopic[]], FetchedOffsets>;

const findCoordinator: API<[group: string], Coordinator> = createAPI<[group: string], Coordinator>(
  FIND_COORDINATOR,
  FIND_COORDINATOR_VERSION,
  (group) => Writer.create().appendString(group).appendInt8(GROUP_COORDINATOR).appendTaggedFields(),
  (_correlationId, _apiKey, _apiVersion, reader: Reader) => {
    return {
      throttleTimeMs: reader.readInt32(),
      errorCode: reader.readInt16(),
      errorMessage: reader.readNullableString(),
      nodeId: reader.readInt32(),
      host: reader.readNullableString() ?? '',
      port: reader.readInt32(),
    };
  },
);

function readPartition(reader: Reader): FetchedPartition {
  return {
    partition: reader.readInt32(),
    offset: reader.readInt64(),
    leaderEpoch: reader.readInt32(),
    metadata: reader.readNullableString(),
    errorCode: reader.readInt16(),
  };
}

function offsetFetch(version: number, appendRest: (writer: Writer) => Writer): OffsetFetchApi {
  return createAPI<[group: string, topics: readonly RequestedTopic[]], FetchedOffsets>(
    OFFSET_FETCH,
    version,
    (group, topics) => {
      const request = Writer.create()
        .appendString(group)
        .appendArray([...topics], (writer, { name, partitions }) => {
          writer
            .appendString(name)
            .appendArray(partitions, (entry, partition: number) => entry.appendInt32(partition), true, false);
        });
      return appendRest(request).appendTaggedFields();
    },
    (_correlationId, _apiKey, _apiVersion, reader: Reader) => {
      return {
        throttleTimeMs: reader.readInt32(),
        topics: reader.readArray((entry) => ({
          topic: entry.readString(),
          partitions: entry.readArray(readPartition),
        })),
        errorCode: reader.readInt16(),
      };
    },
  );
}

/** Offsets of a transaction that is still open are "unstable", and told in version 7 (KIP-447) instead of passed over. */
const offsetFetchApis = [offsetFetch(7, (writer) => writer.appendBoolean(true)), offsetFetch(6, (writer) => writer)];

function byTopic(partitions: readonly TopicPartition[]): RequestedTopic[] {
  const topics = new Map<string, number[]>();
  for (const { topic, partition } of partitions) {
    const indexes = topics.get(topic) ?? [];
    indexes.push(partition);
    topics.set(topic, indexes);
  }
  return Array.from(topics, ([name, indexes]) => ({ name, partitions: indexes }));
}

/**
 * What failed for some partitions, failed: taken for "no commit", reading would begin by the reset policy there, and
 * `latest` skips records. One that time will not heal is told first.
 */
function failureIn(group: string, { errorCode, topics }: FetchedOffsets): KafkaError | undefined {
  if (errorCode !== 0) return kafkaErrorFromCode(errorCode, { group });
  const errors = topics.flatMap(({ topic, partitions }) =>
    partitions
      .filter((partition) => partition.errorCode !== 0)
      .map((partition) => kafkaErrorFromCode(partition.errorCode, { topic, group })),
  );
  return errors.find(({ retriable }) => !retriable) ?? errors[0];
}

/**
 * Asks the group's coordinator, in the order of `partitions`; those without a commit are left out, and so are topics
 * whose names Kafka would not take.
 * @throws {KafkaError} as soon as one partition's offset could not be told
 */
export async function requestCommittedOffsets(
  admin: Admin,
  group: string,
  partitions: readonly TopicPartition[],
): Promise<TopicPartitionOffset[]> {
  const wanted = partitions.filter(({ topic }) => isLegalTopicName(topic));
  const coordinator = await findCoordinator.async(await anyConnection(admin), group);
  if (coordinator.errorCode !== 0) throw kafkaErrorFromCode(coordinator.errorCode, { group });
  const connection = await connectionTo(admin, coordinator);
  const fetchOffsets = await spoken(connection, offsetFetchApis);
  const fetched = await fetchOffsets.async(connection, group, byTopic(wanted));
  const failure = failureIn(group, fetched);
  if (failure !== undefined) throw failure;
  const offsets = new Map(
    fetched.topics.flatMap(({ topic, partitions: entries }) =>
      entries.map(({ partition, offset }) => [`${topic}/${partition}`, Number(offset)]),
    ),
  );
  return wanted.flatMap(({ topic, partition }) => {
    const offset = offsets.get(`${topic}/${partition}`) ?? -1;
    return offset < 0 ? [] : [{ topic, partition, offset }];
  });
}
