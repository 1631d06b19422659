import type { EmbeddedFormat } from '@sluice/protocol';
import {
  PayloadError,
  payloadOf,
  readSchemaId,
  type SchemaCodec,
  type SchemaStore,
  type SchemaType,
} from '@sluice/schema';
import type { ByteWriter } from './byte-writer.ts';
import { jsonFormat } from './json-format.ts';
import { PoisonData, type RecordFormat, SchemaNeeded } from './record-format.ts';

/** Up to here room is made for the worst case of UTF-8, which is cheaper than to count. */
const SHORT_CHARS = 4096;
const UTF8_BYTES_MAX = 3;

/**
 * Keys and values that were written with schemas from the registry (contract E). A schema that is not known yet is asked
 * for by the read: nothing in here waits.
 */
export function schemaFormat(name: EmbeddedFormat, type: SchemaType, schemas: SchemaStore): RecordFormat {
  return {
    name,
    write: (data, out) => {
      try {
        writeRecord(codecOf(data, type, schemas), data, out);
      } catch (error) {
        throw error instanceof PayloadError ? new PoisonData(error.message) : error;
      }
    },
  };
}

function codecOf(data: Buffer, type: SchemaType, schemas: SchemaStore): SchemaCodec {
  const id = readSchemaId(data);
  const codec = schemas.known(id);
  if (codec === undefined) throw new SchemaNeeded(async () => void (await schemas.load(id)));
  if (codec.type === type) return codec;
  throw new PayloadError(`It was written with schema ${id}, which is of type ${codec.type} and not ${type}.`);
}

function writeRecord(codec: SchemaCodec, data: Buffer, out: ByteWriter): void {
  if (codec.decode === undefined) {
    jsonFormat.write(payloadOf(data), out);
    return;
  }
  const text = codec.decode(data);
  out.reserve(text.length <= SHORT_CHARS ? text.length * UTF8_BYTES_MAX : Buffer.byteLength(text));
  out.utf8(text);
}
