import type { EmbeddedFormat } from '@sluice/protocol';
import type { SchemaStore, SchemaType } from '@sluice/schema';
import { binaryFormat } from './binary-format.ts';
import { jsonFormat } from './json-format.ts';
import type { RecordFormat } from './record-format.ts';
import { schemaFormat } from './schema-format.ts';
import { textFormat } from './text-format.ts';

/** What the registry calls the schemas of the formats that have some. */
export const schemaTypes: ReadonlyMap<EmbeddedFormat, SchemaType> = new Map([
  ['avro', 'AVRO'],
  ['jsonschema', 'JSON'],
  ['protobuf', 'PROTOBUF'],
]);

/** The formats that consumer instances can be made for, by name. */
export type RecordFormats = ReadonlyMap<string, RecordFormat>;

/**
 * @param schemas undefined without a registry: then there are no formats that need one
 * @param more those of a dialect
 */
export function recordFormats(schemas: SchemaStore | undefined, more: readonly EmbeddedFormat[] = []): RecordFormats {
  const formats: RecordFormat[] = [binaryFormat, jsonFormat];
  if (more.includes('text')) formats.push(textFormat);
  if (schemas !== undefined) {
    for (const [name, type] of schemaTypes) formats.push(schemaFormat(name, type, schemas));
  }
  return new Map(formats.map((format) => [format.name, format]));
}
