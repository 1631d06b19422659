import type {
  EnumDescriptor,
  EnumValueDescriptor,
  FieldDescriptor,
  FieldLabel,
  MessageDescriptor,
  OneofDescriptor,
} from './file-descriptor.ts';
import { integerLiteral, unescaped } from './proto-literals.ts';
import {
  type OptionDraft,
  optionsOf,
  readOption,
  readOptionList,
  skipBlock,
  skipStatement,
  typeName,
} from './proto-options.ts';
import type { ProtoTokens } from './proto-tokens.ts';

/** How deep messages may stand in one another. */
const NESTING_MAX = 100;

const INT32_MAX = 2 ** 31 - 1;

const labels = new Map<string, FieldLabel>([
  ['optional', 'LABEL_OPTIONAL'],
  ['required', 'LABEL_REQUIRED'],
  ['repeated', 'LABEL_REPEATED'],
]);

const scalars: ReadonlySet<string> = new Set(
  'double float int32 int64 uint32 uint64 sint32 sint64 fixed32 fixed64 sfixed32 sfixed64 bool string bytes'.split(' '),
);

const noMapKeys: ReadonlySet<string> = new Set(['double', 'float', 'bytes']);

/** What the grammar depends on: a syntax or an edition. */
export type Dialect = 'proto2' | 'proto3' | '2023' | '2024';

/** A message of which more is to come. */
export interface MessageDraft {
  readonly field: FieldDescriptor[];
  readonly nestedType: MessageDescriptor[];
  readonly enumType: EnumDescriptor[];
  readonly oneofDecl: OneofDescriptor[];
}

/** Where a field stands. */
interface Place {
  readonly draft: MessageDraft;
  readonly dialect: Dialect;
  readonly depth: number;
  readonly oneofIndex?: number;
}

/** What a field begins with. */
interface FieldHead {
  readonly label: FieldLabel;
  readonly isOptional: boolean;
}

/**
 * Reads a message whose `message` has been passed.
 * @param depth how many messages it stands in
 * @throws InvalidSchema
 */
function readMessage(tokens: ProtoTokens, dialect: Dialect, depth: number): MessageDescriptor {
  const name = tokens.identifier('the name of a message');
  return { name, ...readBody(tokens, dialect, depth) };
}

/** @throws InvalidSchema */
function readBody(tokens: ProtoTokens, dialect: Dialect, depth: number): Omit<MessageDescriptor, 'name'> {
  if (depth > NESTING_MAX) throw tokens.error(`messages nest deeper than ${NESTING_MAX}`);
  const draft: MessageDraft = { field: [], nestedType: [], enumType: [], oneofDecl: [] };
  const options: OptionDraft = {};
  const place: Place = { draft, dialect, depth };
  tokens.expect('{');
  while (!tokens.skip('}')) {
    if (tokens.skip('option')) readOption(tokens, options);
    else readElement(tokens, place);
  }
  return { ...draft, options: optionsOf(options) };
}

/** @throws InvalidSchema */
function readElement(tokens: ProtoTokens, place: Place): void {
  if (readDefinition(tokens, place.draft, place.dialect, place.depth) || tokens.skip(';')) return;
  if (tokens.skip('oneof')) readOneof(tokens, place);
  else if (tokens.at('reserved') || tokens.at('extensions')) skipStatement(tokens);
  else readField(tokens, place);
}

/**
 * Reads what may stand in a file and in a message.
 * @returns false when something else stands next
 * @throws InvalidSchema
 */
export function readDefinition(tokens: ProtoTokens, draft: MessageDraft, dialect: Dialect, depth: number): boolean {
  if (dialect === '2024' && !tokens.skip('export')) tokens.skip('local');
  if (tokens.skip('message')) draft.nestedType.push(readMessage(tokens, dialect, depth + 1));
  else if (tokens.skip('enum')) draft.enumType.push(readEnum(tokens));
  else if (tokens.skip('extend')) readExtensions(tokens, dialect, depth);
  else return false;
  return true;
}

/** Extensions are unknown fields to Confluent's converter. They are read to find what stands behind them. */
function readExtensions(tokens: ProtoTokens, dialect: Dialect, depth: number): void {
  typeName(tokens);
  readBody(tokens, dialect, depth + 1);
}

function readOneof(tokens: ProtoTokens, place: Place): void {
  const name = tokens.identifier('the name of a oneof');
  const options: OptionDraft = {};
  const oneofIndex = place.draft.oneofDecl.length;
  const fields = place.draft.field.length;
  tokens.expect('{');
  while (!tokens.skip('}')) {
    if (tokens.skip('option')) readOption(tokens, options);
    else if (!tokens.skip(';')) readField(tokens, { ...place, oneofIndex });
  }
  if (place.draft.field.length === fields) throw tokens.error(`oneof ${name} has no field`);
  place.draft.oneofDecl.push({ name, options: optionsOf(options) });
}

function readField(tokens: ProtoTokens, place: Place): void {
  const head = readLabel(tokens, place);
  if (tokens.skip('group')) return readGroup(tokens, place, head);
  const first = tokens.at('map') ? tokens.next() : '';
  if (first === 'map' && tokens.skip('<')) return readMap(tokens, place);
  const type = first === '' ? typeName(tokens) : first + (tokens.at('.') ? typeName(tokens) : '');
  const name = tokens.identifier('the name of a field');
  const number = readFieldNumber(tokens);
  const draft = readOptionList(tokens);
  tokens.expect(';');
  addField(place, head, { name, number, ...typeOf(type), ...fieldOptions(draft, type) });
}

