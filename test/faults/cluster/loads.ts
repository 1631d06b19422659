import { Admin } from '@sluice/kafka';
import { eventually } from '../../harness/conditions.ts';
import { readLog } from '../../harness/topic-log.ts';
import { createTopic, uniqueName } from '../../harness/topics.ts';
import { CommittedWatch } from './committed-watch.ts';
import {
  type Bounds,
  type Checkpoint,
  type ClientPlan,
  deliveriesOf,
  type Evidence,
  type FaultWindow,
  type GroupPlan,
} from './evidence.ts';
import { History, type PlacedRecord, type ProduceCall } from './history.ts';
import { type ClientOptions, LoadClient } from './load-client.ts';
import { type CommitStyle, LoadConsumer } from './load-consumer.ts';
import { stuckGroups, stuckWork } from './progress-rules.ts';
import { seededRandom } from './seeded-random.ts';

const PARTITIONS = 4;
const PRODUCERS = 2;
const RECORDS_A_REQUEST = 3;
const PRODUCE_PAUSE_MS = 250;
const READ_PAUSE_MS = 150;
/** A short-lived instance reads until so many answers held records; its first ones may come while its group still forms. */
const BATCHES_OF_A_LIFE = 2;
const READS_OF_A_LIFE = 15;
const READY_DEADLINE_MS = 30_000;
const DRAIN_DEADLINE_MS = 20_000;

export interface LoadOptions {
  readonly bootstrap: string;
  /** The public addresses of this moment. */
  readonly urls: () => readonly string[];
  readonly seed: number;
  readonly bounds: Bounds;
  readonly requestTimeoutMs: number;
}

/** A group that reads everything, with the instances in it. */
interface Reader {
  readonly name: string;
  readonly mode: 'subscribe' | 'assign';
  readonly commits: CommitStyle;
  /** One instance each; true for reads with a key. */
  readonly keyed: readonly boolean[];
}

const READERS: readonly Reader[] = [
  { name: 'subscribed-auto', mode: 'subscribe', commits: 'auto', keyed: [true, false] },
  { name: 'subscribed-delivered', mode: 'subscribe', commits: 'delivered', keyed: [false, true] },
  { name: 'assigned-auto', mode: 'assign', commits: 'auto', keyed: [false] },
  { name: 'assigned-explicit', mode: 'assign', commits: 'explicit', keyed: [true] },
];

/** Groups whose one instance is made, read, committed and deleted again and again. */
const SHORT_LIVED: readonly Omit<Reader, 'keyed'>[] = [
  { name: 'short-subscribed', mode: 'subscribe', commits: 'auto' },
  { name: 'short-assigned', mode: 'assign', commits: 'delivered' },
];

/** All kinds of load at once, on one topic of their own. */
export class Loads {
  readonly history: History = new History();
  readonly bounds: Bounds;
  readonly #options: LoadOptions;
  readonly #topic: string;
  readonly #groups: readonly GroupPlan[];
  readonly #clients: ClientPlan[] = [];
  readonly #watch: CommittedWatch;
  /** Producers and the short-lived: they end before the readers, which then read what is left. */
  readonly #first: Promise<void>[] = [];
  readonly #readers: Promise<void>[] = [];
  #producing = true;
  #reading = true;
  #readyAt = Number.POSITIVE_INFINITY;

  constructor(options: LoadOptions, topic: string) {
    this.#options = options;
    this.bounds = options.bounds;
    this.#topic = topic;
    const groupOf = ({ name, mode }: Omit<Reader, 'keyed'>, complete: boolean): GroupPlan => ({
      group: uniqueName(name),
      topic,
      mode,
      complete,
    });
    const complete = READERS.map((reader) => groupOf(reader, true));
    const short = SHORT_LIVED.map((reader) => groupOf(reader, false));
    this.#groups = [...complete, ...short];
    const groups = this.#groups.map(({ group }) => group);
    this.#watch = new CommittedWatch({ history: this.history, bootstrap: options.bootstrap, groups });
  }

