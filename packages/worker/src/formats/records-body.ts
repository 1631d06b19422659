import type { ConsumedRecord } from '@sluice/kafka';
import { ByteWriter } from './byte-writer.ts';
import type { PiecePool } from './piece-pool.ts';
import { PoisonData, type RecordFormat, SchemaNeeded } from './record-format.ts';

const COMMA = 0x2c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const CLOSE_BRACE = 0x7d;
const NULL = Buffer.from('null');
const VALUE = Buffer.from(',"value":');

/** The most digits of an offset, and the bytes of brackets, commas and braces around a record. */
const REST_BYTES = 32;

/** What stands around key, value and offset in each record of one partition. */
interface Frame {
  /** From the begin of a record to its key. */
  readonly toKey: Buffer;
  /** The same and on to its value, without a key: most records have none. */
  readonly toValue: Buffer;
  /** From the value to the offset. */
  readonly toOffset: Buffer;
}

function newFrame({ topic, partition }: ConsumedRecord): Frame {
  const toKey = `{"topic":${JSON.stringify(topic)},"key":`;
  return {
    toKey: Buffer.from(toKey),
    toValue: Buffer.from(`${toKey}null,"value":`),
    toOffset: Buffer.from(`,"partition":${partition},"offset":`),
  };
}

/** Builds the body of a read: a JSON array of records. */
export class RecordsBody {
  readonly #format: RecordFormat;
  readonly #out: ByteWriter;
  /** Of the topic of the record before, by partition. */
  readonly #frames = new Map<number, Frame>();
  #topic: string | undefined;
  #count = 0;

  constructor(format: RecordFormat, pool: PiecePool, out: ByteWriter = new ByteWriter(pool)) {
    this.#format = format;
    this.#out = out;
  }

  get count(): number {
    return this.#count;
  }

  /**
   * @returns the bytes that the record takes in the body
   * @throws PoisonData naming key or value, partition and offset; SchemaNeeded. The body is unchanged then
   */
  append(record: ConsumedRecord): number {
    const out = this.#out;
    const frame = this.#frameOf(record);
    out.mark();
    out.reserve(frame.toValue.length + REST_BYTES);
    out.byte(this.#count === 0 ? OPEN_BRACKET : COMMA);
    if (record.key === null) {
      out.bytes(frame.toValue);
    } else {
      out.bytes(frame.toKey);
      this.#write('KEY', record.key, record);
      out.reserve(VALUE.length + NULL.length);
      out.bytes(VALUE);
    }
    if (record.value === null) out.bytes(NULL);
    else this.#write('VALUE', record.value, record);
    out.reserve(frame.toOffset.length + REST_BYTES);
    out.bytes(frame.toOffset);
    out.integer(record.offset);
    out.byte(CLOSE_BRACE);
    this.#count += 1;
    return out.sinceMark;
  }

  /** Takes back the record that was appended last. */
  takeBack(): void {
    this.#out.rewind();
    this.#count -= 1;
  }

  /** The finished body; nothing may be appended after it. */
  finish(): readonly Buffer[] {
    this.#out.mark();
    this.#out.reserve(2);
    if (this.#count === 0) this.#out.byte(OPEN_BRACKET);
    this.#out.byte(CLOSE_BRACKET);
    return this.#out.finish();
  }

  /** To be called when nobody will read the finished body any more: its memory serves the next one. */
  recycle(): void {
    this.#out.recycle();
  }

  #frameOf(record: ConsumedRecord): Frame {
    // Each record brings a string of its own: to compare two is cheaper than to look one up.
    if (record.topic !== this.#topic) {
      this.#topic = record.topic;
      this.#frames.clear();
    }
    let frame = this.#frames.get(record.partition);
    if (frame === undefined) {
      frame = newFrame(record);
      this.#frames.set(record.partition, frame);
    }
    return frame;
  }

  #write(what: 'KEY' | 'VALUE', data: Buffer, record: ConsumedRecord): void {
    try {
      this.#format.write(data, this.#out);
    } catch (error) {
      this.#out.rewind();
      throw error instanceof PoisonData || error instanceof SchemaNeeded ? located(what, record, error) : error;
    }
  }
}

/** What v2 advises who reads a record that cannot be deserialized. */
export const SEEK_PAST = 'If needed, please seek past the record to continue consumption.';

/** With the place of the record: that is where the client has to seek past. */
function located(what: 'KEY' | 'VALUE', record: ConsumedRecord, error: PoisonData | SchemaNeeded): Error {
  if (error instanceof PoisonData) return poison(what, record, error);
  return new SchemaNeeded(async () => {
    try {
      await error.load();
    } catch (reason) {
      throw poison(what, record, reason as Error);
    }
  });
}

function poison(what: 'KEY' | 'VALUE', { topic, partition, offset }: ConsumedRecord, { message }: Error): PoisonData {
  const reason = /[.!?]$/.test(message) ? message : `${message}.`;
  return new PoisonData(
    `Error deserializing ${what} for partition ${topic}-${partition} at offset ${offset}: ${reason} ${SEEK_PAST}`,
  );
}
