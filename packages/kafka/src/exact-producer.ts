import type { produceV11 } from '@platformatic/kafka';
import type { RecordBatch } from '@sluice/protocol';
import rdkafka from 'node-rdkafka';

import { AdminClient } from './admin-client.ts';
import { type ClusterMetadata, requestMetadata } from './admin-requests.ts';
import type { AdminSettings } from './client-settings.ts';
import type { Delivery } from './delivery.ts';
import { isRefusal } from './error-codes.ts';
import { kafkaErrorFromClient, kafkaErrorFromCode } from './error-mapping.ts';
import { OpenRecords } from './exact-records.ts';
import type { KafkaError } from './kafka-error.ts';
import type { Partitioner } from './key-partitioner.ts';
import { type BrokerAddress, type ProduceOutcome, ProduceRequests } from './produce-requests.ts';
import { settledWithin } from './settled-within.ts';

export interface ExactProducerOptions {
  readonly settings: AdminSettings;
  readonly deliveryTimeoutMs: number;
  /** How long a topic or a partition is looked for. */
  readonly metadataTimeoutMs: number;
  /** Where records go that name no partition. */
  readonly partitioner: Partitioner;
  /** How many requests there can be at once. */
  readonly requestsMax: number;
}

const RETRY_MS = 100;
/** Part of the time for a close that is kept for the connections. */
const DISCONNECT_MS = 1000;
const UNKNOWN_TOPIC = 3;
const NOT_LEADER = 6;
/** Nothing was written: the topic is not known yet, its leader moves, or has too few replicas. */
const NOT_WRITTEN: ReadonlySet<number> = new Set([UNKNOWN_TOPIC, 5, NOT_LEADER, 19]);

type Batches = ReadonlyMap<number, readonly number[]>;

/** One request on its way. */
interface Sending {
  readonly delivery: Delivery;
  readonly batch: RecordBatch;
  /** Requests that brokers have not answered yet: of their records nobody knows. */
  inFlight: number;
  /** Why what is open is not written yet. */
  hindrance: KafkaError;
}

/**
 * Sends what node-rdkafka cannot carry: headers that are no text or null, and times of 0. It speaks Kafka's protocol itself,
 * waits for all replicas, and repeats only what is not written for sure. Requests under way at once have no
 * order among each other, nor with librdkafka's; the records of one have.
 */
export class ExactProducer {
  readonly #options: ExactProducerOptions;
  /** A client of its own for questions: with trouble it ends all of its connections. */
  readonly #questions: AdminClient;
  readonly #connections: AdminClient;
  readonly #requests: ProduceRequests;
  readonly #underWay = new Map<Sending, Promise<void>>();
  /** By topic: many requests at once need one answer. */
  readonly #asked = new Map<string, Promise<ClusterMetadata | KafkaError>>();

  constructor(options: ExactProducerOptions) {
    this.#options = options;
    const { settings, deliveryTimeoutMs: timeoutMs, requestsMax: maxWaiting } = options;
    this.#questions = new AdminClient({ settings, timeoutMs, maxWaiting });
    this.#connections = new AdminClient({ settings, timeoutMs, maxWaiting });
    this.#requests = new ProduceRequests({ client: this.#connections, timeoutMs, maxWaiting });
  }

  /**
   * Settles the delivery, within the delivery timeout. Never rejects.
   * @returns resolves when nothing of it is under way any more, which may be later
   */
  async send(delivery: Delivery, batch: RecordBatch): Promise<void> {
    const sending = { delivery, batch, inFlight: 0, hindrance: this.#notInMetadata(delivery.topic) };
    const timer = setTimeout(() => this.#giveUp(sending), this.#options.deliveryTimeoutMs);
    const sent = this.#run(sending).finally(() => {
      clearTimeout(timer);
      this.#underWay.delete(sending);
    });
    this.#underWay.set(sending, sent);
    await sent;
  }

