const CAPACITY_FIRST = 1024;
/** A buffer that has grown beyond this for one record is not kept for the next. */
const CAPACITY_KEPT_MAX = 256 * 1024;
const VARINT_BYTES_MAX = 10;
const TWO_TO_32 = 2 ** 32;
/** Text of up to so many characters is copied here if it is ASCII; longer ones are cheaper natively. */
const SHORT_TEXT_CHARS = 32;
const UTF8_BYTES_PER_CHAR_MAX = 3;

/** Writes protobuf's wire format (https://protobuf.dev/programming-guides/encoding/). Used again for each record. */
export class WireWriter {
  position = 0;
  /** How many messages stand around the one that is being written. */
  depth = 0;

  #bytes: Buffer = Buffer.allocUnsafeSlow(CAPACITY_FIRST);
  #low = 0;
  #high = 0;

  /** @param start where the first byte goes: what is in front of it is left to the caller */
  begin(start: number): void {
    if (this.#bytes.length > CAPACITY_KEPT_MAX) this.#bytes = Buffer.allocUnsafeSlow(CAPACITY_FIRST);
    this.position = start;
    this.depth = 0;
  }

  /** A copy of all that has been written. */
  take(): Buffer {
    return Buffer.from(this.#bytes.subarray(0, this.position));
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.position++] = value;
  }

  /** @param value of which the 32 lower bits count, as an unsigned number */
  varint32(value: number): void {
    this.#reserve(VARINT_BYTES_MAX);
    const bytes = this.#bytes;
    let rest = value >>> 0;
    while (rest > 0x7f) {
      bytes[this.position++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    bytes[this.position++] = rest;
  }

  /** Ten bytes where it is negative, as the format wants it. */
  int32(value: number): void {
    if (value >= 0) this.varint32(value);
    else this.#varint(value, -1);
  }

  sint32(value: number): void {
    this.varint32((value << 1) ^ (value >> 31));
  }

  /** @param value of 64 bits, signed or not; a number must be an exact one */
  varint64(value: number | bigint): void {
    this.#split(value);
    this.#varint(this.#low, this.#high);
  }

  sint64(value: number | bigint): void {
    this.#split(value);
    const sign = this.#high >> 31;
    this.#varint((this.#low << 1) ^ sign, ((this.#high << 1) | (this.#low >>> 31)) ^ sign);
  }

  fixed32(value: number): void {
    this.#reserve(4);
    this.position = this.#bytes.writeInt32LE(value | 0, this.position);
  }

  fixed64(value: number | bigint): void {
    this.#split(value);
    this.fixed32(this.#low);
    this.fixed32(this.#high);
  }

  float(value: number): void {
    this.#reserve(4);
    this.position = this.#bytes.writeFloatLE(value, this.position);
  }

  double(value: number): void {
    this.#reserve(8);
    this.position = this.#bytes.writeDoubleLE(value, this.position);
  }

  /** Writes a text behind its length. */
  text(value: string): void {
    const { length } = value;
    if (length <= SHORT_TEXT_CHARS && this.#shortAscii(value)) return;
    this.#reserve(VARINT_BYTES_MAX + length * UTF8_BYTES_PER_CHAR_MAX);
    const bytes = Buffer.byteLength(value, 'utf8');
    this.varint32(bytes);
    this.position += this.#bytes.write(value, this.position, bytes, 'utf8');
  }

  /**
   * Writes bytes behind their length.
   * @param base64 valid, in either alphabet
   * @param length of what it stands for
   */
  base64(base64: string, length: number): void {
    this.varint32(length);
    this.#reserve(length);
    this.position += this.#bytes.write(base64, this.position, length, 'base64');
  }

  /**
   * Begins something whose length goes in front.
   * @returns where its content starts
   */
  open(): number {
    this.#reserve(1);
    this.position++;
    return this.position;
  }

  /** Writes the length. One byte was left for it, which most often is enough. */
  close(start: number): void {
    const length = this.position - start;
    if (length < 0x80) {
      this.#bytes[start - 1] = length;
      return;
    }
    this.varint32(length);
    const lengthBytes = this.position - start - length;
    this.#reserve(VARINT_BYTES_MAX);
    this.#bytes.copyWithin(start - 1 + lengthBytes, start, start + length);
    this.position = start - 1;
    this.varint32(length);
    this.position += length;
  }

  #shortAscii(value: string): boolean {
    const { length } = value;
    this.#reserve(1 + length);
    const bytes = this.#bytes;
    const start = this.position;
    for (let i = 0; i < length; i++) {
      const code = value.charCodeAt(i);
      if (code > 0x7f) return false;
      bytes[start + 1 + i] = code;
    }
    bytes[start] = length;
    this.position = start + 1 + length;
    return true;
  }

  #split(value: number | bigint): void {
    if (typeof value === 'number') {
      this.#low = value | 0;
      this.#high = Math.floor(value / TWO_TO_32) | 0;
    } else {
      this.#low = Number(BigInt.asIntN(32, value));
      this.#high = Number(BigInt.asIntN(32, value >> 32n));
    }
  }

  #varint(low: number, high: number): void {
    this.#reserve(VARINT_BYTES_MAX);
    const bytes = this.#bytes;
    let rest = low >>> 0;
    let more = high >>> 0;
    while (more !== 0 || rest > 0x7f) {
      bytes[this.position++] = (rest & 0x7f) | 0x80;
      rest = ((rest >>> 7) | (more << 25)) >>> 0;
      more >>>= 7;
    }
    bytes[this.position++] = rest;
  }

  #reserve(length: number): void {
    const needed = this.position + length;
    if (needed <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(grown, 0, 0, this.position);
    this.#bytes = grown;
  }
}
