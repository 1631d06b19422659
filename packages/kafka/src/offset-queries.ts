import {
  type Admin,
  type API,
  type Broker,
  listOffsetsV5,
  listOffsetsV6,
  listOffsetsV7,
  listOffsetsV8,
  listOffsetsV9,
} from '@platformatic/kafka';

import { type ClusterMetadata, connectionTo, requestMetadata, spoken, withErrorsInIt } from './admin-requests.ts';
import { kafkaErrorFromCode } from './error-mapping.ts';
import { KafkaError } from './kafka-error.ts';
import { isMoving, retryWhileMoving } from './retry-while-moving.ts';
import { isLegalTopicName } from './topic-name.ts';

type ListOffsetsApi = API<
  [replica: number, isolation: number, topics: listOffsetsV9.ListOffsetsRequestTopic[]],
  listOffsetsV9.ListOffsetsResponse
>;

/** What is asked of the log of one partition: the offset at a time in milliseconds, or at EARLIEST or LATEST. */
export interface OffsetQuery {
  readonly topic: string;
  readonly partition: number;
  readonly timestamp: bigint;
}

/** The offset, null where there is none for the time, or why this partition could not be asked. */
export type OffsetAnswer = number | null | KafkaError;

export const EARLIEST = -2n;
export const LATEST = -1n;

const UNKNOWN_TOPIC_OR_PARTITION = 3;
const LEADER_NOT_AVAILABLE = 5;
const INVALID_TOPIC = 17;

/** "This request comes from a client and not from a replica." */
const NO_REPLICA = -1;
const READ_UNCOMMITTED = 0;
const ANY_LEADER_EPOCH = -1;

/** Highest version first. */
const listOffsetsApis = [listOffsetsV9, listOffsetsV8, listOffsetsV7, listOffsetsV6, listOffsetsV5].map(
  ({ api }) => api as ListOffsetsApi,
);

interface LeaderRequest {
  readonly leader: Broker;
  readonly queries: OffsetQuery[];
}

type Answers = Map<OffsetQuery, OffsetAnswer>;

const placeOf = (topic: string, partition: number): string => `${topic}/${partition}`;

/** Tells the leader of a query's partition, or why there is none to ask. */
function leaders({ brokers, topics }: ClusterMetadata): (query: OffsetQuery) => Broker | KafkaError {
  const brokerOf = new Map(brokers.map((broker) => [broker.nodeId, broker]));
  const codeOf = new Map(topics.map(({ name, errorCode }) => [name, errorCode]));
  const leaderOf = new Map(
    topics.flatMap(({ name, partitions }) =>
      partitions.map(({ partitionIndex, leaderId }) => [placeOf(name ?? '', partitionIndex), leaderId] as const),
    ),
  );
  return ({ topic, partition }) => {
    const leader = leaderOf.get(placeOf(topic, partition));
    if (leader !== undefined) return brokerOf.get(leader) ?? kafkaErrorFromCode(LEADER_NOT_AVAILABLE, { topic });
    return kafkaErrorFromCode(codeOf.get(topic) || UNKNOWN_TOPIC_OR_PARTITION, { topic });
  };
}

/** One request a leader, and a further one for partitions that are asked again: a broker refuses those within one. */
function requestsOf(queries: readonly OffsetQuery[], metadata: ClusterMetadata, answers: Answers): LeaderRequest[] {
  const leaderOf = leaders(metadata);
  const requests = new Map<string, LeaderRequest>();
  const timesAsked = new Map<string, number>();
  for (const query of queries) {
    const leader = leaderOf(query);
    if (leader instanceof KafkaError) {
      answers.set(query, leader);
      continue;
    }
    const place = placeOf(query.topic, query.partition);
    const before = timesAsked.get(place) ?? 0;
    timesAsked.set(place, before + 1);
    const key = `${leader.host}:${leader.port}/${before}`;
    const request = requests.get(key) ?? { leader, queries: [] };
    request.queries.push(query);
    requests.set(key, request);
  }
  return [...requests.values()];
}

