import { PARTITION_UNSET, type RecordBatch, TIMESTAMP_UNSET } from '@sluice/protocol';
import rdkafka from 'node-rdkafka';

import type { BlockingCalls } from './blocking-calls.ts';
import { connectClient } from './connect-client.ts';
import type { Delivery } from './delivery.ts';
import { DeliveryList } from './delivery-list.ts';
import { DeliverySlots } from './delivery-slots.ts';
import { isRefusal } from './error-codes.ts';
import { type ErrorContext, kafkaErrorFromClient, kafkaErrorFromCode } from './error-mapping.ts';
import { codeOfLibrdkafkaText } from './error-text.ts';
import { KafkaError } from './kafka-error.ts';
import { followTokens, type TokenSource } from './oauth-token.ts';
import { PollCadence } from './poll-cadence.ts';
import type { ProducerConf } from './producer-conf.ts';
import { nativeHeaders } from './record-headers.ts';
import { settledWithin } from './settled-within.ts';

const local = rdkafka.CODES.ERRORS;
const DUPLICATE_SEQUENCE_NUMBER = 46;

export interface ProducerClientOptions {
  readonly conf: ProducerConf;
  readonly connectTimeoutMs: number;
  readonly deliveryTimeoutMs: number;
  readonly metadataTimeoutMs: number;
  readonly blockingCalls: BlockingCalls;
  readonly tokens?: TokenSource | undefined;
  /** The last report of a request came in, whether or not it had been answered before. */
  readonly onReported: (delivery: Delivery) => void;
  /** A report says that the partition is not there; the record stays open until `abandon`. */
  readonly onUnknownPartition: (delivery: Delivery, index: number, error: KafkaError) => void;
  /** The client reported a fatal error: it will never send again. */
  readonly onFatal: (error: KafkaError) => void;
  /** Syslog severity (0 to 7), librdkafka's facility and its text. */
  readonly onLog: (severity: number, facility: string, message: string) => void;
}

/** Zero bytes, but backed by memory: node-rdkafka sends `Buffer.alloc(0)` as null, a tombstone. */
const EMPTY = Buffer.alloc(1).subarray(0, 0);

const sendable = (field: Buffer | null | undefined): Buffer | null => (field?.length === 0 ? EMPTY : (field ?? null));

function timestampOf({ timestamps }: RecordBatch, index: number): number | null {
  const timestamp = timestamps?.[index] ?? TIMESTAMP_UNSET;
  return timestamp === TIMESTAMP_UNSET ? null : timestamp;
}

/** librdkafka raises these at once from what it knows of the topic, which may be older than the topic is. */
const isStaleMetadata = (code: number): boolean =>
  code === local.ERR__UNKNOWN_PARTITION || code === local.ERR__UNKNOWN_TOPIC;

/** How long records that a fatal error took with it wait for the log line that says what it was. */
const EXPLANATION_MS = 100;

/** Records that a fatal error took with it: what it was stands in the log only. */
const isLostToFatal = (code: number): boolean => code === local.ERR__FATAL || code === local.ERR__PURGE_QUEUE;

/**
 * A record that is said to be delivered and stands nowhere. The broker took it for one that it had before, since a later
 * one was there already: where the first records of a producer in a new topic were sent again, the earlier of them is
 * lost that way, and librdkafka counts it as a success.
 */
function unplaced(topic: string): KafkaError {
  const message = `The broker does not say where in ${topic} the record stands; it may or may not be written.`;
  return new KafkaError(DUPLICATE_SEQUENCE_NUMBER, 'retriable', message, { retriable: true });
}

/**
 * What librdkafka's log line of a fatal error means to who sends: the lack of a right is told as it is (without
 * any right to write a principal gets no producer id), all else as a failure that a new client may not have.
 */
function fatalReason(line: string): KafkaError {
  const text = /Fatal error: (\w+: [^:]+)/u.exec(line)?.[1] ?? '';
  const reason = kafkaErrorFromCode(codeOfLibrdkafkaText(text) ?? local.ERR__FATAL);
  return isRefusal(reason) ? reason : kafkaErrorFromCode(local.ERR__FATAL, { detail: line });
}

/**
 * One node-rdkafka producer, from connect to disconnect: sends records, polls for their reports and carries
 * each to its request. It is used for one life only; after a fatal error its owner makes another.
 */
