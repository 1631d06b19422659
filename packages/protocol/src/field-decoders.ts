import { ApiError } from './errors.ts';
import { wrongKind } from './json-coercion.ts';
import { compactJson, type JsonValue, scalarValue, stringContent } from './json-value.ts';
import type { EmbeddedFormat } from './media-types.ts';
import type { ApiVersion } from './route.ts';

/**
 * Turns a record's key or value, as it stands in the request, into the bytes for Kafka, or for the codec of a schema
 * format, which wants the JSON text. It never sees JSON null: that is Kafka's null in every format.
 * @throws ApiError
 */
export type FieldDecoder = (value: JsonValue) => Buffer;

/** Zero bytes that are not null: node-rdkafka takes a Buffer without memory behind it for Kafka's null. */
const EMPTY: Buffer = Buffer.alloc(1).subarray(0, 0);

/** What an error message quotes of a value at most: a client knows what it sent, and an answer must stay small. */
const QUOTED_CHARS_MAX = 200;

const PADDING = 0x3d;

/** A JSON value's own bytes, white space between its tokens dropped: numbers stay as they were written. */
export const jsonDecoder: FieldDecoder = compactJson;

/**
 * Strict base64: the standard alphabet, padding optional, left-over bits ignored (observed (h)).
 *
 * Buffer's decoder is the fastest there is, but lenient: it skips what it does not know, stops at the first `=` and
 * takes the URL-safe alphabet too. So the result is compared with the length that the text promises, which is shorter
 * by then in every case but the last, and that one is looked for.
 */
export const base64Decoder: FieldDecoder = (value) => {
  if (value.kind !== 'string') throw badValue(value, 'is not a base64 string.');
  const decoded = decodeBase64(base64Text(value));
  if (decoded === undefined) throw badValue(value, 'is not a valid base64 string.');
  return decoded;
};

/** @param text without its padding. @returns undefined for what is not base64, to the last digit */
export function decodeBase64(text: string): Buffer | undefined {
  if (text === '') return EMPTY;
  const decoded = Buffer.from(text, 'base64');
  const isWhole = text.length % 4 !== 1 && decoded.length === Math.floor((text.length * 3) / 4);
  return !isWhole || text.includes('-') || text.includes('_') ? undefined : decoded;
}

/**
 * v1's base64: lines may be folded, and the alphabet may be the one for URLs. Confluent's v1 drops whatever is no digit, and
 * with it data (`-_-_` and `AQ` both became zero bytes); what would be lost is refused here in its words (contract C.3).
 */
function lenientBase64(side: 'key' | 'value'): FieldDecoder {
  return (value) => {
    if (value.kind === 'object' || value.kind === 'array') throw wrongKind('String', scalarValue(value));
    const text = value.kind === 'string' ? base64Text(value) : '!';
    const decoded = decodeBase64(text) ?? decodeBase64(plainDigits(text));
    if (decoded === undefined) {
      throw new ApiError('unprocessable', { message: `Record ${side} contains invalid base64 encoding` });
    }
    return decoded;
  };
}

function plainDigits(text: string): string {
  return text
    .replaceAll(/[ \t\r\n]/g, '')
    .replaceAll('-', '+')
    .replaceAll('_', '/')
    .replace(/=+$/, '');
}

/** The digits of a base64 string, one byte a character, without the padding. */
export function base64Text(value: JsonValue): string {
  // PHP writes `/` as `\/`, so an escape in base64 is nothing unusual.
  const source = value.hasEscapes ? Buffer.from(stringContent(value), 'utf8') : value.body;
  const start = value.hasEscapes ? 0 : value.start + 1;
  let end = value.hasEscapes ? source.length : value.end - 1;
  while (end > start && source[end - 1] === PADDING) end--;
  return source.toString('latin1', start, end);
}

/** Half of a surrogate pair, which UTF-8 cannot hold. */
const LONE_SURROGATE = /\p{Cs}/u;

/** The text itself, which Strimzi's `text` format is: strings only. */
const textDecoder: FieldDecoder = (value) => {
  if (value.kind !== 'string') throw unprocessableText(value, 'is not a string');
  if (!value.hasEscapes)
    return value.end - value.start === 2 ? EMPTY : value.body.subarray(value.start + 1, value.end - 1);
  const text = stringContent(value);
  if (LONE_SURROGATE.test(text)) throw unprocessableText(value, 'holds half of a surrogate pair');
  return text === '' ? EMPTY : Buffer.from(text);
};

function unprocessableText(value: JsonValue, problem: string): ApiError {
  return new ApiError('unprocessable', { message: `data=${quoted(value)} ${problem}; the embedded format is text.` });
}

function quoted(value: JsonValue): string {
  const text = compactJson(value).toString('utf8');
  return text.length > QUOTED_CHARS_MAX ? `${text.slice(0, QUOTED_CHARS_MAX)}...` : text;
}

function badValue(value: JsonValue, problem: string): ApiError {
  return new ApiError('badRequest', { detail: `: data=${quoted(value)} ${problem}` });
}

/** How keys and values of a request are read. */
export interface FieldDecoders {
  readonly key: FieldDecoder;
  readonly value: FieldDecoder;
}

const strictBinary: FieldDecoders = { key: base64Decoder, value: base64Decoder };
const lenientBinary: FieldDecoders = { key: lenientBase64('key'), value: lenientBase64('value') };
/** Schema formats keep the JSON text for their codec. */
const jsonText: FieldDecoders = { key: jsonDecoder, value: jsonDecoder };
const plainText: FieldDecoders = { key: textDecoder, value: textDecoder };

export function fieldDecoders(api: ApiVersion, format: EmbeddedFormat): FieldDecoders {
  if (format === 'text') return plainText;
  if (format !== 'binary') return jsonText;
  return api === 'v1' ? lenientBinary : strictBinary;
}
