import { setTimeout as delay } from 'node:timers/promises';
import type { TopicPartition } from '@sluice/protocol';
import rdkafka from 'node-rdkafka';
import { ConsumerHandle } from './consumer-handle.ts';
import type { ConsumerOptions } from './consumer-options.ts';
import { KafkaError } from './kafka-error.ts';
import type { ConsumedRecord } from './record-buffer.ts';
import { TurnQueue, type TurnQueueStats } from './turn-queue.ts';

export interface LogReaderOptions {
  /** What the clients are made with; they belong to no group and commit nothing. */
  readonly client: Omit<
    ConsumerOptions,
    'groupId' | 'autoOffsetReset' | 'partitionEof' | 'committedOffsets' | 'parkAfterMs' | 'instanceTimeoutMs' | 'hooks'
  >;
  /** Clients at once (`simpleconsumer.pool.size.max`). */
  readonly clientsMax: number;
  /** How long a read waits for one of them (`simpleconsumer.pool.timeout.ms`). */
  readonly waitMs: number;
  /** Syslog severity (0 to 7), librdkafka's facility and its text. */
  readonly onLog: (severity: number, facility: string, message: string) => void;
}

/** From where a partition is read, and how far. */
export interface LogRead extends TopicPartition {
  /** Of the first record that is wanted; it must be within the log. */
  readonly offset: number;
  /**
   * Called with each record, in order.
   * @returns false when it is not wanted, nor any behind it
   */
  readonly take: (record: ConsumedRecord) => boolean;
  /** About so many are wanted still: what is taken from the client beyond them is in vain. */
  readonly recordsLeft: () => number;
  /** At the end of the log: whether to wait for more. It is waited for as long as nobody else needs the client, or a little. */
  readonly awaits: () => boolean;
  /** What is there by then is all. It begins when there is a client to read with. */
  readonly timeoutMs: number;
  /** Asked again and again: nobody waits for the rest any more. */
  readonly isOver: () => boolean;
}

/** The log has no such offset: it begins behind it, or ends before it. */
export class OffsetOutOfRange extends Error {
  override readonly name = 'OffsetOutOfRange';
}

/** No client had its turn in time: nothing was asked of Kafka. */
export class NoReaderFree extends KafkaError {
  constructor(cause: KafkaError) {
    super(cause.code, cause.family, cause.message, { retriable: cause.retriable, cause });
  }
}

/**
 * Why a read ended: nothing more was wanted, the log has no more, or the time was over (or its client gone), and nobody knows
 * whether there is more.
 */
export type LogReadEnd = 'enough' | 'end' | 'time';

const OUT_OF_RANGE_CODES: readonly number[] = [1, rdkafka.CODES.ERRORS.ERR__AUTO_OFFSET_RESET];

/** Defaults that a setting in the configuration file replaces. */
const SETTINGS = {
  // A fetch that waits at the end of a log goes on when its read is over, and holds up the next one that long.
  'fetch.wait.max.ms': 20,
  // A read that wants one record would have a megabyte sent for it; a thousand small ones come in one go.
  'fetch.message.max.bytes': 327_680,
  // And one that has all it wants would have the next ones fetched ahead, and thrown away.
  'queued.min.messages': 1,
  'fetch.queue.backoff.ms': 2,
};

/** Never one that anybody commits under, and yet one: the client does not work without. */
const GROUP = 'sluice-log-reader';
/** A client that nobody needed for so long is closed. */
const IDLE_MS = 30_000;
const POLL_MS = 2;
const RECORDS_A_POLL = 1000;
/** Reads that wait for a client. */
const WAITING_MAX = 1000;
/** How long a read at the end of its log keeps a client that another needs. Shorter, and those that wait would take turns only. */
const GIVE_WAY_MS = 500;

/**
 * Reads partitions from any offset: without a group, without an instance, and so on any node. Clients are made when
 * they are needed, used by one read at a time, and kept for a while: to make one takes a hundred times as long as a read.
 */
export class LogReader {
  readonly #options: LogReaderOptions;
  readonly #turns: TurnQueue;
  readonly #idle: { readonly client: LogClient; readonly timer: NodeJS.Timeout }[] = [];
  readonly #closing = new Set<Promise<void>>();
  #isClosed = false;

  constructor(options: LogReaderOptions) {
    this.#options = options;
    const { clientsMax: limit } = options;
    this.#turns = new TurnQueue({ limit, maxWaiting: WAITING_MAX, resource: 'a client that reads partitions' });
  }

  stats(): TurnQueueStats {
    return this.#turns.stats();
  }