export class ProducerClient {
  readonly #options: ProducerClientOptions;
  readonly #native: rdkafka.Producer;
  readonly #slots: DeliverySlots;
  readonly #cadence: PollCadence;
  /** Requests with reports still to come, oldest first. */
  readonly #outstanding = new DeliveryList();
  #onIdle: (() => void) | undefined;
  #stopTokens: (() => void) | undefined;
  #fatal: KafkaError | undefined;
  #explain: () => void = () => undefined;
  readonly #explained = new Promise<void>((resolve) => {
    this.#explain = resolve;
  });
  #explanation: Promise<void> | undefined;

  /** @throws {KafkaError} if librdkafka refuses a setting */
  constructor(options: ProducerClientOptions) {
    this.#options = options;
    this.#slots = new DeliverySlots(options.conf.queue.records);
    try {
      this.#native = new rdkafka.Producer(options.conf.global, options.conf.topic);
    } catch (error) {
      throw kafkaErrorFromClient(error);
    }
    this.#cadence = new PollCadence(
      () => this.#native.isConnected() && this.#native.poll(),
      () => !this.#outstanding.empty,
    );
    this.#native.on('delivery-report', (error, report) => {
      this.#onReport(error, report);
    });
    this.#native.on('event.log', ({ severity, fac, message }) => {
      options.onLog(severity, fac, message);
      // Arrives without polling, and is the only sign while nothing is in flight.
      if (fac === 'FATAL') {
        this.#onFatal(fatalReason(message));
      }
    });
    // Every broker that comes or goes raises one; librdkafka reconnects by itself, so there is nothing to do.
    this.#native.on('event.error', (error) => {
      options.onLog(7, 'ERROR', error.message);
    });
  }

  /** Requests with reports still to come, oldest first. */
  outstanding(): Iterable<Delivery> {
    return this.#outstanding;
  }

  /** Resolves when the last report came in, or after `timeoutMs`. */
  async whenIdle(timeoutMs: number): Promise<void> {
    if (this.#outstanding.empty) {
      return;
    }
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      this.#onIdle = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** @throws {KafkaError} authentication when the broker refuses the credentials, else retriable */
  async connect(): Promise<void> {
    const { tokens, onLog } = this.#options;
    if (tokens !== undefined) {
      const apply = (token: string): void => void this.#native.setOauthBearerToken(token);
      this.#stopTokens = await followTokens(tokens, apply, (error) => {
        onLog(4, 'OAUTHBEARER', `No new token: ${kafkaErrorFromClient(error).message}`);
      });
    }
    try {
      await connectClient(this.#native, this.#options);
    } catch (error) {
      this.#stopTokens?.();
      throw error;
    }
    this.#cadence.start();
  }

  /**
   * Gives each record that has not failed already to librdkafka. One that it refuses fails alone, except those
   * that it refuses because its knowledge of the topic may be old: they are returned, and stay open until they
   * are sent by `resend` or failed by `abandon`.
   */
  send(delivery: Delivery, batch: RecordBatch): Map<number, KafkaError> | undefined {
    const failed = delivery.errors === undefined ? undefined : new Set(delivery.errors.keys());
    let stale: Map<number, KafkaError> | undefined;
    this.#outstanding.add(delivery);
    delivery.reportsToCome = batch.count - (failed?.size ?? 0);
    for (let index = 0; index < batch.count; index += 1) {
      if (failed?.has(index) === true) {
        continue;
      }
      const error = this.#sendOne(delivery, batch, index);
      if (error !== undefined && isStaleMetadata(error.code)) {
        stale ??= new Map();
        stale.set(index, error);
      } else if (error !== undefined) {
        this.#failed(delivery, index, error);
      }
    }
    this.#cadence.wake();
    return stale;
  }

  /** Second try of records that `send` returned. */
  resend(delivery: Delivery, batch: RecordBatch, indexes: readonly number[]): void {
    for (const index of indexes) {
      const error = this.#sendOne(delivery, batch, index);
      if (error !== undefined) {
        this.#failed(delivery, index, error);
      }
    }
    this.#cadence.wake();
  }

  /** Records that stayed open fail after all. */
  abandon(delivery: Delivery, errors: ReadonlyMap<number, KafkaError>): void {
    for (const [index, error] of errors) {
      this.#failed(delivery, index, error);
    }
  }

  /** Makes librdkafka look at the topic again. Never rejects: what it learnt shows when a record is sent. */
  async refreshTopic(topic: string): Promise<void> {
    const timeout = this.#options.metadataTimeoutMs;
    const call = (): Promise<void> =>
      new Promise((resolve) => {
        this.#native.getMetadata({ topic, allTopics: false, timeout }, () => {
          resolve();
        });
      });
    await this.#options.blockingCalls.run('metadata', timeout, call).catch(() => undefined);
  }

  /** Drops what is left and disconnects; resolves after `timeoutMs` at the latest. */
  async disconnect(timeoutMs: number): Promise<void> {
    this.#stopTokens?.();
    this.#cadence.stop();
    for (const delivery of this.#outstanding) {
      this.#outstanding.delete(delivery);
    }
    if (!this.#native.isConnected()) {
      return;
    }
    const call = (): Promise<void> =>
      new Promise((resolve) => {
        // node-rdkafka flushes first, for 5 s unless told otherwise; what is worth waiting for was waited for.
        this.#native.disconnect(1, () => {
          resolve();
        });
      });
    const disconnected = this.#options.blockingCalls.close(call).catch(() => undefined);
    await settledWithin(disconnected, timeoutMs);
  }

  #sendOne(delivery: Delivery, batch: RecordBatch, index: number): KafkaError | undefined {
    const slot = this.#slots.take(delivery, index);
    try {
      this.#native.produce(
        delivery.topic,
        batch.partitions[index] ?? PARTITION_UNSET,
        sendable(batch.values[index]),
        sendable(batch.keys[index]),
        timestampOf(batch, index),
        slot,
        batch.headers === undefined ? undefined : nativeHeaders(batch.headers[index]),
      );
      return undefined;
    } catch (error) {
      this.#slots.release(slot);
      return this.#errorOf(error, delivery, index);
    }
  }

  #onReport(error: rdkafka.LibrdKafkaError | null, report: rdkafka.DeliveryReport): void {
    const slot = report.opaque as number;
    const delivery = this.#slots.deliveryOf(slot);
    const index = this.#slots.indexOf(slot);
    this.#slots.release(slot);
    if (delivery === undefined) {
      return;
    }
    this.#cadence.wake();
    if (error === null && report.offset < 0 && this.#options.conf.global['enable.idempotence'] === true) {
      this.#failed(delivery, index, unplaced(delivery.topic));
      return;
    }
    if (error === null) {
      delivery.acknowledge(index, report.partition, report.offset);
      this.#reported(delivery);
      return;
    }
    const mapped = this.#errorOf(error, delivery, index);
    if (mapped.code === local.ERR__UNKNOWN_PARTITION) {
      this.#options.onUnknownPartition(delivery, index, mapped);
    } else {
      this.#failed(delivery, index, mapped);
    }
  }

  #failed(delivery: Delivery, index: number, error: KafkaError): void {
    if (isLostToFatal(error.code)) {
      void this.#failByFatal(delivery, index, error);
      return;
    }
    delivery.fail(index, error);
    this.#reported(delivery);
  }

  /** A refusal is final for every record; of other fatal errors each record has its own story. */
  async #failByFatal(delivery: Delivery, index: number, error: KafkaError): Promise<void> {
    // The log line comes on a way of its own, before the failures or after them.
    this.#explanation ??= settledWithin(this.#explained, EXPLANATION_MS);
    await this.#explanation;
    if (error.code === local.ERR__FATAL) {
      this.#onFatal(error);
    }
    delivery.fail(index, this.#fatal !== undefined && isRefusal(this.#fatal) ? this.#fatal : error);
    this.#reported(delivery);
  }

  #reported(delivery: Delivery): void {
    delivery.reportsToCome -= 1;
    // A request that was dropped by `disconnect` is no longer in the set: its reservation is released already.
    if (delivery.reportsToCome > 0 || !this.#outstanding.delete(delivery)) {
      return;
    }
    this.#options.onReported(delivery);
    if (this.#outstanding.empty) {
      this.#onIdle?.();
    }
  }

  #errorOf(error: unknown, delivery: Delivery, index: number): KafkaError {
    const { deliveryTimeoutMs, metadataTimeoutMs } = this.#options;
    const partition = delivery.askedPartitions[index] ?? PARTITION_UNSET;
    const context: ErrorContext = { topic: delivery.topic, deliveryTimeoutMs, metadataTimeoutMs };
    return kafkaErrorFromClient(error, partition === PARTITION_UNSET ? context : { ...context, partition });
  }

  #onFatal(error: KafkaError): void {
    if (this.#fatal === undefined) {
      this.#fatal = error;
      this.#explain();
      this.#options.onFatal(error);
    }
  }
}
