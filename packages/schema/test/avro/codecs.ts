import { compileAvro } from '../../src/avro/avro-codec.ts';
import type { DecodingCodec } from '../../src/codec.ts';
import { DataMismatch, InvalidSchema, PayloadError } from '../../src/schema-errors.ts';

const ID = 0x01020304;
/** Magic byte and id. */
const FRAME = '0001020304';

/** @param dependencies the texts of schemas that it refers to */
export function compile(text: string, dependencies: readonly string[] = []): DecodingCodec {
  return compileAvro({
    type: 'AVRO',
    text,
    references: [],
    dependencies: dependencies.map((dependency, index) => ({ name: `dependency ${index}`, text: dependency })),
  });
}

export function codecOf(schema: unknown): DecodingCodec {
  return compile(JSON.stringify(schema));
}

/** @returns the payload in hexadecimal, without its frame */
export function encode(schema: unknown, json: string): string {
  return payloadOf(codecOf(schema).encode(Buffer.from(json), ID));
}

/** @param hex the payload without its frame */
export function decode(schema: unknown, hex: string): string {
  return codecOf(schema).decode(framed(hex));
}

export function framed(hex: string): Buffer {
  return Buffer.from(FRAME + hex, 'hex');
}

export function payloadOf(data: Buffer): string {
  const hex = data.toString('hex');
  if (!hex.startsWith(FRAME)) throw new Error(`no frame: ${hex}`);
  return hex.slice(FRAME.length);
}

/** @returns the message with which a value does not fit, and where */
export function mismatchOf(schema: unknown, json: string): { readonly message: string; readonly path: string } {
  const { message, path } = thrownBy(() => encode(schema, json), DataMismatch);
  return { message, path };
}

export function payloadErrorOf(schema: unknown, hex: string): string {
  return thrownBy(() => decode(schema, hex), PayloadError).message;
}

export function invalidityOf(text: string): string {
  return thrownBy(() => compile(text), InvalidSchema).message;
}

function thrownBy<E extends Error>(act: () => unknown, kind: abstract new (...parameters: never[]) => E): E {
  let result: unknown;
  try {
    result = act();
  } catch (error) {
    if (error instanceof kind) return error;
    throw error;
  }
  throw new Error(`nothing was thrown, but this came out: ${String(result)}`);
}

/** A record named R. */
export function record(...fields: readonly [name: string, type: unknown][]): unknown {
  return { type: 'record', name: 'R', fields: fields.map(([name, type]) => ({ name, type })) };
}
