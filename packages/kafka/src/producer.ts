import { PARTITION_UNSET, type RecordBatch } from '@sluice/protocol';
import rdkafka from 'node-rdkafka';

import type { BlockingCalls } from './blocking-calls.ts';
import type { AdminSettings } from './client-settings.ts';
import { type BatchResult, Delivery } from './delivery.ts';
import { isRefusal } from './error-codes.ts';
import { kafkaErrorFromClient, kafkaErrorFromCode } from './error-mapping.ts';
import { ExactProducer } from './exact-producer.ts';
import type { KafkaError } from './kafka-error.ts';
import { partitionerNamed } from './key-partitioner.ts';
import type { TokenSource } from './oauth-token.ts';
import { OverdueWatch } from './overdue-watch.ts';
import { ProducerClient } from './producer-client.ts';
import { type ProducerConf, type ProducerConfOptions, producerConf } from './producer-conf.ts';
import { QueueBudget } from './queue-budget.ts';
import { ReconnectDelay } from './reconnect-delay.ts';
import { checkBatch, invalidTopics, OVERHEAD_PER_RECORD_BYTES } from './record-check.ts';
import { isNative } from './record-headers.ts';
import { settledWithin } from './settled-within.ts';
import { isLegalTopicName } from './topic-name.ts';

const local = rdkafka.CODES.ERRORS;

/** What the owner of a producer is told. Each is optional and must not throw. */
export interface ProducerHooks {
  /** A request was answered: how many records were acknowledged, their payload bytes, and how long it took. */
  readonly onDelivery?: (records: number, bytes: number, seconds: number) => void;
  /** A record failed, or (`records` 0) the client as a whole. */
  readonly onError?: (error: KafkaError, records: number) => void;
  /** Syslog severity (0 to 7), librdkafka's facility and its text. */
  readonly onLog?: (severity: number, facility: string, message: string) => void;
}

export interface ProducerOptions extends ProducerConfOptions {
  /** Longest wait for the first broker, in milliseconds. */
  readonly connectTimeoutMs: number;
  readonly blockingCalls: BlockingCalls;
  /**
   * How many partitions the topic has, asked of the cluster again if a cached answer is below `atLeast`.
   * Rejects for an unknown topic. Used when librdkafka knows less than it should.
   */
  readonly partitionCount?: (topic: string, atLeast: number) => Promise<number>;
  /** For SASL OAUTHBEARER: gives the token for a connect, and its successors. */
  readonly tokens?: TokenSource | undefined;
  /** For records that librdkafka's binding cannot carry; without it they are refused. */
  readonly exact?: AdminSettings | undefined;
  readonly hooks?: ProducerHooks;
}

/** Records that librdkafka will not send because it does not know their topic or partition. */
interface UnknownRecords {
  readonly delivery: Delivery;
  readonly errors: ReadonlyMap<number, KafkaError>;
  /** Absent when what librdkafka knows is fresh, so that there is nothing to try again. */
  readonly batch?: RecordBatch;
}

export interface ProducerStats {
  /** Requests with reports still to come. */
  readonly requests: number;
  readonly records: number;
  readonly bytes: number;
}

/** librdkafka looks for timed-out messages once a second; its report must have time to come first. */
const OVERDUE_MARGIN_MS = 2000;
/** How long a client with a fatal error may still report what it knows. */
const FATAL_GRACE_MS = 1000;
/** Part of the time for a close that is kept for the disconnect itself. */
const DISCONNECT_MS = 1000;

/**
 * Sends batches of records, one promise a request. Connects on first use, and makes itself a new client when
 * librdkafka reports a fatal error. All requests share one queue, in order per partition.
 */
export class Producer {
  readonly #options: ProducerOptions;
  readonly #conf: ProducerConf;
  readonly #budget: QueueBudget;
  readonly #delay = new ReconnectDelay();
  readonly #watch: OverdueWatch;
  #exact: ExactProducer | undefined;
  #requests = 0;
  #client: ProducerClient | undefined;
  #connecting: Promise<ProducerClient> | undefined;
  readonly #retiring = new Set<Promise<void>>();
  #closed = false;

