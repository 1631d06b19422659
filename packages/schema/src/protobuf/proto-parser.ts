import type { FileDescriptor } from './file-descriptor.ts';
import { type Dialect, type MessageDraft, readDefinition, skipService } from './proto-message-parser.ts';
import { type OptionDraft, optionsOf, readOption, typeName } from './proto-options.ts';
import { ProtoTokens } from './proto-tokens.ts';

const dialects: Readonly<Record<string, readonly Dialect[]>> = {
  syntax: ['proto2', 'proto3'],
  edition: ['2023', '2024'],
};

interface FileHead {
  package: string;
  readonly dependency: string[];
  readonly options: OptionDraft;
}

/**
 * Parses the text of a .proto file: proto2, proto3, editions 2023 and 2024
 * (https://protobuf.dev/reference/protobuf/proto3-spec/). What says nothing about data is passed: services, options,
 * extensions, reserved numbers.
 *
 * A parser of its own, since protobufjs finds types by other rules than protoc (a name may mean a type nested deep in
 * a sibling), and takes minutes and gigabytes for texts of a megabyte that are made to hurt.
 * @throws InvalidSchema with the line
 */
export function parseProto(text: string): FileDescriptor {
  const tokens = new ProtoTokens(text);
  const dialect = readSyntax(tokens);
  const head: FileHead = { package: '', dependency: [], options: {} };
  const draft: MessageDraft = { field: [], nestedType: [], enumType: [], oneofDecl: [] };
  while (tokens.kind !== 'end') {
    if (!readHeadStatement(tokens, head) && !readDefinition(tokens, draft, dialect, 0)) {
      throw tokens.unexpected('a message, an enum, an import, or an option');
    }
  }
  const { nestedType: messageType, enumType } = draft;
  const syntax = dialect.startsWith('proto') ? dialect : 'editions';
  return { ...head, syntax, options: optionsOf(head.options), messageType, enumType };
}

/** It stands first, or not at all. */
function readSyntax(tokens: ProtoTokens): Dialect {
  const keyword = tokens.text;
  if (!tokens.skip('syntax') && !tokens.skip('edition')) return 'proto2';
  tokens.expect('=');
  const value = tokens.string(`a string with the ${keyword}`);
  const dialect = dialects[keyword]?.find((known) => known === value);
  if (dialect === undefined) throw tokens.error(`unknown ${keyword} "${value}"`);
  tokens.expect(';');
  return dialect;
}

function readHeadStatement(tokens: ProtoTokens, head: FileHead): boolean {
  if (tokens.skip(';')) return true;
  if (tokens.skip('package')) {
    if (head.package !== '') throw tokens.error('a second package');
    head.package = typeName(tokens);
    tokens.expect(';');
  } else if (tokens.skip('import')) {
    readImport(tokens, head.dependency);
  } else if (tokens.skip('option')) {
    readOption(tokens, head.options);
  } else if (tokens.skip('service')) {
    skipService(tokens);
  } else {
    return false;
  }
  return true;
}

function readImport(tokens: ProtoTokens, dependency: string[]): void {
  const isForOptions = tokens.skip('option');
  if (!isForOptions && !tokens.skip('public')) tokens.skip('weak');
  const name = tokens.string('the name of a file');
  tokens.expect(';');
  if (!isForOptions) dependency.push(name);
}
