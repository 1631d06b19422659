/** What a fresh sink holds, and what it keeps from one value to the next at most, in bytes. */
const CAPACITY_MIN = 4096;
const CAPACITY_KEPT_MAX = 1024 * 1024;

/** Up to here a length takes one byte, and characters are copied faster one by one than by a call. */
const SHORT_CHARS_MAX = 63;
const INT_BYTES_MAX = 5;
const LONG_BYTES_MAX = 10;
/** Twice what is below is exact in a double, and so is one less. */
const DOUBLED_BELOW = 2 ** 52;
/** From here on JavaScript's operators on bits see less than there is. */
const TWO_TO_32 = 2 ** 32;

const LONE_SURROGATE = /\p{Surrogate}/u;
const LONE_SURROGATES = /\p{Surrogate}/gu;
/** Characters as people count them: what takes two code units is one. */
const BEYOND_LATIN1 = /[^\0-\u{ff}]/gu;

/** Where Avro's binary encoding is written to. One serves all values, one after the other: nothing is allocated. */
export class BinaryOutput {
  #bytes: Buffer = Buffer.allocUnsafeSlow(CAPACITY_MIN);
  #length = 0;

  /** Starts a new value, with so many bytes in front of it that the caller fills in. */
  begin(reserved: number): void {
    if (this.#bytes.length > CAPACITY_KEPT_MAX) this.#bytes = Buffer.allocUnsafeSlow(CAPACITY_MIN);
    this.#length = reserved;
  }

  /** @returns a copy of what was written since `begin` */
  finish(): Buffer {
    return Buffer.from(this.#bytes.subarray(0, this.#length));
  }

  writeBoolean(value: boolean): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value ? 1 : 0;
  }

  /** @param value a whole number of 32 bits */
  writeInt(value: number): void {
    this.#reserve(INT_BYTES_MAX);
    this.#writeVarint(((value << 1) ^ (value >> 31)) >>> 0);
  }

  /** @param value a whole number that a double holds exactly */
  writeSafeLong(value: number): void {
    if (value >= DOUBLED_BELOW || value < -DOUBLED_BELOW) {
      this.writeLong(BigInt(value));
      return;
    }
    this.#reserve(LONG_BYTES_MAX);
    let rest = value < 0 ? -2 * value - 1 : 2 * value;
    while (rest >= TWO_TO_32) {
      const low = rest % 128;
      this.#bytes[this.#length++] = low | 0x80;
      rest = (rest - low) / 128;
    }
    this.#writeVarint(rest);
  }

  /** @param value a whole number of 64 bits */
  writeLong(value: bigint): void {
    this.#reserve(LONG_BYTES_MAX);
    let rest = value < 0n ? -2n * value - 1n : 2n * value;
    while (rest >= 0x80n) {
      this.#bytes[this.#length++] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    this.#bytes[this.#length++] = Number(rest);
  }

  writeFloat(value: number): void {
    this.#reserve(4);
    this.#length = this.#bytes.writeFloatLE(value, this.#length);
  }

  writeDouble(value: number): void {
    this.#reserve(8);
    this.#length = this.#bytes.writeDoubleLE(value, this.#length);
  }

  /** A string with its length. Half a surrogate pair becomes `?`, as it does in Java. */
  writeString(text: string): void {
    if (text.length <= SHORT_CHARS_MAX && this.#writeShort(text)) return;
    let size = Buffer.byteLength(text);
    let wellFormed = text;
    if (size !== text.length && LONE_SURROGATE.test(text)) {
      wellFormed = text.replace(LONE_SURROGATES, '?');
      size = Buffer.byteLength(wellFormed);
    }
    this.writeInt(size);
    this.#reserve(size);
    this.#length += this.#bytes.write(wellFormed, this.#length, size, 'utf8');
  }

  /** The characters of a text, each as the byte that ISO-8859-1 has for it, without a length. */
  writeLatin1(latin1: string): void {
    this.#reserve(latin1.length);
    this.#length += this.#bytes.write(latin1, this.#length, latin1.length, 'latin1');
  }

  /** Writes what is short and ASCII. @returns whether it was */
  #writeShort(text: string): boolean {
    const { length } = text;
    this.#reserve(length + 1);
    const bytes = this.#bytes;
    const start = this.#length + 1;
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i);
      if (code >= 0x80) return false;
      bytes[start + i] = code;
    }
    bytes[start - 1] = length << 1;
    this.#length = start + length;
    return true;
  }

  /** @param value a whole number of 32 bits without a sign */
  #writeVarint(value: number): void {
    let rest = value;
    while (rest > 0x7f) {
      this.#bytes[this.#length++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.#bytes[this.#length++] = rest;
  }

  #reserve(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#bytes.length));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}

/** A text in which each character is a byte of ISO-8859-1; what is none has become `?`, as in Java. */
export function latin1Of(text: string): string {
  for (let i = 0; i < text.length; i++) {
    if (text.charCodeAt(i) > 0xff) return text.replace(BEYOND_LATIN1, '?');
  }
  return text;
}