async function askLeader(admin: Admin, { leader, queries }: LeaderRequest, answers: Answers): Promise<void> {
  const connection = await connectionTo(admin, leader);
  const listOffsets = await spoken(connection, listOffsetsApis);
  const asked = new Map<string, listOffsetsV9.ListOffsetsRequestPartition[]>();
  for (const { topic, partition, timestamp } of queries) {
    const partitions = asked.get(topic) ?? [];
    partitions.push({ partitionIndex: partition, currentLeaderEpoch: ANY_LEADER_EPOCH, timestamp });
    asked.set(topic, partitions);
  }
  const topics = Array.from(asked, ([name, partitions]) => ({ name, partitions }));
  const response = await withErrorsInIt(listOffsets.async(connection, NO_REPLICA, READ_UNCOMMITTED, topics));
  const found = new Map(
    response.topics.flatMap(({ name, partitions }) =>
      partitions.map((answer) => [placeOf(name, answer.partitionIndex), answer] as const),
    ),
  );
  for (const query of queries) {
    const { topic, partition } = query;
    const { errorCode, offset } = found.get(placeOf(topic, partition)) ?? {
      errorCode: UNKNOWN_TOPIC_OR_PARTITION,
      offset: -1n,
    };
    if (errorCode !== 0) answers.set(query, kafkaErrorFromCode(errorCode, { topic }));
    else answers.set(query, offset < 0n ? null : Number(offset));
  }
}

/**
 * Asks the leaders of the partitions. One that is missing, or whose leader is out of reach, spoils no other's answer.
 * @param toKafkaError maps what a leader's connection failed with; called when no request is under way any more
 * @returns an answer for each query
 * @throws whatever asking for the leaders failed with
 */
export async function requestOffsets(
  admin: Admin,
  queries: readonly OffsetQuery[],
  toKafkaError: (error: unknown) => KafkaError,
): Promise<ReadonlyMap<OffsetQuery, OffsetAnswer>> {
  const answers: Answers = new Map();
  const legal: OffsetQuery[] = [];
  for (const query of queries) {
    if (isLegalTopicName(query.topic)) legal.push(query);
    else answers.set(query, kafkaErrorFromCode(INVALID_TOPIC, { topic: query.topic }));
  }
  if (legal.length === 0) return answers;
  const metadata = await requestMetadata(admin, [...new Set(legal.map(({ topic }) => topic))]);
  const requests = requestsOf(legal, metadata, answers);
  const outcomes = await Promise.allSettled(requests.map((request) => askLeader(admin, request, answers)));
  for (const [i, outcome] of outcomes.entries()) {
    if (outcome.status === 'fulfilled') continue;
    const error = toKafkaError(outcome.reason);
    for (const query of requests[i]?.queries ?? []) answers.set(query, error);
  }
  return answers;
}

/**
 * Asks again for those partitions whose leader moves.
 * @param ask answers each query that it gets
 * @param timeoutMs how long to go on; afterwards a partition that still moves has that for its answer
 * @returns the answers, in the order of the queries
 * @throws whatever `ask` rejects with before there is an answer to each query
 */
export async function settledAnswers(
  queries: readonly OffsetQuery[],
  ask: (open: readonly OffsetQuery[]) => Promise<ReadonlyMap<OffsetQuery, OffsetAnswer>>,
  timeoutMs: number,
): Promise<OffsetAnswer[]> {
  const answers: Answers = new Map();
  const askOpen = async (): Promise<void> => {
    // What was answered stays: asked again, the end of a log would be a later one.
    const open = queries.filter((query) => !answers.has(query) || isMoving('leader', answers.get(query)));
    for (const [query, answer] of await ask(open)) answers.set(query, answer);
    const moving = [...answers.values()].find((answer) => isMoving('leader', answer));
    if (moving instanceof KafkaError) throw moving;
  };
  try {
    await retryWhileMoving('leader', askOpen, timeoutMs);
  } catch (error) {
    if (answers.size < queries.length) throw error;
  }
  return queries.map((query) => answers.get(query) as OffsetAnswer);
}
