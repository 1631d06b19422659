import {
  type Admin,
  type API,
  type Broker,
  murmur2,
  produceV7,
  produceV8,
  produceV9,
  produceV10,
  produceV11,
} from '@platformatic/kafka';
import { PARTITION_UNSET, type RecordBatch, TIMESTAMP_UNSET } from '@sluice/protocol';
import rdkafka from 'node-rdkafka';

import { AdminClient } from './admin-client.ts';
import { type ClusterMetadata, connectionTo, requestMetadata, spoken, withErrorsInIt } from './admin-requests.ts';
import type { AdminSettings } from './client-settings.ts';
import type { Delivery } from './delivery.ts';
import { isRefusal } from './error-codes.ts';
import { kafkaErrorFromClient, kafkaErrorFromCode } from './error-mapping.ts';
import type { KafkaError } from './kafka-error.ts';
import { headerBytes } from './record-headers.ts';

type Message = produceV11.ProduceRequest[2][number];
type ProduceApi = API<[acks: number, timeoutMs: number, messages: Message[]], produceV11.ProduceResponse>;

export interface ExactProducerOptions {
  readonly settings: AdminSettings;
  readonly deliveryTimeoutMs: number;
  /** How long a topic or a partition is looked for. */
  readonly metadataTimeoutMs: number;
}

const ALL = -1;
/** A broker bounds a batch; librdkafka's are as large. */
const BATCH_BYTES = 65_536;
const RECORD_OVERHEAD_BYTES = 100;
/** Times of a batch are written as differences to the first; the client library writes those beyond 31 bits wrongly. */
const TIME_SPAN_MS = 2 ** 30;
const RETRY_MS = 100;
const POSITIVE = 0x7fffffff;
/** Nothing was written: the topic is not known yet, or its leader moves. */
const NOT_WRITTEN: ReadonlySet<number> = new Set([3, 5, 6]);

/** Highest version first. */
const produceApis = [produceV11, produceV10, produceV9, produceV8, produceV7].map(({ api }) => api as ProduceApi);

function bytesOf({ keys, values, headers }: RecordBatch, index: number): number {
  const payload = (keys[index]?.length ?? 0) + (values[index]?.length ?? 0);
  return payload + headerBytes(headers?.[index]) + RECORD_OVERHEAD_BYTES;
}

function timestampOf({ timestamps }: RecordBatch, index: number, now: number): number {
  const timestamp = timestamps?.[index] ?? TIMESTAMP_UNSET;
  return timestamp === TIMESTAMP_UNSET ? now : timestamp;
}

/** As many from the front as make a batch; one at least. */
function nextChunk(batch: RecordBatch, open: readonly number[], now: number): number[] {
  const first = timestampOf(batch, open[0] ?? 0, now);
  let bytes = 0;
  const end = open.findIndex((index, i) => {
    bytes += bytesOf(batch, index);
    const isFar = Math.abs(timestampOf(batch, index, now) - first) > TIME_SPAN_MS;
    return i > 0 && (bytes > BATCH_BYTES || isFar);
  });
  return end < 0 ? [...open] : open.slice(0, end);
}

interface Place {
  readonly topic: string;
  readonly partition: number;
}

function messageOf(batch: RecordBatch, index: number, place: Place, now: number): Message {
  const { keys, values, headers } = batch;
  // Each key is an object of its own, so that several of one name stay several; null goes out as null.
  const own = headers?.[index]?.map(({ key, value }) => [Buffer.from(key), value] as [Buffer, Buffer]);
  return {
    ...place,
    key: (keys[index] ?? null) as Buffer,
    value: (values[index] ?? null) as Buffer,
    timestamp: BigInt(timestampOf(batch, index, now)),
    ...(own === undefined ? {} : { headers: new Map(own) }),
  };
}

/** The partitions of one request's records, and which of them are still to be written. */
class OpenRecords {
  readonly #byPartition = new Map<number, number[]>();

