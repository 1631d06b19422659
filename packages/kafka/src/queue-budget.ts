import rdkafka from 'node-rdkafka';

import { KafkaError } from './kafka-error.ts';

/** An amount of queue: what a request takes, or what there is. */
export interface QueueSpace {
  readonly records: number;
  readonly bytes: number;
}

/**
 * What the producer may hold at once, from the moment a request is accepted until the last of its records
 * has its report. A request is accepted as a whole or not at all: half a batch in the queue would have to be
 * answered "partly sent, try again", which no client can act upon.
 */
export class QueueBudget {
  readonly #limits: QueueSpace;
  #records = 0;
  #bytes = 0;

  constructor(limits: QueueSpace) {
    this.#limits = limits;
  }

  get records(): number {
    return this.#records;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /**
   * @throws {KafkaError} `queueFull` (retriable) when it does not fit now, `tooLarge` when it can never fit
   */
  reserve({ records, bytes }: QueueSpace): void {
    const { records: maxRecords, bytes: maxBytes } = this.#limits;
    if (records > maxRecords || bytes > maxBytes) {
      throw new KafkaError(
        rdkafka.CODES.ERRORS.ERR__QUEUE_FULL,
        'tooLarge',
        `The request holds ${records} records of ${bytes} bytes; the producer's queue takes at most ${maxRecords} records and ${maxBytes} bytes.`,
        { retriable: false },
      );
    }
    if (this.#records + records > maxRecords || this.#bytes + bytes > maxBytes) {
      throw new KafkaError(
        rdkafka.CODES.ERRORS.ERR__QUEUE_FULL,
        'queueFull',
        "The producer's queue is full; nothing of this request was sent.",
        { retriable: true },
      );
    }
    this.#records += records;
    this.#bytes += bytes;
  }

  release({ records, bytes }: QueueSpace): void {
    this.#records -= records;
    this.#bytes -= bytes;
  }
}
