import { compileAvro } from './avro/avro-codec.ts';
import type { SchemaCodec, SchemaSource } from './codec.ts';
import { compileJsonSchema } from './json-schema/json-schema-codec.ts';
import { compileProtobuf } from './protobuf/protobuf-codec.ts';

/**
 * Makes a schema ready for use, which costs milliseconds: it is done once for each schema.
 *
 * @throws InvalidSchema
 */
export function compileSchema(source: SchemaSource): SchemaCodec {
  switch (source.type) {
    case 'AVRO':
      return compileAvro(source);
    case 'JSON':
      return compileJsonSchema(source);
    case 'PROTOBUF':
      return compileProtobuf(source);
    default:
      return source.type satisfies never;
  }
}
