const LINE_END = 0x0a;
/** Of a message that are kept: the name of a command and its first argument. */
const WORDS_KEPT = 2;
/** Behind each bulk string. */
const BULK_END_BYTES = 2;

/** Finds where messages of the Redis protocol end, in a stream of them in pieces, and how each begins. */
export class RespReader {
  #line = '';
  /** Bytes of a bulk string that are still to come, its end included. */
  #bulkBytes = 0;
  #bulk: Buffer[] = [];
  /** Elements still to come, of each list that is open. */
  #open: number[] = [];
  #words: string[] = [];

  /** @returns the first words of each message that ends in this piece */
  read(piece: Buffer): string[][] {
    const messages: string[][] = [];
    const endElement = (): void => {
      if (!this.#isLast()) return;
      messages.push(this.#words);
      this.#words = [];
    };
    let at = 0;
    while (at < piece.length) {
      if (this.#bulkBytes > 0) {
        const taken = piece.subarray(at, at + this.#bulkBytes);
        at += taken.length;
        if (this.#takeBulk(taken)) endElement();
        continue;
      }
      const end = piece.indexOf(LINE_END, at);
      this.#line += piece.toString('latin1', at, end === -1 ? piece.length : end);
      at = end === -1 ? piece.length : end + 1;
      if (end !== -1 && this.#takeLine()) endElement();
    }
    return messages;
  }

  /** @returns whether the bulk string is whole */
  #takeBulk(taken: Buffer): boolean {
    this.#bulkBytes -= taken.length;
    const isKept = this.#words.length < WORDS_KEPT;
    if (isKept) this.#bulk.push(taken);
    if (this.#bulkBytes > 0) return false;
    if (isKept) this.#words.push(Buffer.concat(this.#bulk).toString('utf8').slice(0, -BULK_END_BYTES));
    this.#bulk = [];
    return true;
  }

  /** @returns whether an element ends with the line */
  #takeLine(): boolean {
    const type = this.#line.charAt(0);
    const count = Number.parseInt(this.#line.slice(1), 10);
    this.#line = '';
    switch (type) {
      case '$':
      case '=':
      case '!':
        if (count >= 0) this.#bulkBytes = count + BULK_END_BYTES;
        return count < 0;
      case '*':
      case '~':
      case '>':
        if (count > 0) this.#open.push(count);
        return count <= 0;
      case '%':
        if (count > 0) this.#open.push(2 * count);
        return count <= 0;
      default:
        return true;
    }
  }

  /** An element has ended: whether all that it is part of has, too. */
  #isLast(): boolean {
    while (this.#open.length > 0) {
      const left = (this.#open.pop() as number) - 1;
      if (left > 0) {
        this.#open.push(left);
        return false;
      }
    }
    return true;
  }
}
