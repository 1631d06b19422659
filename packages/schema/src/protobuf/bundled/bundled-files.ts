import type { FileDescriptor } from '../file-descriptor.ts';
import { parseProto } from '../proto-parser.ts';
import { confluentFiles } from './confluent.ts';
import { googleDescriptorFile } from './google-descriptor.ts';
import { googleProtobufFiles } from './google-protobuf.ts';
import { googleTypeFiles } from './google-type.ts';

const texts: ReadonlyMap<string, string> = new Map([
  ['google/protobuf/descriptor.proto', googleDescriptorFile],
  ...Object.entries(googleProtobufFiles),
  ...Object.entries(googleTypeFiles),
  ...Object.entries(confluentFiles),
]);

const parsed = new Map<string, FileDescriptor>();

/** @returns one of the files that each schema may import without a reference (contract E.8), undefined for others */
export function bundledFile(name: string): FileDescriptor | undefined {
  const text = texts.get(name);
  if (text === undefined) return undefined;
  const file = parsed.get(name) ?? parseProto(text);
  parsed.set(name, file);
  return file;
}
