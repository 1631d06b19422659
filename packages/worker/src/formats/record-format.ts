import type { EmbeddedFormat } from '@sluice/protocol';
import type { ByteWriter } from './byte-writer.ts';

/** How keys and values of one embedded format appear in answers. */
export interface RecordFormat {
  readonly name: EmbeddedFormat;
  /**
   * Writes a key or value as JSON.
   * @throws PoisonData when the bytes are not of this format; what was written of them is for the caller to take back
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