  /**
   * @throws OffsetOutOfRange; NoReaderFree; KafkaError: retriable when no broker is reached; of the partition, such as a
   *   missing right
   */
  async read(read: LogRead): Promise<LogReadEnd> {
    let hasTurn = false;
    const run = async (): Promise<LogReadEnd> => {
      hasTurn = true;
      const client = await this.#take();
      try {
        const end = await client.read(this.#givingWay(read));
        this.#keep(client);
        return end;
      } catch (error) {
        if (error instanceof OffsetOutOfRange) this.#keep(client);
        else this.#close(client);
        throw error;
      }
    };
    try {
      return await this.#turns.run('reading a partition', this.#options.waitMs, run);
    } catch (error) {
      throw !hasTurn && error instanceof KafkaError ? new NoReaderFree(error) : error;
    }
  }

  /** Else as many long polls as there are clients would keep all others from what is in the logs already. */
  #givingWay(read: LogRead): LogRead {
    const end = performance.now() + GIVE_WAY_MS;
    const isNeeded = (): boolean => this.#turns.stats().waiting > 0 && performance.now() >= end;
    return { ...read, awaits: () => read.awaits() && !isNeeded() };
  }

  /** Reads under way go on to their end; clients are closed when nobody uses them. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const { client, timer } of this.#idle.splice(0)) {
      clearTimeout(timer);
      this.#close(client);
    }
    await Promise.all(this.#closing);
  }

  async #take(): Promise<LogClient> {
    const kept = this.#idle.pop();
    if (kept !== undefined) {
      clearTimeout(kept.timer);
      return kept.client;
    }
    const client = new LogClient(this.#options);
    await client.connect();
    return client;
  }

  #keep(client: LogClient): void {
    if (this.#isClosed) {
      this.#close(client);
      return;
    }
    const timer = setTimeout(() => {
      this.#idle.splice(this.#idle.indexOf(kept), 1);
      this.#close(client);
    }, IDLE_MS).unref();
    const kept = { client, timer };
    this.#idle.push(kept);
  }

  #close(client: LogClient): void {
    const closing = client.close().catch((error: unknown) => this.#options.onLog(4, 'CLOSE', String(error)));
    this.#closing.add(closing);
    void closing.finally(() => this.#closing.delete(closing));
  }
}

/** One client, for one read at a time. */
class LogClient {
  readonly #handle: ConsumerHandle;
  /** The end of the log that the client has come to; -1 while there is more. */
  #endOffset = -1;
  #error: KafkaError | undefined;

  constructor({ client, onLog }: LogReaderOptions) {
    const nothing = (): void => undefined;
    this.#handle = new ConsumerHandle(
      {
        ...client,
        settings: { ...client.settings, global: { ...SETTINGS, ...client.settings.global } },
        groupId: GROUP,
        autoOffsetReset: 'none',
        partitionEof: true,
        committedOffsets: () => Promise.resolve([]),
        parkAfterMs: Number.POSITIVE_INFINITY,
        instanceTimeoutMs: 0,
        hooks: {
          resolveStart: () => Promise.resolve([]),
          onAssigned: nothing,
          onRevoked: nothing,
          onError: nothing,
          onLog,
        },
      },
      {
        onGranted: nothing,
        onRevoked: nothing,
        onCommitted: nothing,
        onError: (error) => (this.#error = error),
      },
    );
    this.#handle.client.on('partition.eof', ({ offset }: { offset: number }) => (this.#endOffset = offset));
  }

  async connect(): Promise<void> {
    await this.#handle.connect();
  }

  async read({ topic, partition, offset, take, recordsLeft, awaits, timeoutMs, isOver }: LogRead): Promise<LogReadEnd> {
    const end = performance.now() + timeoutMs;
    this.#endOffset = -1;
    this.#error = undefined;
    this.#handle.assign([{ topic, partition, offset }]);
    try {
      while (!isOver() && performance.now() < end) {
        const records = await this.#handle.consume(Math.min(recordsLeft(), RECORDS_A_POLL), 0);
        for (const record of records) if (!take(record)) return 'enough';
        if (records.length > 0) continue;
        if (this.#error !== undefined) throw asThrown(this.#error);
        if (this.#endOffset >= 0 && !awaits()) return 'end';
        await delay(POLL_MS);
      }
      return 'time';
    } finally {
      this.#handle.client.unassign();
    }
  }

  async close(): Promise<void> {
    this.#handle.stopTokens();
    await this.#handle.disconnect();
  }
}

function asThrown(error: KafkaError): Error {
  return OUT_OF_RANGE_CODES.includes(error.code) ? new OffsetOutOfRange(error.message, { cause: error }) : error;
}
