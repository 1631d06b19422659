import type { TopicPartition, TopicPartitionOffset } from '@sluice/protocol';
import { OFFSET_NONE, OFFSET_STORED } from './logical-offsets.ts';
import type { ConsumedRecord, RecordBuffer } from './record-buffer.ts';

interface Progress extends TopicPartition {
  /** Offset after the last record taken from the client, or where it was told to begin. */
  fetched: number;
}

function keyOf({ topic, partition }: TopicPartition): string {
  return `${partition}/${topic}`;
}

/** Just the fields that the client knows: what else an object carries must not reach it. */
export function plain({ topic, partition, offset }: TopicPartitionOffset): TopicPartitionOffset {
  return { topic, partition, offset };
}

/** The partitions that a consumer reads, and how far it has come in each. Pure state. */
export class Assignment {
  readonly #partitions = new Map<string, Progress>();

  has(partition: TopicPartition): boolean {
    return this.#partitions.has(keyOf(partition));
  }

  list(): TopicPartition[] {
    return [...this.#partitions.values()].map(({ topic, partition }) => ({ topic, partition }));
  }

  /** Adds partitions, or says anew where they begin. */
  add(starts: readonly TopicPartitionOffset[]): void {
    for (const { topic, partition, offset } of starts) {
      const fetched = offset >= 0 || offset === OFFSET_NONE ? offset : OFFSET_STORED;
      this.#partitions.set(keyOf({ topic, partition }), { topic, partition, fetched });
    }
  }

  remove(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) this.#partitions.delete(keyOf(partition));
  }

  clear(): void {
    this.#partitions.clear();
  }

  /** Records come in runs of one partition: one look-up a run. */
  noteFetched(records: readonly ConsumedRecord[]): void {
    for (let i = 0; i < records.length; i += 1) {
      const record = records[i] as ConsumedRecord;
      const following = records[i + 1];
      if (following?.partition === record.partition && following.topic === record.topic) continue;
      const progress = this.#partitions.get(keyOf(record));
      if (progress !== undefined) progress.fetched = record.offset + 1;
    }
  }

  /** Where reading goes on in each partition: its first buffered record, else the next one to be fetched. */
  positions(buffer: RecordBuffer): TopicPartitionOffset[] {
    const buffered = new Map<string, number>();
    buffer.each((record) => {
      const key = keyOf(record);
      if (!buffered.has(key)) buffered.set(key, record.offset);
    });
    return [...this.#partitions].map(([key, { topic, partition, fetched }]) => {
      return { topic, partition, offset: buffered.get(key) ?? fetched };
    });
  }

  /** Partitions that nobody has said a position of, and that are not fetched therefore. */
  unpositioned(): TopicPartition[] {
    return this.list().filter((partition) => !this.#isPositioned(partition));
  }

  /** Those of the partitions that the client was told to fetch. */
  fetchedAmong(partitions: readonly TopicPartition[]): TopicPartition[] {
    return partitions.filter((partition) => this.#isPositioned(partition));
  }

  #isPositioned(partition: TopicPartition): boolean {
    return this.#partitions.get(keyOf(partition))?.fetched !== OFFSET_NONE;
  }

  /**
   * Records that lie ahead of what was taken, counted up to `enough`.
   * @param highWatermark offset after the last record that the broker is known to have
   */
  backlog(enough: number, highWatermark: (partition: TopicPartition) => number): number {
    let backlog = 0;
    for (const progress of this.#partitions.values()) {
      // A logical start (a negative offset) says nothing about what is left.
      if (progress.fetched < 0) continue;
      backlog += Math.max(0, highWatermark(progress) - progress.fetched);
      if (backlog >= enough) return enough;
    }
    return backlog;
  }
}
