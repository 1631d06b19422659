export type JsonKind = 'object' | 'array' | 'string' | 'number' | 'true' | 'false' | 'null';

/** Where a value stands in its text, and what a reader needs to know before it copies it. */
export interface JsonValue {
  readonly body: Buffer;
  /** Byte offsets: the value is `body.subarray(start, end)`. */
  readonly start: number;
  readonly end: number;
  readonly kind: JsonKind;
  /** White space stands between its tokens, so that its compact form is not its own text. */
  readonly hasInnerSpace: boolean;
  /** A string in it holds an escape, so that its text is not its content. */
  readonly hasEscapes: boolean;
}

const SPACE = 0x20;
const QUOTE = 0x22;
const DIGIT_0 = 0x30;
const BACKSLASH = 0x5c;

/** The compact form of a value: its own bytes when they are compact, else a copy without the white space. */
export function compactJson(value: JsonValue): Buffer {
  const { body, start, end } = value;
  if (!value.hasInnerSpace) return body.subarray(start, end);
  const compact = Buffer.allocUnsafe(end - start);
  let length = 0;
  let isInString = false;
  for (let i = start; i < end; i++) {
    const byte = body[i] as number;
    if (!isInString && byte <= SPACE) continue;
    compact[length++] = byte;
    if (byte === QUOTE) isInString = !isInString;
    else if (byte === BACKSLASH && isInString) compact[length++] = body[++i] as number;
  }
  return compact.subarray(0, length);
}

/** The content of a string value. */
export function stringContent(value: JsonValue): string {
  const { body, start, end } = value;
  if (!value.hasEscapes) return body.toString('utf8', start + 1, end - 1);
  return JSON.parse(body.toString('utf8', start, end)) as string;
}

/**
 * A scalar as JSON.parse gives it, for coercion; containers come out empty, because only their kind matters there.
 */
export function scalarValue(value: JsonValue): unknown {
  if (value.kind === 'object') return {};
  if (value.kind === 'array') return [];
  if (value.kind === 'string') return stringContent(value);
  return JSON.parse(value.body.toString('latin1', value.start, value.end));
}

/** The number that a value is made of when it is one to nine digits, which nearly every partition is. */
export function smallInteger(value: JsonValue): number | undefined {
  const { body, start, end } = value;
  if (value.kind !== 'number' || end - start > 9) return undefined;
  let integer = 0;
  for (let i = start; i < end; i++) {
    const digit = (body[i] as number) - DIGIT_0;
    if (digit < 0 || digit > 9) return undefined;
    integer = integer * 10 + digit;
  }
  return integer;
}
