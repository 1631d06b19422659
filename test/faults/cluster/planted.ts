import type { StoredRecord } from '../../harness/topic-log.ts';
import type { Evidence, FaultWindow } from './evidence.ts';
import type {
  CommitCall,
  Entry,
  LifeCall,
  Observation,
  Outcome,
  PlacedRecord,
  ProduceCall,
  ReadCall,
} from './history.ts';

/** How a made-up run goes: everything that a clean one may do differently. */
export interface Plot {
  readonly partitions: number;
  /** How many records each produce request holds; there are as many requests as numbers. */
  readonly batches: readonly number[];
  /** How many records a read takes at most. */
  readonly readSize: number;
  readonly mode: 'subscribe' | 'assign';
  readonly commits: 'delivered' | 'explicit' | 'auto';
  /** Between two requests. */
  readonly paceMs: number;
}

export const PLAIN: Plot = {
  partitions: 2,
  batches: [3, 3, 3, 3, 3, 3],
  readSize: 2,
  mode: 'subscribe',
  commits: 'delivered',
  paceMs: 100,
};

const TOPIC = 'numbers';
const GROUP = 'readers';
const INSTANCE = 'reader-1';
const TOOK_MS = 10;

/** A run of one producer and one consumer in which everything went well, to plant a fault in. */
export interface CleanRun {
  readonly evidence: Evidence;
  readonly fault: (window: Partial<FaultWindow>) => FaultWindow;
}

/** What happens one after the other, each after the pace. */
class Script {
  readonly entries: Entry[] = [];
  readonly log: StoredRecord[] = [];
  readonly #plot: Plot;
  readonly #ends: number[];
  #now = 0;
  #requests = 0;

  constructor(plot: Plot) {
    this.#plot = plot;
    this.#ends = Array<number>(plot.partitions).fill(0);
  }

  get now(): number {
    return this.#now;
  }

  produce(records: number): void {
    const sent = Array.from({ length: records }, (_, i) => {
      const value = `"${this.#requests}/${i}"`;
      return { partition: i % this.#plot.partitions, value };
    });
    const acknowledged = sent.map(({ partition, value }): PlacedRecord => {
      const offset = this.#ends[partition] ?? 0;
      this.#ends[partition] = offset + 1;
      this.log.push({ partition, offset, value });
      return { topic: TOPIC, partition, offset, value };
    });
    const call: ProduceCall = {
      ...this.#request('producer', 200),
      operation: 'produce',
      topic: TOPIC,
      sent,
      acknowledged,
    };
    this.entries.push(call);
  }

  live(operation: LifeCall['operation'], status: number): void {
    this.entries.push({ ...this.#request('consumer', status), operation, group: GROUP, instance: INSTANCE });
  }

  read(records: readonly StoredRecord[]): void {
    const call: ReadCall = {
      ...this.#request('consumer', 200),
      operation: 'read',
      group: GROUP,
      instance: INSTANCE,
      keyed: false,
      records: records.map((record) => ({ topic: TOPIC, ...record })),
    };
    this.entries.push(call);
  }

  commit(records: readonly StoredRecord[]): void {
    const offsets = records.map(({ partition, offset }) => ({ topic: TOPIC, partition, offset }));
    const named = this.#plot.commits === 'explicit' ? offsets : undefined;
    const call: CommitCall = {
      ...this.#request('consumer', 200),
      operation: 'commit',
      group: GROUP,
      instance: INSTANCE,
      offsets: named,
    };
    this.entries.push(call);
  }

  observe(committed: ReadonlyMap<number, number>): void {
    const { sentAt, endedAt } = this.#request('watch', 200);
    const offsets = [...committed].map(([partition, offset]) => ({ topic: TOPIC, partition, offset }));
    const observation: Observation = { operation: 'observe', group: GROUP, sentAt, endedAt, offsets };
    this.entries.push(observation);
  }

  #request(client: string, status: number) {
    this.#now += this.#plot.paceMs;
    this.#requests += 1;
    const sentAt = this.#now;
    this.#now += TOOK_MS;
    const requestId = `${client}-${this.#requests}`;
    const answer = { errorCode: undefined, requestId, retryAfter: false, node: 'node-1;boot;7' };
    const outcome: Outcome = { type: 'answered', status, ...answer };
    return { client, url: 'http://edge', requestId, sentAt, endedAt: this.#now, outcome };
  }
}

/** Plays the plot: produces, reads and commits in turn, until all is read. */
export function cleanRun(plot: Plot = PLAIN): CleanRun {
  const script = new Script(plot);
  const committed = new Map<number, number>();
  let read = 0;
  script.live('create', 200);
  script.live(plot.mode, 204);
  const readOnce = (): void => {
    const records = script.log.slice(read, read + plot.readSize);
    read += records.length;
    script.read(records);
    if (records.length > 0 && plot.commits !== 'auto') script.commit(records);
    for (const { partition, offset } of records) committed.set(partition, offset + 1);
    script.observe(committed);
  };
  for (const records of plot.batches) {
    script.produce(records);
    readOnce();
  }
  const loadUntil = script.now;
  while (read < script.log.length) readOnce();
  script.live('delete', 204);
  script.observe(committed);
  return {
    evidence: {
      entries: script.entries,
      logs: new Map([[TOPIC, script.log]]),
      groups: [{ group: GROUP, topic: TOPIC, mode: plot.mode, complete: true }],
      clients: [
        { client: 'producer', repeats: ['produce'], needsDirectory: false },
        {
          client: 'consumer',
          repeats: plot.commits === 'auto' ? ['read'] : ['read', 'commit'],
          needsDirectory: plot.mode === 'assign',
        },
      ],
      faults: [],
      bounds: { flushMs: 250, expiresAfterMs: 300_000, commitIntervalMs: 500 },
      loadUntil,
    },
    fault: (window) => ({
      name: 'a fault',
      from: 0,
      until: 0,
      progressAfter: [],
      progressMs: 1000,
      repeats: 'unconfirmed',
      failures: 'retriable',
      ...window,
    }),
  };
}
