import { type ConsumedRecord, OffsetOutOfRange, recordBytes } from '@sluice/kafka';
import { ApiError, int64Parameter, mediaTypes, partitionParam, type TopicPartitionOffset } from '@sluice/protocol';
import type { Api } from '../api.ts';
import { AnswerRecords, type Appended, unreadable } from '../formats/answer-records.ts';
import { PoisonData, type RecordFormat } from '../formats/record-format.ts';
import type { Answer } from '../http/answer.ts';
import type { Handler } from '../http/dispatch.ts';
import type { Exchange } from '../http/exchange.ts';
import { within } from '../within.ts';

/** Reads from an offset, without a group and without an instance. Ours: Confluent's v2 has nothing like it, its v1 has. */

interface Wanted {
  readonly start: TopicPartitionOffset;
  readonly format: RecordFormat;
  readonly maxBytes: number;
  /** On the clock of the API. */
  readonly deadline: number;
  readonly signal: AbortSignal;
}

/** How often a read that waits for a schema looks whether somebody still waits for it. */
const LOOK_MS = 50;
/** How much larger than its keys and values an answer may be. */
const MEMORY_FACTOR = 4;

function positive(value: number | undefined): number | undefined {
  return value !== undefined && value > 0 ? value : undefined;
}

function wantedOf(exchange: Exchange, api: Api): Wanted {
  const { query, responseFormat } = exchange.negotiated;
  const { consumer } = api.config;
  const format = api.formats.get(responseFormat);
  if (format === undefined) throw new ApiError('registryNotConfigured');
  const offset = int64Parameter(query, 'offset');
  if (offset === undefined || offset < 0) {
    throw new ApiError('badRequest', { message: 'The query parameter `offset` must be set to 0 or more.' });
  }
  const timeoutMs = positive(int64Parameter(query, 'timeout')) ?? consumer.requestTimeoutMs;
  const maxBytes = positive(int64Parameter(query, 'max_bytes')) ?? consumer.readTargetBytes;
  return {
    start: { topic: exchange.params.topic, partition: partitionParam(exchange.params), offset },
    format,
    maxBytes: Math.min(maxBytes, consumer.requestMaxBytes),
    deadline: api.now() + Math.min(timeoutMs, consumer.maxTimeoutMs),
    signal: exchange.signal,
  };
}

/** The client of a reader would wait for a topic that nobody knows, and starts nowhere where the log has no such offset. */
async function assertPartition(
  exchange: Exchange,
  api: Api,
  { topic, partition }: TopicPartitionOffset,
): Promise<void> {
  const count = await api.admins.of(exchange.principal).partitionCount(topic, partition + 1);
  if (partition < 0 || partition >= count) throw new ApiError('partitionNotFound');
}

/** One read, which may need several goes: a record whose schema is not known is read again once it is. */
class PartitionRead {
  readonly #wanted: Wanted;
  readonly #exchange: Exchange;
  readonly #api: Api;
  readonly answer: AnswerRecords;
  #next: number;
  #state: Appended = 'taken';
  #failure: Error | undefined;

  constructor(wanted: Wanted, exchange: Exchange, api: Api) {
    this.#wanted = wanted;
    this.#exchange = exchange;
    this.#api = api;
    this.#next = wanted.start.offset;
    this.answer = new AnswerRecords({ format: wanted.format, budget: api.bodyBudget, pieces: api.pieces });
  }

  async run(): Promise<void> {
    while ((await this.#read()) === 'schema' && this.answer.count === 0) {
      if (!(await this.#loadSchema())) return;
    }
  }

  /** @returns what became of the last record */
  async #read(): Promise<Appended> {
    this.#state = 'taken';
    const { topic, partition, offset } = this.#wanted.start;
    const reader = this.#api.logReaders.of(this.#exchange.principal);
    try {
      await reader.read({
        topic,
        partition,
        offset: this.#next,
        take: (record) => this.#take(record),
        awaits: () => this.answer.count === 0,
        timeoutMs: this.#leftMs(),
        isOver: () => this.#isOver(),
      });
    } catch (error) {
      if (!(error instanceof OffsetOutOfRange)) throw error;
      const { beginning, end } = await this.#api.admins.of(this.#exchange.principal).partitionOffsets(topic, partition);
      const range = `partition ${partition} of topic ${topic} has those from ${beginning} to ${end}`;
      throw new ApiError('kafkaBadRequest', { message: `Offset ${offset} is out of range: ${range}.`, cause: error });
    }
    if (this.#failure !== undefined) throw this.#failure;
    return this.#state;
  }

  #take(record: ConsumedRecord): boolean {
    const { maxBytes } = this.#wanted;
    const { answer } = this;
    // As for an instance: exclusive, and the first record goes out whatever its size.
    if (answer.count > 0 && answer.bytes + recordBytes(record) >= maxBytes) return false;
    try {
      this.#state = answer.append(record);
    } catch (error) {
      this.#failure = error as Error;
      return false;
    }
    if (this.#state !== 'taken') return false;
    this.#next = record.offset + 1;
    return answer.bytes < maxBytes && answer.memory < MEMORY_FACTOR * maxBytes;
  }

  async #loadSchema(): Promise<boolean> {
    const loading = this.answer.needed?.load() ?? Promise.resolve();
    const state = { isLoaded: false };
    const loaded = loading.then(() => {
      state.isLoaded = true;
    });
    loaded.catch(() => undefined);
    try {
      while (!state.isLoaded && this.#leftMs() > 0 && !this.#isOver()) {
        await within(Math.min(this.#leftMs(), LOOK_MS), loaded);
      }
    } catch (error) {
      throw error instanceof PoisonData ? unreadable(error) : error;
    }
    return state.isLoaded;
  }

  /** Its client has gone, or the process ends: what there is by now is the answer. */
  #isOver(): boolean {
    return this.#wanted.signal.aborted || this.#api.draining();
  }

  #leftMs(): number {
    return Math.max(0, this.#wanted.deadline - this.#api.now());
  }
}

export const readPartition: Handler = async (exchange, api): Promise<Answer> => {
  const wanted = wantedOf(exchange, api);
  await assertPartition(exchange, api, wanted.start);
  const read = new PartitionRead(wanted, exchange, api);
  const { answer } = read;
  try {
    await api.reads.counted(async () => await read.run());
  } catch (error) {
    answer.release(true);
    throw error;
  }
  api.recordMetrics.add('consumed', wanted.format.name, answer.count, answer.bytes);
  const { typeUnspecified, responseType } = exchange.negotiated;
  return {
    status: 200,
    body: answer.finish(),
    contentType: typeUnspecified ? mediaTypes[wanted.format.name] : responseType,
    onSent: (complete) => answer.release(complete),
  };
};
