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
  const known = new KnownSchemas(schemas);
  return {
    name,
    write: (data, out) => {
      try {
        writeRecord(codecOf(data, type, known), data, out);
      } catch (error) {
        throw error instanceof PayloadError ? new PoisonData(error.message) : error;
      }
    },
  };
}

/** A record needs two schemas at once, and several reads may need some. */
const HELD_MAX = 16;

/** What the store knows, and what was loaded for reads of late, though the store may have no room to keep it. */
class KnownSchemas {
  readonly #schemas: SchemaStore;
  readonly #held = new Map<number, SchemaCodec>();

  constructor(schemas: SchemaStore) {
    this.#schemas = schemas;
  }

  /** @throws SchemaNeeded */
  get(id: number): SchemaCodec {
    const codec = this.#schemas.known(id) ?? this.#held.get(id);
    if (codec === undefined) throw new SchemaNeeded(async () => await this.#load(id));
    return codec;
  }

  async #load(id: number): Promise<void> {
    const codec = await this.#schemas.load(id);
    this.#held.delete(id);
    this.#held.set(id, codec);
    const [oldest] = this.#held.keys();
    if (this.#held.size > HELD_MAX && oldest !== undefined) this.#held.delete(oldest);
  }
}

function codecOf(data: Buffer, type: SchemaType, known: KnownSchemas): SchemaCodec {
  const id = readSchemaId(data);
  const codec = known.get(id);
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
