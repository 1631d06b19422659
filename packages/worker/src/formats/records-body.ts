import type { ConsumedRecord } from '@sluice/kafka';
import { PoisonData, type RecordFormat } from './record-format.ts';

/** Text that has come together is turned into bytes from here on, so that an answer is never one huge string. */
const PIECE_CHARACTERS = 65_536;

/** Builds the body of a read: a JSON array of records. */
export class RecordsBody {
  readonly #format: RecordFormat;
  readonly #pieces: Buffer[] = [];
  readonly #openings = new Map<string, string>();
  #text = '[';
  #count = 0;

  constructor(format: RecordFormat) {
    this.#format = format;
  }

  get count(): number {
    return this.#count;
  }

  /** @throws PoisonData naming key or value, partition and offset; the body is unchanged then */
  append(record: ConsumedRecord): void {
    const key = this.#encode('KEY', record.key, record);
    const value = this.#encode('VALUE', record.value, record);
    const separator = this.#count === 0 ? '' : ',';
    this.#text += `${separator}${this.#opening(record.topic)}${key},"value":${value},"partition":${record.partition},"offset":${record.offset}}`;
    this.#count += 1;
    if (this.#text.length >= PIECE_CHARACTERS) this.#flush();
  }

  /** The finished body; nothing may be appended after it. */
  finish(): readonly Buffer[] {
    this.#text += ']';
    this.#flush();
    return this.#pieces;
  }

  #encode(what: 'KEY' | 'VALUE', data: Buffer | null, { topic, partition, offset }: ConsumedRecord): string {
    if (data === null) return 'null';
    try {
      return this.#format.encode(data);
    } catch (error) {
      if (!(error instanceof PoisonData)) throw error;
      throw new PoisonData(
        `Error deserializing ${what} for partition ${topic}-${partition} at offset ${offset}: ${error.message} ` +
          'If needed, please seek past the record to continue consumption.',
      );
    }
  }

  #opening(topic: string): string {
    let opening = this.#openings.get(topic);
    if (opening === undefined) {
      opening = `{"topic":${JSON.stringify(topic)},"key":`;
      this.#openings.set(topic, opening);
    }
    return opening;
  }

  #flush(): void {
    this.#pieces.push(Buffer.from(this.#text, 'latin1'));
    this.#text = '';
  }
}
