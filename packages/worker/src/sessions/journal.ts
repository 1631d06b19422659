import { parseInt64, type TopicPartition, type TopicPartitionOffset } from '@sluice/protocol';
import { type DeliveryTracker, partitionKey } from './delivery-tracker.ts';
import { noSource, type Source, sourceText } from './source.ts';

/** What is known about a partition. */
interface Position extends TopicPartitionOffset {
  /** The client sought it and nothing was committed since: it counts whatever the group has committed. */
  readonly sought: boolean;
  /** Records before it were delivered. */
  readonly read: boolean;
}

interface Start extends Position {
  /** A predecessor left it, and nobody else has had the partition since. */
  readonly isInherited: boolean;
}

interface Seek extends TopicPartition {
  /** Undefined once it is carried out: the account of deliveries has it then. */
  readonly offset: number | undefined;
}

const SOURCE = 'source';
const POSITION = /^p:(\d{1,10})\/(.+)$/s;
const SOUGHT = 's';
const DELIVERED = 'd';
/** Where a partition begins of which no record was delivered yet. */
const BEGINNING = 'b';

/**
 * What a successor has to know: the source, and for each partition the offset of the first record that its client may not
 * have. Fields of text, as the directory keeps them.
 *
 * Where reading goes on in a partition: at a seek with no commit since, else at the committed offset or the position here,
 * whichever is further. A position that is a little old repeats records, and never skips one.
 */
export class Journal {
  readonly #deliveries: DeliveryTracker;
  #source: Source = noSource;
  /**
   * Sought since the last commit. A seek that is still to be carried out has its offset here already. Each seek is an
   * object of its own, by which a commit knows whether it was sent before it.
   */
  #sought = new Map<string, Seek>();
  /** Of partitions that were not read here yet: left by a predecessor, or told by the reset policy. */
  #starts = new Map<string, Start>();

  constructor(deliveries: DeliveryTracker) {
    this.#deliveries = deliveries;
  }

  /** Takes up what a predecessor has left. */
  restore(source: Source, fields: Readonly<Record<string, string>>): void {
    this.#source = source;
    for (const [field, value] of Object.entries(fields)) {
      const position = parsePosition(field, value);
      if (position === undefined) continue;
      const key = partitionKey(position);
      this.#starts.set(key, { ...position, isInherited: true });
      // It stays sought when the partition is read here, and so for the holder after this one.
      const { topic, partition } = position;
      if (position.sought) this.#sought.set(key, { topic, partition, offset: undefined });
    }
  }

