import {
  type API,
  type Broker,
  type Connection,
  produceV7,
  produceV8,
  produceV9,
  produceV10,
  produceV11,
} from '@platformatic/kafka';

import type { AdminClient } from './admin-client.ts';
import { kafkaErrorFromAdmin } from './admin-error-mapping.ts';
import { connectionTo, spoken, withErrorsInIt } from './admin-requests.ts';
import { timeoutError } from './error-mapping.ts';
import type { ExactMessage } from './exact-records.ts';
import { KafkaError } from './kafka-error.ts';
import { LONGEST_TIMER_MS } from './longest-timer.ts';
import { settledWithin } from './settled-within.ts';
import { TurnQueue } from './turn-queue.ts';

type ProduceApi = API<[acks: number, timeoutMs: number, messages: ExactMessage[]], produceV11.ProduceResponse>;

/** What a broker said about each partition, by its number. */
export type PartitionAnswers = ReadonlyMap<number, produceV11.ProduceResponsePartition>;

export type ProduceOutcome =
  | { readonly kind: 'answered'; readonly answers: PartitionAnswers }
  /** The request never left. */
  | { readonly kind: 'unsent'; readonly error: KafkaError }
  /** Nobody knows what became of it, unless the error is a refusal. */
  | { readonly kind: 'unanswered'; readonly error: KafkaError };

export interface ProduceRequestsOptions {
  readonly client: AdminClient;
  /** What a broker has for a request, in milliseconds. */
  readonly timeoutMs: number;
  /** How many requests may wait for their turn at one broker. */
  readonly maxWaiting: number;
}

const ALL = -1;
/** Requests that one broker has at once: the client library sends no more. */
const PER_BROKER = 5;
/** The broker's own answer to what takes too long comes first: it is about one request, where a cut ends all of them. */
const OVERDUE_MARGIN_MS = 2000;

/** Highest version first. */
const produceApis = [produceV11, produceV10, produceV9, produceV8, produceV7].map(({ api }) => api as ProduceApi);

export type BrokerAddress = Broker & { readonly nodeId: number };

/** Its client has its answer by now. */
const CALLED_OFF: ProduceOutcome = { kind: 'unsent', error: timeoutError('produce', 0) };

interface Way {
  readonly connection: Connection;
  readonly api: ProduceApi;
}

/** Produce requests, each to the leader of its partitions. One broker that does not answer keeps nobody from the others. */
export class ProduceRequests {
  readonly #options: ProduceRequestsOptions;
  readonly #turns = new Map<number, TurnQueue>();

  constructor(options: ProduceRequestsOptions) {
    this.#options = options;
  }

  /**
   * Never rejects.
   * @param messages called right before they are sent; undefined when they are wanted no more
   */
  async send(broker: BrokerAddress, messages: () => ExactMessage[] | undefined): Promise<ProduceOutcome> {
    try {
      return await this.#turnsOf(broker.nodeId).run('produce', this.#options.timeoutMs, async () => {
        const way = await this.#wayTo(broker);
        const wanted = messages();
        return wanted === undefined ? CALLED_OFF : await this.#produce(way, wanted);
      });
    } catch (error) {
      return { kind: 'unsent', error: kafkaErrorFromAdmin(error) };
    }
  }

  /** @throws KafkaError when there is no connection: nothing was sent then */
  async #wayTo(broker: Broker): Promise<Way> {
    const way = await this.#options.client.call('connect', {}, async (admin) => {
      try {
        const connection = await connectionTo(admin, broker);
        return { connection, api: await spoken(connection, produceApis) };
      } catch (error) {
        // Not thrown in here: the client would end the connections to all brokers, and what is under way there.
        return kafkaErrorFromAdmin(error);
      }
    });
    if (way instanceof KafkaError) throw way;
    return way;
  }

  async #produce({ connection, api }: Way, messages: ExactMessage[]): Promise<ProduceOutcome> {
    const { timeoutMs } = this.#options;
    const patienceMs = Math.min(timeoutMs + OVERDUE_MARGIN_MS, LONGEST_TIMER_MS);
    try {
      const answer = withErrorsInIt(api.async(connection, ALL, timeoutMs, messages));
      const response = await settledWithin(answer, patienceMs);
      if (response === undefined) throw timeoutError('produce', patienceMs);
      const partitions = response.responses.flatMap(({ partitionResponses }) => partitionResponses);
      return { kind: 'answered', answers: new Map(partitions.map((partition) => [partition.index, partition])) };
    } catch (error) {
      // What else it has under way would wait as long; the next request makes a new one.
      connection.socket.destroy();
      return { kind: 'unanswered', error: kafkaErrorFromAdmin(error) };
    }
  }

  #turnsOf(node: number): TurnQueue {
    const known = this.#turns.get(node);
    if (known !== undefined) return known;
    const { maxWaiting } = this.#options;
    const turns = new TurnQueue({ limit: PER_BROKER, maxWaiting, resource: 'its turn' });
    this.#turns.set(node, turns);
    return turns;
  }
}
