import type { EmbeddedFormat } from '@sluice/protocol';

/** How keys and values of one embedded format appear in answers. */
export interface RecordFormat {
  readonly name: EmbeddedFormat;
  /**
   * The JSON text of a key or value, one character a byte (latin1): answers are put together from such pieces and
   * become bytes once, whatever encoding is inside.
   * @throws PoisonData when the bytes are not of this format
   */
  encode(data: Buffer): string;
}

/** The bytes of a record are not what its consumer instance was made for. */
export class PoisonData extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'PoisonData';
  }
}
