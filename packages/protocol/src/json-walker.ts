import {
  badEscape,
  badNumber,
  controlCharacter,
  type JsonSyntaxError,
  nestedTooDeep,
  type OpenContainer,
  unexpectedCharacter,
  unexpectedEnd,
  unexpectedValue,
  unterminatedString,
} from './json-syntax-error.ts';

const TAB = 0x09;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const SPACE = 0x20;
const QUOTE = 0x22;
const PLUS = 0x2b;
const COMMA = 0x2c;
const MINUS = 0x2d;
const POINT = 0x2e;
const DIGIT_0 = 0x30;
const DIGIT_9 = 0x39;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const UPPER_E = 0x45;
const LOWER_E = 0x65;
const LOWER_F = 0x66;
const LOWER_N = 0x6e;
const LOWER_T = 0x74;
const LOWER_U = 0x75;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** What must stand where a member, its colon or the next member begins; for messages. */
export const expectations = {
  fieldName: 'double-quote to start field name',
  colon: 'a colon to separate field name and value',
  nextField: 'comma to separate Object entries',
  nextElement: 'comma to separate Array entries',
} as const;

/** Of four bytes the bits that ASCII does not have. */
const HIGH_BITS = 0x80808080 | 0;

const TRUE = Buffer.from('true');
const FALSE = Buffer.from('false');
const NULL = Buffer.from('null');

/** The characters that may follow a backslash, `u` aside. */
const escapable = new Set(Buffer.from('"\\/bfnrt'));

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= DIGIT_0 && byte <= DIGIT_9;
}

function isHexDigit(byte: number | undefined): boolean {
  if (byte === undefined) return false;
  const lower = byte | 0x20;
  return isDigit(byte) || (lower >= 0x61 && lower <= LOWER_F);
}

/**
 * The JSON grammar (RFC 8259) as functions over positions: each takes the position of a token's first byte, returns the
 * one after its last, and throws JsonSyntaxError where JSON.parse throws.
 *
 * This is the produce path's innermost loop. That is why positions travel in local variables, strings are walked four
 * bytes at a time, and no object is made for a value.
 */
export class JsonWalker {
  readonly body: Buffer;
  /** White space was passed since the caller set this to false. */
  sawSpace = false;
  /** An escape was passed since the caller set this to false. */
  sawEscape = false;
  /** A byte beyond ASCII was passed since the caller set this to false, or stands right behind a string. */
  sawNonAscii = false;
  readonly depthMax: number;
  readonly #view: DataView;

  /**
   * @param body UTF-8, which nothing in here checks: the caller asks `isUtf8`, before or where `sawNonAscii` says so
   * @param depthMax how deep containers may nest
   */
  constructor(body: Buffer, depthMax: number) {
    this.body = body;
    this.depthMax = depthMax;
    this.#view = new DataView(body.buffer, body.byteOffset, body.length);
  }

  /** The position of the next token. */
  space(i: number): number {
    return (this.body[i] as number) > SPACE ? i : this.#passSpace(i);
  }