  constructor(batch: RecordBatch, delivery: Delivery, count: number) {
    // As with librdkafka: by key where Java's client would put it, without one anywhere, together.
    const anywhere = Math.floor(Math.random() * count);
    for (let index = 0; index < batch.count; index += 1) {
      if (delivery.errors?.has(index) === true) continue;
      const asked = batch.partitions[index] ?? PARTITION_UNSET;
      const key = batch.keys[index] ?? null;
      const chosen = key === null ? anywhere : (murmur2(key) & POSITIVE) % count;
      const partition = asked === PARTITION_UNSET ? chosen : asked;
      const indexes = this.#byPartition.get(partition);
      if (indexes === undefined) this.#byPartition.set(partition, [index]);
      else indexes.push(index);
    }
  }

  get partitions(): readonly number[] {
    return [...this.#byPartition.keys()];
  }

  of(partition: number): readonly number[] {
    return this.#byPartition.get(partition) ?? [];
  }

  settle(partition: number, indexes: readonly number[]): void {
    const left = this.of(partition).slice(indexes.length);
    if (left.length === 0) this.#byPartition.delete(partition);
    else this.#byPartition.set(partition, left);
  }
}

interface Sending {
  readonly delivery: Delivery;
  readonly batch: RecordBatch;
  readonly open: OpenRecords;
  readonly startedAt: number;
  /** Of records that have no time of their own. */
  readonly now: number;
}

/**
 * Sends what node-rdkafka cannot carry: headers that are no text or null, and times of 0. It speaks Kafka's protocol itself,
 * waits for all replicas, and repeats only what the broker says was not written. Requests under way at once have no
 * order among each other, nor with librdkafka's; the records of one have.
 */
export class ExactProducer {
  readonly #options: ExactProducerOptions;
  readonly #client: AdminClient;

  constructor(options: ExactProducerOptions) {
    this.#options = options;
    this.#client = new AdminClient({ settings: options.settings, timeoutMs: options.deliveryTimeoutMs });
  }

  /** Settles the delivery. Never rejects. */
  async send(delivery: Delivery, batch: RecordBatch): Promise<void> {
    const startedAt = performance.now();
    try {
      const count = await this.#partitionCount(delivery.topic, startedAt);
      const sending = { delivery, batch, open: new OpenRecords(batch, delivery, count), startedAt, now: Date.now() };
      this.#refuseUnknown(sending, count);
      while (sending.open.partitions.length > 0) {
        // A slow broker may take nearly all of the time for each batch.
        if (performance.now() - startedAt > this.#options.deliveryTimeoutMs) throw this.#ambiguous();
        await this.#round(sending);
      }
    } catch (error) {
      delivery.giveUp(kafkaErrorFromClient(error));
    }
  }

  async close(): Promise<void> {
    await this.#client.close();
  }

  async #partitionCount(topic: string, startedAt: number): Promise<number> {
    const { metadataTimeoutMs } = this.#options;
    for (;;) {
      const { topics } = await this.#metadata(topic);
      const [found] = topics;
      if (found !== undefined && found.errorCode === 0 && found.partitions.length > 0) return found.partitions.length;
      const code = found?.errorCode ?? 3;
      const isFinal = code !== 0 && !NOT_WRITTEN.has(code);
      if (isFinal || performance.now() - startedAt > metadataTimeoutMs) {
        throw kafkaErrorFromCode(isFinal ? code : rdkafka.CODES.ERRORS.ERR__UNKNOWN_TOPIC, {
          topic,
          metadataTimeoutMs,
        });
      }
      await pause();
    }
  }