  constructor(options: ProducerOptions) {
    this.#options = options;
    this.#conf = producerConf(options);
    this.#budget = new QueueBudget(this.#conf.queue);
    this.#watch = new OverdueWatch({
      limitMs: options.deliveryTimeoutMs + OVERDUE_MARGIN_MS,
      outstanding: () => this.#client?.outstanding() ?? [],
      onOverdue: (delivery) => {
        delivery.giveUp(this.#ambiguous());
      },
      onStuck: () => {
        this.#replace(this.#client, kafkaErrorFromCode(local.ERR__FATAL, { detail: 'Delivery reports are missing.' }));
      },
    });
  }

  /**
   * Sends the records and resolves when the fate of each is known, or 2 s after the delivery timeout (while
   * there is no connection: when the connect has failed). A record can fail with "it may still be written".
   * @throws {KafkaError} `queueFull` or `tooLarge` (nothing was sent), or retriable when the producer is closed
   */
  async produce(topic: string, batch: RecordBatch): Promise<BatchResult> {
    if (this.#closed) {
      throw kafkaErrorFromCode(local.ERR__STATE, { detail: 'The producer is closed.' });
    }
    const { reserve, errors } = checkBatch(batch, this.#conf.maxRequestBytes);
    this.#budget.reserve(reserve);
    const delivery = new Delivery({
      topic,
      count: batch.count,
      askedPartitions: batch.partitions,
      reserved: reserve,
      startedAt: performance.now(),
    });
    this.#requests += 1;
    for (const [index, error] of errors) {
      delivery.fail(index, error);
    }
    if (!isLegalTopicName(topic)) {
      delivery.giveUp(invalidTopics(topic));
    }
    if (delivery.settled) {
      this.#finish(delivery);
    } else if (!isNative(batch)) {
      void this.#sendExactly(delivery, batch);
    } else if (this.#client === undefined) {
      await this.#sendWhenConnected(delivery, batch);
    } else {
      this.#send(this.#client, delivery, batch);
    }
    return await delivery.result;
  }

  stats(): ProducerStats {
    return { requests: this.#requests, records: this.#budget.records, bytes: this.#budget.bytes };
  }

  /**
   * Takes no more requests, waits for the reports of those under way and disconnects; resolves after
   * `deadlineMs` at the latest. Requests without reports by then are answered as possibly written.
   */
  async close(deadlineMs: number): Promise<void> {
    this.#closed = true;
    const graceMs = Math.max(0, deadlineMs - DISCONNECT_MS);
    const client = this.#client;
    this.#client = undefined;
    if (client !== undefined) {
      this.#retire(client, graceMs);
    }
    // A connect that is under way retires its client by itself, when it ends.
    await settledWithin(Promise.all([...this.#retiring, this.#exact?.close(deadlineMs)]), deadlineMs);
    this.#watch.stop();
  }

  #ambiguous(): KafkaError {
    return kafkaErrorFromCode(local.ERR__MSG_TIMED_OUT, { deliveryTimeoutMs: this.#options.deliveryTimeoutMs });
  }

  /** By a client of its own, which connects when it is first needed. Ends when nothing is under way any more; never rejects. */
  async #sendExactly(delivery: Delivery, batch: RecordBatch): Promise<void> {
    const { exact: settings, deliveryTimeoutMs, metadataTimeoutMs } = this.#options;
    if (settings === undefined) {
      delivery.giveUp(kafkaErrorFromCode(local.ERR__INVALID_ARG, { detail: 'Headers here are text without NUL.' }));
    } else {
      this.#exact ??= new ExactProducer({
        settings,
        deliveryTimeoutMs,
        metadataTimeoutMs,
        partitioner: partitionerNamed(this.#conf.topic['partitioner']),
        requestsMax: this.#conf.queue.records,
      });
      await this.#exact.send(delivery, batch);
    }
    this.#finish(delivery);
  }

  async #sendWhenConnected(delivery: Delivery, batch: RecordBatch): Promise<void> {
    let client: ProducerClient;
    try {
      client = await this.#connected();
    } catch (error) {
      delivery.giveUp(this.#unreachable(kafkaErrorFromClient(error), delivery.topic));
      this.#finish(delivery);
      return;
    }
    this.#send(client, delivery, batch);
  }

  /** Without a broker the Java client knows no topic either, and says so; a refused identity is told as it is. */
  #unreachable(error: KafkaError, topic: string): KafkaError {
    if (error.family !== 'retriable') {
      return error;
    }
    const detail = `Topic ${topic} not present in metadata after ${this.#options.connectTimeoutMs} ms.`;
    return kafkaErrorFromCode(error.code, { detail, cause: error });
  }

  /** The one connect that all requests of the moment wait for. */
  async #connected(): Promise<ProducerClient> {
    if (this.#connecting === undefined) {
      this.#delay.check();
      this.#connecting = this.#connect().finally(() => {
        this.#connecting = undefined;
      });
    }
    return await this.#connecting;
  }

  async #connect(): Promise<ProducerClient> {
    const { hooks } = this.#options;
    try {
      const client: ProducerClient = new ProducerClient({
        ...this.#options,
        conf: this.#conf,
        onReported: (delivery) => {
          this.#finish(delivery);
        },
        onUnknownPartition: (delivery, index, error) => {
          void this.#settleUnknown(client, { delivery, errors: new Map([[index, error]]) });
        },
        onFatal: (error) => {
          this.#replace(client, error);
        },
        onLog: (...line) => hooks?.onLog?.(...line),
      });
      await client.connect();
      this.#delay.succeeded();
      if (this.#closed) {
        this.#retire(client, 0);
        throw kafkaErrorFromCode(local.ERR__STATE, { detail: 'The producer is closed.' });
      }
      this.#client = client;
      return client;
    } catch (error) {
      const mapped = kafkaErrorFromClient(error);
      this.#delay.failed(mapped);
      hooks?.onError?.(mapped, 0);
      throw mapped;
    }
  }

  #send(client: ProducerClient, delivery: Delivery, batch: RecordBatch): void {
    this.#watch.watch();
    const stale = client.send(delivery, batch);
    if (stale !== undefined) {
      void this.#settleUnknown(client, { delivery, errors: stale, batch });
    }
  }

  /**
   * A partition or topic that was made a moment ago is unknown to librdkafka for a second (topics) or minutes
   * (partitions). So the cluster is asked; if it knows better, librdkafka is made to look again and the records
   * are sent. Without a batch they only fail, with the partition count in the message.
   */
  async #settleUnknown(client: ProducerClient, unknown: UnknownRecords): Promise<void> {
    const { delivery, errors, batch } = unknown;
    const { topic, askedPartitions } = delivery;
    const { metadataTimeoutMs } = this.#options;
    const partitionOf = (index: number): number => askedPartitions[index] ?? PARTITION_UNSET;
    const highest = [...errors.keys()].reduce((most, index) => Math.max(most, partitionOf(index)), 0);
    const partitionCount = await this.#partitionCount(topic, highest + 1);
    const again: number[] = [];
    const failed = new Map<number, KafkaError>();
    for (const [index, error] of errors) {
      const partition = partitionOf(index);
      if (partitionCount === undefined) {
        failed.set(index, error);
      } else if (partition < partitionCount && batch !== undefined) {
        again.push(index);
      } else {
        const context = { topic, partition, partitionCount, metadataTimeoutMs };
        failed.set(index, kafkaErrorFromCode(local.ERR__UNKNOWN_PARTITION, context));
      }
    }
    client.abandon(delivery, failed);
    if (batch !== undefined && again.length > 0) {
      await client.refreshTopic(topic);
      client.resend(delivery, batch, again);
    }
  }

  async #partitionCount(topic: string, atLeast: number): Promise<number | undefined> {
    const { partitionCount, metadataTimeoutMs } = this.#options;
    const asked = partitionCount?.(topic, atLeast).catch(() => undefined);
    return asked && (await settledWithin(asked, metadataTimeoutMs));
  }

  #finish(delivery: Delivery): void {
    const { hooks } = this.#options;
    this.#requests -= 1;
    this.#budget.release(delivery.reserved);
    for (const error of delivery.errors?.values() ?? []) {
      hooks?.onError?.(error, 1);
    }
    const records = delivery.count - (delivery.errors?.size ?? 0);
    if (records > 0) {
      const { reserved, startedAt } = delivery;
      const bytes = reserved.bytes - reserved.records * OVERHEAD_PER_RECORD_BYTES;
      hooks?.onDelivery?.(records, bytes, (performance.now() - startedAt) / 1000);
    }
  }

  /** Puts a client that cannot go on out of use; the next request connects a new one. */
  #replace(client: ProducerClient | undefined, error: KafkaError): void {
    if (client === undefined || client !== this.#client) {
      return;
    }
    this.#client = undefined;
    this.#options.hooks?.onError?.(error, 0);
    if (isRefusal(error)) {
      // The next client would be refused the same; without a pause each request would make one.
      this.#delay.failed(error);
    }
    this.#retire(client, FATAL_GRACE_MS);
  }

  #retire(client: ProducerClient, graceMs: number): void {
    const retired = this.#answerAndDisconnect(client, graceMs).finally(() => {
      this.#retiring.delete(retired);
    });
    this.#retiring.add(retired);
  }

  async #answerAndDisconnect(client: ProducerClient, graceMs: number): Promise<void> {
    await client.whenIdle(graceMs);
    for (const delivery of client.outstanding()) {
      delivery.giveUp(this.#ambiguous());
      this.#finish(delivery);
    }
    await client.disconnect(DISCONNECT_MS);
  }
}
