import type { EmbeddedFormat } from '@sluice/protocol';
import type { ByteWriter } from './byte-writer.ts';

/** How keys and values of one embedded format appear in answers. */
export interface RecordFormat {
  readonly name: EmbeddedFormat;
  /**
   * Writes a key or value as JSON.
   * @throws PoisonData when the bytes are not of this format, SchemaNeeded; what was written of them is for the caller to
   * take back
   */
  write(data: Buffer, out: ByteWriter): void;
}

/** The bytes of a record are not what its consumer instance was made for. */
export class PoisonData extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'PoisonData';
  }
}

/** What a record was written with has to be fetched before it can be read. */
export class SchemaNeeded extends Error {
  override readonly name = 'SchemaNeeded';
  /** Resolves when the record can be tried again; rejects with the reason why it cannot be read now. */
  readonly load: () => Promise<void>;

  constructor(load: () => Promise<void>) {
    super('The schema of the record is not known yet.');
    this.load = load;
  }
}
