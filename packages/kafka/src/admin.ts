import { ConfigResourceTypes, type Admin as PlatformaticAdmin } from '@platformatic/kafka';
import type { TopicPartition, TopicPartitionOffset } from '@sluice/protocol';

import { AdminClient, type AdminClientOptions } from './admin-client.ts';
import { isMockCluster, isReadRefused, requestMetadata, type TopicMetadata } from './admin-requests.ts';
import { requestCommittedOffsets } from './committed-offsets.ts';
import { kafkaErrorFromCode } from './error-mapping.ts';
import { type MemberRemoval, requestMemberRemoval, requestSubscription } from './group-members.ts';
import { KafkaError } from './kafka-error.ts';
import {
  EARLIEST,
  LATEST,
  type OffsetAnswer,
  type OffsetQuery,
  requestOffsets,
  settledAnswers,
} from './offset-queries.ts';
import { PartitionCounts } from './partition-counts.ts';
import { retryWhileMoving } from './retry-while-moving.ts';
import { isLegalTopicName } from './topic-name.ts';
import type { TurnQueueStats } from './turn-queue.ts';

export interface Replica {
  /** Broker id. */
  readonly broker: number;
  readonly leader: boolean;
  readonly inSync: boolean;
}

export interface PartitionDescription {
  readonly partition: number;
  /** Broker id, or -1 when there is none. */
  readonly leader: number;
  /** In the order of the assignment. */
  readonly replicas: readonly Replica[];
}

export interface TopicDescription {
  readonly name: string;
  /** Ascending by number. */
  readonly partitions: readonly PartitionDescription[];
}

export interface PartitionOffsets {
  readonly beginning: number;
  /** One past the last record, records of open transactions included (read uncommitted). */
  readonly end: number;
}

export interface TopicPartitionTimestamp extends TopicPartition {
  readonly timestampMs: number;
}

export interface CreateTopicOptions {
  readonly partitions?: number;
  readonly replicas?: number;
  readonly configs?: Readonly<Record<string, string>>;
}

const UNKNOWN_TOPIC_OR_PARTITION = 3;
const LEADER_NOT_AVAILABLE = 5;
const INVALID_TOPIC = 17;
const TOPIC_AUTHORIZATION_FAILED = 29;
const UNSUPPORTED_VERSION = 35;

function assertLegal(topic: string): void {
  if (!isLegalTopicName(topic)) {
    throw kafkaErrorFromCode(INVALID_TOPIC);
  }
}

function describe(topic: TopicMetadata, name: string): TopicDescription {
  const partitions = topic.partitions
    .map(({ partitionIndex, leaderId, replicaNodes, isrNodes }) => ({
      partition: partitionIndex,
      leader: leaderId,
      replicas: replicaNodes.map((broker) => ({
        broker,
        leader: broker === leaderId,
        inSync: isrNodes.includes(broker),
      })),
    }))
    .toSorted((a, b) => a.partition - b.partition);
  return { name, partitions };
}

/** For who can do nothing with some of the offsets. @throws {KafkaError} the first one among the answers */
function all(answers: readonly OffsetAnswer[]): (number | null)[] {
  return answers.map((answer) => {
    if (answer instanceof KafkaError) throw answer;
    return answer;
  });
}

/**
 * Questions about the cluster, asked with the Metadata, DescribeConfigs, ListOffsets and OffsetFetch requests of
 * the Kafka protocol. None of them creates a topic. Each rejects with a KafkaError.
 */
export class Admin {
  readonly #client: AdminClient;
  readonly #timeoutMs: number;
  readonly #partitionCounts: PartitionCounts;

