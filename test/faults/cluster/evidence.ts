import type { StoredRecord } from '../../harness/topic-log.ts';
import type {
  Call,
  Entry,
  InstanceCall,
  InstanceName,
  Observation,
  Operation,
  PlacedRecord,
  ReadCall,
} from './history.ts';

/** A moment after which clients get on: all of them, or those that can do without the directory. */
export interface Checkpoint {
  readonly at: number;
  readonly whom: 'all' | 'known';
}

/** A fault, and what clients may see because of it. */
export interface FaultWindow {
  readonly name: string;
  readonly from: number;
  readonly until: number;
  /** After each of these moments clients get on within `progressMs`. */
  readonly progressAfter: readonly Checkpoint[];
  readonly progressMs: number;
  /**
   * What a group may get a second time. `unconfirmed`: instances move, each at most once, and bring back their
   * unconfirmed batch and what was delivered since the last flush of positions. `uncommitted`: partitions move.
   */
  readonly repeats: 'nothing' | 'unconfirmed' | 'uncommitted';
  /** Whether a client may see requests fail at all. */
  readonly failures: 'none' | 'retriable';
  /** A holder that slept may send an old commit: an assigned instance's, once, mended by its next commit. */
  readonly wakesHolder?: boolean;
}

/** A consumer group of the loads. */
export interface GroupPlan {
  readonly group: string;
  readonly topic: string;
  readonly mode: 'subscribe' | 'assign';
  /** Its instances read until the end of the log, and commit all along. */
  readonly complete: boolean;
}

/** What a client does again and again while the loads run. */
export interface ClientPlan {
  readonly client: string;
  readonly repeats: readonly Operation[];
  /** Whether some of it waits for the directory: new names, and commits of assigned instances past their lease. */
  readonly needsDirectory: boolean;
}

export interface Bounds {
  /** From a delivery until its position is surely written down: the interval of the flush, and what a busy machine adds. */
  readonly flushMs: number;
  /** `consumer.instance.timeout.ms`. */
  readonly expiresAfterMs: number;
  /** Added to the progress of a group's commits, for those that come by an interval. */
  readonly commitIntervalMs: number;
}

/** All that a verdict rests on. */
export interface Evidence {
  readonly entries: readonly Entry[];
  /** Topic → what stood in it at the end. */
  readonly logs: ReadonlyMap<string, readonly StoredRecord[]>;
  readonly groups: readonly GroupPlan[];
  readonly clients: readonly ClientPlan[];
  /** Ended faults, in order. */
  readonly faults: readonly FaultWindow[];
  readonly bounds: Bounds;
  /** When the clients were told to stop. */
  readonly loadUntil: number;
}

export type Rule =
  | 'acknowledged-missing'
  | 'produced-twice'
  | 'invented-record'
  | 'skipped'
  | 'committed-undelivered'
  | 'duplicate'
  | 'two-holders'
  | 'backward-commit'
  | 'lost-instance'
  | 'foreign-answer'
  | 'unexpected-answer'
  | 'no-progress';

export interface Violation {
  readonly rule: Rule;
  readonly what: string;
}

/** One read that brought a record. */
export interface Delivery {
  readonly read: ReadCall;
  readonly record: PlacedRecord;
}

export function isCall(entry: Entry): entry is Call {
  return entry.operation !== 'observe';
}

export function callsOf(evidence: Pick<Evidence, 'entries'>): Call[] {
  return evidence.entries.filter(isCall);
}

export function readsOf(evidence: Pick<Evidence, 'entries'>, group: string): ReadCall[] {
  const reads = evidence.entries.filter((entry) => entry.operation === 'read');
  return reads.filter((read) => read.group === group).toSorted((a, b) => a.endedAt - b.endedAt);
}

export function observationsOf(evidence: Pick<Evidence, 'entries'>, group: string): Observation[] {
  const all = evidence.entries.filter((entry) => entry.operation === 'observe');
  return all.filter((observation) => observation.group === group).toSorted((a, b) => a.sentAt - b.sentAt);
}

export function instanceCallsOf(evidence: Pick<Evidence, 'entries'>): InstanceCall[] {
  return callsOf(evidence).filter((call): call is InstanceCall => call.operation !== 'produce');
}

export function placeOf({ topic, partition, offset }: Omit<PlacedRecord, 'value'>): string {
  return `${topic}/${partition}@${offset}`;
}

export function instanceKey({ group, instance }: InstanceName): string {
  return `${group}/${instance}`;
}

/** Place → the reads of the group that brought the record, in the order of their ends. */
export function deliveriesOf(evidence: Pick<Evidence, 'entries'>, group: string): Map<string, Delivery[]> {
  const deliveries = new Map<string, Delivery[]>();
  for (const read of readsOf(evidence, group)) {
    for (const record of read.records) {
      const place = placeOf(record);
      const soFar = deliveries.get(place);
      if (soFar === undefined) deliveries.set(place, [{ read, record }]);
      else soFar.push({ read, record });
    }
  }
  return deliveries;
}

export function groupBy<Item>(items: readonly Item[], keyOf: (item: Item) => string): Map<string, Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}

/** Whether anything between the two moments may be the fault's doing. */
export function touches(fault: FaultWindow, from: number, until: number): boolean {
  return until >= fault.from && from <= fault.until + fault.progressMs;
}

/** The moment, for people: seconds since the start. */
export function at(ms: number): string {
  return `${(ms / 1000).toFixed(3)} s`;
}