  #refuseUnknown({ delivery, open }: Sending, partitionCount: number): void {
    const { metadataTimeoutMs } = this.#options;
    for (const partition of open.partitions.filter((candidate) => candidate >= partitionCount)) {
      const context = { topic: delivery.topic, partition, partitionCount, metadataTimeoutMs };
      this.#fail(
        { delivery, open },
        partition,
        kafkaErrorFromCode(rdkafka.CODES.ERRORS.ERR__UNKNOWN_PARTITION, context),
      );
    }
  }

  /** One batch for each partition, to all leaders at once. */
  async #round(sending: Sending): Promise<void> {
    const { delivery, open, batch, now } = sending;
    const metadata = await this.#metadata(delivery.topic);
    const byLeader = new Map<number, Map<number, number[]>>();
    for (const partition of open.partitions) {
      const leader = leaderOf(metadata, partition);
      const chunks = byLeader.get(leader) ?? new Map<number, number[]>();
      byLeader.set(leader, chunks.set(partition, nextChunk(batch, open.of(partition), now)));
    }
    const moved = await Promise.all(
      [...byLeader].map(async ([leader, chunks]) => {
        const broker = metadata.brokers.find(({ nodeId }) => nodeId === leader);
        return broker === undefined ? true : await this.#sendTo(broker, chunks, sending);
      }),
    );
    if (moved.includes(true)) await this.#pauseOrEnd(sending);
  }

  /** @returns whether some of it was not written, and is to be sent again */
  async #sendTo(broker: Broker, chunks: ReadonlyMap<number, number[]>, sending: Sending): Promise<boolean> {
    const { delivery, batch, now } = sending;
    const { topic } = delivery;
    const messages = [...chunks].flatMap(([partition, indexes]) =>
      indexes.map((index) => messageOf(batch, index, { topic, partition }, now)),
    );
    let answers: ReadonlyMap<number, produceV11.ProduceResponsePartition>;
    try {
      answers = await this.#client.call('produce', { topic }, (admin) => this.#produce(admin, broker, messages));
    } catch (error) {
      const failure = this.#failureOf(kafkaErrorFromClient(error));
      for (const [partition, indexes] of chunks) this.#fail(sending, partition, failure, indexes);
      return false;
    }
    const outcomes = [...chunks].map(([partition, indexes]) => this.#settle(sending, partition, indexes, answers));
    return outcomes.includes('moved');
  }

  async #produce(
    admin: Admin,
    broker: Broker,
    messages: Message[],
  ): Promise<ReadonlyMap<number, produceV11.ProduceResponsePartition>> {
    const connection = await connectionTo(admin, broker);
    const produce = await spoken(connection, produceApis);
    const response = await withErrorsInIt(produce.async(connection, ALL, this.#options.deliveryTimeoutMs, messages));
    return new Map(response.responses.flatMap(({ partitionResponses }) => partitionResponses.map((p) => [p.index, p])));
  }

  #settle(
    sending: Sending,
    partition: number,
    indexes: readonly number[],
    answers: ReadonlyMap<number, produceV11.ProduceResponsePartition>,
  ): 'settled' | 'moved' {
    const answer = answers.get(partition);
    const { delivery, open } = sending;
    if (answer !== undefined && NOT_WRITTEN.has(answer.errorCode)) return 'moved';
    if (answer?.errorCode === 0) {
      for (const [i, index] of indexes.entries()) {
        delivery.acknowledge(index, partition, Number(answer.baseOffset) + i);
      }
      open.settle(partition, indexes);
    } else {
      const error =
        answer === undefined ? this.#ambiguous() : kafkaErrorFromCode(answer.errorCode, { topic: delivery.topic });
      this.#fail(sending, partition, error, indexes);
    }
    return 'settled';
  }

  async #pauseOrEnd({ delivery, startedAt }: Sending): Promise<void> {
    const { deliveryTimeoutMs } = this.#options;
    if (performance.now() - startedAt < deliveryTimeoutMs) return await pause();
    throw kafkaErrorFromCode(6, { topic: delivery.topic, deliveryTimeoutMs });
  }

  #fail(
    { delivery, open }: Pick<Sending, 'delivery' | 'open'>,
    partition: number,
    error: KafkaError,
    indexes: readonly number[] = open.of(partition),
  ): void {
    for (const index of indexes) delivery.fail(index, error);
    open.settle(partition, indexes);
  }

  /** A broker that refuses who asks, or does not speak the request, has not written it; of all else nobody can tell. */
  #failureOf(error: KafkaError): KafkaError {
    return isRefusal(error) || error.family === 'badRequest' ? error : this.#ambiguous(error);
  }

  #ambiguous(cause?: unknown): KafkaError {
    const { deliveryTimeoutMs } = this.#options;
    return kafkaErrorFromCode(rdkafka.CODES.ERRORS.ERR__MSG_TIMED_OUT, { deliveryTimeoutMs, cause });
  }

  async #metadata(topic: string): Promise<ClusterMetadata> {
    return await this.#client.call('metadata', { topic }, (admin) => requestMetadata(admin, [topic], false, true));
  }
}

/** Broker id, or -1 when there is none. */
function leaderOf({ topics }: ClusterMetadata, partition: number): number {
  return topics[0]?.partitions.find(({ partitionIndex }) => partitionIndex === partition)?.leaderId ?? -1;
}

async function pause(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
}
