import type { DecodingCodec, SchemaDependency } from '../../src/codec.ts';
import { compileProtobuf } from '../../src/protobuf/protobuf-codec.ts';
import { DataMismatch, InvalidSchema, PayloadError } from '../../src/schema-errors.ts';

/** Of the schema in the registry. */
export const ID = 258;
/** Magic byte and id. */
const FRAME = '0000000102';

export function codecOf(text: string, dependencies: readonly SchemaDependency[] = []): DecodingCodec {
  return compileProtobuf({ type: 'PROTOBUF', text, references: [], dependencies });
}

/** A schema in proto3 whose first message has these fields. */
export function codecWith(fields: string, more = ''): DecodingCodec {
  return codecOf(`syntax = "proto3"; package p; ${more} message M { ${fields} }`);
}

/** @param json a text, or a value that is made one */
export function encoded(codec: DecodingCodec, json: unknown): Buffer {
  return codec.encode(Buffer.from(typeof json === 'string' ? json : JSON.stringify(json)), ID);
}

/** The message's bytes alone. */
export function payload(codec: DecodingCodec, json: unknown): string {
  const hex = encoded(codec, json).toString('hex');
  if (!hex.startsWith(`${FRAME}00`)) throw new Error(`no frame: ${hex}`);
  return hex.slice(FRAME.length + 2);
}

/** @param hex of the message's bytes alone; blanks do not count */
export function decoded(codec: DecodingCodec, hex: string | Buffer): string {
  const bytes = typeof hex === 'string' ? Buffer.from(hex.replaceAll(' ', ''), 'hex') : hex;
  return codec.decode(Buffer.concat([Buffer.from(`${FRAME}00`, 'hex'), bytes]));
}

/** What a value becomes on its way through a record. */
export function roundTrip(codec: DecodingCodec, json: unknown): unknown {
  return JSON.parse(codec.decode(encoded(codec, json)));
}

export function mismatchOf(action: () => unknown): DataMismatch {
  return errorOf(action, DataMismatch);
}

export function payloadErrorOf(action: () => unknown): PayloadError {
  return errorOf(action, PayloadError);
}

export function invalidSchemaOf(action: () => unknown): InvalidSchema {
  return errorOf(action, InvalidSchema);
}

function errorOf<Kind extends Error>(action: () => unknown, kind: new (...values: never[]) => Kind): Kind {
  try {
    action();
  } catch (error) {
    if (error instanceof kind) return error;
    throw error;
  }
  throw new Error(`no ${kind.name}`);
}
