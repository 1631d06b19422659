import { type ConsumedRecord, type LogReadEnd, OffsetOutOfRange, recordBytes } from '@sluice/kafka';
import { ApiError, embeddedTypeOf, type TopicPartition, type TopicPartitionOffset } from '@sluice/protocol';
import type { Api } from '../api.ts';
import { AnswerRecords, type Appended, unreadable } from '../formats/answer-records.ts';
import { fieldsOf } from '../formats/record-fields.ts';
import { PoisonData, type RecordFormat } from '../formats/record-format.ts';
import type { Answer } from '../http/answer.ts';
import type { Exchange } from '../http/exchange.ts';
import { within } from '../within.ts';

/** What is wanted of a partition, by a client without a group and without an instance. */
export interface PartitionWish {
  readonly start: TopicPartitionOffset;
  readonly recordsMax: number;
  readonly maxBytes: number;
  readonly timeoutMs: number;
  /** At the end of the log: whether to wait for a first record. */
  readonly waits: boolean;
  /** What is answered where the log has no such offset. */
  readonly outOfRange: (cause: OffsetOutOfRange) => Promise<ApiError>;
  /** What is answered where the time is over and nothing was read, though there may be records; default nothing. */
  readonly unanswered?: () => Promise<ApiError>;
}

/** How often a read that waits for a schema looks whether somebody still waits for it. */
const LOOK_MS = 50;
/** How much larger than its keys and values an answer may be. */
const MEMORY_FACTOR = 4;

/** @throws ApiError registryNotConfigured */
function formatOf(exchange: Exchange, api: Api): RecordFormat {
  const format = api.formats.get(exchange.negotiated.responseFormat);
  if (format === undefined) throw new ApiError('registryNotConfigured');
  return format;
}

/**
 * The client of a reader would wait for a topic that nobody knows, and starts nowhere where the log has no such offset.
 * @throws ApiError partitionNotFound; KafkaError unknownTopicOrPartition
 */
export async function assertPartition(
  { principal }: Exchange,
  api: Api,
  { topic, partition }: TopicPartition,
): Promise<void> {
  const count = await api.admins.of(principal).partitionCount(topic, partition + 1);
  if (partition < 0 || partition >= count) throw new ApiError('partitionNotFound');
}

/** One read, which may need several goes: a record whose schema is not known is read again once it is. */
class PartitionRead {
  readonly #wish: PartitionWish;
  readonly #exchange: Exchange;
  readonly #api: Api;
  readonly #deadline: number;
  readonly answer: AnswerRecords;
  #next: number;
  #state: Appended = 'taken';
  #failure: Error | undefined;

  constructor(wish: PartitionWish, format: RecordFormat, exchange: Exchange, api: Api) {
    this.#wish = wish;
    this.#exchange = exchange;
    this.#api = api;
    this.#deadline = api.now() + wish.timeoutMs;
    this.#next = wish.start.offset;
    const fields = fieldsOf(exchange.api, api);
    this.answer = new AnswerRecords({ format, budget: api.bodyBudget, pieces: api.pieces, fields });
  }

  async run(): Promise<void> {
    let end = await this.#read();
    while (this.#state === 'schema' && this.answer.count === 0) {
      end = (await this.#loadSchema()) ? await this.#read() : 'time';
      if (end === 'time') break;
    }
    const { unanswered } = this.#wish;
    if (unanswered === undefined || end !== 'time' || this.answer.count > 0 || this.#exchange.signal.aborted) return;
    throw await unanswered();
  }

  async #read(): Promise<LogReadEnd> {
    this.#state = 'taken';
    const { topic, partition } = this.#wish.start;
    let end: LogReadEnd;
    const reader = this.#api.logReaders.of(this.#exchange.principal);
    try {
      end = await reader.read({
        topic,
        partition,
        offset: this.#next,
        take: (record) => this.#take(record),
        recordsLeft: () => this.#recordsLeft(),
        awaits: () => this.#wish.waits && this.answer.count === 0,
        timeoutMs: this.#leftMs(),
        isOver: () => this.#isOver(),
      });
    } catch (error) {
      throw error instanceof OffsetOutOfRange ? await this.#wish.outOfRange(error) : error;
    }
    if (this.#failure !== undefined) throw this.#failure;
    return end;
  }

  #take(record: ConsumedRecord): boolean {
    const { maxBytes, recordsMax } = this.#wish;
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
    if (answer.count >= recordsMax) return false;
    return answer.bytes < maxBytes && answer.memory < MEMORY_FACTOR * maxBytes;
  }

  /** By number, and by bytes as far as the records until now tell of those to come. */
  #recordsLeft(): number {
    const { maxBytes, recordsMax } = this.#wish;
    const { count, bytes } = this.answer;
    const byBytes = bytes === 0 ? recordsMax : Math.ceil(((maxBytes - bytes) * count) / bytes);
    return Math.max(1, Math.min(recordsMax - count, byBytes));
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
    return this.#exchange.signal.aborted || this.#api.draining();
  }

  #leftMs(): number {
    return Math.max(0, this.#deadline - this.#api.now());
  }
}

/**
 * Answers records of a partition, in the format of the request.
 * @throws ApiError; KafkaError; NoReaderFree
 */
export async function answerPartition(wish: PartitionWish, exchange: Exchange, api: Api): Promise<Answer> {
  const format = formatOf(exchange, api);
  const read = new PartitionRead(wish, format, exchange, api);
  const { answer } = read;
  try {
    await api.reads.counted(async () => await read.run());
  } catch (error) {
    answer.release(true);
    throw error;
  }
  api.recordMetrics.add('consumed', format.name, answer.count, answer.bytes);
  const { typeUnspecified, responseType } = exchange.negotiated;
  return {
    status: 200,
    body: answer.finish(),
    contentType: typeUnspecified ? embeddedTypeOf(exchange.api, format.name) : responseType,
    onSent: (complete) => answer.release(complete),
  };
}
