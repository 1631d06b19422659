import { nestedTooDeep, type OpenContainer, unexpectedCharacter, unexpectedEnd } from './json-syntax-error.ts';
import type { JsonKind, JsonValue } from './json-value.ts';
import { expectations, JsonWalker } from './json-walker.ts';

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const CLOSE_BRACKET = 0x5d;
const CLOSE_BRACE = 0x7d;

/** The kind of value that a byte begins; every other byte can only begin a number. */
const kinds: ReadonlyMap<number, JsonKind> = new Map([
  [QUOTE, 'string'],
  [0x7b, 'object'],
  [0x5b, 'array'],
  [0x74, 'true'],
  [0x66, 'false'],
  [0x6e, 'null'],
]);

/**
 * Steps through a JSON text and finds values instead of building them, so that a record's own bytes go to Kafka as
 * they came: numbers exact, keys in order, no copy. The last value found is told in fields: a view that the next step
 * overwrites, because an object a value is what a batch of records cannot afford.
 */
export class JsonScanner implements JsonValue {
  readonly body: Buffer;
  start = 0;
  end = 0;
  kind: JsonKind = 'null';
  hasInnerSpace = false;
  hasEscapes = false;
  /** The bytes of the last field name, without its quotes. */
  keyStart = 0;
  keyEnd = 0;
  keyHasEscapes = false;

  readonly #walker: JsonWalker;
  readonly #open: OpenContainer[] = [];
  #position = 0;

  /**
   * @param body valid UTF-8
   * @param depthMax how deep containers may nest
   */
  constructor(body: Buffer, depthMax: number) {
    this.body = body;
    this.#walker = new JsonWalker(body, depthMax);
  }

  /** Whether white space is all that is left. */
  atEnd(): boolean {
    this.#position = this.#walker.space(this.#position);
    return this.#position >= this.body.length;
  }

  /**
   * The kind of value that stands next, told by its first byte alone.
   * @throws JsonSyntaxError at the end of the text
   */
  nextKind(): JsonKind {
    if (this.atEnd()) throw unexpectedEnd(this.body, this.#innermost);
    return kinds.get(this.body[this.#position] as number) ?? 'number';
  }

  /**
   * Scans the next value whole and tells of it in `start`, `end`, `kind` and the two flags.
   * @throws JsonSyntaxError
   */
  scanValue(): void {
    const walker = this.#walker;
    this.kind = this.nextKind();
    const start = this.#position;
    walker.sawSpace = false;
    walker.sawEscape = false;
    this.start = start;
    this.end = walker.value(start, this.#open.length);
    this.hasInnerSpace = walker.sawSpace;
    this.hasEscapes = walker.sawEscape;
    this.#position = this.end;
  }

  /**
   * Steps into the object that stands next: to its first field's value.
   * @returns false when it is empty, and then it is passed
   * @throws JsonSyntaxError
   */
  enterObject(): boolean {
    this.#enter('Object');
    if (this.body[this.#position] === CLOSE_BRACE) return this.#leave();
    this.#field();
    return true;
  }

  /**
   * Steps from a field's value to the next one's.
   * @returns false at the end of the object, and then it is passed
   * @throws JsonSyntaxError
   */
  nextField(): boolean {
    const i = this.#walker.space(this.#position);
    if (this.body[i] === CLOSE_BRACE) {
      this.#position = i;
      return this.#leave();
    }
    if (this.body[i] !== COMMA) throw this.#walker.unexpected(i, expectations.nextField, this.#innermost);
    this.#position = this.#walker.space(i + 1);
    this.#field();
    return true;
  }

  /**
   * Steps into the array that stands next: to its first element.
   * @returns false when it is empty, and then it is passed
   * @throws JsonSyntaxError
   */
  enterArray(): boolean {
    this.#enter('Array');
    return this.body[this.#position] === CLOSE_BRACKET ? this.#leave() : true;
  }

  /**
   * Steps from an element to the next one.
   * @returns false at the end of the array, and then it is passed
   * @throws JsonSyntaxError
   */
  nextElement(): boolean {
    const i = this.#walker.space(this.#position);
    this.#position = i;
    if (this.body[i] === CLOSE_BRACKET) return this.#leave();
    if (this.body[i] !== COMMA) throw this.#walker.unexpected(i, expectations.nextElement, this.#innermost);
    this.#position = i + 1;
    return true;
  }

  /** Whether the last field's name is `name`, which must be ASCII. */
  keyIs(name: string): boolean {
    if (this.keyHasEscapes) return this.keyName() === name;
    if (this.keyEnd - this.keyStart !== name.length) return false;
    for (let i = 0; i < name.length; i++) {
      if (this.body[this.keyStart + i] !== name.charCodeAt(i)) return false;
    }
    return true;
  }

  /** The last field's name, escapes resolved. */
  keyName(): string {
    const quoted = this.body.toString('utf8', this.keyStart - 1, this.keyEnd + 1);
    return JSON.parse(quoted) as string;
  }

  /**
   * Throws unless white space is all that is left.
   * @throws JsonSyntaxError
   */
  expectEnd(): void {
    if (!this.atEnd()) throw unexpectedCharacter(this.body, this.#position, 'end of input after the JSON value');
  }

  get #innermost(): OpenContainer | undefined {
    return this.#open[this.#open.length - 1];
  }

  #enter(kind: 'Object' | 'Array'): void {
    const offset = this.#walker.space(this.#position);
    if (this.#open.length >= this.#walker.depthMax) throw nestedTooDeep(offset, this.#walker.depthMax);
    this.#open.push({ kind, offset });
    this.#position = this.#walker.space(offset + 1);
  }

  /** Passes the closing bracket at the position. */
  #leave(): false {
    this.#open.pop();
    this.#position++;
    return false;
  }

  /** Passes a field's name and its colon. */
  #field(): void {
    const quote = this.#position;
    if (this.body[quote] !== QUOTE) {
      throw this.#walker.unexpected(quote, expectations.fieldName, this.#innermost);
    }
    this.#walker.sawEscape = false;
    const end = this.#walker.string(quote);
    this.keyStart = quote + 1;
    this.keyEnd = end - 1;
    this.keyHasEscapes = this.#walker.sawEscape;
    const colon = this.#walker.space(end);
    if (this.body[colon] !== COLON) throw this.#walker.unexpected(colon, expectations.colon, this.#innermost);
    this.#position = colon + 1;
  }
}
