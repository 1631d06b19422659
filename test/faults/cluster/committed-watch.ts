import { setTimeout as delay } from 'node:timers/promises';
import { Admin } from '@platformatic/kafka';
import { within } from '../../harness/conditions.ts';
import type { History, PartitionOffset } from './history.ts';

const INTERVAL_MS = 200;
const TIMEOUT_MS = 3000;

/** Asks Kafka itself, again and again, what the groups have committed, and writes it down. */
export class CommittedWatch {
  readonly #history: History;
  readonly #bootstrap: string;
  readonly #groups: readonly string[];
  readonly #stopped = new AbortController();
  readonly #loop: Promise<void>;
  #admin: Admin;

  constructor(options: {
    readonly history: History;
    readonly bootstrap: string;
    readonly groups: readonly string[];
  }) {
    this.#history = options.history;
    this.#bootstrap = options.bootstrap;
    this.#groups = options.groups;
    this.#admin = this.#connect();
    this.#loop = this.#watch();
  }

  /** Ends the watch with one more look, which then is the last word. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#loop;
    try {
      await this.#look();
    } finally {
      await this.#admin.close();
    }
  }

  #connect(): Admin {
    return new Admin({
      clientId: 'sluice-committed-watch',
      bootstrapBrokers: [this.#bootstrap],
      timeout: TIMEOUT_MS,
      connectTimeout: TIMEOUT_MS,
      retries: 0,
    });
  }

  async #watch(): Promise<void> {
    while (!this.#stopped.signal.aborted) {
      try {
        await this.#look();
      } catch {
        // The broker is among what the faults break. A new client: the old one may wait for answers of the dead one.
        await this.#admin.close().catch(() => {});
        this.#admin = this.#connect();
      }
      await delay(INTERVAL_MS, undefined, { signal: this.#stopped.signal }).catch(() => {});
    }
  }

  async #look(): Promise<void> {
    const sentAt = this.#history.now();
    const answered = await within(
      this.#admin.listConsumerGroupOffsets({ groups: [...this.#groups] }),
      2 * TIMEOUT_MS,
      'the committed offsets',
    );
    const endedAt = this.#history.now();
    for (const { groupId, topics } of answered) {
      const offsets = topics.flatMap(({ name, partitions }) =>
        partitions
          .map(({ partitionIndex, committedOffset }) => ({ partitionIndex, committed: Number(committedOffset) }))
          .filter(({ committed }) => committed >= 0)
          .map(
            ({ partitionIndex, committed }): PartitionOffset => ({
              topic: name,
              partition: partitionIndex,
              offset: committed,
            }),
          ),
      );
      this.#history.append({ operation: 'observe', group: groupId, sentAt, endedAt, offsets });
    }
  }
}