  constructor(options: AdminClientOptions) {
    this.#client = new AdminClient(options);
    this.#timeoutMs = options.timeoutMs;
    this.#partitionCounts = new PartitionCounts({
      lookUp: async (topic) => (await this.describeTopic(topic)).partitions.length,
    });
  }

  /** Ids of the live brokers, ascending. */
  async brokers(): Promise<number[]> {
    const { brokers } = await this.#client.call('list brokers', {}, (admin) => requestMetadata(admin, []));
    return brokers.map(({ nodeId }) => nodeId).toSorted((a, b) => a - b);
  }

  /** Names of all topics except Kafka's internal ones, sorted. */
  async topics(): Promise<string[]> {
    const { topics } = await this.#client.call('list topics', {}, (admin) => requestMetadata(admin, null));
    // A topic that is being deleted stands in the list with an error of its own: it must not spoil the others.
    return topics
      .filter(({ name, isInternal, errorCode }) => name !== null && !isInternal && errorCode === 0)
      .map(({ name }) => name as string)
      .toSorted();
  }

  /** @throws {KafkaError} unknownTopicOrPartition, invalidTopic, authorization, ... */
  async describeTopic(topic: string): Promise<TopicDescription> {
    assertLegal(topic);
    const { topics } = await this.#client.call('describe topic', { topic }, (admin) => requestMetadata(admin, [topic]));
    const [found] = topics;
    const code = found?.errorCode ?? UNKNOWN_TOPIC_OR_PARTITION;
    // "No leader" is said of the topic by some brokers; it is part of the description then.
    if (found === undefined || (code !== 0 && code !== LEADER_NOT_AVAILABLE)) {
      throw kafkaErrorFromCode(code, { topic });
    }
    return describe(found, topic);
  }

  /**
   * Passes where the principal may read all these topics, or nobody can tell.
   * @throws {KafkaError} authorization, naming the topics that it may not read
   */
  async assertReadable(topics: readonly string[]): Promise<void> {
    const legal = topics.filter(isLegalTopicName);
    const asked = await this.#client.call('describe topics', {}, (admin) => requestMetadata(admin, legal, true));
    const refused = asked.topics.filter(isReadRefused).map(({ name }) => name);
    if (refused.length > 0) throw kafkaErrorFromCode(TOPIC_AUTHORIZATION_FAILED, { topic: refused.join(', ') });
  }

  /**
   * The topic's configuration, defaults included, as name and value in the broker's order; null for a
   * sensitive one. Empty where the broker does not know the request (librdkafka's mock cluster).
   */
  async topicConfigs(topic: string): Promise<[name: string, value: string | null][]> {
    assertLegal(topic);
    const resources = [{ resourceType: ConfigResourceTypes.TOPIC, resourceName: topic, configurationKeys: null }];
    return await this.#client.call('describe topic configs', { topic }, async (admin) => {
      if (await isMockCluster(admin)) {
        return [];
      }
      const [description] = await admin.describeConfigs({ resources });
      return (description?.configs ?? []).map(({ name, value, isSensitive }) => [
        name,
        isSensitive ? null : (value ?? null),
      ]);
    });
  }

  /** @throws {KafkaError} unknownTopicOrPartition; retriable while the partition has no leader */
  async partitionOffsets(topic: string, partition: number): Promise<PartitionOffsets> {
    const at = async (timestamp: bigint): Promise<number> => {
      const [offset] = all(await this.#offsets('list offsets', [{ topic, partition, timestamp }]));
      return offset ?? -1;
    };
    const [beginning, end] = await Promise.all([at(EARLIEST), at(LATEST)]);
    return { beginning, end };
  }

  /**
   * For each entry, in the same order, the offset of the first record at or after its timestamp; null where
   * there is none.
   * @throws {KafkaError} as `partitionOffsets`; badRequest for the mock cluster, which would say "none" to everything
   */
  async offsetsForTimes(entries: readonly TopicPartitionTimestamp[]): Promise<(number | null)[]> {
    const queries = entries.map(({ topic, partition, timestampMs }) => ({
      topic,
      partition,
      timestamp: BigInt(Math.trunc(timestampMs)),
    }));
    const answers = await this.#offsets('offsets for times', queries, async (admin) => {
      if (await isMockCluster(admin)) {
        throw kafkaErrorFromCode(UNSUPPORTED_VERSION, { detail: 'The embedded broker finds no offsets by time.' });
      }
    });
    return all(answers);
  }

  /**
   * Where each partition begins or ends now, in the order asked.
   * @throws {KafkaError} as `partitionOffsets`
   */
  async edgeOffsets(partitions: readonly TopicPartition[], edge: 'earliest' | 'latest'): Promise<number[]> {
    return (await this.edgeOffsetAnswers(partitions, edge)).map((answer) => {
      if (answer instanceof KafkaError) throw answer;
      return answer;
    });
  }

  /**
   * The same for who can go on without some of them: a partition that is missing, or whose leader is, has its error as
   * its answer.
   * @throws {KafkaError} if the cluster could not be asked at all
   */
  async edgeOffsetAnswers(
    partitions: readonly TopicPartition[],
    edge: 'earliest' | 'latest',
  ): Promise<(number | KafkaError)[]> {
    const timestamp = edge === 'earliest' ? EARLIEST : LATEST;
    const queries = partitions.map(({ topic, partition }) => ({ topic, partition, timestamp }));
    return (await this.#offsets(`${edge} offsets`, queries)).map((answer) => answer ?? -1);
  }

  /**
   * What a group has committed, in the order asked; partitions without a commit are left out. A consumer's own
   * connection to the coordinator would be the obvious one to ask on, but what is asked there waits behind its
   * JoinGroup: for as long as the group is rebalancing.
   * @throws {KafkaError} authorization; whatever failed for one of the partitions; retriable after the deadline
   */
  async committedOffsets(group: string, partitions: readonly TopicPartition[]): Promise<TopicPartitionOffset[]> {
    const ask = (): Promise<TopicPartitionOffset[]> =>
      this.#client.call('committed offsets', { group }, (admin) => requestCommittedOffsets(admin, group, partitions));
    return await retryWhileMoving('coordinator', ask, this.#timeoutMs);
  }

  /**
   * Ends the membership of a static member whose process is gone: its partitions go to the others at their next
   * heartbeats, and not when its session times out.
   * @throws {KafkaError} authorization; retriable after the deadline
   */
  async removeStaticMember(removal: MemberRemoval): Promise<void> {
    await this.#client.call('remove group member', { group: removal.group }, (admin) => {
      return requestMemberRemoval(admin, removal);
    });
  }

  /**
   * The topics that a static member has joined its group for; undefined when there is no such member, or its group is
   * rebalancing.
   * @throws {KafkaError} authorization; retriable after the deadline
   */
  async subscriptionOf(group: string, groupInstanceId: string): Promise<readonly string[] | undefined> {
    return await this.#client.call('subscription of a group member', { group }, (admin) =>
      requestSubscription(admin, group, groupInstanceId),
    );
  }

  /**
   * How many partitions a topic has. The answer may be 5 s old, but not if it is below `atLeast`.
   * @throws {KafkaError} as `describeTopic`
   */
  async partitionCount(topic: string, atLeast = 0): Promise<number> {
    return await this.#partitionCounts.get(topic, atLeast);
  }

  /** Creates a topic; without numbers the broker's defaults apply. @throws {KafkaError} badRequest if it exists */
  async createTopic(topic: string, options: CreateTopicOptions = {}): Promise<void> {
    assertLegal(topic);
    const { partitions = -1, replicas = -1, configs = {} } = options;
    const entries = Object.entries(configs).map(([name, value]) => ({ name, value }));
    await this.#client.call('create topic', { topic }, (admin) =>
      admin.createTopics({ topics: [topic], partitions, replicas, configs: entries }),
    );
  }

  /** Calls under way and waiting. */
  stats(): TurnQueueStats {
    return this.#client.stats();
  }

  async close(): Promise<void> {
    await this.#client.close();
  }

  async #offsets(
    what: string,
    queries: readonly OffsetQuery[],
    check?: (admin: PlatformaticAdmin) => Promise<void>,
  ): Promise<OffsetAnswer[]> {
    const ask = (open: readonly OffsetQuery[]): Promise<ReadonlyMap<OffsetQuery, OffsetAnswer>> =>
      this.#client.call(what, {}, async (admin) => {
        await check?.(admin);
        return await requestOffsets(admin, open, (error) => this.#client.noteFailure(error, admin));
      });
    return await settledAnswers(queries, ask, this.#timeoutMs);
  }
}
