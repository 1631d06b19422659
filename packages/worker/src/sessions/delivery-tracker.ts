import type { TopicPartition, TopicPartitionOffset } from '@sluice/protocol';

export function partitionKey({ topic, partition }: TopicPartition): string {
  return `${partition}/${topic}`;
}

interface Extent extends TopicPartition {
  /** First offset in the batch. */
  readonly start: number;
  /** Offset after the last one in the batch. */
  next: number;
}

/** How far a partition was read, by offsets of records. */
export interface Progress extends TopicPartition {
  /** The last one that was delivered. */
  readonly consumed: number;
  /** The last one that a commit may cover, for the time being; -1: none. */
  readonly committable: number;
}

/** The records of one answer, as far as offsets go; what an answer holds so far counts at once. */
export class Batch {
  readonly #extents = new Map<string, Extent>();
  /** `sent`: with another node, which has not said yet that the client has it. */
  state: 'open' | 'sent' | 'answered' | 'aborted' = 'open';
  #run: Extent | undefined;

  get extents(): ReadonlyMap<string, Readonly<Extent>> {
    return this.#extents;
  }

  /** Records come in runs of one partition; only the start of a run touches the map. */
  note(topic: string, partition: number, offset: number): void {
    let run = this.#run;
    if (run === undefined || run.partition !== partition || run.topic !== topic) {
      const key = partitionKey({ topic, partition });
      run = this.#extents.get(key) ?? { topic, partition, start: offset, next: offset };
      this.#extents.set(key, run);
      this.#run = run;
    }
    run.next = offset + 1;
  }

  forget(partition: TopicPartition): void {
    this.#run = undefined;
    this.#extents.delete(partitionKey(partition));
  }

  /** What lies at the position or beyond it will be read again, and counts no longer. */
  backTo(position: TopicPartitionOffset): void {
    const extent = this.#extents.get(partitionKey(position));
    if (extent === undefined || extent.next <= position.offset) return;
    if (extent.start >= position.offset) this.forget(position);
    else extent.next = position.offset;
  }

  clear(): void {
    this.#run = undefined;
    this.#extents.clear();
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
  /** Where the records that were delivered begin: that a position is known does not mean that there were any. */
  readonly #readFrom = new Map<string, number>();

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
      for (const [key, { topic, partition, start, next }] of batch.extents) {
        const offset = Math.max(next, this.#delivered.get(key)?.offset ?? 0);
        this.#delivered.set(key, { topic, partition, offset });
        this.#readFrom.set(key, Math.min(start, this.#readFrom.get(key) ?? start));
      }
    }
  }

  /** Some answer that did not reach its client held records. */
  get hasAborted(): boolean {
    for (const { state, extents } of this.#outstanding) if (state === 'aborted' && extents.size > 0) return true;
    return false;
  }

  /**
   * Answers that did not reach the client: their records must be read again, and with them everything that was sent
   * after them. Answers where reading has to start over, and forgets those batches. To be called in the same turn in
   * which reading goes back: a read in between would go on beyond the gap, and a commit of its records would pass it.
   */
  takeAborted(): TopicPartitionOffset[] {
    const rewind = new Map<string, TopicPartitionOffset>();
    let aborted = false;
    for (const batch of this.#outstanding) {
      aborted ||= batch.state === 'aborted' && batch.extents.size > 0;
      if (batch.state === 'open' || (!aborted && batch.state !== 'aborted')) continue;
      this.#outstanding.delete(batch);
      for (const [key, { topic, partition, start }] of batch.extents) {
        const offset = Math.min(start, rewind.get(key)?.offset ?? start);
        rewind.set(key, { topic, partition, offset });
      }
    }
    for (const position of rewind.values()) this.#goBackTo(position);
    return [...rewind.values()];
  }

  /** Answers that lie beyond the position, proven or not, do not make up for the records before them. */
  #goBackTo(position: TopicPartitionOffset): void {
    for (const batch of this.#outstanding) batch.backTo(position);
    const delivered = this.#delivered.get(partitionKey(position));
    if (delivered !== undefined && delivered.offset > position.offset) {
      this.#delivered.set(partitionKey(position), position);
    }
  }

  /** By partition the first offset that the client may not have, of those that were read here. */
  deliverFrom(): Map<string, TopicPartitionOffset> {
    const from = new Map(this.#delivered);
    for (const batch of this.#outstanding) {
      for (const [key, { topic, partition, start }] of batch.extents) {
        if (start < (from.get(key)?.offset ?? Number.POSITIVE_INFINITY))
          from.set(key, { topic, partition, offset: start });
      }
    }
    return from;
  }

  /** Offsets that a commit may store now: the next ones to read after what was delivered. */
  committable(): TopicPartitionOffset[] {
    return [...this.#delivered].map(([key, { topic, partition, offset }]) => {
      let bound = offset;
      for (const batch of this.#outstanding) bound = Math.min(bound, batch.extents.get(key)?.start ?? bound);
      return { topic, partition, offset: bound };
    });
  }

  /** Partitions of which records were delivered, by this holder or by one before it, and count as that. */
  progress(): Progress[] {
    const read = this.committable().filter((position) => this.hasRead(position));
    return read.map(({ topic, partition, offset }) => {
      const delivered = this.#delivered.get(partitionKey({ topic, partition }))?.offset ?? offset;
      return { topic, partition, consumed: delivered - 1, committable: offset - 1 };
    });
  }

  /** Records were delivered that are not to be read again. */
  hasRead(partition: TopicPartition): boolean {
    const key = partitionKey(partition);
    const delivered = this.#delivered.get(key)?.offset ?? 0;
    return delivered > (this.#readFrom.get(key) ?? Number.POSITIVE_INFINITY);
  }

  /**
   * What lies before the position was delivered by a predecessor. What is known here already counts more.
   * @param wasRead whether anything was, of which nobody knows where it began
   */
  resume({ topic, partition, offset }: TopicPartitionOffset, wasRead: boolean): void {
    const key = partitionKey({ topic, partition });
    if (this.#delivered.has(key)) return;
    this.#delivered.set(key, { topic, partition, offset });
    if (wasRead) this.#readFrom.set(key, 0);
  }

  /** The client set the position itself: what it was sent before from that partition no longer counts. */
  seek(position: TopicPartitionOffset): void {
    for (const batch of this.#outstanding) batch.forget(position);
    this.#delivered.set(partitionKey(position), position);
    this.#readFrom.delete(partitionKey(position));
  }

  /** The partitions are another member's now, or no longer wanted. */
  forget(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) {
      for (const batch of this.#outstanding) batch.forget(partition);
      this.#delivered.delete(partitionKey(partition));
      this.#readFrom.delete(partitionKey(partition));
    }
  }

  /** The subscription or assignment was replaced as a whole. A read under way may still get records of the new one. */
  reset(): void {
    for (const batch of this.#outstanding) {
      batch.clear();
      if (batch.state !== 'open') this.#outstanding.delete(batch);
    }
    this.#delivered.clear();
    this.#readFrom.clear();
  }
}