  /**
   * Waits for what is under way, and answers the rest as far as anybody knows; resolves after `deadlineMs` at the latest.
   * Nothing may be sent from now on.
   */
  async close(deadlineMs: number): Promise<void> {
    await settledWithin(Promise.all(this.#underWay.values()), Math.max(0, deadlineMs - DISCONNECT_MS));
    for (const sending of this.#underWay.keys()) this.#giveUp(sending);
    const closed = Promise.all([this.#questions.close(), this.#connections.close()]);
    await settledWithin(closed, Math.min(deadlineMs, DISCONNECT_MS));
  }

  #giveUp({ delivery, inFlight, hindrance }: Sending): void {
    delivery.giveUp(inFlight === 0 ? hindrance : this.#ambiguous());
  }

  async #run(sending: Sending): Promise<void> {
    const { delivery, batch } = sending;
    const { partitioner } = this.#options;
    try {
      let metadata = await this.#find(sending);
      const count = metadata.topics[0]?.partitions.length ?? 0;
      const open = new OpenRecords({ delivery, batch, count, anywhere: anyPartition(metadata), partitioner });
      this.#refuseUnknown(delivery, open, count);
      while (open.partitions.length > 0 && !delivery.settled) {
        if (await this.#round(sending, open, metadata)) continue;
        await pause();
        metadata = await this.#find(sending);
      }
    } catch (error) {
      delivery.giveUp(kafkaErrorFromClient(error));
    }
  }

  /**
   * The topic and its leaders, as soon as a broker knows them.
   * @throws KafkaError after `metadataTimeoutMs`, or at once for what does not pass
   */
  async #find(sending: Sending): Promise<ClusterMetadata> {
    const { delivery } = sending;
    const { topic } = delivery;
    const end = performance.now() + this.#options.metadataTimeoutMs;
    for (let leftMs = this.#options.metadataTimeoutMs; leftMs > 0 && !delivery.settled; ) {
      const asked = this.#asked.get(topic) ?? this.#ask(topic).finally(() => this.#asked.delete(topic));
      this.#asked.set(topic, asked);
      const metadata = await settledWithin(asked, leftMs);
      if (metadata !== undefined && !('family' in metadata)) return metadata;
      sending.hindrance = metadata ?? this.#notInMetadata(topic);
      if (!sending.hindrance.retriable) break;
      await pause();
      leftMs = end - performance.now();
    }
    throw sending.hindrance;
  }

  /** The topic and its leaders, or why there is none. Never rejects. */
  async #ask(topic: string): Promise<ClusterMetadata | KafkaError> {
    const { metadataTimeoutMs } = this.#options;
    try {
      const metadata = await this.#questions.call('metadata', { topic }, (admin) =>
        requestMetadata(admin, [topic], false, true),
      );
      const [found] = metadata.topics;
      const code = found?.errorCode ?? UNKNOWN_TOPIC;
      if (code === 0 && (found?.partitions.length ?? 0) > 0) return metadata;
      if (code !== 0 && !NOT_WRITTEN.has(code)) return kafkaErrorFromCode(code, { topic });
      return this.#notInMetadata(topic);
    } catch (error) {
      const { code, retriable, message } = kafkaErrorFromClient(error);
      // Without a broker the Java client knows no topic either, and says so.
      const detail = `Topic ${topic} not present in metadata after ${metadataTimeoutMs} ms.`;
      return kafkaErrorFromCode(code, { topic, detail: retriable ? detail : message, cause: error });
    }
  }

  #refuseUnknown(delivery: Delivery, open: OpenRecords, partitionCount: number): void {
    const { metadataTimeoutMs } = this.#options;
    for (const partition of open.partitions.filter((candidate) => candidate >= partitionCount)) {
      const context = { topic: delivery.topic, partition, partitionCount, metadataTimeoutMs };
      const error = kafkaErrorFromCode(rdkafka.CODES.ERRORS.ERR__UNKNOWN_PARTITION, context);
      open.fail(partition, open.of(partition), error);
    }
  }

  /**
   * One batch for each partition, to all leaders at once.
   * @returns false where some of it was not written, and is to be sent again
   */
  async #round(sending: Sending, open: OpenRecords, metadata: ClusterMetadata): Promise<boolean> {
    const byLeader = new Map<number, Map<number, readonly number[]>>();
    for (const partition of open.partitions) {
      const leader = leaderOf(metadata, partition);
      const batches = byLeader.get(leader) ?? new Map<number, readonly number[]>();
      byLeader.set(leader, batches.set(partition, open.nextBatch(partition)));
    }
    const hindrances = await Promise.all(
      [...byLeader].map(async ([leader, batches]) => {
        const broker = metadata.brokers.find(({ nodeId }) => nodeId === leader);
        return broker === undefined
          ? kafkaErrorFromCode(NOT_LEADER)
          : await this.#sendTo(broker, { sending, open, batches });
      }),
    );
    const hindrance = hindrances.find((one) => one !== undefined);
    if (hindrance !== undefined) sending.hindrance = hindrance;
    return hindrance === undefined;
  }

