import { InvalidSchema } from '../schema-errors.ts';
import { fileFeatures, innerFeatures } from './features.ts';
import { indexFields, linkField } from './field-linker.ts';
import type {
  EnumDescriptor,
  Features,
  FieldDescriptor,
  FileDescriptor,
  MessageDescriptor,
} from './file-descriptor.ts';
import { printFields } from './message-printer.ts';
import type { EnumType, Field, MessageType } from './message-type.ts';
import { writeFields } from './message-writer.ts';
import { assertName, TypeScope } from './type-scope.ts';
import { wellKnownPrinters } from './well-known-printers.ts';
import { wellKnownWriters } from './well-known-writers.ts';

export interface SchemaFile {
  readonly file: FileDescriptor;
  /** Whether its text is one that comes with protobuf: only then do its types have a JSON form of their own. */
  readonly isBundled: boolean;
}

/** A message whose fields are to be linked when all types are known. */
interface Pending {
  readonly type: MessageType;
  readonly descriptor: MessageDescriptor;
  readonly scope: TypeScope;
  readonly features: Features;
}

/**
 * Makes the types of a schema ready for use.
 * @param files the schema's own first, and all that it imports, directly or not
 * @returns the messages that stand in the first file itself, in its order
 * @throws InvalidSchema
 */
export function linkTypes(files: readonly SchemaFile[]): readonly MessageType[] {
  const linker = new TypeLinker();
  const [first] = files.map(({ file, isBundled }) => linker.declareFile(file, isBundled));
  linker.linkFields();
  return first ?? [];
}

class TypeLinker {
  readonly #root = new TypeScope();
  readonly #pending: Pending[] = [];

  declareFile(file: FileDescriptor, isBundled: boolean): MessageType[] {
    const features = fileFeatures(file);
    let scope = this.#root;
    if (file.package !== '') for (const part of file.package.split('.')) scope = scope.inner(part);
    for (const type of file.enumType) declareEnum(type, scope, features);
    return file.messageType.map((type) => this.#declareMessage(type, scope, { features, isBundled }));
  }

  linkFields(): void {
    for (const { type, descriptor, scope, features } of this.#pending) {
      const fields = descriptor.field.map((field) =>
        linkField(field, scope, outerFeatures(field, descriptor, features)),
      );
      indexFields(type, fields, new Set(fields.filter((field, i) => isAlwaysPrinted(field, descriptor.field[i]))));
    }
    for (const { type } of this.#pending) if (type.isMapEntry) assertMapEntry(type);
  }

  #declareMessage(
    descriptor: MessageDescriptor,
    outer: TypeScope,
    { features, isBundled }: { features: Features; isBundled: boolean },
  ): MessageType {
    const scope = outer.define(descriptor.name);
    const { fullName } = scope;
    const own = { features: innerFeatures(features, descriptor.options), isBundled };
    const type: MessageType = {
      fullName,
      fields: [],
      fieldsByName: new Map(),
      fieldsByTag: new Map(),
      required: [],
      alwaysPrinted: [],
      nested: [],
      isMapEntry: descriptor.options?.mapEntry === true,
      writeContent: (isBundled ? wellKnownWriters.get(fullName) : undefined) ?? writeFields,
      printContent: (isBundled ? wellKnownPrinters.get(fullName) : undefined) ?? printFields,
      find: (name) => this.#root.findType(name),
    };
    scope.type = type;
    this.#pending.push({ type, descriptor, scope, features: own.features });
    for (const nested of descriptor.enumType) declareEnum(nested, scope, own.features);
    const nested = descriptor.nestedType.map((inner) => this.#declareMessage(inner, scope, own));
    type.nested.push(...nested.filter((inner) => !inner.isMapEntry));
    return type;
  }
}

function declareEnum(descriptor: EnumDescriptor, outer: TypeScope, features: Features): void {
  const scope = outer.define(descriptor.name);
  const { fullName } = scope;
  const isClosed = innerFeatures(features, descriptor.options).enumType === 'CLOSED';
  const isNull = fullName === 'google.protobuf.NullValue';
  const type: EnumType = { fullName, numbers: new Map(), names: new Map(), isClosed, isNull };
  for (const { name, number } of descriptor.value) {
    assertName(name);
    if (type.numbers.has(name)) throw new InvalidSchema(`${fullName} has two values with the name ${name}`);
    type.numbers.set(name, number);
    if (!type.names.has(number)) type.names.set(number, name);
  }
  const first = descriptor.value[0]?.number;
  if (first === undefined) throw new InvalidSchema(`${fullName} has no value`);
  if (!isClosed && first !== 0) throw new InvalidSchema(`the first value of ${fullName} must be 0`);
  scope.enum = type;
}

function outerFeatures(field: FieldDescriptor, message: MessageDescriptor, features: Features): Features {
  const oneof = field.oneofIndex === undefined ? undefined : message.oneofDecl[field.oneofIndex];
  return innerFeatures(features, oneof?.options);
}

/** protobuf-java leaves out messages and members of oneofs, also of those with one member that `optional` makes. */
function isAlwaysPrinted(field: Field, descriptor: FieldDescriptor | undefined): boolean {
  return !field.hasPresence || (field.message === undefined && descriptor?.oneofIndex === undefined);
}

/** Only a serialised descriptor can have others. */
function assertMapEntry({ fullName, fields }: MessageType): void {
  const [key, value] = fields;
  const isEntry = fields.length === 2 && key?.number === 1 && value?.number === 2;
  const isKey = key?.message === undefined && !['double', 'float', 'bytes', 'enum'].includes(key?.type ?? '');
  if (!isEntry || !isKey || key?.isRepeated || value?.isRepeated) {
    throw new InvalidSchema(`${fullName} is no entry of a map`);
  }
}
