import type { TopicPartition, TopicPartitionOffset } from '@sluice/protocol';
import rdkafka from 'node-rdkafka';
import { plain } from './assignment.ts';
import { connectClient } from './connect-client.ts';
import type { ConsumerOptions } from './consumer-options.ts';
import { consumerConf } from './consumer-settings.ts';
import { kafkaErrorFromClient, kafkaErrorFromCode, timeoutError } from './error-mapping.ts';
import type { KafkaError } from './kafka-error.ts';
import { followTokens } from './oauth-token.ts';
import type { ConsumedRecord } from './record-buffer.ts';
import { settledWithin } from './settled-within.ts';

/** node-rdkafka's types ask for offsets where its code does without. */
type Assignments = Parameters<rdkafka.KafkaConsumer['assign']>[0];

interface RebalanceEvent {
  readonly code: number;
}

/** What the client says while it is polled. Called from outside of any promise: a throw would end the process. */
export interface ConsumerCallbacks {
  readonly onGranted: (partitions: readonly TopicPartition[]) => void;
  readonly onRevoked: (partitions: readonly TopicPartition[]) => void;
  readonly onCommitted: (error: unknown, offsets: readonly TopicPartitionOffset[]) => void;
  readonly onError: (error: KafkaError, fatal: boolean) => void;
}

const ERR_ASSIGN_PARTITIONS = -175;
const ERR_FATAL = -150;

/** A node-rdkafka consumer behind promises, connected and closed within deadlines. */
export class ConsumerHandle {
  readonly client: rdkafka.KafkaConsumer;
  readonly #options: ConsumerOptions;
  readonly #callbacks: ConsumerCallbacks;
  #tail: Promise<unknown> = Promise.resolve();
  #stopTokens: (() => void) | undefined;
  #connected = false;
  #disconnected: Promise<true> | undefined;

  constructor(options: ConsumerOptions, callbacks: ConsumerCallbacks) {
    this.#options = options;
    this.#callbacks = callbacks;
    const conf = consumerConf(options);
    const events = {
      rebalance_cb: (event: RebalanceEvent, partitions: TopicPartition[]): void => this.#onRebalance(event, partitions),
      offset_commit_cb: callbacks.onCommitted,
    };
    this.client = new rdkafka.KafkaConsumer({ ...conf.global, ...events }, conf.topic);
    silenceRecords(this.client);
    this.client.on('event.log', (event: { severity: number; fac: string; message: string }) => this.#onLog(event));
    // Transport trouble (a broker coming or going) is nobody's answer: the client reconnects by itself.
    this.client.on('event.error', (error) => options.hooks.onLog(6, 'ERROR', error.message));
  }

  get connected(): boolean {
    return this.#connected;
  }

  /** Whether partitions come and go one by one (cooperative-sticky) or all at once. */
  get cooperative(): boolean {
    return this.client.rebalanceProtocol() === 'COOPERATIVE';
  }

  /** @throws KafkaError: family authentication when the broker refused the credentials, else retriable */
  async connect(): Promise<void> {
    const { tokens, hooks } = this.#options;
    if (tokens !== undefined) {
      // Safe at any time: no `consume` here ever holds the handle's lock for long.
      const apply = (token: string): void => void this.client.setOauthBearerToken(token);
      this.#stopTokens = await followTokens(tokens, apply, (error) => {
        hooks.onLog(4, 'OAUTHBEARER', `No new token: ${kafkaErrorFromClient(error).message}`);
      });
    }
    try {
      await connectClient(this.client, this.#options);
      this.#connected = true;
    } catch (error) {
      this.stopTokens();
      throw error;
    }
  }

  stopTokens(): void {
    this.#stopTokens?.();
  }

