import type { TopicPartition, TopicPartitionOffset } from '@sluice/protocol';

export function partitionKey({ topic, partition }: TopicPartition): string {
  return `${partition}/${topic}`;
}

interface Extent extends TopicPartition {
  /** First offset in the batch. */
  readonly start: number;
  /** Offset after the last one in the batch. */
  readonly next: number;
}

/** The records of one answer, as far as offsets go. */
export class Batch {
  readonly extents: Map<string, Extent> = new Map();
  state: 'open' | 'answered' | 'aborted' = 'open';
  #run: { topic: string; partition: number; start: number; next: number } | undefined;

  /** Records come in runs of one partition; only the end of a run touches the map. */
  note(topic: string, partition: number, offset: number): void {
    const run = this.#run;
    if (run !== undefined && run.partition === partition && run.topic === topic) {
      run.next = offset + 1;
      return;
    }
    this.close();
    this.#run = { topic, partition, start: offset, next: offset + 1 };
  }

  /** Ends the run; after it `extents` is complete. */
  close(): void {
    const run = this.#run;
    if (run === undefined) return;
    const key = partitionKey(run);
    const known = this.extents.get(key);
    this.extents.set(key, { ...run, start: Math.min(known?.start ?? run.start, run.start) });
    this.#run = undefined;
  }

  forget(partition: TopicPartition): void {
    this.close();
    this.extents.delete(partitionKey(partition));
  }
}

/**
 * Knows what was delivered and what was only sent. An answer written to a socket proves nothing: a batch counts as
 * delivered when the client's next request on the instance shows that it had the answer. Offsets are never offered
 * for a commit beyond a batch that is still unproven, so that a crash repeats records and never skips them.
 * Pure state: no clock, no I/O.
 */
export class DeliveryTracker {
  readonly #outstanding = new Set<Batch>();
  readonly #delivered = new Map<string, TopicPartitionOffset>();

  open(): Batch {
    const batch = new Batch();
    this.#outstanding.add(batch);
    return batch;
  }

  /** The batch turned out to be empty or was never sent as an answer that holds records. */
  discard(batch: Batch): void {
    this.#outstanding.delete(batch);
  }

  /** A later request arrived: whatever was answered in full before it has been received. */
  confirm(): void {
    for (const batch of this.#outstanding) {
      if (batch.state !== 'answered') continue;
      this.#outstanding.delete(batch);
      for (const [key, { topic, partition, next }] of batch.extents) {
        const offset = Math.max(next, this.#delivered.get(key)?.offset ?? 0);
        this.#delivered.set(key, { topic, partition, offset });
      }
    }
  }

  /**
   * Answers that did not reach the client: their records must be read again, and with them everything that was sent
   * after them. Answers where reading has to start over, and forgets those batches.
   */
  takeAborted(): TopicPartitionOffset[] {
    const rewind = new Map<string, TopicPartitionOffset>();
    if (this.#outstanding.size === 0) return [];
    let aborted = false;
    for (const batch of this.#outstanding) {
      aborted ||= batch.state === 'aborted';
      if (!aborted || batch.state === 'open') continue;
      this.#outstanding.delete(batch);
      for (const [key, { topic, partition, start }] of batch.extents) {
        const offset = Math.min(start, rewind.get(key)?.offset ?? start);
        rewind.set(key, { topic, partition, offset });
      }
    }
    return [...rewind.values()];
  }

  /** Offsets that a commit may store now: the next ones to read after what was delivered. */
  committable(): TopicPartitionOffset[] {
    return [...this.#delivered].map(([key, { topic, partition, offset }]) => {
      let bound = offset;
      for (const batch of this.#outstanding) bound = Math.min(bound, batch.extents.get(key)?.start ?? bound);
      return { topic, partition, offset: bound };
    });
  }

  /** The client set the position itself: what it was sent before from that partition no longer counts. */
  seek(position: TopicPartitionOffset): void {
    for (const batch of this.#outstanding) batch.forget(position);
    this.#delivered.set(partitionKey(position), position);
  }

  /** The partitions are another member's now, or no longer wanted. */
  forget(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) {
      for (const batch of this.#outstanding) batch.forget(partition);
      this.#delivered.delete(partitionKey(partition));
    }
  }

  /** The subscription or assignment was replaced as a whole. */
  reset(): void {
    for (const batch of this.#outstanding) {
      batch.close();
      batch.extents.clear();
    }
    this.#outstanding.clear();
    this.#delivered.clear();
  }
}