  #passSpace(from: number): number {
    const body = this.body;
    let i = from;
    while (i < body.length) {
      const byte = body[i];
      if (byte !== SPACE && byte !== LINE_FEED && byte !== CARRIAGE_RETURN && byte !== TAB) break;
      i++;
    }
    if (i !== from) this.sawSpace = true;
    return i;
  }

  /**
   * Passes a value, which must not be missing altogether.
   * @param depth of the containers around it
   */
  value(i: number, depth: number): number {
    // The caller has looked: there is a byte.
    const first = this.body[i] as number;
    switch (first) {
      case QUOTE:
        return this.string(i);
      case OPEN_BRACE:
        return this.#object(i, depth + 1);
      case OPEN_BRACKET:
        return this.#array(i, depth + 1);
      case LOWER_T:
        return this.#literal(i, TRUE);
      case LOWER_F:
        return this.#literal(i, FALSE);
      case LOWER_N:
        return this.#literal(i, NULL);
      default:
        return this.#number(i);
    }
  }

  #object(start: number, depth: number): number {
    if (depth > this.depthMax) throw nestedTooDeep(start, this.depthMax);
    const body = this.body;
    let i = this.space(start + 1);
    if (body[i] === CLOSE_BRACE) return i + 1;
    for (;;) {
      if (body[i] !== QUOTE) {
        throw this.unexpected(i, expectations.fieldName, { kind: 'Object', offset: start });
      }
      i = this.space(this.string(i));
      if (body[i] !== COLON) throw this.unexpected(i, expectations.colon, { kind: 'Object', offset: start });
      i = this.space(i + 1);
      if (i >= body.length) throw unexpectedEnd(body, { kind: 'Object', offset: start });
      i = this.space(this.value(i, depth));
      const byte = body[i];
      if (byte === CLOSE_BRACE) return i + 1;
      if (byte !== COMMA) {
        throw this.unexpected(i, expectations.nextField, { kind: 'Object', offset: start });
      }
      i = this.space(i + 1);
    }
  }

  #array(start: number, depth: number): number {
    if (depth > this.depthMax) throw nestedTooDeep(start, this.depthMax);
    const body = this.body;
    let i = this.space(start + 1);
    if (body[i] === CLOSE_BRACKET) return i + 1;
    for (;;) {
      if (i >= body.length) throw unexpectedEnd(body, { kind: 'Array', offset: start });
      i = this.space(this.value(i, depth));
      const byte = body[i];
      if (byte === CLOSE_BRACKET) return i + 1;
      if (byte !== COMMA) {
        throw this.unexpected(i, expectations.nextElement, { kind: 'Array', offset: start });
      }
      i = this.space(i + 1);
    }
  }

  /**
   * Four bytes at a time until one of them is a quote, a backslash or a control character: halves the cost of a body
   * against a loop over bytes. The bit tricks are the usual ones for "some byte is below n" and "some byte is zero";
   * the lowest bit set is exact, and bytes of multi-byte characters never set one.
   */
  string(quote: number): number {
    const body = this.body;
    const view = this.#view;
    const lastWord = body.length - 4;
    let seen = 0;
    let i = quote + 1;
    for (;;) {
      while (i <= lastWord) {
        const word = view.getInt32(i, true);
        seen |= word;
        const isControl = word - 0x20202020;
        const isQuote = (word ^ 0x22222222) - 0x01010101;
        const isBackslash = (word ^ 0x5c5c5c5c) - 0x01010101;
        const stops = (isControl | isQuote | isBackslash) & ~word & 0x80808080;
        if (stops !== 0) {
          i += (31 - Math.clz32(stops & -stops)) >> 3;
          break;
        }
        i += 4;
      }
      const byte = body[i];
      if (byte === QUOTE) break;
      if (byte === undefined) throw unterminatedString(body, quote);
      seen |= byte;
      if (byte === BACKSLASH) i = this.#escape(i);
      else if (byte < SPACE) throw controlCharacter(body, i);
      else i++;
    }
    if ((seen & HIGH_BITS) !== 0) this.sawNonAscii = true;
    return i + 1;
  }

  #escape(backslash: number): number {
    const body = this.body;
    this.sawEscape = true;
    const byte = body[backslash + 1];
    if (byte === undefined) throw unterminatedString(body, backslash);
    if (byte !== LOWER_U) {
      if (!escapable.has(byte)) throw badEscape(body, backslash + 1);
      return backslash + 2;
    }
    for (let i = backslash + 2; i < backslash + 6; i++) {
      if (i >= body.length) throw unterminatedString(body, backslash);
      if (!isHexDigit(body[i])) throw unexpectedCharacter(body, i, 'a hex-digit for character escape sequence');
    }
    return backslash + 6;
  }

  /** What to throw where `expected` must stand and something else does, or nothing any more. */
  unexpected(i: number, expected: string, open: OpenContainer | undefined): JsonSyntaxError {
    return i >= this.body.length ? unexpectedEnd(this.body, open) : unexpectedCharacter(this.body, i, expected);
  }

  #literal(start: number, literal: Buffer): number {
    const body = this.body;
    for (let i = 1; i < literal.length; i++) {
      if (body[start + i] !== literal[i]) throw unexpectedValue(body, start);
    }
    return start + literal.length;
  }

  #number(start: number): number {
    const body = this.body;
    let i = body[start] === MINUS ? start + 1 : start;
    if (!isDigit(body[i])) throw this.#notANumber(start, i);
    if (body[i] === DIGIT_0 && isDigit(body[i + 1])) throw badNumber(body, i, 'Leading zeroes not allowed');
    i = this.#digits(i);
    if (body[i] === POINT) {
      if (!isDigit(body[i + 1])) throw badNumber(body, i + 1, 'Decimal point not followed by a digit');
      i = this.#digits(i + 1);
    }
    if (body[i] === LOWER_E || body[i] === UPPER_E) {
      i++;
      if (body[i] === PLUS || body[i] === MINUS) i++;
      if (!isDigit(body[i])) throw badNumber(body, i, 'Exponent indicator not followed by a digit');
      i = this.#digits(i);
    }
    return i;
  }

  #digits(from: number): number {
    let i = from;
    while (isDigit(this.body[i])) i++;
    return i;
  }

  #notANumber(start: number, i: number): JsonSyntaxError {
    return i > start
      ? badNumber(this.body, i, 'Minus sign not followed by a digit')
      : unexpectedValue(this.body, start);
  }
}
