import { isUtf8 } from 'node:buffer';

import { PayloadError } from '../schema-errors.ts';
import { NESTING_MAX, nestedTooDeep, TEXT_CHARS_MAX, textTooLong } from './payload-limits.ts';
import { wireTypes } from './wire-types.ts';

const VARINT_BYTES_MAX = 10;
/** Text of up to so many bytes is looked through here; longer ones are cheaper natively. */
const SHORT_TEXT_BYTES = 48;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Steps through protobuf's wire format (https://protobuf.dev/programming-guides/encoding/). */
export class WireReader {
  readonly bytes: Buffer;
  position: number;
  /** Where the message ends that is being read. */
  end: number;
  /** In front of the value that is being read. */
  lastTag = 0;
  /** The halves of the last 64-bit number, as signed integers. */
  low = 0;
  high = 0;

  constructor(bytes: Buffer, position: number, end: number) {
    this.bytes = bytes;
    this.position = position;
    this.end = end;
  }

  /**
   * @returns the number of a field and its kind of wire
   * @throws PayloadError
   */
  tag(): number {
    const byte = this.position < this.end ? (this.bytes[this.position] as number) : 0x80;
    let tag = byte;
    if (byte < 0x80) {
      this.position++;
    } else {
      tag = this.varint() >>> 0;
      if (this.high !== 0) throw new PayloadError('The number of a field is out of range.');
    }
    if (tag < 8) throw new PayloadError('The number of a field is 0.');
    this.lastTag = tag;
    return tag;
  }

  /**
   * Reads a varint into `low` and `high`.
   * @returns `low`
   * @throws PayloadError
   */
  varint(): number {
    const { bytes } = this;
    const end = Math.min(this.end, this.position + VARINT_BYTES_MAX);
    let low = 0;
    let high = 0;
    let shift = 0;
    for (let i = this.position; i < end; i++) {
      const byte = bytes[i] as number;
      const bits = byte & 0x7f;
      if (shift < 28) {
        low |= bits << shift;
      } else if (shift === 28) {
        low |= bits << 28;
        high = bits >>> 4;
      } else {
        high |= bits << (shift - 32);
      }
      if (byte < 0x80) {
        this.position = i + 1;
        this.low = low;
        this.high = high;
        return low;
      }
      shift += 7;
    }
    throw this.end - this.position < VARINT_BYTES_MAX ? truncated() : new PayloadError('A varint is too long.');
  }

  /** @throws PayloadError */
  fixed32(): number {
    const start = this.#pass(4);
    return this.bytes.readInt32LE(start);
  }

  /**
   * Reads into `low` and `high`.
   * @throws PayloadError
   */
  fixed64(): void {
    const start = this.#pass(8);
    this.low = this.bytes.readInt32LE(start);
    this.high = this.bytes.readInt32LE(start + 4);
  }

  /** @throws PayloadError */
  float(): number {
    return this.bytes.readFloatLE(this.#pass(4));
  }

  /** @throws PayloadError */
  double(): number {
    return this.bytes.readDoubleLE(this.#pass(8));
  }

  /**
   * Reads a length.
   * @returns where that which has it ends
   * @throws PayloadError when that is beyond the message
   */
  lengthEnd(): number {
    const length = this.varint();
    if (this.high !== 0 || length < 0 || length > this.end - this.position) throw truncated();
    return this.position + length;
  }

  /**
   * Reads a text.
   * @returns it as JSON, with its quotes
   * @throws PayloadError when it is not UTF-8 and must be
   */
  jsonText(checksUtf8: boolean): string {
    const start = this.#passText();
    const end = this.position;
    const { bytes } = this;
    if (end - start > SHORT_TEXT_BYTES || !isPlain(bytes, start, end)) {
      return JSON.stringify(utf8Text(bytes, start, end, checksUtf8));
    }
    return `"${bytes.toString('latin1', start, end)}"`;
  }

  /** @throws PayloadError when it is not UTF-8 and must be */
  text(checksUtf8: boolean): string {
    const start = this.#passText();
    return utf8Text(this.bytes, start, this.position, checksUtf8);
  }

  /** @throws PayloadError */
  base64(): string {
    const start = this.#passText();
    return this.bytes.toString('base64', start, this.position);
  }

  /**
   * Passes the value of a field.
   * @param tag that stood in front of it
   * @throws PayloadError
   */
  skip(tag: number): void {
    switch (tag & 7) {
      case wireTypes.varint:
        this.varint();
        break;
      case wireTypes.fixed64:
        this.#pass(8);
        break;
      case wireTypes.length:
        this.position = this.lengthEnd();
        break;
      case wireTypes.groupStart:
        this.groupEnd(tag);
        break;
      case wireTypes.fixed32:
        this.#pass(4);
        break;
      default:
        throw new PayloadError(`A field has the kind of wire ${tag & 7}, which none can have.`);
    }
  }

  /**
   * Passes a group.
   * @param tag that stood in front of it
   * @returns where its content ends
   * @throws PayloadError
   */
  groupEnd(tag: number): number {
    const open = [tag];
    while (this.position < this.end) {
      const start = this.position;
      const inner = this.tag();
      if ((inner & 7) === wireTypes.groupStart) {
        if (open.push(inner) > NESTING_MAX) throw nestedTooDeep();
      } else if ((inner & 7) !== wireTypes.groupEnd) {
        this.skip(inner);
      } else {
        // A group's two tags differ by one.
        if (open.pop() !== inner - 1) throw new PayloadError('A group ends that has not begun.');
        if (open.length === 0) return start;
      }
    }
    throw truncated();
  }

  /** @returns where the text or the bytes begin that it passes, behind their length */
  #passText(): number {
    const end = this.lengthEnd();
    const start = this.position;
    // Engines have a limit of their own, at which they throw something else.
    if (end - start > TEXT_CHARS_MAX) throw textTooLong();
    this.position = end;
    return start;
  }

  /** @returns where the bytes begin that it passes */
  #pass(length: number): number {
    const start = this.position;
    if (length > this.end - start) throw truncated();
    this.position = start + length;
    return start;
  }
}

function truncated(): PayloadError {
  return new PayloadError('The payload ends inside a field, or a field inside a message is longer than it.');
}

/** Whether it is the same as JSON: printable ASCII, nothing to escape. */
function isPlain(bytes: Buffer, start: number, end: number): boolean {
  for (let i = start; i < end; i++) {
    const byte = bytes[i] as number;
    if (byte < 0x20 || byte > 0x7e || byte === QUOTE || byte === BACKSLASH) return false;
  }
  return true;
}

function utf8Text(bytes: Buffer, start: number, end: number, checksUtf8: boolean): string {
  const text = bytes.toString('utf8', start, end);
  // Only where something may have been replaced is it worth to look at the bytes.
  if (checksUtf8 && text.includes('\ufffd') && !isUtf8(bytes.subarray(start, end))) {
    throw new PayloadError('A string is not valid UTF-8.');
  }
  return text;
}