  /**
   * One task at a time on the handle; a failed one does not stop those behind it. A `consume` that overlaps with an
   * `assign` or a `disconnect` returns records of the assignment before, and nobody could tell them apart.
   */
  exclusive<T>(task: () => T | Promise<T>): Promise<T> {
    const run = this.#tail.then(task);
    this.#tail = run.catch(() => undefined);
    return run;
  }

  /**
   * Takes records from the client's queue, and serves its callbacks. An error goes to `onError`, not to the caller.
   * @param waitMs longest wait for each record; it holds a thread of the pool meanwhile
   */
  consume(recordsMax: number, waitMs: number): Promise<ConsumedRecord[]> {
    return new Promise((resolve) => {
      this.client.setDefaultConsumeTimeout(waitMs);
      this.client.consume(recordsMax, (error, records) => {
        if (error) this.#onConsumeError(kafkaErrorFromClient(error, { group: this.#options.groupId }));
        resolve(error ? [] : (records as ConsumedRecord[]));
      });
    });
  }

  /** Has the client fetch these partitions: these too in a cooperative group, only these elsewhere. */
  assign(starts: readonly TopicPartitionOffset[]): void {
    if (this.cooperative) this.client.incrementalAssign(starts.map(plain));
    else this.client.assign(starts.map(plain));
  }

  /** Has the client fetch these partitions no more, and outside of a cooperative group no others either. */
  unassign(partitions: readonly TopicPartition[]): void {
    if (this.cooperative) this.client.incrementalUnassign([...partitions] as Assignments);
    else this.client.unassign();
  }

  /** Nothing is assigned and nothing subscribed any more, as far as the client's own thread has come. */
  get hasGivenBack(): boolean {
    return this.client.subscription().length === 0 && this.client.assignments().length === 0;
  }

  /** The end of a partition's log as the last fetch told it; -1 while that is not known. */
  highOffset({ topic, partition }: TopicPartition): number {
    return this.client.getWatermarkOffsets(topic, partition).highOffset;
  }

  /**
   * Leaves the group and frees the handle, which takes seconds while the group is rebalancing.
   * @throws KafkaError after the deadline; the handle is still freed whenever the client is done
   */
  async disconnect(): Promise<void> {
    if (!this.#connected) return;
    this.#disconnected ??= this.#options.blockingCalls.close(() => {
      return new Promise<true>((resolve) => this.client.disconnect(() => resolve(true)));
    });
    const { requestTimeoutMs } = this.#options;
    if ((await settledWithin(this.#disconnected, requestTimeoutMs)) === undefined) {
      throw timeoutError('disconnect', requestTimeoutMs);
    }
  }

  #onRebalance(event: RebalanceEvent, partitions: readonly TopicPartition[]): void {
    const { onGranted, onRevoked } = this.#callbacks;
    try {
      if (event.code === ERR_ASSIGN_PARTITIONS) onGranted(partitions);
      else onRevoked(partitions);
    } catch (error) {
      // The native client may be gone although its wrapper has not been told: a disconnect is under way.
      this.#options.hooks.onLog(4, 'REBALANCE', String(error));
    }
  }

  #onConsumeError(error: KafkaError): void {
    this.#callbacks.onError(error, error.code === ERR_FATAL);
  }

  #onLog(event: { severity: number; fac: string; message: string }): void {
    this.#options.hooks.onLog(event.severity, event.fac, event.message);
    // A fenced client goes on handing out records, and `consume` may swallow the error: this log line is the signal.
    if (event.fac === 'FATAL') {
      this.#callbacks.onError(kafkaErrorFromCode(ERR_FATAL, { detail: event.message }), true);
    }
  }
}

/** The client announces each record in an event as well; that nobody listens does not make it cheap (0.6 µs a record). */
function silenceRecords(client: rdkafka.KafkaConsumer): void {
  const emit = client.emit.bind(client) as (event: string, ...parameters: unknown[]) => boolean;
  client.emit = (event: string, ...parameters: unknown[]): boolean => event !== 'data' && emit(event, ...parameters);
}
