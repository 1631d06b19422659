/**
 * What is wrong with a JSON text, in the words of Jackson, which Confluent's clients and operators know: the texts of
 * observed (b) literally, the others alike and with the place (line and column, from 1).
 */

/** The text is not JSON (RFC 8259). */
export class JsonSyntaxError extends Error {
  /** Byte offset at which the text cannot be JSON any more. */
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.name = 'JsonSyntaxError';
    this.offset = offset;
  }
}

/** A container that is open where the error stands. */
export interface OpenContainer {
  readonly kind: 'Object' | 'Array';
  readonly offset: number;
}

/** What is quoted of a client's text at most, so that an answer never grows with the request. */
const QUOTED_TOKEN_CHARS_MAX = 100;

const VALUES = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')";

interface Place {
  readonly line: number;
  readonly column: number;
}

function placeOf(body: Buffer, offset: number): Place {
  let line = 1;
  let lineStart = 0;
  for (let i = body.indexOf(0x0a); i >= 0 && i < offset; i = body.indexOf(0x0a, i + 1)) {
    line++;
    lineStart = i + 1;
  }
  return { line, column: offset - lineStart + 1 };
}

function describePlace(body: Buffer, offset: number): string {
  const { line, column } = placeOf(body, offset);
  return `line: ${line}, column: ${column}`;
}

/** The character at an offset, whole even when it takes several bytes. */
function characterAt(body: Buffer, offset: number): string {
  return String.fromCodePoint(body.toString('utf8', offset, offset + 4).codePointAt(0) ?? 0xfffd);
}

function describeCharacter(body: Buffer, offset: number): string {
  const character = characterAt(body, offset);
  const code = character.codePointAt(0) ?? 0;
  return code < 0x20 ? `(CTRL-CHAR, code ${code})` : `'${character}' (code ${code})`;
}

/** The text ended inside of a value. */
export function unexpectedEnd(body: Buffer, open: OpenContainer | undefined): JsonSyntaxError {
  if (open === undefined) return new JsonSyntaxError('Unexpected end-of-input: no content to map', body.length);
  const source = 'Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled)';
  const start = `(start marker at [${source}; ${describePlace(body, open.offset)}])`;
  return new JsonSyntaxError(`Unexpected end-of-input: expected close marker for ${open.kind} ${start}`, body.length);
}

/** The text ended inside of a string. */
export function unterminatedString(body: Buffer, start: number): JsonSyntaxError {
  const place = describePlace(body, start);
  return new JsonSyntaxError(
    `Unexpected end-of-input: was expecting closing quote for a string value (opened at ${place})`,
    body.length,
  );
}

function isWordByte(byte: number): boolean {
  const lower = byte | 0x20;
  return (
    (lower >= 0x61 && lower <= 0x7a) || (byte >= 0x30 && byte <= 0x39) || byte === 0x5f || byte === 0x24 || byte >= 0x80
  );
}

/** Something that cannot begin a value stands where one must. */
export function unexpectedValue(body: Buffer, offset: number): JsonSyntaxError {
  let end = offset;
  while (end < body.length && isWordByte(body[end] as number)) end++;
  const byte = body[offset] as number;
  const isWord = end > offset && (byte < 0x30 || byte > 0x39);
  if (isWord) {
    const word = body.toString('utf8', offset, end);
    const token = word.length > QUOTED_TOKEN_CHARS_MAX ? `${word.slice(0, QUOTED_TOKEN_CHARS_MAX)}...` : word;
    return new JsonSyntaxError(`Unrecognized token '${token}': was expecting ${VALUES}`, offset);
  }
  return unexpectedCharacter(body, offset, `a valid value ${VALUES}`);
}

/** A character stands where `expected` must. */
export function unexpectedCharacter(body: Buffer, offset: number, expected: string): JsonSyntaxError {
  const character = describeCharacter(body, offset);
  if ((body[offset] as number) < 0x20) {
    return new JsonSyntaxError(
      `Illegal character (${character}): only regular white space (\\r, \\n, \\t) is allowed between tokens`,
      offset,
    );
  }
  return new JsonSyntaxError(
    `Unexpected character (${character}): was expecting ${expected} (${describePlace(body, offset)})`,
    offset,
  );
}

/** A control character stands inside of a string. */
export function controlCharacter(body: Buffer, offset: number): JsonSyntaxError {
  return new JsonSyntaxError(
    `Illegal unquoted character (${describeCharacter(body, offset)}): has to be escaped using backslash to be included in string value (${describePlace(body, offset)})`,
    offset,
  );
}

/** A backslash that begins no escape. */
export function badEscape(body: Buffer, offset: number): JsonSyntaxError {
  return new JsonSyntaxError(
    `Unrecognized character escape ${describeCharacter(body, offset)} (${describePlace(body, offset)})`,
    offset,
  );
}

/** A number that breaks the grammar; `problem` says how. */
export function badNumber(body: Buffer, offset: number, problem: string): JsonSyntaxError {
  return new JsonSyntaxError(`Invalid numeric value: ${problem} (${describePlace(body, offset)})`, offset);
}

/** Containers are nested deeper than `depthMax`. */
export function nestedTooDeep(offset: number, depthMax: number): JsonSyntaxError {
  return new JsonSyntaxError(
    `Document nesting depth (${depthMax + 1}) exceeds the maximum allowed (${depthMax})`,
    offset,
  );
}

/** The body is not UTF-8; `offset` is the first byte that cannot be. */
export function invalidUtf8(body: Buffer, offset: number): JsonSyntaxError {
  const byte = (body[offset] as number).toString(16).padStart(2, '0');
  return new JsonSyntaxError(`Invalid UTF-8 start byte 0x${byte} (${describePlace(body, offset)})`, offset);
}
