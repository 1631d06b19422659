import type { DecodingCodec, SchemaSource } from '../codec.ts';
import { parseExactJson } from '../exact-json.ts';
import { FRAME_BYTES, writeFrame } from '../framing.ts';
import { InvalidSchema } from '../schema-errors.ts';
import { mismatch } from './data-mismatch.ts';
import { JsonPrinter } from './json-printer.ts';
import { FIRST_MESSAGE, payloadReader, readMessageIndexes } from './message-indexes.ts';
import type { MessageType } from './message-type.ts';
import { loadFiles } from './schema-files.ts';
import { linkTypes } from './type-linker.ts';
import { WireWriter } from './wire-writer.ts';

/**
 * Makes a Protobuf schema ready for use: JSON in protobuf's own mapping (https://protobuf.dev/programming-guides/json/)
 * to records of its first message, and records of any of its messages back (contract E.1, E.8).
 *
 * @param source proto2, proto3, or an edition, as text or as a serialised descriptor in base64; imports are those of
 * its dependencies, or come with protobuf
 * @throws InvalidSchema
 */
export function compileProtobuf(source: SchemaSource): DecodingCodec {
  const messages = linkTypes(loadFiles(source));
  const first = messages[FIRST_MESSAGE];
  if (first === undefined) throw new InvalidSchema('the schema has no message');
  return new ProtobufCodec(source.text, first, messages);
}

class ProtobufCodec implements DecodingCodec {
  readonly type = 'PROTOBUF';
  readonly text: string;
  readonly recordName: string;

  readonly #first: MessageType;
  readonly #messages: readonly MessageType[];
  readonly #writer = new WireWriter();

  constructor(text: string, first: MessageType, messages: readonly MessageType[]) {
    this.text = text;
    this.recordName = first.fullName;
    this.#first = first;
    this.#messages = messages;
  }

  encode(json: Buffer, id: number): Buffer {
    const writer = this.#writer;
    writer.begin(FRAME_BYTES);
    writer.byte(FIRST_MESSAGE);
    try {
      this.#first.writeContent(writer, parseExactJson(json, Number.MAX_SAFE_INTEGER), this.#first);
    } catch (error) {
      // Only JSON can be so deep: messages are counted.
      throw error instanceof RangeError ? mismatch('Hit recursion limit.') : error;
    }
    const record = writer.take();
    writeFrame(record, id);
    return record;
  }

  decode(data: Buffer): string {
    const reader = payloadReader(data);
    const type = readMessageIndexes(reader, this.#messages);
    const printer = new JsonPrinter();
    type.printContent(printer, reader, type);
    return printer.take();
  }
}
