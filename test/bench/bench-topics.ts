import { ListOffsetTimestamps } from '@platformatic/kafka';
import { createTopic, withAdmin } from '../harness/topics.ts';
import { runProgram } from './processes.ts';

const PREFILL_BATCHES = 16;
const PREFILL_BATCH_RECORDS = 100;

/** A topic that gives its disk space back soon after it is deleted; batch scenarios write gigabytes. */
export async function createBenchTopic(bootstrap: string, partitions: number): Promise<string> {
  return await createTopic(bootstrap, { prefix: 'bench', partitions, settings: { 'file.delete.delay.ms': '1000' } });
}

export async function deleteTopic(bootstrap: string, topic: string): Promise<void> {
  await withAdmin(bootstrap, async (admin) => await admin.deleteTopics({ topics: [topic] }));
}

/** How many records the topic holds, as its broker says. */
export async function countRecords(bootstrap: string, topic: string, partitions: number): Promise<number> {
  const wanted = Array.from({ length: partitions }, (_, partitionIndex) => ({
    partitionIndex,
    timestamp: ListOffsetTimestamps.LATEST,
  }));
  return await withAdmin(bootstrap, async (admin) => {
    const listed = await admin.listOffsets({ topics: [{ name: topic, partitions: wanted }] });
    return listed.flatMap((entry) => entry.partitions).reduce((sum, { offset }) => sum + Number(offset), 0);
  });
}

/** Writes records of the bench with a raw producer, and checks that they are there. */
export async function prefill(bootstrap: string, topic: string, partitions: number, records: number): Promise<void> {
  await runProgram('raw-produce', {
    bootstrap,
    topic,
    batches: PREFILL_BATCHES,
    batchRecords: PREFILL_BATCH_RECORDS,
    warmUpSeconds: 0,
    stopAfter: { records },
  });
  const count = await countRecords(bootstrap, topic, partitions);
  if (count !== records) throw new Error(`the topic holds ${count} records, not the ${records} written`);
}
