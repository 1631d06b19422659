import { type Admin, type Consumer, KafkaError, OFFSET_NONE, OFFSET_STORED } from '@sluice/kafka';
import type { TopicPartition, TopicPartitionOffset } from '@sluice/protocol';
import { partitionKey } from './delivery-tracker.ts';
import type { Journal } from './journal.ts';
import type { SessionStore } from './session-store.ts';

export interface StartOptions {
  readonly admin: Admin;
  readonly consumer: Consumer;
  readonly reset: 'earliest' | 'latest' | 'none';
  readonly journal: Journal;
  readonly store: SessionStore;
  readonly onError: (error: KafkaError) => void;
}

/** What reads report while partitions have neither a committed offset, nor a reset policy, nor a seek. */
export function undefinedOffsets(partitions: readonly TopicPartition[]): KafkaError {
  const names = partitions.map(({ topic, partition }) => `${topic}-${partition}`).join(', ');
  const message = `Undefined offset with no reset policy for partitions: [${names}]`;
  return new KafkaError(-140, 'other', message, { retriable: false });
}

function leftToTheClient({ topic, partition }: TopicPartition): TopicPartitionOffset {
  return { topic, partition, offset: OFFSET_STORED };
}

/** What Kafka said of where a partition begins or ends; where it could not say, the client finds out. */
function startAt(partition: TopicPartition, edge: number | KafkaError | undefined): TopicPartitionOffset {
  return typeof edge === 'number' ? { ...partition, offset: edge } : leftToTheClient(partition);
}

/** By the reset policy, for partitions without a committed offset. */
async function resetStart(
  partitions: readonly TopicPartition[],
  { admin, reset, journal, store, onError }: StartOptions,
): Promise<TopicPartitionOffset[]> {
  if (partitions.length === 0) return [];
  if (reset === 'none') {
    onError(undefinedOffsets(partitions));
    // Left to the client, it would look for itself, and raise the same error after the seek that mended it.
    return partitions.map(({ topic, partition }) => ({ topic, partition, offset: OFFSET_NONE }));
  }
  const edges = await admin.edgeOffsetAnswers(partitions, reset);
  for (const edge of edges) if (edge instanceof KafkaError && !edge.retriable) onError(edge);
  const starts = partitions.map((partition, i) => startAt(partition, edges[i]));
  journal.resolved(starts);
  // Before the first record: "latest" would mean another moment to a successor. Reading goes on where it cannot be kept.
  await store.save(journal).catch(() => store.touch(journal));
  return starts;
}

/**
 * Where reading begins: at the committed offset, else where the reset policy says *now*. The client would decide the
 * latter at its first fetch; deciding it here makes `latest` mean the moment of the assignment, and lets a later seek
 * of one partition leave the others where they are. Never rejects: without an answer from Kafka the client decides,
 * for a partition that is missing as for all of them.
 */
export async function resolveStart(
  partitions: readonly TopicPartition[],
  options: StartOptions,
): Promise<TopicPartitionOffset[]> {
  if (partitions.length === 0) return [];
  try {
    const committed = await options.consumer.committed(partitions);
    const offsets = new Map(committed.map((position) => [partitionKey(position), position.offset]));
    const known: TopicPartitionOffset[] = [];
    const open: TopicPartition[] = [];
    for (const { topic, partition } of partitions) {
      const offset = options.journal.startOf({ topic, partition }, offsets.get(partitionKey({ topic, partition })));
      if (offset === undefined) open.push({ topic, partition });
      else known.push({ topic, partition, offset });
    }
    return [...known, ...(await resetStart(open, options))];
  } catch (error) {
    if (error instanceof KafkaError && !error.retriable) options.onError(error);
    // What is known without the group must not be forgotten for it: a seek, or where "latest" was.
    return partitions.map((partition) => {
      const offset = options.journal.startOf(partition, undefined);
      return offset === undefined ? leftToTheClient(partition) : { ...partition, offset };
    });
  }
}
