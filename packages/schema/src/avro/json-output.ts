import { PayloadError } from '../schema-errors.ts';

/** What a fresh sink holds, and what it keeps from one value to the next at most, in bytes. */
const CAPACITY_MIN = 4096;
const CAPACITY_KEPT_MAX = 1024 * 1024;

const QUOTE = 0x22;
const MINUS = 0x2d;
const ZERO = 0x30;
/** The longest whole number that a double holds, with its sign. */
const INTEGER_CHARS_MAX = 17;
const INT_MAX = 0x7fffffff;

/** The bytes that stand for themselves in a string of JSON, whatever the encoding. */
const isPlain = Uint8Array.from({ length: 0x100 }, (_, byte) => {
  return byte >= 0x20 && byte < 0x80 && byte !== QUOTE && byte !== 0x5c ? 1 : 0;
});

/**
 * Where JSON is written to, as UTF-8. One serves all values, one after the other. Bytes, for the memory that a string
 * of many small pieces takes is ten times what it says.
 */
export class JsonOutput {
  #bytes: Buffer = Buffer.allocUnsafeSlow(CAPACITY_MIN);
  #length = 0;
  /** The bits of all bytes so far: whether they are ASCII. */
  #seen = 0;
  #bytesMax = 0;

  /**
   * Starts a new value.
   * @param bytesMax how much it may take: beyond that writing throws PayloadError
   */
  begin(bytesMax: number): void {
    this.#bytesMax = bytesMax;
    if (this.#bytes.length > CAPACITY_KEPT_MAX) this.#bytes = Buffer.allocUnsafeSlow(CAPACITY_MIN);
    this.#length = 0;
    this.#seen = 0;
  }

  /** @returns what was written since `begin` */
  finish(): string {
    return this.#bytes.toString(this.#seen < 0x80 ? 'latin1' : 'utf8', 0, this.#length);
  }

  /** @param json UTF-8 */
  write(json: Uint8Array): void {
    const { length } = json;
    this.#reserve(length);
    const bytes = this.#bytes;
    const start = this.#length;
    let seen = this.#seen;
    for (let i = 0; i < length; i++) {
      const byte = json[i] as number;
      seen |= byte;
      bytes[start + i] = byte;
    }
    this.#seen = seen;
    this.#length = start + length;
  }

  /** @param code one of ASCII */
  writeCharacter(code: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = code;
  }

  /** @param json ASCII, and short */
  writeAscii(json: string): void {
    const { length } = json;
    this.#reserve(length);
    for (let i = 0; i < length; i++) this.#bytes[this.#length++] = json.charCodeAt(i);
  }

  /** @param value a whole number that a double holds exactly */
  writeInteger(value: number): void {
    this.#reserve(INTEGER_CHARS_MAX);
    const size = Math.abs(value);
    if (value < 0) this.#bytes[this.#length++] = MINUS;
    if (size > INT_MAX) this.writeAscii(String(size));
    else this.#writeDigits(size);
  }

  /** A string of UTF-8; what is none of it becomes U+FFFD, as in Java. */
  writeString(source: Buffer, start: number, end: number): void {
    if (!this.#writePlain(source, start, end)) this.#writeQuoted(source.toString('utf8', start, end));
  }

  /** Bytes as a string in which each is a character. */
  writeBytes(source: Buffer, start: number, end: number): void {
    if (!this.#writePlain(source, start, end)) this.#writeQuoted(source.toString('latin1', start, end));
  }

  /** Copies what may stand in a string as it is. @returns whether that is all */
  #writePlain(source: Buffer, start: number, end: number): boolean {
    this.#reserve(end - start + 2);
    const bytes = this.#bytes;
    let to = this.#length;
    bytes[to++] = QUOTE;
    for (let i = start; i < end; i++) {
      const byte = source[i] as number;
      if (isPlain[byte] === 0) return false;
      bytes[to++] = byte;
    }
    bytes[to++] = QUOTE;
    this.#length = to;
    return true;
  }

  #writeQuoted(text: string): void {
    const json = JSON.stringify(text);
    const size = Buffer.byteLength(json);
    this.#reserve(size);
    this.#length += this.#bytes.write(json, this.#length, size, 'utf8');
    this.#seen |= size === json.length ? 0 : 0x80;
  }

  /** @param value from 0 on, of 31 bits */
  #writeDigits(value: number): void {
    let digits = 1;
    for (let limit = 10; value >= limit; limit *= 10) digits++;
    const start = this.#length;
    let rest = value;
    for (let i = start + digits - 1; i >= start; i--) {
      const tenth = (rest / 10) | 0;
      this.#bytes[i] = ZERO + rest - 10 * tenth;
      rest = tenth;
    }
    this.#length = start + digits;
  }

  #reserve(count: number): void {
    const needed = this.#length + count;
    if (needed > this.#bytes.length) this.#grow(needed);
  }

  #grow(needed: number): void {
    if (needed > this.#bytesMax) throw new PayloadError(`The value takes more than ${this.#bytesMax} bytes as JSON.`);
    const larger = Buffer.allocUnsafeSlow(Math.min(this.#bytesMax, Math.max(needed, 2 * this.#bytes.length)));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}
