/** Size of the pieces that an answer is put together in; a record that is larger gets a piece of its own. */
export const PIECE_BYTES = 65_536;
/** Kept for later answers: as much as two answers of the target size need. */
const FREE_PIECES_MAX = 64;

/**
 * Pieces of answers that have left the process, for answers to come. Each new one is memory that V8 counts and frees
 * only when it looks for garbage: under a steady load of reads it went through all of its heap for that once a second.
 */
export class PiecePool {
  readonly #free: Buffer[] = [];

  /** A piece of `PIECE_BYTES` that holds whatever was in it. */
  take(): Buffer {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(PIECE_BYTES);
  }

  /** @param pieces taken from here; nobody may read or write them any more */
  give(pieces: readonly Buffer[]): void {
    for (const piece of pieces) {
      if (this.#free.length < FREE_PIECES_MAX) this.#free.push(piece);
    }
  }
}