  /** @returns why some of it was not written, which is to be sent again */
  async #sendTo(
    broker: BrokerAddress,
    { sending, open, batches }: { readonly sending: Sending; readonly open: OpenRecords; readonly batches: Batches },
  ): Promise<KafkaError | undefined> {
    const { delivery } = sending;
    let isSent = false;
    const outcome = await this.#requests.send(broker, () => {
      if (delivery.settled) return undefined;
      isSent = true;
      sending.inFlight += 1;
      return open.messages(delivery.topic, batches);
    });
    if (isSent) sending.inFlight -= 1;
    if (outcome.kind === 'unsent' && !isFinal(outcome.error)) return outcome.error;
    let hindrance: KafkaError | undefined;
    for (const [partition, indexes] of batches) {
      const answer = outcome.kind === 'answered' ? outcome.answers.get(partition) : undefined;
      if (answer?.errorCode === 0) open.acknowledge(partition, indexes, answer.baseOffset);
      else if (answer !== undefined && NOT_WRITTEN.has(answer.errorCode))
        hindrance = kafkaErrorFromCode(answer.errorCode);
      else open.fail(partition, indexes, this.#failureOf(outcome, answer, delivery));
    }
    return hindrance;
  }

  /** A broker that refuses who asks, or does not speak the request, has not written it; of all else nobody can tell. */
  #failureOf(
    outcome: ProduceOutcome,
    answer: produceV11.ProduceResponsePartition | undefined,
    { topic }: Delivery,
  ): KafkaError {
    if (answer !== undefined) return kafkaErrorFromCode(answer.errorCode, { topic });
    if (outcome.kind === 'answered') return this.#ambiguous();
    return isFinal(outcome.error) ? outcome.error : this.#ambiguous(outcome.error);
  }

  #ambiguous(cause?: unknown): KafkaError {
    const { deliveryTimeoutMs } = this.#options;
    return kafkaErrorFromCode(rdkafka.CODES.ERRORS.ERR__MSG_TIMED_OUT, { deliveryTimeoutMs, cause });
  }

  #notInMetadata(topic: string): KafkaError {
    const { metadataTimeoutMs } = this.#options;
    return kafkaErrorFromCode(rdkafka.CODES.ERRORS.ERR__UNKNOWN_TOPIC, { topic, metadataTimeoutMs });
  }
}

/** Who asks is refused, or the broker does not speak the request: the same again changes nothing. */
function isFinal(error: KafkaError): boolean {
  return isRefusal(error) || error.family === 'badRequest';
}

/** One that has a leader, if any has. */
function anyPartition({ topics }: ClusterMetadata): number {
  const all = topics[0]?.partitions ?? [];
  const led = all.filter(({ leaderId }) => leaderId >= 0);
  const candidates = led.length === 0 ? all : led;
  return candidates[Math.floor(Math.random() * candidates.length)]?.partitionIndex ?? 0;
}

/** Broker id, or -1 when there is none. */
function leaderOf({ topics }: ClusterMetadata, partition: number): number {
  return topics[0]?.partitions.find(({ partitionIndex }) => partitionIndex === partition)?.leaderId ?? -1;
}

async function pause(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
}
