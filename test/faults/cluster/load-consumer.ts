import type { HttpAnswer } from '../../harness/http.ts';
import type { CommitCall, InstanceName, LifeCall, PartitionOffset, PlacedRecord, ReadCall } from './history.ts';
import { succeeded } from './history.ts';
import type { Attempt, LoadClient } from './load-client.ts';

const JSON_V2 = 'application/vnd.kafka.json.v2+json';
const POLL_MS = 1000;

/** `auto`: the server's; `delivered`: a commit without a body after each batch; `explicit`: one that names offsets. */
export type CommitStyle = 'auto' | 'delivered' | 'explicit';

export interface ConsumerOptions extends InstanceName {
  readonly client: LoadClient;
  readonly topic: string;
  readonly partitions: number;
  readonly mode: 'subscribe' | 'assign';
  readonly commits: CommitStyle;
  /** Whether reads have an Idempotency-Key. */
  readonly keyed: boolean;
}

/** One consumer instance and the client that uses it. Each step is written down; none throws for what a server answers. */
export class LoadConsumer {
  readonly #options: ConsumerOptions;
  readonly #path: string;
  /** The last record read of each partition. Never lowered: a client does not take back what it has committed. */
  readonly #furthest = new Map<number, number>();
  #reads = 0;

  constructor(options: ConsumerOptions) {
    this.#options = options;
    this.#path = `/consumers/${options.group}/instances/${options.instance}`;
  }

  /** @returns whether the instance exists and has its source */
  async begin(running: () => boolean): Promise<boolean> {
    const { client, group, instance, commits, mode, topic, partitions } = this.#options;
    const settings = { format: 'json', 'auto.offset.reset': 'earliest' };
    const body = { name: instance, ...settings, 'auto.commit.enable': String(commits === 'auto') };
    const created = await this.#live('create', { method: 'POST', path: `/consumers/${group}`, body }, running);
    // Its own doing, when an earlier attempt had no answer: the name is this client's alone.
    const isThere = succeeded(created) || (created.outcome.type === 'answered' && created.outcome.errorCode === 40902);
    if (!isThere) return false;
    const list = Array.from({ length: partitions }, (_, partition) => ({ topic, partition }));
    const source =
      mode === 'subscribe'
        ? { path: `${this.#path}/subscription`, body: { topics: [topic] } }
        : { path: `${this.#path}/assignments`, body: { partitions: list } };
    const followed = await this.#live(mode, { method: 'POST', ...source }, running);
    await client.pause(20);
    return succeeded(followed);
  }

  /**
   * One read, repeated until it is answered if it has a key, and the commit of what it brought.
   * @returns how many records came; undefined when the instance is not there any more
   */
  async cycle(running: () => boolean): Promise<number | undefined> {
    const { client, keyed, commits } = this.#options;
    this.#reads += 1;
    const key = keyed ? { 'idempotency-key': `${client.name}-read-${this.#reads}` } : {};
    const read = await client.insist(async () => await this.#read(key), { again: keyed, running });
    for (const { partition, offset } of read.records) {
      this.#furthest.set(partition, Math.max(offset, this.#furthest.get(partition) ?? 0));
    }
    if (read.records.length > 0 && commits !== 'auto') await this.commit(running);
    return read.outcome.type === 'answered' && read.outcome.status === 404 ? undefined : read.records.length;
  }

  async commit(running: () => boolean): Promise<CommitCall> {
    const { client, commits, group, instance, topic } = this.#options;
    const named = [...this.#furthest].map(([partition, offset]): PartitionOffset => ({ topic, partition, offset }));
    const offsets = commits === 'explicit' ? named : undefined;
    const attempt = async (): Promise<CommitCall> =>
      await client.attempt(
        { method: 'POST', path: `${this.#path}/offsets`, ...(offsets === undefined ? {} : { body: { offsets } }) },
        (base): CommitCall => ({ ...base, operation: 'commit', group, instance, offsets }),
      );
    return await client.insist(attempt, { again: true, running });
  }

  async end(running: () => boolean): Promise<LifeCall> {
    return await this.#live('delete', { method: 'DELETE', path: this.#path }, running);
  }

  async #read(headers: Readonly<Record<string, string>>): Promise<ReadCall> {
    const { client, group, instance, keyed } = this.#options;
    return await client.attempt(
      {
        method: 'GET',
        path: `${this.#path}/records?timeout=${POLL_MS}`,
        headers: { accept: JSON_V2, ...headers },
      },
      (base: Attempt, answer): ReadCall => ({
        ...base,
        operation: 'read',
        group,
        instance,
        keyed,
        records: answer?.status === 200 ? recordsOf(answer) : [],
      }),
    );
  }

  async #live(
    operation: LifeCall['operation'],
    message: Parameters<LoadClient['attempt']>[0],
    running: () => boolean,
  ): Promise<LifeCall> {
    const { client, group, instance } = this.#options;
    const attempt = async (): Promise<LifeCall> =>
      await client.attempt(message, (base): LifeCall => ({ ...base, operation, group, instance }));
    return await client.insist(attempt, { again: true, running });
  }
}

function recordsOf(answer: HttpAnswer): PlacedRecord[] {
  const records = answer.json() as { topic: string; partition: number; offset: number; value: unknown }[];
  return records.map(({ topic, partition, offset, value }) => ({
    topic,
    partition,
    offset,
    value: JSON.stringify(value),
  }));
}
