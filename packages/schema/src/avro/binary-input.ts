import { PayloadError } from '../schema-errors.ts';
import type { JsonOutput } from './json-output.ts';

/** Bytes of the longest int. */
const INT_BYTES_MAX = 5;
/** Bytes of the longest long, and of the longest whose value a double may hold. */
const LONG_BYTES_MAX = 10;
const SAFE_LONG_BYTES_MAX = 8;

/** Avro's binary encoding, read front to back. Nothing is taken that is not there: the bytes are anybody's. */
export class BinaryInput {
  readonly #bytes: Buffer;
  #position: number;

  /** @param start of the value in the bytes */
  constructor(bytes: Buffer, start: number) {
    this.#bytes = bytes;
    this.#position = start;
  }

  /** Any byte but 1 is false, as in Java. */
  readBoolean(): boolean {
    return this.#byte() === 1;
  }

  readInt(): number {
    let byte = this.#byte();
    let bits = byte & 0x7f;
    for (let count = 1; byte >= 0x80; count++) {
      if (count === INT_BYTES_MAX) throw new PayloadError(`An int takes more than ${INT_BYTES_MAX} bytes.`);
      byte = this.#byte();
      bits |= (byte & 0x7f) << (7 * count);
    }
    return (bits >>> 1) ^ -(bits & 1);
  }

  /** @returns a bigint where a double may not hold it */
  readLong(): number | bigint {
    const start = this.#position;
    let bits = 0;
    let unit = 1;
    for (let count = 0; count < SAFE_LONG_BYTES_MAX; count++) {
      const byte = this.#byte();
      bits += (byte & 0x7f) * unit;
      if (byte < 0x80) {
        if (bits > Number.MAX_SAFE_INTEGER) break;
        return bits % 2 === 0 ? bits / 2 : -(bits + 1) / 2;
      }
      unit *= 0x80;
    }
    this.#position = start;
    return this.#readBigLong();
  }

  readFloat(): number {
    return this.#bytes.readFloatLE(this.#pass(4));
  }

  readDouble(): number {
    return this.#bytes.readDoubleLE(this.#pass(8));
  }

  /** Copies a string, as JSON. */
  copyString(output: JsonOutput): void {
    const length = this.#readLength();
    const start = this.#pass(length);
    output.writeString(this.#bytes, start, start + length);
  }

  /** Copies bytes that stand after their number, as JSON: each a character. */
  copyBytes(output: JsonOutput): void {
    this.copyFixed(output, this.#readLength());
  }

  copyFixed(output: JsonOutput, length: number): void {
    const start = this.#pass(length);
    output.writeBytes(this.#bytes, start, start + length);
  }

  /** Copies all that is left, as JSON: each byte a character. */
  copyRest(output: JsonOutput): void {
    this.copyFixed(output, this.#bytes.length - this.#position);
  }

  /** The number of items in the next block of an array or a map, as it is claimed: 0 after the last block. */
  readBlockCount(): number {
    const count = Number(this.readLong());
    if (count >= 0) return count;
    // The size of the block, for those who skip it.
    this.readLong();
    return -count;
  }

  #readBigLong(): bigint {
    let bits = 0n;
    for (let count = 0n; count < LONG_BYTES_MAX; count++) {
      const byte = this.#byte();
      bits |= BigInt(byte & 0x7f) << (7n * count);
      if (byte < 0x80) {
        // What the last byte has too many is cut off, as in Java.
        const unsigned = BigInt.asUintN(64, bits);
        return (unsigned >> 1n) ^ -(unsigned & 1n);
      }
    }
    throw new PayloadError(`A long takes more than ${LONG_BYTES_MAX} bytes.`);
  }

  #readLength(): number {
    const length = this.readLong();
    if (length < 0) throw new PayloadError(`A length is negative: ${length}.`);
    return Number(length);
  }

  #byte(): number {
    const byte = this.#bytes[this.#position];
    if (byte === undefined) throw truncated();
    this.#position++;
    return byte;
  }

  /** @returns where the bytes begin that were passed */
  #pass(length: number): number {
    const start = this.#position;
    if (length > this.#bytes.length - start) throw truncated();
    this.#position = start + length;
    return start;
  }
}

function truncated(): PayloadError {
  return new PayloadError('The payload ends before the value does.');
}
