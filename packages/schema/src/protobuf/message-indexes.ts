import { FRAME_BYTES } from '../framing.ts';
import { PayloadError } from '../schema-errors.ts';
import type { MessageType } from './message-type.ts';
import { WireReader } from './wire-reader.ts';

/** The one byte that stands for the first message of a schema (contract E.1). */
export const FIRST_MESSAGE = 0;

/**
 * Reads which message of the schema a record holds: a count and so many indexes, each into what stands in the message
 * before. Zigzag varints, and a count of 0 for the first message.
 * @param reader behind the frame; left where the message begins
 * @throws PayloadError when the schema has no such message
 */
export function readMessageIndexes(reader: WireReader, messages: readonly MessageType[]): MessageType {
  const count = zigzag(reader);
  let level = messages;
  let type = messages[FIRST_MESSAGE];
  for (let i = 0; i < count; i++) {
    type = level[zigzag(reader)];
    if (type === undefined) break;
    level = type.nested;
  }
  if (type === undefined || count < 0) throw new PayloadError('The schema has no message with these indexes.');
  return type;
}

/** @returns a reader behind the magic byte and the id */
export function payloadReader(data: Buffer): WireReader {
  if (data.length <= FRAME_BYTES) throw new PayloadError('No message indexes stand behind the id of the schema.');
  return new WireReader(data, FRAME_BYTES, data.length);
}

function zigzag(reader: WireReader): number {
  const value = reader.varint();
  return (value >>> 1) ^ -(value & 1);
}
