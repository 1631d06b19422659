import type { ConsumedRecord } from '@sluice/kafka';
import { ByteWriter } from './byte-writer.ts';
import { PoisonData, type RecordFormat } from './record-format.ts';

const COMMA = 0x2c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const CLOSE_BRACE = 0x7d;
const NULL = Buffer.from('null');
const VALUE = Buffer.from(',"value":');
const PARTITION = Buffer.from(',"partition":');
const OFFSET = Buffer.from(',"offset":');

/** What a record's names, numbers and closing brace may take, its topic aside. */
const ENVELOPE_BYTES = 100;

/** Builds the body of a read: a JSON array of records. */
export class RecordsBody {
  readonly #format: RecordFormat;
  readonly #out = new ByteWriter();
  readonly #openings = new Map<string, Buffer>();
  #count = 0;

  constructor(format: RecordFormat) {
    this.#format = format;
  }

  get count(): number {
    return this.#count;
  }

  /** @throws PoisonData naming key or value, partition and offset; the body is unchanged then */
  append(record: ConsumedRecord): void {
    const out = this.#out;
    const opening = this.#opening(record.topic);
    out.mark();
    out.reserve(opening.length + ENVELOPE_BYTES);
    out.byte(this.#count === 0 ? OPEN_BRACKET : COMMA);
    out.bytes(opening);
    this.#write('KEY', record.key, record);
    out.reserve(ENVELOPE_BYTES);
    out.bytes(VALUE);
    this.#write('VALUE', record.value, record);
    out.reserve(ENVELOPE_BYTES);
    out.bytes(PARTITION);
    out.integer(record.partition);
    out.bytes(OFFSET);
    out.integer(record.offset);
    out.byte(CLOSE_BRACE);
    this.#count += 1;
  }

  /** The finished body; nothing may be appended after it. */
  finish(): readonly Buffer[] {
    this.#out.mark();
    this.#out.reserve(2);
    if (this.#count === 0) this.#out.byte(OPEN_BRACKET);
    this.#out.byte(CLOSE_BRACKET);
    return this.#out.finish();
  }

  #write(what: 'KEY' | 'VALUE', data: Buffer | null, { topic, partition, offset }: ConsumedRecord): void {
    if (data === null) {
      this.#out.bytes(NULL);
      return;
    }
    try {
      this.#format.write(data, this.#out);
    } catch (error) {
      this.#out.rewind();
      if (!(error instanceof PoisonData)) throw error;
      throw new PoisonData(
        `Error deserializing ${what} for partition ${topic}-${partition} at offset ${offset}: ${error.message} ` +
          'If needed, please seek past the record to continue consumption.',
      );
    }
  }

  /** From the begin of a record to its key. */
  #opening(topic: string): Buffer {
    let opening = this.#openings.get(topic);
    if (opening === undefined) {
      opening = Buffer.from(`{"topic":${JSON.stringify(topic)},"key":`);
      this.#openings.set(topic, opening);
    }
    return opening;
  }
}