function readLabel(tokens: ProtoTokens, place: Place): FieldHead {
  const label = labels.get(tokens.text);
  if (label === undefined) return { label: 'LABEL_OPTIONAL', isOptional: false };
  if (place.oneofIndex !== undefined || (place.dialect === 'proto3' && label === 'LABEL_REQUIRED')) {
    throw tokens.unexpected('the type of a field');
  }
  tokens.next();
  return { label, isOptional: label === 'LABEL_OPTIONAL' };
}

/** A field that is marked `optional` in proto3 has a oneof of its own. */
function addField({ draft, dialect, oneofIndex }: Place, head: FieldHead, field: FieldDescriptor): void {
  if (!head.isOptional || dialect !== 'proto3') {
    draft.field.push({ ...field, label: head.label, oneofIndex });
    return;
  }
  draft.field.push({ ...field, label: head.label, oneofIndex: draft.oneofDecl.length, proto3Optional: true });
  draft.oneofDecl.push({ name: `_${field.name}` });
}

function readGroup(tokens: ProtoTokens, place: Place, head: FieldHead): void {
  if (place.dialect === 'proto3') throw tokens.error('there are no groups in proto3');
  const name = tokens.identifier('the name of a group');
  const number = readFieldNumber(tokens);
  const draft = readOptionList(tokens);
  place.draft.nestedType.push({ name, ...readBody(tokens, place.dialect, place.depth + 1) });
  const field = { name: name.toLowerCase(), number, type: 'TYPE_GROUP', typeName: name };
  addField(place, head, { ...field, ...fieldOptions(draft, name) });
}

/** A map is a repeated message with a key and a value. */
function readMap(tokens: ProtoTokens, place: Place): void {
  const keyType = tokens.identifier('the type of a key');
  if (!scalars.has(keyType) || noMapKeys.has(keyType)) throw tokens.error(`keys of a map cannot be ${keyType}`);
  tokens.expect(',');
  const valueType = typeName(tokens);
  tokens.expect('>');
  const name = tokens.identifier('the name of a field');
  const number = readFieldNumber(tokens);
  const options = fieldOptions(readOptionList(tokens), '');
  tokens.expect(';');
  const entry = `${capitalized(name)}Entry`;
  place.draft.field.push({ name, number, label: 'LABEL_REPEATED', type: 'TYPE_MESSAGE', typeName: entry, ...options });
  place.draft.nestedType.push({
    name: entry,
    field: [
      { name: 'key', number: 1, label: 'LABEL_OPTIONAL', ...typeOf(keyType) },
      { name: 'value', number: 2, label: 'LABEL_OPTIONAL', ...typeOf(valueType) },
    ],
    nestedType: [],
    enumType: [],
    oneofDecl: [],
    options: { mapEntry: true, features: options.options?.features },
  });
}

function capitalized(name: string): string {
  const words = name.split('_').filter((word) => word !== '');
  return words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
}

function typeOf(name: string): Pick<FieldDescriptor, 'type' | 'typeName'> {
  return scalars.has(name) ? { type: `TYPE_${name.toUpperCase()}` } : { typeName: name };
}

function fieldOptions(draft: OptionDraft, type: string): Partial<FieldDescriptor> {
  const { jsonName, defaultValue } = draft;
  return {
    jsonName: jsonName === undefined ? undefined : unescaped(jsonName).toString(),
    defaultValue: type === 'string' && defaultValue !== undefined ? unescaped(defaultValue).toString() : defaultValue,
    options: optionsOf(draft),
  };
}

function readFieldNumber(tokens: ProtoTokens): number {
  tokens.expect('=');
  if (tokens.kind !== 'integer') throw tokens.unexpected('the number of a field');
  const number = Number(integerLiteral(tokens.text));
  tokens.next();
  return number;
}

/** @throws InvalidSchema */
function readEnum(tokens: ProtoTokens): EnumDescriptor {
  const name = tokens.identifier('the name of an enum');
  const value: EnumValueDescriptor[] = [];
  const options: OptionDraft = {};
  tokens.expect('{');
  while (!tokens.skip('}')) {
    if (tokens.at('reserved')) skipStatement(tokens);
    else if (tokens.skip('option')) readOption(tokens, options);
    else if (!tokens.skip(';')) value.push(readEnumValue(tokens));
  }
  return { name, value, options: optionsOf(options) };
}

function readEnumValue(tokens: ProtoTokens): EnumValueDescriptor {
  const name = tokens.identifier('the name of a value');
  tokens.expect('=');
  const sign = tokens.skip('-') ? '-' : '';
  const number = tokens.kind === 'integer' ? Number(integerLiteral(sign + tokens.text)) : Number.NaN;
  if (!(number >= -INT32_MAX - 1 && number <= INT32_MAX)) throw tokens.unexpected('an int32');
  tokens.next();
  readOptionList(tokens);
  tokens.expect(';');
  return { name, number };
}

/**
 * Passes a service whose `service` has been passed: it says nothing about data.
 * @throws InvalidSchema
 */
export function skipService(tokens: ProtoTokens): void {
  tokens.identifier('the name of a service');
  tokens.expect('{');
  skipBlock(tokens);
}
