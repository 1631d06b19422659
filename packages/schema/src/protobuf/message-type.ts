import type { ExactJson } from '../exact-json.ts';
import type { JsonPrinter } from './json-printer.ts';
import type { WireReader } from './wire-reader.ts';
import type { WireWriter } from './wire-writer.ts';

/** What a field holds. `group` is a message between two tags in place of behind its length. */
export type ValueType =
  | 'double'
  | 'float'
  | 'int32'
  | 'int64'
  | 'uint32'
  | 'uint64'
  | 'sint32'
  | 'sint64'
  | 'fixed32'
  | 'fixed64'
  | 'sfixed32'
  | 'sfixed64'
  | 'bool'
  | 'string'
  | 'bytes'
  | 'enum'
  | 'message'
  | 'group';

/**
 * Writes one JSON value as a field's value, without its tag.
 * @returns whether it is the one that a field has when nothing is said about it
 * @throws DataMismatch
 */
export type WriteValue = (writer: WireWriter, json: ExactJson, field: Field) => boolean;

/**
 * Prints the value that the reader stands at, behind its tag.
 * @throws PayloadError
 */
export type PrintValue = (printer: JsonPrinter, reader: WireReader, field: Field) => void;

/**
 * Writes a message's content.
 * @throws DataMismatch
 */
export type WriteContent = (writer: WireWriter, json: ExactJson, type: MessageType) => void;

/**
 * Prints a message: all that is left to the reader.
 * @throws PayloadError
 */
export type PrintContent = (printer: JsonPrinter, reader: WireReader, type: MessageType) => void;

export interface EnumType {
  readonly fullName: string;
  /** Empty until all types are known, like the fields of a message. */
  readonly numbers: Map<string, number>;
  /** The first of a number's names. */
  readonly names: Map<number, string>;
  readonly isClosed: boolean;
  /** `google.protobuf.NullValue`, which is null in JSON. */
  readonly isNull: boolean;
}

/** A field, as readers and writers want it: all decisions taken. */
export interface Field {
  /** Where it stands among its message's fields by number. */
  index: number;
  readonly name: string;
  readonly number: number;
  readonly jsonName: string;
  readonly fullName: string;
  readonly type: ValueType;
  readonly isRepeated: boolean;
  readonly isMap: boolean;
  /** Whether its values are written as one run. */
  readonly isPacked: boolean;
  /** Whether they can be read from one. */
  readonly isPackable: boolean;
  /** Whether it can be told from one that holds the default. */
  readonly hasPresence: boolean;
  readonly isRequired: boolean;
  /** Which of the message's oneofs it belongs to; -1 for none. One that stands alone for `optional` does not count. */
  readonly oneof: number;
  /** Whether JSON's null is a value of it, in place of none. */
  readonly isNullValue: boolean;
  readonly checksUtf8: boolean;
  /** In front of each value that is written, or of the run. */
  readonly tag: number;
  readonly message: MessageType | undefined;
  readonly enum: EnumType | undefined;
  /** Whether numbers that its enum does not have are no values of it. */
  readonly isClosed: boolean;
  /** Its name and a colon, in JSON. */
  readonly label: string;
  /** What stands behind it where it has no value, in JSON. */
  readonly defaultText: string;
  /** For one value of it, also where there are many. */
  readonly write: WriteValue;
  readonly print: PrintValue;
}

export interface MessageType {
  readonly fullName: string;
  /** Ascending by number. Empty until all types are known, as are the others. */
  readonly fields: Field[];
  /** By JSON name and by the name in the schema. */
  readonly fieldsByName: Map<string, Field>;
  /** With each kind of wire that it may be read from. */
  readonly fieldsByTag: Map<number, Field>;
  /** Ascending by number. */
  readonly required: Field[];
  /** Those that are printed also where they have no value. Ascending by number. */
  readonly alwaysPrinted: Field[];
  /** As message indexes count them: in the order of the schema, entries of maps left out. */
  readonly nested: MessageType[];
  /** Whether it is the entry of a map: a key and a value. */
  readonly isMapEntry: boolean;
  readonly writeContent: WriteContent;
  readonly printContent: PrintContent;
  /** Finds a type that an Any names, among all that the schema knows. */
  readonly find: (fullName: string) => MessageType | undefined;
}
