import { ApiError } from './errors.ts';
import { compactJson, type JsonValue, stringContent } from './json-value.ts';
import type { EmbeddedFormat } from './media-types.ts';

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
  const text = base64Text(value);
  if (text === '') return EMPTY;
  const decoded = Buffer.from(text, 'base64');
  const isWhole = text.length % 4 !== 1 && decoded.length === Math.floor((text.length * 3) / 4);
  if (!isWhole || text.includes('-') || text.includes('_')) throw badValue(value, 'is not a valid base64 string.');
  return decoded;
};

/** The digits of a base64 string, one byte a character, without the padding. */
function base64Text(value: JsonValue): string {
  // PHP writes `/` as `\/`, so an escape in base64 is nothing unusual.
  const source = value.hasEscapes ? Buffer.from(stringContent(value), 'utf8') : value.body;
  const start = value.hasEscapes ? 0 : value.start + 1;
  let end = value.hasEscapes ? source.length : value.end - 1;
  while (end > start && source[end - 1] === PADDING) end--;
  return source.toString('latin1', start, end);
}

function badValue(value: JsonValue, problem: string): ApiError {
  const text = compactJson(value).toString('utf8');
  const quoted = text.length > QUOTED_CHARS_MAX ? `${text.slice(0, QUOTED_CHARS_MAX)}...` : text;
  return new ApiError('badRequest', { detail: `: data=${quoted} ${problem}` });
}

/** How each format reads keys and values. Schema formats keep the JSON text for their codec. */
export const fieldDecoders: Readonly<Record<EmbeddedFormat, FieldDecoder>> = {
  binary: base64Decoder,
  json: jsonDecoder,
  avro: jsonDecoder,
  jsonschema: jsonDecoder,
  protobuf: jsonDecoder,
};