  /** The client reads something else. @returns a function that takes it back */
  follow(source: Source): () => void {
    const before = { source: this.#source, sought: this.#sought, starts: this.#starts };
    this.#source = source;
    this.#sought = new Map();
    this.#starts = new Map();
    return () => {
      this.#source = before.source;
      this.#sought = before.sought;
      this.#starts = before.starts;
    };
  }

  /** The client is about to seek. @returns a function that takes it back */
  seeking(positions: readonly TopicPartitionOffset[]): () => void {
    const sought = this.#sought;
    const undo = positions.map(({ topic, partition, offset }) => {
      const key = partitionKey({ topic, partition });
      const before = sought.get(key);
      const seek = { topic, partition, offset };
      sought.set(key, seek);
      return () => {
        // A later seek of the partition stands.
        if (sought.get(key) !== seek) return;
        if (before === undefined) sought.delete(key);
        else sought.set(key, before);
      };
    });
    return () => {
      for (const takeBack of undo.toReversed()) takeBack();
    };
  }

  /** The deliveries know of the seek. */
  sought(positions: readonly TopicPartitionOffset[]): void {
    for (const { topic, partition } of positions) {
      this.#sought.set(partitionKey({ topic, partition }), { topic, partition, offset: undefined });
    }
  }

  /**
   * These offsets are about to be sent to the group.
   * @returns what to call once the group has them. A seek since then still counts: the offsets lie before it.
   */
  committing(offsets: readonly TopicPartition[]): () => void {
    const sent = offsets.map((offset) => {
      const key = partitionKey(offset);
      return { key, seek: this.#sought.get(key), start: this.#starts.get(key) };
    });
    return () => {
      for (const { key, seek, start } of sent) {
        if (this.#sought.get(key) !== seek) continue;
        this.#sought.delete(key);
        if (start?.sought === true && this.#starts.get(key) === start) {
          this.#starts.set(key, { ...start, sought: false });
        }
      }
    };
  }

  /**
   * The partitions are read by others now. Where they began stays known: should they come back without a commit, `latest`
   * would mean another moment, and a commit that lies further wins over it anyway.
   */
  forget(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) this.#lose(partitionKey(partition));
  }

  /** The group gave these partitions, and no others. */
  keepOnly(partitions: readonly TopicPartition[]): void {
    const granted = new Set(partitions.map(partitionKey));
    for (const key of [...this.#sought.keys(), ...this.#starts.keys()]) if (!granted.has(key)) this.#lose(key);
  }

  /** Where a partition without a commit begins was decided, once and for all. */
  resolved(starts: readonly TopicPartitionOffset[]): void {
    for (const { topic, partition, offset } of starts) {
      if (offset < 0) continue;
      const start = { topic, partition, offset, sought: false, read: false, isInherited: false };
      this.#starts.set(partitionKey({ topic, partition }), start);
    }
  }

  /** Others may have read the partitions meanwhile. */
  forgetPositions(): void {
    for (const key of [...this.#sought.keys(), ...this.#starts.keys()]) this.#lose(key);
  }

  /** The consumer is gone and the account of deliveries with it: the next consumer begins where this one was. */
  keepPositions(): void {
    for (const position of this.#positions())
      this.#starts.set(partitionKey(position), { ...position, isInherited: true });
  }

  /** Where a partition begins for which the group has committed this offset, or none. */
  startOf(partition: TopicPartition, committed: number | undefined): number | undefined {
    const start = this.#starts.get(partitionKey(partition));
    if (start === undefined) return committed;
    return start.sought ? start.offset : Math.max(start.offset, committed ?? 0);
  }

  /** Whether somebody read the partition before, or its start was decided. */
  knows(partition: TopicPartition): boolean {
    return this.#starts.has(partitionKey(partition));
  }

  /**
   * Whoever goes on with a partition behind this offset has a predecessor that delivered records of it: a commit may lie
   * further than what that one has written here. -1 when it did in any case; infinite where it was not a predecessor who
   * may have read them, but another member of the group.
   */
  readFrom(partition: TopicPartition): number {
    const start = this.#starts.get(partitionKey(partition));
    if (start?.isInherited !== true) return Number.POSITIVE_INFINITY;
    return start.read ? -1 : start.offset;
  }

  /** All of it, as fields. */
  fields(): Record<string, string> {
    const fields: Record<string, string> = {};
    const source = sourceText(this.#source);
    if (source !== undefined) fields[SOURCE] = source;
    for (const position of this.#positions()) {
      fields[`p:${position.partition}/${position.topic}`] = `${markOf(position)}${position.offset}`;
    }
    return fields;
  }

  #lose(key: string): void {
    this.#sought.delete(key);
    const start = this.#starts.get(key);
    if (start?.sought === true) this.#starts.delete(key);
    else if (start !== undefined) this.#starts.set(key, { ...start, isInherited: false });
  }

  *#positions(): Iterable<Position> {
    const delivered = this.#deliveries.deliverFrom();
    for (const [key, { topic, partition, offset }] of delivered) {
      const seek = this.#sought.get(key);
      const read = this.#deliveries.hasRead({ topic, partition });
      yield { topic, partition, offset: seek?.offset ?? offset, sought: seek !== undefined, read };
    }
    for (const [key, start] of this.#starts) {
      if (delivered.has(key)) continue;
      const offset = this.#sought.get(key)?.offset ?? start.offset;
      yield { ...start, offset, sought: start.sought || this.#sought.has(key) };
    }
    for (const [key, { topic, partition, offset }] of this.#sought) {
      if (offset === undefined || delivered.has(key) || this.#starts.has(key)) continue;
      yield { topic, partition, offset, sought: true, read: false };
    }
  }
}

/** The source of a state, as its text; undefined when there is none. */
export function sourceOf(fields: Readonly<Record<string, string>>): string | undefined {
  return fields[SOURCE];
}

function markOf({ sought, read }: Position): string {
  if (sought) return SOUGHT;
  return read ? DELIVERED : BEGINNING;
}

function parsePosition(field: string, value: string): Position | undefined {
  const [, partition, topic] = POSITION.exec(field) ?? [];
  const offset = parseInt64(value.slice(1));
  if (partition === undefined || topic === undefined || offset === undefined || offset < 0) return undefined;
  return {
    topic,
    partition: Number(partition),
    offset,
    sought: value.startsWith(SOUGHT),
    read: value.startsWith(DELIVERED),
  };
}