  /** Resolves when everybody got on once. From then on each partition has its reader. */
  async start(): Promise<void> {
    const consumers = READERS.flatMap((reader, i) =>
      reader.keyed.map((keyed, n) => {
        const { group } = this.#groups[i] as GroupPlan;
        const client = this.#client({
          client: `${reader.name}-${n + 1}`,
          repeats: ['read', ...commitsOf(reader.commits)],
          needsDirectory: reader.mode === 'assign' && reader.commits !== 'auto',
        });
        return { client, consumer: this.#consumer({ ...reader, keyed, group, client, instance: client.name }) };
      }),
    );
    const isReading = (): boolean => this.#reading;
    for (const { client, consumer } of consumers) {
      this.#readers.push(this.#readOn(client, consumer, isReading));
    }
    SHORT_LIVED.forEach((reader, i) => {
      const { group } = this.#groups[READERS.length + i] as GroupPlan;
      const client = this.#client({
        client: reader.name,
        repeats: ['create', 'read', 'delete', ...commitsOf(reader.commits)],
        needsDirectory: true,
      });
      this.#first.push(this.#liveShortly(client, { ...reader, group }));
    });
    for (let n = 1; n <= PRODUCERS; n += 1) {
      const plan: ClientPlan = { client: `producer-${n}`, repeats: ['produce'], needsDirectory: false };
      this.#first.push(this.#produceOn(this.#client(plan)));
    }
    await this.waitForProgress({ at: 0, whom: 'all' }, READY_DEADLINE_MS);
    this.#readyAt = this.history.now();
  }

  /** The time in which groups formed: partitions move, and nothing fails. */
  startWindow(): FaultWindow {
    return {
      name: 'the start',
      from: 0,
      until: this.#readyAt,
      progressAfter: [],
      progressMs: 0,
      repeats: 'uncommitted',
      failures: 'none',
    };
  }

  /** Whom there is no sign of since then: clients with what they do again and again, and groups by their commits. */
  waitingSince(point: Checkpoint): string[] {
    const due = { ...point, until: Number.POSITIVE_INFINITY };
    const seen = { entries: this.history.entries, clients: this.#clients, groups: this.#groups };
    return [...stuckWork(seen, due), ...stuckGroups(seen, due)];
  }

  /** @throws Error that names who did not get on since then */
  async waitForProgress(point: Checkpoint, deadlineMs: number): Promise<void> {
    try {
      await eventually(() => this.waitingSince(point).length === 0, {
        deadlineMs,
        describe: 'all clients to get on',
        intervalMs: 50,
      });
    } catch (cause) {
      throw new Error(`stuck for ${deadlineMs} ms: ${this.waitingSince(point).join(', ')}`, { cause });
    }
  }

  /** Ends the loads: what was produced is read to its end, and the instances are deleted. Gives all but the faults. */
  async finish(): Promise<Omit<Evidence, 'faults'>> {
    const loadUntil = this.history.now();
    this.#producing = false;
    await Promise.all(this.#first);
    const log = await readLog(this.#options.bootstrap, this.#topic, PARTITIONS);
    const evidence = (): Omit<Evidence, 'faults'> => ({
      entries: this.history.entries,
      logs: new Map([[this.#topic, log]]),
      groups: this.#groups,
      clients: this.#clients,
      bounds: this.bounds,
      loadUntil,
    });
    const isRead = (): boolean =>
      this.#groups
        .filter(({ complete }) => complete)
        .every(({ group }) => deliveriesOf(evidence(), group).size >= log.length);
    // What was not read by then is for the checker to tell.
    await eventually(isRead, {
      deadlineMs: DRAIN_DEADLINE_MS,
      describe: 'the readers to reach the end',
      intervalMs: 100,
    }).catch(() => {});
    await this.#stopReaders();
    return evidence();
  }

  /** For a run that failed: ends everything without a look at what it left. */
  async abandon(): Promise<void> {
    this.#producing = false;
    await Promise.all(this.#first);
    await this.#stopReaders().catch(() => {});
  }

  async #stopReaders(): Promise<void> {
    this.#reading = false;
    await Promise.all(this.#readers);
    await this.#watch.stop();
  }

  #client(plan: ClientPlan): LoadClient {
    this.#clients.push(plan);
    const { urls, requestTimeoutMs, seed } = this.#options;
    const random = seededRandom(seed * 1000 + this.#clients.length);
    const options: ClientOptions = { name: plan.client, urls, requestTimeoutMs, random, history: this.history };
    return new LoadClient(options);
  }

  #consumer(options: Omit<ConstructorParameters<typeof LoadConsumer>[0], 'topic' | 'partitions'>): LoadConsumer {
    return new LoadConsumer({ ...options, topic: this.#topic, partitions: PARTITIONS });
  }

  async #readOn(client: LoadClient, consumer: LoadConsumer, running: () => boolean): Promise<void> {
    if (!(await consumer.begin(running))) return;
    while (running() && (await consumer.cycle(running)) !== undefined) await client.pause(READ_PAUSE_MS);
    await consumer.end(() => false);
  }

  async #liveShortly(client: LoadClient, reader: Omit<Reader, 'keyed'> & { readonly group: string }): Promise<void> {
    const running = (): boolean => this.#producing;
    for (let life = 1; running(); life += 1) {
      const instance = `${client.name}-${life}`;
      const consumer = this.#consumer({ ...reader, client, instance, keyed: true });
      if (await consumer.begin(running)) await this.#readSome(client, consumer);
      await consumer.end(running);
      await client.pause(READ_PAUSE_MS);
    }
  }

  async #readSome(client: LoadClient, consumer: LoadConsumer): Promise<void> {
    const running = (): boolean => this.#producing;
    let batches = 0;
    for (let n = 0; n < READS_OF_A_LIFE && batches < BATCHES_OF_A_LIFE && running(); n += 1) {
      const records = await consumer.cycle(running);
      if (records === undefined) return;
      if (records > 0) batches += 1;
      await client.pause(READ_PAUSE_MS);
    }
  }

  async #produceOn(client: LoadClient): Promise<void> {
    const running = (): boolean => this.#producing;
    for (let n = 0; running(); n += 1) {
      const records = Array.from({ length: RECORDS_A_REQUEST }, (_, i) => ({
        value: `${client.name}/${n}/${i}`,
        partition: (n + i) % PARTITIONS,
      }));
      await client.insist(async () => await this.#produce(client, records), { again: false, running });
      await client.pause(PRODUCE_PAUSE_MS);
    }
  }

  async #produce(
    client: LoadClient,
    records: readonly { readonly value: string; readonly partition: number }[],
  ): Promise<ProduceCall> {
    const topic = this.#topic;
    const sent = records.map(({ value, partition }) => ({ partition, value: JSON.stringify(value) }));
    const headers = { 'content-type': 'application/vnd.kafka.json.v2+json' };
    return await client.attempt(
      { method: 'POST', path: `/topics/${topic}`, headers, body: { records } },
      (base, answer): ProduceCall => {
        const outcomes = answer?.status === 200 ? (answer.json() as ProduceAnswer).offsets : [];
        const acknowledged = outcomes.flatMap(({ partition, offset }, i): PlacedRecord[] =>
          partition === null || offset === null ? [] : [{ topic, partition, offset, value: sent[i]?.value ?? '' }],
        );
        return { ...base, operation: 'produce', topic, sent, acknowledged };
      },
    );
  }
}

interface ProduceAnswer {
  readonly offsets: readonly { readonly partition: number | null; readonly offset: number | null }[];
}

function commitsOf(style: CommitStyle): ClientPlan['repeats'] {
  return style === 'auto' ? [] : ['commit'];
}

/**
 * A topic is there some moments before its leaders are. A producer that meets it in between sends its first records again, and
 * some of them may fail, as is its right: that is no part of an experiment about something else.
 */
async function untilServed(bootstrap: string, topic: string): Promise<void> {
  const admin = new Admin({ settings: { clientId: 'loads', bootstrapBrokers: [bootstrap] }, timeoutMs: 10_000 });
  const partitions = Array.from({ length: PARTITIONS }, (_, partition) => ({ topic, partition }));
  try {
    await admin.edgeOffsets(partitions, 'latest');
  } finally {
    await admin.close();
  }
}

/** Starts all loads on a new topic and waits until each client got on. The caller finishes or abandons them. */
export async function startLoads(options: LoadOptions): Promise<Loads> {
  const topic = await createTopic(options.bootstrap, { partitions: PARTITIONS });
  await untilServed(options.bootstrap, topic);
  const loads = new Loads(options, topic);
  try {
    await loads.start();
  } catch (error) {
    await loads.abandon();
    throw error;
  }
  return loads;
}
