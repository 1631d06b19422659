import type { KafkaError } from './kafka-error.ts';
import type { QueueSpace } from './queue-budget.ts';

/** What became of the records of one request, column by column and in request order. */
export interface BatchResult {
  /** Partition each record was written to; -1 where it failed. */
  readonly partitions: readonly number[];
  /** Offset each record got; -1 where it failed, or where nobody acknowledges (acks=0). */
  readonly offsets: readonly number[];
  /** The failures by index in the request; undefined when every record was acknowledged. */
  readonly errors: ReadonlyMap<number, KafkaError> | undefined;
}

interface DeliveryOptions {
  readonly topic: string;
  readonly count: number;
  /** Partition each record asked for, or -1. */
  readonly askedPartitions: readonly number[];
  /** What the request holds in the producer's queue until its last report. */
  readonly reserved: QueueSpace;
  /** Clock reading of the start, in milliseconds. */
  readonly startedAt: number;
}

/**
 * One produce request on its way: collects the outcome of each record and settles one promise when the last
 * one is known. It may settle before that, by `giveUp`; outcomes that come in later change nothing.
 */
export class Delivery {
  readonly topic: string;
  readonly count: number;
  readonly askedPartitions: readonly number[];
  readonly reserved: QueueSpace;
  readonly startedAt: number;
  /** Delivery reports that the client still owes; kept by the client. */
  reportsToCome = 0;
  /** Neighbours in the one DeliveryList that this is in; kept by the list. */
  older: Delivery | undefined;
  newer: Delivery | undefined;
  listed = false;
  readonly result: Promise<BatchResult>;
  readonly #partitions: number[];
  readonly #offsets: number[];
  #errors: Map<number, KafkaError> | undefined;
  #unknown: number;
  #settled = false;
  #resolve: (result: BatchResult) => void = () => undefined;

  constructor(options: DeliveryOptions) {
    this.topic = options.topic;
    this.count = options.count;
    this.askedPartitions = options.askedPartitions;
    this.reserved = options.reserved;
    this.startedAt = options.startedAt;
    this.#unknown = options.count;
    this.#partitions = Array<number>(options.count).fill(-1);
    this.#offsets = Array<number>(options.count).fill(-1);
    this.result = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    this.#settleIfKnown();
  }

  get settled(): boolean {
    return this.#settled;
  }

  get errors(): ReadonlyMap<number, KafkaError> | undefined {
    return this.#errors;
  }

  acknowledge(index: number, partition: number, offset: number): void {
    if (this.#settled) {
      return;
    }
    this.#partitions[index] = partition;
    this.#offsets[index] = Math.max(offset, -1);
    this.#oneKnown();
  }

  fail(index: number, error: KafkaError): void {
    if (this.#settled) {
      return;
    }
    this.#errors ??= new Map();
    this.#errors.set(index, error);
    this.#oneKnown();
  }

  /** Answers now: each record whose outcome is not known yet fails with `error`. */
  giveUp(error: KafkaError): void {
    for (let index = 0; index < this.count && !this.#settled; index += 1) {
      if (this.#partitions[index] === -1 && this.#errors?.has(index) !== true) {
        this.fail(index, error);
      }
    }
  }

  #oneKnown(): void {
    this.#unknown -= 1;
    this.#settleIfKnown();
  }

  #settleIfKnown(): void {
    if (this.#unknown === 0) {
      this.#settled = true;
      this.#resolve({ partitions: this.#partitions, offsets: this.#offsets, errors: this.#errors });
    }
  }
}
