import { NESTING_MAX, nestedTooDeep, TEXT_CHARS_MAX, textTooLong } from './payload-limits.ts';

/** From here on text is put away as bytes: one that has grown in small steps takes ten times the memory. */
const PIECE_CHARS = 32 * 1024;

/** The JSON of one record, as it grows. */
export class JsonPrinter {
  /** What has been printed last; to append to. */
  text = '';

  readonly #pieces: Buffer[] = [];
  #chars = 0;
  #depth = 0;

  /**
   * Begins a message, or another thing that prints more than it has bytes.
   * @throws PayloadError when there are too many in one another, or the text is too long
   */
  enter(): void {
    if (this.#depth++ >= NESTING_MAX) throw nestedTooDeep();
    this.checkLength();
  }

  leave(): void {
    this.#depth--;
  }

  /**
   * Bounds what has been printed. To be called between fields, and between the elements of a list.
   * @throws PayloadError when the text is too long
   */
  checkLength(): void {
    if (this.text.length > PIECE_CHARS) this.#putAway();
  }

  /**
   * @returns all of it
   * @throws PayloadError when the text is too long
   */
  take(): string {
    if (this.#pieces.length === 0) return this.text;
    this.#putAway();
    return Buffer.concat(this.#pieces).toString('utf8');
  }

  #putAway(): void {
    this.#chars += this.text.length;
    if (this.#chars > TEXT_CHARS_MAX) throw textTooLong();
    this.#pieces.push(Buffer.from(this.text, 'utf8'));
    this.text = '';
  }
}
