import { InvalidSchema } from '../schema-errors.ts';

type TokenKind = 'identifier' | 'integer' | 'float' | 'string' | 'symbol' | 'end';

const NEWLINE = 0x0a;
const BACKSLASH = 0x5c;

/** How many characters of a token an error quotes. */
const QUOTED_CHARS_MAX = 40;

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

function isWordChar(code: number): boolean {
  return isDigit(code) || (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a) || code === 0x5f;
}

function isSpace(code: number): boolean {
  return code === 0x20 || (code >= 0x09 && code <= 0x0d);
}

/**
 * The words of a .proto text, one at a time (https://protobuf.dev/reference/protobuf/proto3-spec/, "Lexical elements").
 * Passes each character once.
 */
export class ProtoTokens {
  /** Of the token that stands next. */
  kind: TokenKind = 'end';
  /** Of the token that stands next; a string without its quotes, its escapes as they are. */
  text = '';

  readonly #source: string;
  #position = 0;
  #start = 0;

  /** @throws InvalidSchema when no token stands first */
  constructor(source: string) {
    this.#source = source;
    if (source.charCodeAt(0) === 0xfeff) this.#position = 1;
    this.#scan();
  }

  /**
   * Steps to the next token.
   * @returns the text of the one it leaves
   */
  next(): string {
    const { text } = this;
    this.#scan();
    return text;
  }

  /** Whether the next token is this word or symbol. */
  at(text: string): boolean {
    return this.text === text && this.kind !== 'string';
  }

  /** Passes the next token if it is this word or symbol. */
  skip(text: string): boolean {
    if (!this.at(text)) return false;
    this.#scan();
    return true;
  }

  /** @throws InvalidSchema when the next token is another one */
  expect(text: string): void {
    if (!this.skip(text)) throw this.unexpected(`'${text}'`);
  }

  /** @throws InvalidSchema when no identifier stands next */
  identifier(what: string): string {
    if (this.kind !== 'identifier') throw this.unexpected(what);
    return this.next();
  }

  /** @throws InvalidSchema when no string stands next */
  string(what: string): string {
    if (this.kind !== 'string') throw this.unexpected(what);
    let text = this.next();
    while (this.kind === 'string') text += this.next();
    return text;
  }

  unexpected(expected: string): InvalidSchema {
    const found = this.kind === 'end' ? 'the end of the text' : `'${this.text.slice(0, QUOTED_CHARS_MAX)}'`;
    return this.error(`expected ${expected}, found ${found}`);
  }

  /** At the token that stands next. */
  error(message: string): InvalidSchema {
    let line = 1;
    for (let i = 0; i < this.#start; i++) if (this.#source.charCodeAt(i) === NEWLINE) line++;
    return new InvalidSchema(`line ${line}: ${message}`);
  }

  #scan(): void {
    const source = this.#source;
    this.#skipSpaceAndComments();
    const start = this.#position;
    this.#start = start;
    if (start >= source.length) {
      this.kind = 'end';
      this.text = '';
      return;
    }
    const code = source.charCodeAt(start);
    if (isDigit(code) || (code === 0x2e && isDigit(source.charCodeAt(start + 1)))) return this.#number();
    if (isWordChar(code)) return this.#word();
    if (code === 0x22 || code === 0x27) return this.#string(code);
    this.kind = 'symbol';
    this.text = source.charAt(start);
    this.#position = start + 1;
  }

  #skipSpaceAndComments(): void {
    const source = this.#source;
    for (;;) {
      const code = source.charCodeAt(this.#position);
      if (isSpace(code)) {
        this.#position++;
      } else if (source.startsWith('//', this.#position)) {
        const end = source.indexOf('\n', this.#position);
        this.#position = end < 0 ? source.length : end + 1;
      } else if (source.startsWith('/*', this.#position)) {
        const end = source.indexOf('*/', this.#position + 2);
        this.#start = this.#position;
        if (end < 0) throw this.error('a comment has no end');
        this.#position = end + 2;
      } else {
        return;
      }
    }
  }

  #word(): void {
    const start = this.#position;
    while (isWordChar(this.#source.charCodeAt(this.#position))) this.#position++;
    this.kind = 'identifier';
    this.text = this.#source.slice(start, this.#position);
  }

  #number(): void {
    const source = this.#source;
    const start = this.#position;
    const isHex = source.startsWith('0x', start) || source.startsWith('0X', start);
    let isFloat = false;
    for (;;) {
      const code = source.charCodeAt(this.#position);
      if (code === 0x2e) {
        isFloat = true;
      } else if (!isHex && (code === 0x65 || code === 0x45)) {
        isFloat = true;
        const sign = source.charCodeAt(this.#position + 1);
        if (sign === 0x2b || sign === 0x2d) this.#position++;
      } else if (!isWordChar(code)) {
        break;
      }
      this.#position++;
    }
    this.kind = isFloat ? 'float' : 'integer';
    this.text = source.slice(start, this.#position);
  }

  #string(quote: number): void {
    const source = this.#source;
    const start = this.#position + 1;
    let i = start;
    for (;;) {
      const code = source.charCodeAt(i);
      if (code === quote) break;
      if (Number.isNaN(code) || code === NEWLINE) throw this.error('a string has no end');
      i += code === BACKSLASH ? 2 : 1;
    }
    this.kind = 'string';
    this.text = source.slice(start, i);
    this.#position = i + 1;
  }
}
