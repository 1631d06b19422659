import type { SchemaSource } from '../codec.ts';
import { InvalidSchema } from '../schema-errors.ts';
import { bundledFile } from './bundled/bundled-files.ts';
import type { FileDescriptor } from './file-descriptor.ts';
import { parseProto } from './proto-parser.ts';
import { parseSerializedDescriptor } from './serialized-descriptor.ts';
import type { SchemaFile } from './type-linker.ts';

/** Whose types have a JSON form of their own: a schema cannot bring others under their names. */
const WELL_KNOWN_FOLDER = 'google/protobuf/';

/**
 * Parses a schema and all that it imports: files of its references, and those that come with protobuf and with
 * Confluent's registry. No other place is looked at.
 * @returns the schema's own file first
 * @throws InvalidSchema
 */
export function loadFiles({ text, dependencies }: SchemaSource): SchemaFile[] {
  const texts = new Map(dependencies.map((dependency) => [dependency.name, dependency.text]));
  const first: SchemaFile = { file: parseSchema(text), isBundled: false };
  const files = [first];
  const seen = new Set<string>();
  // It grows while it is walked through.
  for (const { file } of files) {
    for (const name of file.dependency) {
      if (seen.has(name)) continue;
      seen.add(name);
      files.push(importedFile(name, texts));
    }
  }
  return files;
}

function importedFile(name: string, texts: ReadonlyMap<string, string>): SchemaFile {
  const text = name.startsWith(WELL_KNOWN_FOLDER) ? undefined : texts.get(name);
  const bundled = text === undefined ? bundledFile(name) : undefined;
  if (bundled !== undefined) return { file: bundled, isBundled: true };
  const own = text ?? texts.get(name);
  if (own === undefined) throw new InvalidSchema(`import "${name.slice(0, 200)}" is none of the schema's references`);
  try {
    return { file: parseSchema(own), isBundled: false };
  } catch (error) {
    throw new InvalidSchema(`import "${name}": ${(error as Error).message}`);
  }
}

/** @param text of a .proto file, or what stands for one */
function parseSchema(text: string): FileDescriptor {
  try {
    return parseProto(text);
  } catch (error) {
    const file = parseSerializedDescriptor(text);
    if (file === undefined) throw error;
    return file;
  }
}
