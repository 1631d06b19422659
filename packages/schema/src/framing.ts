import { PayloadError } from './schema-errors.ts';

/** In front of each key or value: a zero, and the id of its schema, big-endian (contract E.1). */
export const FRAME_BYTES = 5;

const MAGIC = 0;

/** What stands behind the frame of a key or value. */
export function payloadOf(data: Buffer): Buffer {
  return data.subarray(FRAME_BYTES);
}

/** @param frame at least `FRAME_BYTES` long */
export function writeFrame(frame: Buffer, id: number): void {
  frame[0] = MAGIC;
  frame.writeInt32BE(id, 1);
}

/**
 * @returns the id of the schema that a key or value from Kafka was written with
 * @throws PayloadError when nothing of the kind stands there
 */
export function readSchemaId(data: Buffer): number {
  if (data.length < FRAME_BYTES) {
    throw new PayloadError(`${data.length} bytes are too few for the magic byte and the id of a schema.`);
  }
  if (data[0] !== MAGIC) throw new PayloadError(`Unknown magic byte ${data[0]}; expected 0.`);
  return data.readInt32BE(1);
}
