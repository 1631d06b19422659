import { PIECE_BYTES, type PiecePool } from './piece-pool.ts';

/** Of the first piece: most answers are small, and a read that waits has none at all. */
const FIRST_PIECE_BYTES = 4096;

const NOTHING = Buffer.alloc(0);
const DIGIT_0 = 0x30;
/** Integers up to here are written digit by digit in 32-bit arithmetic. */
const INT32_MAX = 0x7fffffff;

/**
 * Builds the bytes of an answer. Strings would be made of every value and turned into bytes again: that, and what the
 * garbage collector does about it, was a quarter of the cost of a read.
 *
 * `reserve` comes before every write; the writes themselves check nothing.
 */
export class ByteWriter {
  /** The piece that is being filled; `reserve` may replace it. */
  buffer: Buffer = NOTHING;
  /** Where the next byte goes. */
  position = 0;
  readonly #finished: Buffer[] = [];
  readonly #pool: PiecePool;
  readonly #pooled: Buffer[] = [];
  #mark = 0;

  constructor(pool: PiecePool) {
    this.#pool = pool;
  }

  /** Everything written so far stays; what follows can be taken back. */
  mark(): void {
    this.#mark = this.position;
  }

  /** Bytes written since the last `mark`. */
  get sinceMark(): number {
    return this.position - this.#mark;
  }

  /** Takes back what was written since the last `mark`. */
  rewind(): void {
    this.position = this.#mark;
  }

  /** Makes room for the next `bytes`. What was written since the mark stays in one piece with them. */
  reserve(bytes: number): void {
    if (this.position + bytes > this.buffer.length) this.#nextPiece(bytes);
  }

  byte(value: number): void {
    this.buffer[this.position++] = value;
  }

  /** For the few bytes of an envelope: a loop costs less than the call of a copy. */
  bytes(source: Uint8Array): void {
    const { buffer } = this;
    let at = this.position;
    for (let i = 0; i < source.length; i++) buffer[at++] = source[i] as number;
    this.position = at;
  }

  /** @param text ASCII only */
  ascii(text: string): void {
    this.position += this.buffer.write(text, this.position, 'latin1');
  }

  /** @param text any; a lone surrogate comes out as U+FFFD, for UTF-8 has no other form of it */
  utf8(text: string): void {
    this.position += this.buffer.write(text, this.position, 'utf8');
  }

  /** @param value a whole number that is not negative; takes at most 16 bytes */
  integer(value: number): void {
    if (value > INT32_MAX) {
      this.ascii(String(value));
      return;
    }
    let digits = 1;
    for (let left = value; left >= 10; left = (left / 10) | 0) digits++;
    const end = this.position + digits;
    let left = value | 0;
    for (let at = end - 1; at >= this.position; at--) {
      const tenth = (left / 10) | 0;
      this.buffer[at] = DIGIT_0 + left - tenth * 10;
      left = tenth;
    }
    this.position = end;
  }

  /** All that was written. Nothing may be written after it. */
  finish(): readonly Buffer[] {
    this.#finished.push(filled(this.buffer, this.position));
    this.buffer = NOTHING;
    return this.#finished;
  }

  /** Gives the pieces back to the pool: what `finish` returned may hold anything from now on. */
  recycle(): void {
    this.#pool.give(this.#pooled.splice(0));
  }

  #nextPiece(bytes: number): void {
    const open = this.buffer.subarray(this.#mark, this.position);
    if (this.#mark > 0) this.#finished.push(filled(this.buffer, this.#mark));
    this.buffer = this.#pieceFor(open.length + bytes);
    this.buffer.set(open);
    this.#mark = 0;
    this.position = open.length;
  }

  #pieceFor(bytes: number): Buffer {
    if (this.buffer === NOTHING && bytes <= FIRST_PIECE_BYTES) return Buffer.allocUnsafeSlow(FIRST_PIECE_BYTES);
    if (bytes > PIECE_BYTES) return Buffer.allocUnsafeSlow(bytes);
    const piece = this.#pool.take();
    this.#pooled.push(piece);
    return piece;
  }
}

/** What was written of a piece. Mostly empty ones are left behind: answers are kept for a while, and counted by length. */
function filled(piece: Buffer, length: number): Buffer {
  if (length * 2 >= piece.length) return piece.subarray(0, length);
  const own = Buffer.allocUnsafeSlow(length);
  piece.copy(own, 0, 0, length);
  return own;
}
