import { createHash, timingSafeEqual } from 'node:crypto';

const digestOf = (text: string): Buffer => createHash('sha256').update(text).digest();

/** A secret that is never shown again: how long it is and how much of a guess was right cannot be timed. */
export class Secret {
  readonly #digest: Buffer;

  constructor(text: string) {
    this.#digest = digestOf(text);
  }

  matches(guess: string | readonly string[] | undefined): boolean {
    return timingSafeEqual(digestOf(typeof guess === 'string' ? guess : ''), this.#digest) && typeof guess === 'string';
  }
}
