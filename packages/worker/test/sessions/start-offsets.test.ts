import { type Admin, type Consumer, KafkaError, OFFSET_NONE, OFFSET_STORED } from '@sluice/kafka';
import type { TopicPartition, TopicPartitionOffset } from '@sluice/protocol';
import { describe, expect, it } from 'vitest';
import { DeliveryTracker } from '../../src/sessions/delivery-tracker.ts';
import { Journal } from '../../src/sessions/journal.ts';
import { localStore } from '../../src/sessions/session-store.ts';
import { noSource } from '../../src/sessions/source.ts';
import { resolveStart, type StartOptions } from '../../src/sessions/start-offsets.ts';

const missing = new KafkaError(3, 'unknownTopicOrPartition', 'missing', { retriable: true });
const refused = new KafkaError(29, 'authorization', 'refused', { retriable: false });
const partitions = [0, 1, 2].map((partition) => ({ topic: 't', partition }));
const at = (partition: number, offset: number): TopicPartitionOffset => ({ topic: 't', partition, offset });

interface Cluster {
  readonly committed?: readonly TopicPartitionOffset[] | KafkaError;
  /** By partition. */
  readonly edges?: readonly (number | KafkaError)[];
  readonly reset?: StartOptions['reset'];
  /** What a predecessor has left about positions. */
  readonly left?: Readonly<Record<string, string>>;
}

/** Where reading begins in such a cluster, and what reads have to report. */
async function startIn({ committed = [], edges = [], reset = 'latest', left = {} }: Cluster) {
  const errors: KafkaError[] = [];
  const journal = new Journal(new DeliveryTracker());
  journal.restore(noSource, left);
  const starts = await resolveStart(partitions, {
    consumer: {
      committed: async () => {
        if (committed instanceof KafkaError) throw committed;
        return committed;
      },
    } as unknown as Consumer,
    admin: {
      edgeOffsetAnswers: async (asked: readonly TopicPartition[]) => asked.map(({ partition }) => edges[partition]),
    } as unknown as Admin,
    reset,
    journal,
    store: localStore(1),
    onError: (error) => errors.push(error),
  });
  return { starts, errors };
}

describe('the start of an assignment', () => {
  it('is the committed offset, else the edge of the log', async () => {
    const { starts } = await startIn({ committed: [at(1, 7)], edges: [10, 11, 12] });
    expect(starts).toEqual([at(1, 7), at(0, 10), at(2, 12)]);
  });

  it('is left to the client for a missing partition alone (bug: "latest" of the others came to mean the first fetch)', async () => {
    const { starts, errors } = await startIn({ edges: [10, missing, 12] });
    expect(starts).toEqual([at(0, 10), at(1, OFFSET_STORED), at(2, 12)]);
    expect(errors).toEqual([]);
  });

  it('reports a partition that may not be read, and begins with the others', async () => {
    const { starts, errors } = await startIn({ edges: [10, refused, 12] });
    expect(starts).toEqual([at(0, 10), at(1, OFFSET_STORED), at(2, 12)]);
    expect(errors).toEqual([refused]);
  });

  it('is left to the client when nobody can tell what was committed (bug: taken for no commit, "latest" skipped records)', async () => {
    const { starts, errors } = await startIn({ committed: missing, edges: [10, 11, 12] });
    expect(starts).toEqual(partitions.map(({ partition }) => at(partition, OFFSET_STORED)));
    expect(errors).toEqual([]);
  });

  it('is where a predecessor was, unless the group has committed more', async () => {
    const left = { 'p:0/t': 'd5', 'p:1/t': 'd5', 'p:2/t': 'd5' };
    const { starts } = await startIn({ committed: [at(0, 3), at(1, 9)], edges: [10, 11, 12], left });
    expect(starts).toEqual([at(0, 5), at(1, 9), at(2, 5)]);
  });

  it('is where the client sought before the predecessor died, whatever the group has committed', async () => {
    const { starts } = await startIn({ committed: [at(0, 9), at(1, 9), at(2, 9)], left: { 'p:1/t': 's2' } });
    expect(starts).toEqual([at(0, 9), at(1, 2), at(2, 9)]);
  });

  it('is what is known without the group where it does not answer (bug: a seek was forgotten, and "latest" moved)', async () => {
    const { starts } = await startIn({ committed: missing, left: { 'p:0/t': 's2', 'p:1/t': 'd100' } });
    expect(starts).toEqual([at(0, 2), at(1, 100), at(2, OFFSET_STORED)]);
  });

  it('is nowhere, and reported, without a commit and a reset policy (bug: the client raised the same error after the seek)', async () => {
    const { starts, errors } = await startIn({ committed: [at(0, 7), at(2, 8)], reset: 'none' });
    expect(starts).toEqual([at(0, 7), at(2, 8), at(1, OFFSET_NONE)]);
    expect(errors.map(({ message }) => message)).toEqual([
      'Undefined offset with no reset policy for partitions: [t-1]',
    ]);
  });
});
